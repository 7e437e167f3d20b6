"""
What was written backwards as a whole: a compressed stream, a document, a list, a dump.
Told by its end, which reads as such things begin.

Why not in disguise.py and turned.py: those look for keys, and for words that are a
code; this has spaces in it, or is no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.compressed.magic import CONTAINERS
from dlp.decode.sieve import END
from dlp.decode.source import Source
from dlp.model import View

STEP = "mirrored"
_SHORTEST = 16
_HEAD = 32
_BEGINS = re.compile(
    rb"[\[{]\s*\"[\w@$.\-]{1,24}\"|[\[({]?(?:\d{2,3}, ?){3}|(?:0x[0-9a-fA-F]{2}, ?){3}"
    rb"|(?:\d{2,3} ){3}|(?:[01]{8} ){2}|(?:[0-9a-f]{2}[ :]){4}|begin [0-7]{3} "
    rb"|data:[a-z]{4,11}/|<\?xml |MIME-Version: |Subject: |[0-9a-f]{8}:? ",
)
_TAIL = 80
_CODE = rb"(?:3[2-9]|[4-9][0-9]|1[01][0-9]|12[0-6])"
_WRITTEN, _LONG_WRITTEN = (
    re.compile(
        rb"(?:(?:0[xX]|\\x|%%)?[2-7][0-9a-fA-F][ :,]{1,2}){%d}|(?:%b(?:, ?| )){%d}"
        rb"|(?:0[01]{7} ){%d}" % (pairs, _CODE, codes, codes)
    )
    for pairs, codes in ((8, 6), (12, 8))
)
"""Text, a number a character; the other way round it reads as such by chance only."""
_ENDS = tuple(magic[::-1] for magic in CONTAINERS)
HINTS = (
    *("".join(f"\\x{byte:02x}" for byte in end) + END for end in _ENDS),
    r'"[\w@$.\-]{1,24}"\s{0,4}[\[{]' + END,
    *(sign + END for sign in (" [0-7]{3} nigeb", "[a-z]:atad", r" lmx\?<")),
    *(sign + END for sign in (" :noisreV-EMIM", " :tcejbuS")),
)
NUMBER_HINTS = (
    r"(?: ?,\d{2,3}){3}[\[({]?" + END,
    r"(?: ?,[0-9a-fA-F]{2}x0){3}" + END,
    r"(?: \d{2,3}){3}" + END,
    "(?: [01]{8}){2}" + END,
    "(?:[ :][0-9a-f]{2}){4}" + END,
    " :?[0-9a-f]{8}" + END,
)


def mirrored(source: Source) -> Iterator[View]:
    """All of it from its end on."""
    data = source.data
    if len(data) < _SHORTEST or source.view.step == STEP:
        return
    if _BEGINS.match(data[: -_HEAD - 1 : -1]) and not _is_written(data):
        yield source.child(STEP, data[::-1])
    elif stop := _end(data):
        yield source.child(STEP, data[:stop][::-1])


def _is_written(data: bytes) -> bool:
    """
    Whether the end of it is numbers which say a text as they stand, and none anywhere
    say one backwards.
    """
    if not _WRITTEN.search(data[-_TAIL:] + b" "):
        return False
    return not _LONG_WRITTEN.search(data[::-1] + b" ")


def _end(data: bytes) -> int:
    """
    Where the first line stops that ends as a container would, read backwards, or 0. A
    line: a decoder may have read a text in several ways.
    """
    stops: list[int] = []
    for end in _ENDS:
        at = data.find(end + b"\n")
        if at >= 0 or data.endswith(end):
            stops.append(at + len(end) if at >= 0 else len(data))
    return min(stops, default=0)
