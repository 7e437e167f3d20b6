"""
Pickles of Python: the short strings and the numbers of one, in order; what came before
is meant where it is only referred to.

Nothing is loaded: the operations are read (`pickletools`), and what they push. What is
made is looked through for known secrets, and for what a vendor's key begins with.

Why not in packed.py: a letter that comes again is a reference here.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Iterator
from contextlib import suppress

from dlp.decode.beginnings import KEY
from dlp.decode.codes.scaled import codes_in
from dlp.decode.source import Source
from dlp.model import View

_BEGINS = re.compile(rb"\x80(?:[\x02\x03][\](}]|[\x04\x05]\x95)")
"""The protocol, and what nearly all begin with."""
_LARGEST_BYTES = 16 << 10
_LONGEST_BYTES = 16
"""Longer strings are read as they stand."""
_SHORTEST = 12
_USELESS = 1e9
"""A greater number is no character's."""

type Value = str | bytes | int | float


def is_pickle(data: bytes) -> bool:
    """Whether one begins here, if there are other bytes before it."""
    return _BEGINS.search(data) is not None


def values(source: Source) -> Iterator[View]:
    """The strings side by side, and the numbers as characters."""
    begin = _BEGINS.search(source.data)
    if not begin:
        return
    span = begin.start(), min(begin.start() + _LARGEST_BYTES, len(source.data))
    pushed = list(_pushed(source.data[slice(*span)]))
    strings = [
        value.encode() if isinstance(value, str) else value
        for value in pushed
        if isinstance(value, (str, bytes)) and len(value) <= _LONGEST_BYTES
    ]
    text = b"".join(strings)
    if len(text) >= _SHORTEST and len(strings) > 1:
        source.budget.remains(source.child("strings", text, span))
        if found := KEY.search(text):
            yield source.child("strings", text[found.start() :], span)
    numbers = [
        float(value)
        for value in pushed
        if isinstance(value, (int, float)) and abs(value) < _USELESS
    ]
    if len(numbers) >= _SHORTEST:
        yield from codes_in(source, [(span, numbers)])


def _pushed(data: bytes) -> Iterator[Value]:
    """What is pushed, and what is pushed again; up to what is no pickle."""
    memo: dict[int, Value] = {}
    last: Value = ""
    with suppress(ValueError):
        for operation, argument, _ in pickletools.genops(data):
            name = operation.name
            if name == "MEMOIZE" or name.endswith("PUT"):
                memo[len(memo) if argument is None else int(argument)] = last
                continue
            if name.endswith("GET") and argument is not None:
                last = memo.get(int(argument), "")
            elif name not in {"PROTO", "FRAME"} and isinstance(
                argument, (str, bytes, int, float)
            ):
                last = argument
            else:
                last = ""
            if last != "":
                yield last
