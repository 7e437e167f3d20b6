"""
Workbooks of Office Open XML (ECMA-376, 18.4): cells refer to texts, of which each
stands but once. The short texts of the cells as they follow one another.

What is made is looked through for known secrets, and for what a vendor's key begins
with. Why not in markup.py: there what is shown stands in order.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from dlp.decode.beginnings import KEY
from dlp.decode.source import Source
from dlp.model import View

HINTS = (r"<si><[tr][ >]",)

_TEXT = re.compile(rb"(?s)<si>(.*?)</si>")
_SHOWN = re.compile(rb"<t(?: [^>]*)?>([^<]*)</t>")
_CELL = re.compile(rb"<c [^>]*\bt=\"s\"[^>]*><v>([0-9]{1,6})</v>")
_LONGEST = 12
"""Letters of a cell; what is longer is read as it stands."""
_FEWEST, _MOST = 8, 1 << 12


def cells(source: Source) -> Iterator[View]:
    """The runs of short cells."""
    data = source.data
    texts = [_shown(match) for match in _TEXT.findall(data)]
    if not texts:
        return
    runs: list[list[bytes]] = [[]]
    for place in map(int, _CELL.findall(data)[:_MOST]):
        text = texts[place] if place < len(texts) else b""
        if 0 < len(text) <= _LONGEST:
            runs[-1].append(text)
        elif runs[-1]:
            runs.append([])
    made = [b"".join(run) for run in runs if len(run) >= _FEWEST]
    if made:
        source.budget.remains(source.child("cells", b"\n".join(made)))
    keys = [text[found.start() :] for text in made if (found := KEY.search(text))]
    if keys:
        yield source.child("cells", b"\n".join(keys))


def _shown(item: bytes) -> bytes:
    text = b"".join(_SHOWN.findall(item)).decode("utf-8", "replace")
    return html.unescape(text).encode()
