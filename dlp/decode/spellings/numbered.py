"""
Pieces that say their place and stand in another order: `{"i": 7, "c": "k"}`, `3: QUJD`,
`3:QUJD 1:Rw`, PowerShell's `"{2}{0}{1}" -f "a", "b", "c"`. All of them in the order of
their numbers.
And names that are a letter and its place: `{"s0": 1, "k1": 1}`, `{ s0: id k1: id }`.

Why not in rows.py: what stands in order is read there, by what comes next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dlp.decode.guesses import GUESSES
from dlp.decode.source import Source
from dlp.model import View

_QUOTE = r"[\"'`]"
_SAYS = rf"\s{{0,2}}[:,=]\s{{0,2}}(?:{_QUOTE}?[A-Za-z_]{{1,12}}{_QUOTE}?\s?[:=]\s?)?"
"""What stands between a number and its piece: `: `, `, "c": `."""
_HEAD, _TAIL = r"[A-Za-z#\[( \-_]{0,12}", r"(?:/[0-9]{1,3})?[\]):.=,\s]{1,3}"
_NAME, _MARK, _PIECE = r"[A-Za-z_]{0,8}", r"[:=.)\]|#_-]", r"[^\s,;&\"'`]"
"""The same where pieces stand side by side in a line: `p3=QUJD&p1=Rw`."""
_PIECES = tuple(
    re.compile(form.encode())
    for form in (
        rf"(?<![0-9A-Za-z])([0-9]{{1,3}}){_QUOTE}?{_SAYS}{_QUOTE}([!-~]{{1,64}}?){_QUOTE}",
        rf"(?m)^{_HEAD}([0-9]{{1,3}}){_TAIL}([!-~]{{1,64}})\r?$",
        rf"(?<![0-9A-Za-z]){_NAME}([0-9]{{1,3}}){_MARK}({_PIECE}{{1,64}})(?!{_PIECE})",
    )
)
HINTS = (
    r"(?:[0-9]{1,3}[\"'`]?\s{0,2}[:,=][^\n0-9]{0,20}[\"'`][!-~]{1,64}[\"'`][^0-9]{1,24}){4}",
    r"(?:\n[^\n0-9]{0,12}[0-9]{1,3}(?:/[0-9]{1,3})?[^\n0-9A-Za-z]{1,3}[!-~]{1,64}\r?){3}",
    rf"(?:[0-9]{{1,3}}{_MARK}{_PIECE}{{1,32}}[\s,;&]{{1,2}}\(?{_NAME}){{3}}[0-9]",
    r"(?:\{[0-9]{1,2}\}){4}",
    *(
        rf"(?:\A|[^0-9A-Za-z]){one.format(0)}[^\0]{{1,48}}[^0-9A-Za-z]{one.format(1)}"
        for one in (r"[!-~][_-]?{}[\"']?\s?[:=(]", r"_?{}_?[!-~][\"']?\s?[:=(]")
    ),
)
"""More than the forms allow: what is exact costs as much as all other hints."""
_FORMAT = re.compile(
    rf"((?:\{{[0-9]{{1,2}}\}}){{4,}}+){_QUOTE}[^\"'`]{{1,12}}"
    rf"((?:{_QUOTE}[^\"'`\n]{{0,64}}{_QUOTE}[\s,]{{0,3}}){{4,}}+)".encode()
)
_NAMES = tuple(
    re.compile(rf"(?<![0-9A-Za-z]){name}[\"']?\s?(?=[:=(])".encode())
    for name in (
        r"(?P<letter>[!#-&(-_a-~])[_-]?(?P<place>[0-9]{1,3})",
        r"_?(?P<place>[0-9]{1,3})_?(?P<letter>[!#-&(-_a-~])",
    )
)
"""A letter may be a digit: in `70` it is the first, where the place is 0."""
_FEWEST_LETTERS = 6
"""Different ones; names of columns have one."""
_PLACE = re.compile(rb"[0-9]+")
_LITERAL = re.compile(rb"[\"'`]([^\"'`\n]*)[\"'`]")
_FEWEST, _MOST = 4, 512
_SHORTEST = 16
_LARGEST_BYTES = 64 << 10


def numbered(source: Source) -> Iterator[View]:
    """The pieces of all numbers in a row, where these stand in another order."""
    data = source.data
    if len(data) > _LARGEST_BYTES or source.view.came_of(GUESSES):
        return
    for pattern in _PIECES:
        found = [(int(m[1]), m[2]) for m in pattern.finditer(data)][:_MOST]
        if text := _in_order(found):
            yield source.child("ungrouped", text)
    for pattern in _NAMES:
        if text := _in_names(pattern, data):
            yield source.child("ungrouped", text)
    for match in _FORMAT.finditer(data):
        pieces = _LITERAL.findall(match[2])
        places = list(map(int, _PLACE.findall(match[1])))
        if max(places) < len(pieces):
            text = b"".join(pieces[place] for place in places)
            yield source.child("ungrouped", text, match.span())


def _in_order(found: Sequence[tuple[int, bytes]]) -> bytes:
    """Put together, if the numbers are those of all places, but not in order."""
    places = [place for place, _ in found]
    first = min(places, default=0)
    if len(found) < _FEWEST or places == sorted(places):
        return b""
    if sorted(places) != list(range(first, first + len(places))):
        return b""
    text = b"".join(piece for _, piece in sorted(found))
    return text if len(text) >= _SHORTEST else b""


def _in_names(pattern: re.Pattern[bytes], data: bytes) -> bytes:
    """The letters of names that count from 0 or 1 on."""
    letters: list[bytes] = []
    first = 0
    for match in pattern.finditer(data):
        place = int(match["place"])
        if place == first + len(letters):
            letters.append(match["letter"])
        elif place < 2 and len(letters) < _SHORTEST:
            letters, first = [match["letter"]], place
    text = b"".join(letters)
    return text if len(text) >= _SHORTEST and len(set(text)) >= _FEWEST_LETTERS else b""
