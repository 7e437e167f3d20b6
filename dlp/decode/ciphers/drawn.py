"""
Stretches of a text that look drawn by lot, for those who hide a key in them: letters
moved about, mixed with others, in pieces that stand apart or are encoded one by one.

What is made of them here are few texts in which a key could stand; a registered secret
is looked for in all (`Decoded.residue`), and those in which a vendor's key begins
become views. Honest texts have two such stretches in a hundred bytes, identifiers and
hashes; no more than `_MOST_BYTES` of them are looked at.

Why not in noise.py: there one run is undone as a whole; here it is taken apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby, islice

import numpy as np
import numpy.typing as npt

from dlp.decode.beginnings import ENDS_WORD, KEY, SIZED, USUAL
from dlp.decode.ciphers.combined import in_turn, padded, said_by
from dlp.decode.ciphers.moved import moved
from dlp.decode.ciphers.opened import OPENINGS, continued, openings
from dlp.decode.ciphers.picked import codes, joins, picked
from dlp.decode.documents.leaves import LOOKS_LIKE_JSON
from dlp.decode.guesses import CIPHER, KEYED, PICKED, SEQUENCES
from dlp.decode.pieces import Span
from dlp.decode.runs import spans_of
from dlp.decode.sieve import Locator
from dlp.decode.source import Source
from dlp.model import View

_NOT_AGAIN = frozenset({PICKED, CIPHER, KEYED})
"""Of many texts that one may be some would hold a key by chance."""
_BLOCK = 64
_FEWEST = 13
"""Of 128 bytes: changes of kind that a name has not. 40 random ones have 19; in 99 of
100 bytes of code and prose there are fewer."""
_FEWEST_WITH_ALONE = 18
"""The same, with letters and digits that stand alone."""
_LESS = {512: 7, 2 << 10: 3}
"""By so much fewer will do in a view up to that size: a password has no more."""
_MOST_BYTES = 4 << 10
_WIDEST = 2 << 10
_NEAR = 96
"""A stretch is widened by so much, up to where a line or a string begins."""
_LONG_TOKEN = 20
_LONGEST_MOVED = 160
_OFTEN = 6
"""One in so many letters of a key, a third of which may be digits, is sudden."""
_MOST_MOVED = 8
_KINDS = bytes(
    1 if 97 <= b < 123 else 2 if 65 <= b < 91 else 4 if 48 <= b < 58 else 0
    for b in range(256)
)
_KNOWN = bytes(kind != 0 for kind in _KINDS)
_SUDDEN = bytes(
    (pair >> 3, pair & 7) in {(1, 2), (1, 4), (2, 4), (4, 1), (4, 2)}
    for pair in range(256)
)
"""A capital, or a digit, behind a small letter; a letter behind a digit; ..."""
_TOKEN = re.compile(rb"[A-Za-z0-9_\-+/=.~]{%d,}" % _LONG_TOKEN)
_FIELD = re.compile(rb"[A-Za-z0-9_\-+.~]{%d,}" % _LONG_TOKEN)
"""The same without what parts names, paths and values."""
_PLAIN = re.compile(rb"[^\w]*(?:[A-Za-z]?[a-z]*|[0-9]+)[^\w]*")
_MAY_BE_ID = re.compile(rb"(?!A[KS]IA)(?=.*A.*A)(?=.*K|.*S)(?=.*I)[A-Z2-7]{20}")
_ID = re.compile(rb"^A[KS]IA[A-Z2-7]{16}$", re.MULTILINE)
"""An access key of AWS, which has no sign; and its letters in another order."""
_EDGE = re.compile(rb"[\n\"]")
_LONG_PREFIXES = tuple(
    prefix.encode()
    for prefix in (*USUAL, "AIzaSy")
    if len(prefix) > (5 if prefix.isalnum() else 3) or prefix == "SG."
)
"""Of letters alone a few more: random ones have four of them by chance."""
_REST_BYTES = 160
_BRIEF = re.compile(rb"SG\.")
HINTS = tuple(map(re.escape, map(bytes.decode, OPENINGS)))
_OPENED_BYTES = 1 << 10
_LOCATOR = Locator(_LONG_PREFIXES)
_NEEDS = list(map(Counter, _LONG_PREFIXES))


def is_drawn(data: bytes) -> bool:
    """Whether a stretch of `data` looks drawn by lot."""
    return bool(len(data) >= _LONG_TOKEN and _marked(data).any())


def drawn(source: Source) -> Iterator[View]:
    """What such stretches may be made to say."""
    data, budget = source.data, source.budget
    if source.view.came_of(_NOT_AGAIN):
        return
    known = {view.data for view in budget.residue if view.step == SEQUENCES}
    room = _MOST_BYTES - sum(map(len, known))
    is_json = LOOKS_LIKE_JSON.match(data)
    keys: list[bytes] = []
    whole: list[bytes] = []
    opened = list(openings(data))
    for start, stop in opened:
        keys += [text for text in continued(data, start, stop) if KEY.match(text)]
    for start, stop in (*_opened(data, opened), *_stretches(data)):
        text = data[start:stop]
        if is_json and b"\\" in text:
            continue  # it comes again, unescaped
        if room < len(text):
            break
        room -= len(text)
        tokens = list(dict.fromkeys(_TOKEN.findall(text) + _FIELD.findall(text)))
        sequences = [*tokens, *joins(text)]
        shown = b"\n".join(dict.fromkeys(sequences))
        if shown in known:
            continue
        known.add(shown)
        budget.remains(source.child(SEQUENCES, shown))
        turns = list(in_turn(text))
        texts = b"\n".join(dict.fromkeys([*picked(text), *turns]))
        budget.remains(source.child(PICKED, texts))
        whole += padded(tokens)
        whole += said_by(dict.fromkeys([*codes(text), *turns]), data)
        keys += _keys(texts)
        keys += _moved_keys([*tokens[:_MOST_MOVED], *_side_by_side(text)])
    yield from (source.child(PICKED, data) for data in dict.fromkeys(whole))
    if keys:
        yield source.child(PICKED, b"\n".join(dict.fromkeys(keys)))


def _moved_keys(tokens: Iterable[bytes]) -> Iterator[bytes]:
    """What begins like a key when the letters of one of the tokens are moved back."""
    for token in dict.fromkeys(tokens):
        if len(token) > _LONGEST_MOVED:
            continue
        if _may_hold_key(token):
            yield from _keys(moved(token))
        elif _MAY_BE_ID.fullmatch(token):
            yield from _ID.findall(moved(token))


def _side_by_side(text: bytes) -> Iterator[bytes]:
    """Words that follow each other, none of them plain, as one: lines of a fence."""
    runs = (list(run) for plain, run in groupby(text.split(), _is_plain) if not plain)
    joined = (b"".join(run) for run in runs if len(run) > 1)
    yield from islice((t for t in joined if len(t) >= _LONG_TOKEN), _MOST_MOVED)


def _is_plain(word: bytes) -> bool:
    return _PLAIN.fullmatch(word) is not None


def _may_hold_key(token: bytes) -> bool:
    """Whether the characters of a prefix are all there."""
    if sudden(token).sum() * _OFTEN < len(token) or ENDS_WORD.search(token):
        return False
    have = Counter(token)
    return any(need <= have for need in _NEEDS)


def _keys(texts: bytes) -> list[bytes]:
    """What stands from the beginning of a vendor's key on."""
    starts = (
        stop - len(_LONG_PREFIXES[which]) for which, stop in _LOCATOR.find(texts, 32)
    )
    return [
        texts[start : start + _REST_BYTES].partition(b"\n")[0]
        for start in starts
        if _is_key(texts, start)
    ]


def _is_key(text: bytes, at: int) -> bool:
    """Whether one begins there; what is told by three letters is one as a whole."""
    brief = _BRIEF.match(text, at) and not SIZED.match(text, at)
    return bool(KEY.match(text, at)) and not brief


def sudden(data: bytes) -> npt.NDArray[np.uint8]:
    """1 where a byte is followed by one of another kind as in no name."""
    kinds = np.frombuffer(data.translate(_KINDS), np.uint8)
    pairs = (kinds[:-1] << 3) | kinds[1:]
    return np.frombuffer(pairs.tobytes().translate(_SUDDEN), np.uint8)


def _alone(data: bytes) -> npt.NDArray[np.uint8]:
    """1 where a letter or digit has none beside it."""
    known = np.frombuffer(b"\0" + data.translate(_KNOWN) + b"\0", np.uint8)
    return known[1:-2] & ~(known[:-3] | known[2:-1])


def _marked(data: bytes) -> npt.NDArray[np.bool_]:
    """Of each `_BLOCK` bytes whether they, with the next, are such a stretch."""
    less = next((less for size, less in _LESS.items() if len(data) <= size), 0)
    marked: npt.NDArray[np.bool_]
    changes = sudden(data)
    both = _per_block(changes + _alone(data))
    marked = both >= _FEWEST_WITH_ALONE - less
    if int(both.max()) >= _FEWEST - less:
        marked |= _per_block(changes) >= _FEWEST - less
    return marked


def _per_block(ones: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    whole = len(ones) // _BLOCK * _BLOCK
    counts = ones[:whole].reshape(-1, _BLOCK).sum(1, dtype=np.uint8)
    counts = np.append(counts, ones[whole:].sum(dtype=np.uint8))
    counts[:-1] += counts[1:]
    return counts


def _opened(data: bytes, found: Iterable[Span]) -> Iterator[Span]:
    """Where the beginning of a key stands whose rest stands elsewhere."""
    done = 0
    for start, _ in found:
        if start >= done:
            before = max(data.rfind(b"\n", 0, start), data.rfind(b'"', 0, start)) + 1
            done = min(start + _OPENED_BYTES, len(data))
            yield max(before, start - _NEAR), done


def _stretches(data: bytes) -> Iterator[Span]:
    starts, stops = spans_of(_marked(data))
    done = 0
    for first, last in zip(starts.tolist(), stops.tolist(), strict=True):
        start, stop = first * _BLOCK, min((last + 1) * _BLOCK, len(data))
        before = [m.end() for m in _EDGE.finditer(data, max(0, start - _NEAR), start)]
        start = max(done, before[-1] if before else max(0, start - _NEAR))
        after = _EDGE.search(data, stop, stop + _NEAR)
        stop = after.start() if after else min(stop + _NEAR, len(data))
        done = stop
        for at in range(start, stop, _WIDEST):
            yield at, min(at + _WIDEST, stop)
