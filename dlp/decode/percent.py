"""Percent-encoding (RFC 3986, 2.1), and the `%uXXXX` of JavaScript's `escape()`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.budget import Budget
from dlp.decode.pieces import Pieces, Rewrite, lines_with
from dlp.decode.source import Source
from dlp.model import View

_BYTES = {
    f"{high}{low}".encode(): bytes([int(high + low, 16)])
    for high in "0123456789abcdefABCDEF"
    for low in "0123456789abcdefABCDEF"
}


def _undo(match: re.Match[bytes]) -> bytes:
    byte, wide = match.groups()
    return _BYTES[byte] if byte else chr(int(wide, 16)).encode("utf-8", "replace")


PERCENT = Rewrite(re.compile(rb"%(?:([0-9a-fA-F]{2})|[uU]([0-9a-fA-F]{4}))"), _undo)

HINTS = (r"%(?:[0-9a-fA-F]{2}|[uU][0-9a-fA-F]{4})",)


def percent(source: Source, _budget: Budget) -> Iterator[View]:
    """The lines that have percent-encoding, with it undone once."""
    data = source.data
    spans = lines_with(data, b"%")
    before = [data[a:b] for a, b in spans]
    after = [PERCENT.apply(line) for line in before]
    if after != before:
        trace = Pieces(spans, [len(line) for line in after], inner=PERCENT.locate)
        yield source.gather("percent", after, trace)
