"""
Whether a match is a piece of something longer that is encoded: base64 of a picture
holds, between one `+` and the next `/`, whatever a short prefix and a length ask for;
and bytes that nobody wrote, which a rule for values of any kind takes as well.

Why not in `checks`: that judges a secret by itself; this looks at what it stands in,
whatever rule found it.
"""

from __future__ import annotations

import re

from dlp.decode.kinds import is_drawn
from dlp.detect.proof.bigrams import mixture

_REACH = 512
_FEWEST = 256
"""Letters of base64 before and behind it; a path has dots or dashes among so many."""
_SIGNS = b"+/"
"""What ends a word, and no base64."""
_LETTERS = re.compile(rb"[A-Za-z0-9+/]*")
_NAMED = re.compile(rb"(.?)[A-Za-z_]+[^0-9A-Za-z_\n]{1,4}\Z")
_BETWEEN = b"&;?,\"' \t"
"""What stands before a name that somebody wrote."""
_LINES_OF_ANY = re.compile(rb"[!-~]{8,}+(?:\n[!-~]{57,76}(?![!-~]))*")
_ENOUGH, _SIGNS_OF_85, _OFTEN = 48, 6, 0.55
"""Of 48 characters of base85, 13 are signs and 35 of another kind than the last."""
_ALNUM = bytes(b for b in range(128) if chr(b).isalnum())
_WORD = re.compile(rb"[0-9A-Za-z+/_.~\-]*")
_WORD_REACH = 1 << 14
_LINE = 57
"""Letters of a line of base64; RFC 7468 and 2045 have 64 and 76, here less a name."""
_LINES = re.compile(rb"[A-Za-z0-9+/]*(?:\n[A-Za-z0-9+/]{57,76}(?![A-Za-z0-9+/=]))*")
_KINDS = 4
"""Small letters, capitals, digits and signs."""

_CONTROL = bytes({*range(32), 127} - set(b"\t\n\f\r\x1b"))
_STRANGE = 0.25
"""The share of bytes that are no UTF-8, above which nobody wrote a value."""


def in_noise(data: bytes, start: int, stop: int) -> bool:
    """Whether the secret at `start` to `stop` is a part of a long run of base64."""
    before, after = data[max(0, start - 1) : start], data[stop : stop + 1]
    if not (before and before in _SIGNS) and not (after and after in _SIGNS):
        return False
    if _letters(data[start:stop]) < stop - start:
        return False
    lead = _wrapped(_unspelled(data[max(0, start - _REACH) : start])[::-1])
    rest = _wrapped(_unspelled(data[stop : stop + _REACH]))
    around = lead + rest
    return len(around) >= _FEWEST and b"+" in around and mixture(around) == _KINDS


def hangs_on_noise(data: bytes, start: int) -> bool:
    """
    Whether what stands before a value in `data` is the end of a line of base64, or a
    piece of base85: in a megabyte some `^Pw=` stands there like a name. Nothing is
    hidden by it that a value without a name were not.
    """
    return _ends_line(data, start) or _is_in_base85(data, start)


def _is_in_base85(data: bytes, start: int) -> bool:
    before = _unspelled(data[max(0, start - _REACH) : start])
    line = before[before.rfind(b"\n") + 1 :]
    name = _NAMED.search(line)
    if not name or not name[1] or name[1] in _BETWEEN:
        return False
    found = _LINES_OF_ANY.match(before[::-1])
    text = found[0].replace(b"\n", b"")[:_ENOUGH] if found else b""
    signs = text.translate(None, _ALNUM)
    return (
        len(text) == _ENOUGH
        and len(signs) >= _SIGNS_OF_85
        and len(set(signs)) >= _KINDS
        and is_drawn(text, _OFTEN)
    )


def _ends_line(data: bytes, start: int) -> bool:
    before = data[max(0, start - _REACH) : start].removesuffix(b"\\n").rstrip(b"\r\n")
    if before.endswith(b"\\r"):
        before = before[:-2]
    size = _letters(before[::-1])
    line = before[len(before) - size :]
    return size >= _LINE and (b"+" in line or b"/" in line) and mixture(line) == _KINDS


def word_around(data: bytes, start: int, stop: int) -> int:
    """Letters of the word, of any alphabet that keys have, in which a secret stands."""
    before = _WORD.match(data[max(0, start - _WORD_REACH) : start][::-1])
    after = _WORD.match(data[stop : stop + _WORD_REACH])
    return stop - start + sum(found.end() for found in (before, after) if found)


def _unspelled(text: bytes) -> bytes:
    """With line ends as they are meant."""
    for spelled in (b"\\r\\n", b"\\n", b"\r\n"):
        text = text.replace(spelled, b"\n")
    return text


def _wrapped(text: bytes) -> bytes:
    """The base64 that it begins with, which may go on in whole lines of it."""
    found = _LINES.match(text)
    return found[0].replace(b"\n", b"") if found else b""


def _letters(text: bytes) -> int:
    """How many letters of base64 it begins with."""
    found = _LETTERS.match(text)
    return found.end() if found else 0


def is_written(value: bytes) -> bool:
    """Whether a value is text that somebody may have typed or copied."""
    if len(value.translate(None, _CONTROL)) != len(value):
        return False
    strange = 0 if value.isascii() else value.decode("utf-8", "replace").count("\ufffd")
    return strange <= len(value) * _STRANGE
