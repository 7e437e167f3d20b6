"""
What was written backwards as a whole: a compressed stream, a document, a list, a dump.
Told by its end, which reads as such things begin.

Why not in disguise.py and turned.py: those look for keys, and for words that are a
code; this has spaces in it, or is no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.magic import CONTAINERS
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
_ENDS = tuple(magic[::-1] for magic in CONTAINERS)
_END = re.compile(b"(?:%b)(?=\\n|\\Z)" % b"|".join(map(re.escape, _ENDS)))
"""Also of a line: a decoder may have read a text in several ways."""
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
    if _BEGINS.match(data[: -_HEAD - 1 : -1]):
        yield source.child(STEP, data[::-1])
    elif found := _END.search(data):
        yield source.child(STEP, data[: found.end()][::-1])
