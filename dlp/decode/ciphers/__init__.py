"""What is undone by guessing: shifts, one byte over all, orders, letters picked out."""
