"""
Lines that all begin alike with signs, as citations, comments, lists and differences do:
`> begin 644 f`, `# 9jqo^BlbD-`. The lines without these signs.

Why not in armour.py or listing.py: there words or offsets tell what a line is. Why not
in chunks.py: what is cut into lines there is one code, here lines matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.source import Source
from dlp.model import View

_MARKS = r">#|;%*/+\-!:."
_MARK = rf"[{_MARKS}]{{1,3}}(?:[ \t]{{1,4}}[{_MARKS}]{{1,3}}){{0,3}}[ \t]{{0,4}}"
_LONG = r"[!-~]{14,80}"
_NEXT = rf"\r?\n[ \t]{{0,8}}{_MARK}[!-~]{{6,80}}(?:\r?\n|\Z)"
_TITLE = r"(?:begin [0-7]{3,4} |\(This file must be)"
"""Of uuencode, and of BinHex."""
HINTS = (rf"(?:\A|\n)[ \t]{{0,8}}{_MARK}(?:{_LONG}{_NEXT}|{_TITLE})",)
_BEGUN = re.compile(rf"(?m)^([ \t]{{0,8}}{_MARK})(?:{_LONG}$|{_TITLE})".encode())
_LARGEST_BYTES = 64 << 10
_MOST = 8


def cited(source: Source) -> Iterator[View]:
    """Each stretch of such lines, without what they begin with."""
    data, done = source.data, 0
    if len(data) > _LARGEST_BYTES:
        return
    for count, match in enumerate(_BEGUN.finditer(data.replace(b"\r", b" "))):
        start = match.start()
        if start < done:
            continue
        if count == _MOST:
            return
        head, lines, done = match[1], list[bytes](), start
        blank = head.rstrip()
        for line in data[start:].split(b"\n"):
            if not line.startswith(blank):
                break
            lines.append(line[len(head) :])
            done += len(line) + 1
        if len(lines) > 1:
            text = b"\n".join(lines)
            yield source.child("ungrouped", text, (start, min(done, len(data))))
