"""
Encodings of mail and news: quoted-printable (RFC 2045, 6.7), encoded words (RFC 2047),
parameters that go on (RFC 2231, 3), uuencode (POSIX), yEnc.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from dlp.decode.pieces import Pieces, Rewrite, Span
from dlp.decode.printable import is_text
from dlp.decode.rewriting import rewritten, rewritten_at
from dlp.decode.source import Source
from dlp.model import View

_ESCAPED = (
    r"=[2-7][0-9A-Fa-f]\S{0,60}=[2-7][0-9A-Fa-f]",
    r"(?:=[0-9A-F]{2}){3}",
)
"""Two in one word: in two they are the names and numbers of a log."""
_CONTINUED_LINE = (
    r"[!-<>-~]{8}=\r?\n(?:[!-,.-~]|-{1,4}[!-,.-~])",
    r"[ -<>-~]{60}=\r?\n(?:[^-]|-{1,4}[^-])",
)
"""Not before five dashes: padding of a key or certificate (RFC 7468, 2)."""
QUOTED_HINTS = (*_ESCAPED, *_CONTINUED_LINE)
WORD_HINTS = (r"=\?[A-Za-z0-9_\-*]{2,24}\?[bBqQ]\?[!->@-~]+\?=",)
CONTINUED_HINTS = (r"\*0\*?=.{1,200}\*1\*?=",)
UU_HINTS = (r"begin [0-7]{3,4} ", r"(?:^|\n)[*-M][ -`]{20,61}(?:\r?\n|$)")
YENC_HINTS = (r"=ybegin ",)


def _unquote(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[1].decode()) if match[1] else b""


QUOTED = Rewrite(re.compile(rb"=(?:([0-9A-Fa-f]{2})|[ \t]*\r?\n)"), _unquote)


_QUOTES = re.compile("|".join(QUOTED_HINTS).encode())
_DASHES_GONE = frozenset({"ungrouped"})
_ESCAPES = re.compile("|".join(_ESCAPED).encode())


_NAME = rb"[ \t#]*(?:export[ \t]+)?(?:[A-Z][A-Z0-9_]*|[a-z][a-z0-9_.-]*)="
_SETTING = re.compile(rb"(?m)^" + _NAME + rb"[^\s=]")
_EMPTY_SETTING = re.compile(_NAME + rb"[ \t]*")
_SOFT_BREAK = re.compile(rb"(?m)^([^\r\n]*=[ \t]*)\r?$")


def _are_settings(data: bytes) -> bool:
    """Each line that ends in `=` is a name without a value, beside some with one."""
    if not _SETTING.search(data) or _ESCAPES.search(data):
        return False
    lines = _SOFT_BREAK.findall(data)
    named = any(b"_" in line for line in lines)
    return named and all(map(_EMPTY_SETTING.fullmatch, lines))


_FIELD = re.compile(rb"[?&;]\w{1,20}=")
"""What names a value in a query; many of these begin with two hexadecimal digits."""


def quoted(source: Source) -> Iterator[View]:
    """Quoted-printable text. Soft breaks join lines, so a line is not enough."""
    data = source.data
    if _are_settings(data) or not _QUOTES.search(_FIELD.sub(b"?", data)):
        return
    if source.view.came_of(_DASHES_GONE) and not _ESCAPES.search(data):
        return  # a padding whose dashes are gone looks like a soft break
    start, stop = data.find(b"="), data.rfind(b"=")
    start = data.rfind(b"\n", 0, start) + 1
    stop = data.find(b"\n", stop + 3)
    stop = len(data) if stop < 0 else stop
    yield from rewritten_at(
        source, "quoted-printable", [(start, stop)], QUOTED, sign=_QUOTES
    )


_WORD = re.compile(rb"=\?[^?\s]{1,40}\?([bBqQ])\?([^?\s]*)\?=(?:\s+(?==\?))?")


def _unword(match: re.Match[bytes]) -> bytes:
    form, text = match.groups()
    if form in b"bB":
        text = re.sub(rb"[^A-Za-z0-9+/]", b"", text)
        text = text[:-1] if len(text) % 4 == 1 else text
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4))
    return QUOTED.apply(text.replace(b"_", b" "))


WORDS = Rewrite(_WORD, _unword)


def words(source: Source) -> Iterator[View]:
    """The lines that have encoded words, decoded."""
    yield from rewritten(source, "mime words", b"=?", WORDS)


_CONTINUED = re.compile(
    rb"\*[0-9]{1,3}\*?=(?:\"([^\"\r\n]*)\"|([^\s;\"\\]*))[ \t]*(?:[;\"\\]|\r?\n|\Z)"
)


def continued(source: Source) -> Iterator[View]:
    """The pieces of parameters that go on under a number, as they follow each other."""
    spans = [
        match.span(1 if match[1] is not None else 2)
        for match in _CONTINUED.finditer(source.data)
    ]
    texts = [source.data[start:stop] for start, stop in spans]
    if len(spans) > 1:
        trace = Pieces(spans, list(map(len, texts)), separator=0)
        yield source.gather("continued", texts, trace)


_UU_LINE = re.compile(rb"[\r\n]([!-M][ -`]{1,63})(?=[\r\n]|\Z)")


def uuencoded(source: Source) -> Iterator[View]:
    """Lines whose first character is the length of what the rest encodes."""
    spans: list[Span] = []
    texts: list[bytes] = []
    for match in _UU_LINE.finditer(b"\n" + source.data):
        text = _uu_line(match[1])
        if text is None:
            continue
        start, stop = match.start(), match.end() - 1
        if spans and len(texts[-1]) % 45 == 0 and start - spans[-1][1] <= 2:
            spans[-1] = spans[-1][0], stop
            texts[-1] += text
        else:
            spans.append((start, stop))
            texts.append(text)
    yield from source.found("uuencode", list(zip(spans, texts, strict=True)))


def _uu_line(line: bytes) -> bytes | None:
    size = (line[0] - 32) & 63
    coded = (size + 2) // 3 * 4
    if not size or not coded <= len(line) - 1 <= coded + 2 or len(line) > 64:
        return None
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return None


_YENC = re.compile(
    rb"=ybegin [^\n]*size=(\d{1,18})[^\n]*\n(?:=ypart [^\n]*\n)?(.*?)(?:\r?\n=yend|\Z)",
    re.DOTALL,
)
_MINUS_42 = bytes((b - 42) & 255 for b in range(256))
_TEXT_BYTES = 4 << 10
"""What is text as it stands is code that names the format: no more than it declares."""
_Y_ESCAPE = re.compile(rb"=(.)", re.DOTALL)


def yencoded(source: Source) -> Iterator[View]:
    """The bodies of yEnc parts."""
    for match in _YENC.finditer(source.data):
        body = match[2].translate(None, b"\r\n")
        if is_text(body):
            body = body[: max(_TEXT_BYTES, int(match[1]))]
        plain = _Y_ESCAPE.sub(lambda m: bytes([(m[1][0] - 64) & 255]), body)
        yield source.child("yenc", plain.translate(_MINUS_42), match.span())
