"""Detection quality and speed, ours beside three other scanners."""
