"""What stands beside a value, and whether it says that the value is a secret."""
