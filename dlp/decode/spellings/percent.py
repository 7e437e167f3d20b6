"""
Percent-encoding (RFC 3986, 2.1), the `%uXXXX` of JavaScript's `escape()`, and the plus
signs that stand for blanks in forms, queries and cookies (URL Standard, 5.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.pieces import Rewrite
from dlp.decode.printable import is_text
from dlp.decode.rewriting import rewritten, rewritten_at
from dlp.decode.sieve import START
from dlp.decode.source import Source
from dlp.model import View

HINTS = (r"%(?:[0-9a-fA-F]{2}|[uU][0-9a-fA-F]{4})",)
_NAME = r"[\w.~%$:\[\]\-]{1,64}="
_VALUE_BYTE = r"[^\s&;#\"'<>]"
_WORDS = r"[a-zA-Z]\+[a-zA-Z]"
_CODED = r"%[0-9a-fA-F]{2}"
PLUS_HINTS = (
    rf"(?:{START}|[?&;] ?){_NAME}{_VALUE_BYTE}*{_WORDS}",
    rf"(?:{START}|[?&;\s\"']){_NAME}{_VALUE_BYTE}*\+{_VALUE_BYTE}*{_CODED}",
    rf"(?:{START}|[?&;\s\"']){_NAME}{_VALUE_BYTE}*{_CODED}{_VALUE_BYTE}*\+",
)
"""Between words, or something is percent-encoded: base64 has plus signs, too."""

_OUTSIDE = rb"&=;?/#\s\"'<>"
_VALUE = re.compile(rb"%%[^%b]{16,}" % _OUTSIDE)
"""Bytes that are no text are one value of a form, a query or a path, as a whole."""
_BEFORE = bytes(set(range(256)) - set(b"%&=;?/#\"'<> \t\n\r\f\v"))
"""What the same value may begin with."""
_PLUS = re.compile(
    rf"(?:\A|(?<=[?&;])|(?<=; )|(?<=[\s\"'])(?={_NAME}{_VALUE_BYTE}*%)){_NAME}"
    rf"(?={_VALUE_BYTE}*(?:{_WORDS}|{_CODED})){_VALUE_BYTE}+".encode()
)
"""A value that may have plus signs for blanks, with its name."""
_RUN = re.compile(rb"(?:%[0-9a-fA-F]{2})+")


def _undo(match: re.Match[bytes]) -> bytes:
    byte, wide = match.groups()
    if byte:
        return bytes.fromhex(byte.decode())
    return chr(int(wide, 16)).encode("utf-8", "replace")


PERCENT = Rewrite(re.compile(rb"%(?:([0-9a-fA-F]{2})|[uU]([0-9a-fA-F]{4}))"), _undo)


PLUS = Rewrite(
    re.compile(rb"\+|" + PERCENT.pattern.pattern),
    lambda match: b" " if match[0] == b"+" else _undo(match),
)


def percent(source: Source) -> Iterator[View]:
    """The lines that have percent-encoding, with it undone once."""
    yield from rewritten(source, "percent", b"%", PERCENT, unpercent)
    done = 0
    for match in _VALUE.finditer(source.data):
        before = source.data[done : match.start()]
        start, done = done + len(before.rstrip(_BEFORE)), match.end()
        value = unpercent(source.data[start:done])
        if not is_text(value):
            yield source.child("percent", value, (start, done))


def blanks(source: Source) -> Iterator[View]:
    """The values with plus signs, these as blanks, no longer percent-encoded."""
    spans = [m.span() for m in _PLUS.finditer(source.data) if b"+" in m[0]]
    yield from rewritten_at(source, "blanks", spans, PLUS)


def unpercent(line: bytes) -> bytes:
    """Percent-encoding undone, whole runs at a time."""
    if b"%u" in line or b"%U" in line:
        return PERCENT.apply(line)
    return _RUN.sub(lambda run: bytes.fromhex(run[0].replace(b"%", b"").decode()), line)
