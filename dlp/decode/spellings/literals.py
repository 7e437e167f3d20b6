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
_LITERAL = r"[^\"'`\r\n\\]{0,400}"
_BARE = r"[\w.\-+/:@$]{1,64}"
"""What stands before the first and behind the last quote where these only separate."""
_CHAIN = re.compile(
    rf"(?:[\"'`]{_LITERAL}|(?<![\w.\-+/:@$]){_BARE})"
    rf"(?:{_JOIN}{_LITERAL})*{_JOIN}(?:{_LITERAL}[\"'`]|{_BARE})".encode()
)
HINTS = (
    r"[\"'`](?:[)\]]?[\s+.,&|~\\_;]{0,10}b?|[;\s]{1,3}\w{1,16} ?[+.]?= ?)[\"'`][$\w]",
    r"\$\{(?:''|\"\")\}",
)
_QUOTES = b"\"'`"
_SHORTEST = 16
_APART = 3
"""Ends of lines between two chains: over one or two a label reaches its value."""


def literals(source: Source) -> Iterator[View]:
    """The contents of literals that follow one another."""
    found: list[tuple[Span, bytes]] = []
    for match in _CHAIN.finditer(source.data):
        text = _JUNCTION.sub(b"", match[0].strip(_QUOTES))
        if len(text) >= _SHORTEST:
            found.append((match.span(), text))
    yield from source.found("literals", found, separator=_APART)
