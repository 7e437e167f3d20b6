"""
Steps whose results are guesses: one of many readings of a text, of which at most one is
meant. What is guessed is not guessed about again, or chance finds a key in it.

Why not in the decoders that guess: each asks about the others, in a circle.
"""

from __future__ import annotations

PICKED = "picked"
"""Letters taken from among others (drawn.py)."""
SEQUENCES = "drawn"
"""Stretches drawn by lot, a line each, whose lines are read symbol by symbol."""
CIPHER = "one-byte cipher"

KEYED = "keyed"
"""Under a key of some letters (keyed.py)."""

TAKEN_APART = frozenset({PICKED, SEQUENCES, KEYED})
"""Many readings of one text, which itself is read."""
GUESSES = TAKEN_APART | {CIPHER, "turned", "unmasked", "reckoned"}
"""What is one of many readings is not read in many ways again."""
