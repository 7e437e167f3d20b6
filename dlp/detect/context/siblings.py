"""
What else stands in the list in which a secret was found.

A name holds all that its list holds, but a rule finds what stands right behind it: of
five keys four would stay where the first is cut out. Why not in `listed`: that knows
names that hold no secret; this only finds values, the rule judges them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.pieces import Span

_BEFORE = 64
_QUOTE = rb"[bru]?\\{0,8}[\"'`]?"
_BLANK = rb"(?:\s|\\{1,4}[nrt])"
_OPENS = re.compile(
    rb"(?:[\[({=:]%b{0,24}|(?:\n|\\n)[ \t]{0,24}-[ \t]{1,4})%b\Z" % (_BLANK, _QUOTE)
)
"""Before the first value."""
_NEXT = re.compile(
    rb"\\{0,8}[\"'`]?[ \t]{0,4}"
    rb"(?:,[ \t]{0,4}(?:(?:#|//)[^\r\n]{0,120})?%b{0,40}"
    rb"|(?:#[^\r\n]{0,120})?(?:\r?\n|\\{1,4}n)[ \t]{0,24}-[ \t]{1,4})"
    rb"%b(?P<value>[^\s\"'`,;()\[\]{}<>\\]{8,})(?!\\{0,8}[\"'`]?\s{0,3}[:=])"
    % (_BLANK, _QUOTE)
)
"""Behind a value: the next one, in brackets, behind commas, or on a line of its own."""


def siblings(data: bytes, secret: Span) -> Iterator[Span]:
    """The values behind a secret in its list, in order; none if it is in none."""
    start, stop = secret
    if not _OPENS.search(data, max(0, start - _BEFORE), start):
        return
    while found := _NEXT.match(data, stop):
        yield found.span("value")
        stop = found.end()
