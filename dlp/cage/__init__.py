"""Running an agent so that it cannot go round the proxy."""
