"""
HTML and XML: character references, and text that tags cut in pieces.

Text nodes, attributes, comments and CDATA stand in the raw bytes already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5

from dlp.decode.pieces import Rewrite
from dlp.decode.rewriting import rewritten
from dlp.decode.source import Source
from dlp.model import View

REFERENCE_HINTS = (
    r"&#(?:[0-9]{1,8}|[xX][0-9a-fA-F]{1,6})",
    r"&[a-zA-Z]{2,24}[0-9]{0,2};",
)
_SYMBOL = r"[A-Za-z0-9+/=_\-]"
TAG_HINTS = (
    rf"{_SYMBOL}(?:<[A-Za-z/!?][^<>]{{0,100}}>[ \t\r\n]{{0,2}}){{1,16}}{_SYMBOL}",
    r"\]\]>\s{0,4}<!\[CDATA\[",
)

COLOUR_HINTS = (r"\x1b\[[0-9;]{0,12}[A-Za-z]",)
COLOURS = Rewrite(re.compile(rb"\x1b\[[0-9;]*[A-Za-z]"), lambda _match: b"")

_NAMED = {
    name.rstrip(";").encode(): text.encode()
    for name, text in html5.items()
    if name.endswith(";")
}


def _undo(match: re.Match[bytes]) -> bytes:
    decimal, hexadecimal, name = match.groups()
    if name:
        return _NAMED.get(name, match[0])
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(min(code, 0x10FFFF)).encode("utf-8", "replace")


REFERENCES = Rewrite(
    re.compile(
        rb"&(?:#0*([0-9]{1,7});?|#[xX]0*([0-9a-fA-F]{1,6});?|([a-zA-Z]{2,24}[0-9]{0,2});)"
    ),
    _undo,
)
TAGS = Rewrite(
    re.compile(rb"<!\[CDATA\[|\]\]>|<[A-Za-z/!?][^<>]{0,4096}>"), lambda _match: b""
)


def references(source: Source) -> Iterator[View]:
    """The lines that have character references, with these resolved once."""
    yield from rewritten(source, "entities", b"&", REFERENCES)


def tags(source: Source) -> Iterator[View]:
    """The lines that have tags, without them."""
    yield from rewritten(source, "text", b"<", TAGS)


def colours(source: Source) -> Iterator[View]:
    """The lines that have terminal control sequences (ECMA-48), without them."""
    yield from rewritten(source, "text", b"\x1b", COLOURS)
