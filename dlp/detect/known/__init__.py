"""Known secrets: what is kept of them, and where it occurs again."""
