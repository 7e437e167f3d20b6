"""
Named values in one line: the query of a target, a form, cookies. Their values joined.

Keys and values stand in the raw bytes already, so only the joins are views: values in
order, and ordered by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dlp.decode.pieces import Pieces, Span
from dlp.decode.places import word
from dlp.decode.source import Source
from dlp.decode.spellings.rows import LONGEST_BYTES, are_cut, even_run, gathered
from dlp.model import View

_PAIR = re.compile(rb"[^&;?#=\s]*=[^&;#]*|[^&;?#=]+")
_COOKIE = re.compile(rb"[^;,\s][^;]*")
_SEGMENT = re.compile(rb"[^/?#]+")
LOOKS_LIKE_FORM = re.compile(
    rb"[\w.~%+*\[\]$:\-]{1,64}=[^\s&]*+&[\w.~%+*\[\]$:\-]{0,64}="
)
_LABEL = re.compile(rb"[^.]+")
_DIGIT = re.compile(rb"[A-Za-z].{0,9}[0-9]|[0-9].{0,9}[A-Za-z]")
"""What a piece of a key has, and the name of a field seldom."""
_LONG_HOST_BYTES = 40
_SHORTEST_JOIN = 16
"""Shorter joins hold nothing that could be told from chance."""


def target_values(source: Source) -> Iterator[View]:
    """The segments of a target's path side by side, and the values of its query."""
    data = source.data
    cut = data.find(b"?")
    path_stop = cut if cut >= 0 else len(data)
    segments = [m.span() for m in _SEGMENT.finditer(data, 0, path_stop)]
    yield from joined(source, "segments", segments)
    if cut >= 0:
        yield from _values(source, "query", _pairs(data, cut + 1, _PAIR))


def host_labels(source: Source) -> Iterator[View]:
    """The labels of a long host name side by side."""
    if len(source.data) >= _LONG_HOST_BYTES:
        spans = [m.span() for m in _LABEL.finditer(source.data)]
        yield from joined(source, "labels", spans)


def form_values(source: Source) -> Iterator[View]:
    """The values of a form side by side."""
    yield from _values(source, "form", _pairs(source.data, 0, _PAIR))


def cookie_values(source: Source) -> Iterator[View]:
    """The values of a Cookie header side by side."""
    yield from _values(source, "cookies", _pairs(source.data, 0, _COOKIE))


def _pairs(
    data: bytes, start: int, pattern: re.Pattern[bytes]
) -> list[tuple[bytes, Span]]:
    """Name and span of the value; a lone word is a value without a name."""
    pairs = []
    for match in pattern.finditer(data, start):
        name, equals, _ = match[0].partition(b"=")
        at = match.start() + len(name) + 1 if equals else match.start()
        pairs.append((name if equals else b"", (at, match.end())))
    return pairs


def _values(
    source: Source, step: str, pairs: list[tuple[bytes, Span]]
) -> Iterator[View]:
    spans = [span for _, span in pairs]
    yield from joined(source, step, spans)
    by_name = [span for _, span in sorted(pairs, key=lambda pair: pair[0])]
    if by_name != spans:
        yield from joined(source, f"{step} by name", by_name)
    names = [(at - 1 - len(name), at - 1) for name, (at, _) in pairs if name]
    if sum(_DIGIT.search(name) is not None for name, _ in pairs) * 2 > len(pairs):
        yield from joined(source, f"{step} names", names)


def joined(source: Source, step: str, spans: Sequence[Span]) -> Iterator[View]:
    """Stretches of a view side by side, when that is more than one and long enough."""
    lengths = [stop - start for start, stop in spans]
    if len(spans) > 1 and sum(lengths) >= _SHORTEST_JOIN:
        pieces = [source.data[start:stop] for start, stop in spans]
        yield source.gather(step, pieces, Pieces(spans, lengths, separator=0))
        if run := even_run(lengths):
            some = slice(*run)
            if sum(lengths[some]) <= LONGEST_BYTES and are_cut(pieces[some]):
                yield gathered(source, spans[some], pieces[some])


def pair_name(kind: str, data: bytes, start: int, stop: int) -> str:
    """The place `kind:NAME` of a value in `a=1&b=2` or `a=1; b=2`, else `kind`."""
    before = max(data.rfind(mark, 0, start + 1) for mark in (b"&", b";", b"?"))
    equals = data.find(b"=", before + 1, stop)
    if equals < 0 or equals >= start:
        return kind
    return f"{kind}:{word(data[before + 1 : equals].strip())}"


def form_name(data: bytes, start: int, stop: int) -> str:
    """The field of a form that holds the span."""
    return pair_name("form", data, start, stop)


def no_name(_data: bytes, _start: int, _stop: int) -> str:
    """Of what has no places."""
    return ""


def cookie_name(data: bytes, start: int, stop: int) -> str:
    """The cookie that holds the span."""
    return pair_name("cookie", data, start, stop)


def target_name(data: bytes, start: int, stop: int) -> str:
    """The path of a target, or the query value, that holds the span."""
    cut = data.find(b"?")
    if cut < 0 or stop <= cut:
        return "path"
    return pair_name("query", data, start, stop) if start > cut else ""
