"""
Every decoder, in the order in which they are tried.

A decoder is `(source, budget) -> Iterable[View]`. It runs on a view where one of its
hints occurs; it finds its own input there, yields what came out and is silent about
what did not decode: only a declared encoding can be undecodable (transfer.py). After
every decoder all others apply again, up to the limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from dlp.decode import base64, escapes, percent
from dlp.decode.budget import Budget
from dlp.decode.sieve import Sieve
from dlp.decode.source import Source
from dlp.model import View


@dataclass(frozen=True, slots=True)
class Decoder:
    """One row of `DECODERS`."""

    run: Callable[[Source, Budget], Iterable[View]]
    hints: tuple[str, ...]
    """hyperscan patterns; what none of them occurs in is not worth a try."""


DECODERS: tuple[Decoder, ...] = (
    Decoder(escapes.escapes, escapes.HINTS),
    Decoder(percent.percent, percent.HINTS),
    Decoder(base64.base64, base64.HINTS),
)


@cache
def sieve() -> Sieve:
    """The hints of `DECODERS`, compiled once: bit i belongs to row i."""
    return Sieve([decoder.hints for decoder in DECODERS])
