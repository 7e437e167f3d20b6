"""Other characters for the same text: character sets, look-alikes, invisible ones."""
