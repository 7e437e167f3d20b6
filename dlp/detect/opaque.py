"""
Stretches that nobody can read: what encryption would look like, so that it can be
bounded.

Counted are long random runs of the letters of base64 or hex, and bodies of noise that
begin like no known format. Not counted is what honest traffic is full of: identifiers
and hashes (too short), pictures and archives (their begin is known, whole or in
base64, of which lines are one stretch), code, numbers, in base64 too. Nothing counted
here is a finding; randomness alone never blocks.

Why not in `bigrams`: that scores one string; this finds the strings of a message.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from math import log2

from dlp.decode.compressed.magic import MAGICS
from dlp.decode.compressed.transfer import CODINGS
from dlp.detect.proof.bigrams import RANDOM, randomness
from dlp.model import Part, PartKind, View, noun

_SHORTEST = 65
"""Characters; a SHA-256 in hex has 64."""
_LINE = 60
"""Characters of a line of a longer run: OpenSSL and OpenPGP wrap at 64."""
_LONGEST_HASH = 128
"""Characters of a SHA-512 in hex."""
_HASH_DIGITS = frozenset({64, 96, _LONGEST_HASH})
_FEWEST, _FEWEST_DIGITS = 20, 12
"""Different characters; of less is a line of dashes."""
_STEP = 4
_HEX = re.compile(rb"[0-9a-fA-F]{32,}")
_HASHES = re.compile(rb"(?:sha\d{1,3}|md5|h1)-", re.IGNORECASE)
_LETTERS = re.compile(rb"[A-Za-z0-9+/_=%-]")
_SAMPLE = 4096
"""Bytes of a stretch that are looked at."""
_NOISE = 7.2
"""Bits per byte of a sample that no format keeps up; of 4 KiB of noise it is 7.95."""
_FORMATS = (
    *MAGICS, b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"OggS", b"ID3", b"fLaC",
    b"\x1aE\xdf\xa3", b"\0asm", b"wOF", b"\0\x01\0\0", b"OTTO", b"\x7fELF", b"MZ",
    b"SQLite", b"PAR1", b"Obj\x01", b"ARROW1", b"\x93NUMPY", b"\x80\x02", b"II*\0",
    b"MM\0*", b"\0\0\0", b"0\x82", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\x78\x9c",
    b"\x80\x03", b"\x80\x04", b"\x80\x05", b"BM", b"P5\n", b"P6\n", b"\0\0\1\0",
    b"\xd4\xc3\xb2\xa1", b"\n\r\r\n", b"\x85oJ\x83", b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe", b"\xff\xfb", b"\xff\xf1", b"!<arch",
)  # fmt: skip
"""Begins of media, archives, programs and tables."""
_COLUMNS = tuple((width, at) for width in (2, 4, 8) for at in (0, width - 1))
"""Bytes of a number, and where the one stands that says how large it is."""
_ROWS, _VARIED = 256, 6.0
"""Of so many numbers and more; bits per byte of that column that no noise stays under:
of 256 random bytes it is 7.1, of floats and of sound it is under 5.5."""
_BREAK = re.compile(
    rb"""(?:\r?\n|(?:\\+r)?\\+n)(?:\\*",(?:\s|\\+n){0,24}\\*")?[ \t]{0,16}"""
    rb"""(?=[A-Za-z0-9+/_-])"""
)
"""Between two lines of base64, as text, escaped, and as two strings of a list."""
_LINE_END = (b"\\n", b"\\r", b"\\t")
"""Escapes whose letter is none of the run behind them."""
_CONTENT = frozenset({PartKind.BODY, PartKind.FRAME})
_TEXT = bytes([9, 10, 13, *range(0x20, 0x7F)])


@noun
class Opaque:
    """One stretch: its digest tells it from others, and says nothing else."""

    digest: bytes
    size: int


def opaque_stretches(
    parts: Sequence[Part], views: Sequence[View]
) -> tuple[Opaque, ...]:
    """The stretches of a message as it leaves, its content codings undone."""
    found: dict[bytes, Opaque] = {}
    for part, view in zip(parts, views, strict=False):
        if len(part.data) >= _SHORTEST and not part.encodings:
            _add(found, view.data, content=part.kind in _CONTENT)
    for view in views[len(parts) :]:
        if view.step in CODINGS and parts[view.part].encodings:
            _add(found, view.data, content=True)
    return tuple(found.values())


def _add(found: dict[bytes, Opaque], data: bytes, *, content: bool) -> None:
    for stretch in _stretches(data, content=content):
        digest = hashlib.blake2b(stretch, digest_size=8).digest()
        found[digest] = Opaque(digest, len(stretch))


def _stretches(data: bytes, *, content: bool) -> Iterator[bytes]:
    if content and not _is_text(data):
        if not _known(data) and _is_noise(data):
            yield data
        return
    few = data[::_STEP].translate(_MARKS)
    if _FEW not in few:  # a cheap look: a run holds many letters at a fixed step
        return
    marks = data.translate(_MARKS)
    start = marks.find(_MANY)
    while start >= 0:
        stop = marks.find(b" ", start)
        stop = len(data) if stop < 0 else stop
        lines, stop = _lines(data, marks, (start, stop))
        yield from _unread(lines)
        start = marks.find(_MANY, stop)


def _lines(data: bytes, marks: bytes, first: tuple[int, int]) -> tuple[bytes, int]:
    """A run and the lines as long that follow it, and where the last of them ends."""
    start, stop = first
    start += data.startswith(_LINE_END, max(0, start - 1))
    width, lines = stop - start, [data[start:stop]]
    if width in _HASH_DIGITS and _HEX.fullmatch(lines[0]):  # a list of them
        return lines[0], stop
    while follows := _BREAK.match(data, stop):
        end = marks.find(b" ", follows.end())
        end = len(data) if end < 0 else end
        if end - follows.end() > width:
            break
        lines.append(data[follows.end() : end])
        stop = end
        if len(lines[-1]) < width:
            break
    return b"".join(lines), stop


def _unread(run: bytes) -> Iterator[bytes]:
    """What of a run of letters is opaque."""
    for digits in _HEX.findall(run):
        if (
            len(digits) > _LONGEST_HASH
            and len(set(digits)) > _FEWEST_DIGITS
            and not _known(_unhexed(digits))
        ):
            yield digits
    rest = _HEX.sub(b"", run)
    sample = rest[:_SAMPLE]
    if (
        len(rest) >= _SHORTEST
        and len(set(sample)) > _FEWEST
        and not _HASHES.match(rest)
        and randomness(sample) >= RANDOM
        and not _known(_decoded(sample))
    ):
        yield rest


_FEW, _MANY = b"a" * (_LINE // _STEP), b"a" * _LINE
_MARKS = bytes(
    ord("a") if _LETTERS.fullmatch(bytes([code])) else ord(" ") for code in range(256)
)


def _decoded(run: bytes) -> bytes:
    """Of base64, the bytes it stands for; empty when it is none."""
    whole = run[: len(run) // 4 * 4].replace(b"-", b"+").replace(b"_", b"/")
    try:
        return binascii.a2b_base64(whole)
    except binascii.Error:
        return b""


def _unhexed(digits: bytes) -> bytes:
    return binascii.unhexlify(digits[: min(len(digits), _SAMPLE) // 2 * 2])


def _known(data: bytes) -> bool:
    """
    Whether bytes begin like a known format, are numbers, or text that others look into.
    """
    return (
        data.startswith(_FORMATS)
        or (len(data) > 0 and _is_text(data[:64]))
        or any(_is_column(data[at:_SAMPLE:width]) for width, at in _COLUMNS)
    )


def _is_column(data: bytes) -> bool:
    return len(data) >= _ROWS and _entropy(data) < _VARIED


def _is_text(data: bytes) -> bool:
    sample = data[:_SAMPLE]
    return not sample.translate(None, _TEXT) or (
        b"\0" not in sample and _is_utf8(sample)
    )


def _is_utf8(sample: bytes) -> bool:
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(sample) - 3 > 0
    return True


def _is_noise(data: bytes) -> bool:
    """Whether a sample has the entropy of noise, as far as its length lets it."""
    sample = data[:_SAMPLE]
    size = len(sample)
    if size < _SHORTEST:
        return False
    return _entropy(sample) >= min(_NOISE, log2(size) - 0.6)


def _entropy(data: bytes) -> float:
    """Bits per byte."""
    size = len(data)
    return -sum(n / size * log2(n / size) for n in Counter(data).values())
