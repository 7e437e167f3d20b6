"""Bytes written as other characters: base 2 to 91, numbers, words."""
