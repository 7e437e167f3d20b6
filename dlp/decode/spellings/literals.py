"""
String literals that code puts together: `"sk-" + "ant-"`, `'a' 'b'`, `"a" . "b"`,
`'a'||'b'`, `["a", "b"].join("")`, `x = "a"; x += "b"`, `${''}`. Their contents side by
side, in order.

Why not in leaves.py: JSON is read by its grammar; this reads any language by what all
have in common, two quotes with little between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.pieces import Span
from dlp.decode.source import Source
from dlp.model import View

_BETWEEN = (
    r"[)\]]{0,2}[\s+.,&|~\\_;]{0,16}"
    r"(?:(?:let |var |const |my )?[$A-Za-z_]\w{0,24}\s{0,3}[+.]?=\s{0,3}"
    r"(?:\$?\{?[$A-Za-z_]\w{0,24}\}?\s{0,3}[+.&|]{1,2}\s{0,3})?)?"
    r"[(\[]{0,2}[bruf@]?"
)
_JOIN = rf"(?:[\"'`]{_BETWEEN}[\"'`](?:\$\{{?\w{{1,24}}\}}?)?|\$\{{(?:''|\"\")\}})"
_JUNCTION = re.compile(_JOIN.encode())
_BEGINS = re.compile(rf"[\"'`](?={_BETWEEN}[\"'`])|\$\{{(?:''|\"\")\}}".encode())
"""Where a junction may stand, each seen: inside of one another may begin."""
_LONGEST, _LONGEST_BARE = 400, 64
_LITERAL = rf"[^\"'`\r\n\\]{{0,{_LONGEST}}}"
_BARE = rf"[\w.\-+/:@$]{{1,{_LONGEST_BARE}}}"
"""What stands before the first and behind the last quote where these only separate."""
_CHAIN = re.compile(
    rf"(?:[\"'`]{_LITERAL}|{_BARE})"
    rf"(?:{_JOIN}{_LITERAL})*{_JOIN}(?:{_LITERAL}[\"'`]|{_BARE})".encode()
)
_WORD = bytes(b for b in range(128) if chr(b).isalnum() or chr(b) in "_.-+/:@$")
HINTS = (
    r"[\"'`](?:[)\]]?[\s+.,&|~\\_;]{0,10}b?|[;\s]{1,3}\w{1,16} ?[+.]?= ?)[\"'`][$\w]",
    r"\$\{(?:''|\"\")\}",
)
_QUOTES = (b'"', b"'", b"`")
_SHORTEST, _SHORTEST_SECRET = 16, 8
"""Bytes of what may be a key, and of what may be a password."""
_APART = 3
"""Ends of lines between two chains: over one or two a label reaches its value."""


def literals(source: Source) -> Iterator[View]:
    """The contents of literals that follow one another."""
    found: list[tuple[Span, bytes]] = []
    for match in _chains(source.data):
        text = _JUNCTION.sub(b"", match[0].strip(b"".join(_QUOTES)))
        if len(text) >= _SHORTEST:
            found.append((match.span(), text))
        elif len(text) >= _SHORTEST_SECRET:
            source.budget.remains(source.child("literals", text, match.span()))
    yield from source.found("literals", found, separator=_APART)


def _chains(data: bytes) -> Iterator[re.Match[bytes]]:
    """All matches of `_CHAIN`: it is tried where something stands before a junction."""
    done = 0
    for junction in _BEGINS.finditer(data):
        place = junction.start()
        if place < done:
            continue
        for start in _starts(data, done, place):
            if match := _CHAIN.match(data, start):
                yield match
                done = match.end()
                break


def _starts(data: bytes, done: int, place: int) -> Iterator[int]:
    """Where the literal begins that ends at a place, and the word."""
    low = max(done, place - _LONGEST - 1)
    quote = max(data.rfind(sign, low, place) for sign in _QUOTES)
    if quote >= 0:
        yield quote
    before = data[max(0, place - _LONGEST_BARE - 1) : place]
    size = len(before) - len(before.rstrip(_WORD))
    if 0 < size <= min(_LONGEST_BARE, place - done):
        yield place - size
