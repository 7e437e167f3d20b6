"""
A letter in each row, word or sentence among any other words: `| 7 | next | k |`,
`keydown k`, `Character 7 is k.`, `plank filey`. Letters that stand alone are put
together with those in the same surroundings; so are the first and last letters of all
words, and of all lines.

What is made is looked through for known secrets, and for what usual keys begin with.

Why not in columns.py: rows there are told by their lengths or heads, here by nothing
but what stands beside a letter. Why not in picked.py: that reads short stretches, and
letters among few others; here most of a text may be words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dlp.decode.beginnings import SIZED, USUAL, key_of
from dlp.decode.ciphers.drawn import sudden
from dlp.decode.guesses import PICKED, TAKEN_APART
from dlp.decode.kinds import KINDS
from dlp.decode.source import Source
from dlp.model import View

_KEY = key_of(USUAL)
_LETTER, _BLANK, _LINE_END = 1, 2, 6
_CLASSES = bytes(
    _LINE_END
    if b == ord("\n")
    else _BLANK
    if b in b" \t\r"
    else _LETTER * (b < 128 and chr(b).isalnum())
    for b in range(256)
)
"""A line end is a blank too."""
_AROUND = ((1, 1), (0, 3), (3, 0), (3, 3))
"""Bytes before and behind a letter that are its surroundings."""
_FEWEST, _SHORTEST = 8, 12
"""Letters in the same surroundings, and what is made of them with their signs."""
_WINDOW, _OFTEN = 24, 0.29
"""Of so many letters how many are followed by one of another kind: in keys 0.45."""
_FEWEST_LETTERS, _FEWEST_CAPITALS = 7, 3
"""Different letters that stand alone, and capitals: little of prose has as many."""
_CAPITAL = b"\2"
_ONE = rb"(?<![0-9A-Za-z])[!-~](?![0-9A-Za-z])"
_OPENS = re.compile(rb".*[=:>\"'(,/|]")
_CLOSES = re.compile(rb"[<&\"')|,]")
"""What a line may begin with before a value that goes on in the next, and end with."""
_MOST_SURROUNDINGS = 3
_LONGEST_BYTES = 64 << 10
_MOST_BYTES = 4 << 10
"""What is made of one view in one way, at most."""

type Marks = npt.NDArray[np.uint8]
type Places = npt.NDArray[np.int64]


def has_alone(data: bytes) -> bool:
    """Whether the letters that stand alone, or end words, look drawn by lot."""
    if not 2 * _SHORTEST <= len(data) <= _LONGEST_BYTES:
        return False
    array, classes = _read(data)
    if _may(array[_alone(classes)].tobytes()):
        return True
    return _is_drawn(b"\n".join(_ends(array, classes)))


def alone(source: Source) -> Iterator[View]:
    """The letters of each of the usual surroundings, and those that end words."""
    if source.view.came_of(TAKEN_APART):
        return
    data = source.data
    array, classes = _read(data)
    texts = dict.fromkeys(filter(_is_drawn, _ends(array, classes)))
    if texts:
        texts |= dict.fromkeys(filter(_is_drawn, _said_ends(data)))
    places = _alone(classes)
    if _may(array[places].tobytes()):
        texts |= dict.fromkeys(filter(_may, _alike(data, places.tolist())))
    rest = b"\n".join(text[:_MOST_BYTES] for text in texts)
    if rest and rest not in (view.data for view in source.budget.residue):
        source.budget.remains(source.child(PICKED, rest))
    keys = [text[found.start() :] for text in texts if (found := _KEY.search(text))]
    keys += [key for text in keys for key in SIZED.findall(text)]
    if keys:
        yield source.child(PICKED, b"\n".join(dict.fromkeys(keys)))


def _may(text: bytes) -> bool:
    """Whether letters that stand alone may be a password: few are names or figures."""
    if len(text) < _FEWEST or len(set(text)) < _FEWEST_LETTERS:
        return False
    return text.translate(KINDS).count(_CAPITAL) >= _FEWEST_CAPITALS


def _is_drawn(text: bytes) -> bool:
    """Whether somewhere one kind of letter follows another as often as in a key."""
    if len(text) < _SHORTEST:
        return False
    changes = sudden(text)
    size = min(_WINDOW, len(changes) - 1)
    enough = size * _OFTEN
    if np.count_nonzero(changes) < enough:
        return False
    counts = changes.cumsum(dtype=np.int16)
    return int((counts[size:] - counts[:-size]).max()) >= enough


def _read(data: bytes) -> tuple[Marks, Marks]:
    """The bytes, and the class of each, with a line end at both sides."""
    classes = b"\n%b\n" % data
    array = np.frombuffer(data, np.uint8)
    return array, np.frombuffer(classes.translate(_CLASSES), np.uint8)


def _alone(classes: Marks) -> Places:
    """Where a letter or digit stands that has none beside it."""
    beside = classes[:-2] | classes[2:]
    found: Places = ((classes[1:-1] & ~beside) == _LETTER).nonzero()[0]
    return found


def _alike(data: bytes, places: list[int]) -> Iterator[bytes]:
    """What stands alone in the same surroundings; signs too, where letters do."""
    for before, behind in _AROUND:
        often = Counter(
            (data[at - before : at], data[at + 1 : at + 1 + behind])
            for at in places
            if at >= before
        )
        for (head, tail), count in often.most_common(_MOST_SURROUNDINGS):
            if count < _FEWEST:
                break
            between = re.escape(head), _ONE, re.escape(tail)
            yield b"".join(re.findall(b"(?<=%b)%b(?=%b)" % between, data))


def _said_ends(data: bytes) -> Iterator[bytes]:
    """The same of lines, the first of which may begin, and the last end, a value."""
    firsts, lasts = bytearray(), bytearray()
    for line in filter(None, map(bytes.strip, data.split(b"\n"))):
        if goes_on := line[-1:].isalnum() or line[-1:] in b"_-":
            firsts += _OPENS.sub(b"", line).strip()[:1]
        else:
            firsts += line[:1]
        lasts += (line if goes_on else _CLOSES.split(line)[0].strip())[-1:]
    yield bytes(firsts)
    yield bytes(lasts)


def _ends(array: Marks, classes: Marks) -> Iterator[bytes]:
    """The first and the last characters of words, and of lines."""
    blank = classes >= _BLANK
    edges = (blank[1:] != blank[:-1]).nonzero()[0]
    for places, beside in ((edges[::2], 0), (edges[1::2] - 1, 2)):
        yield array[places].tobytes()
        yield array[places[classes[places + beside] == _LINE_END]].tobytes()
