"""
What somebody glued to a vendor's key, so that it is none as it stands: words that say
it is only an example, one character over and over, a word behind a dash, some letters
before, another key. `AKIA...EXAMPLE`, `sk_live_...xxxxxxxx`, `ghp_..._backup`,
`myAIza...`, `AKIA...AKIA...`.

Everybody's rules think that such words excuse a key (detect/placeholder.py), and that
letters make it none. So what begins like a key is also read without. What is whole then
was a key; what documentation prints is not.

Why not in cover.py: that knows what covers by how often it comes, this by what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from dlp.decode.beginnings import BEGINNINGS, SIZED, USUAL, key_of
from dlp.decode.guesses import GUESSES
from dlp.decode.pieces import Span
from dlp.decode.source import Source
from dlp.model import View

_SAYS_SO = ("example", "sample", "placeholder", "changeme", "change_me", "invalid")
_MAY_SAY_SO = ("dummy", "fake")
_STANDS_IN = (
    "redacted",
    "censored",
    r"your[_.\- ]?(?:api|key|token|secret|password|own)",
    r"insert[_-]?",
    r"replace[_-]?(?:me|with)",
    r"(?:my|the)[_-](?:api|key|token|secret)",
)
ELLIPSIS = r"\.{3}"
SAYS_SO, MAY_SAY_SO, STANDS_IN = map("|".join, (_SAYS_SO, _MAY_SAY_SO, _STANDS_IN))
"""Patterns. Those of `MAY_SAY_SO` stand in a random key now and then."""

_WORDS = (*_SAYS_SO, *_MAY_SAY_SO, *_STANDS_IN, ELLIPSIS)
_GOES_ON = "(?=[0-9A-Za-z])"
"""Behind an ellipsis, which ends sentences too; a hint cannot look ahead."""
_RUNS = ("abcdefgh[i-z]*", "0?12345678[0-9]{0,32}", "qwertyui[a-z]{0,18}")
_SYMBOL = r"[0-9A-Za-z+/=_.~\-]"
_ANY_WORD, _ANY_RUN = map("|".join, (_WORDS, _RUNS))
_OURS = "redacted-[0-9a-z-]{1,128}-[0-9a-f]{16}"
"""What stands for something that we cut out hides nothing."""
_FILLER = re.compile(
    rf"(?i:(?!{_OURS})(?:{_ANY_WORD}{_GOES_ON})|{_ANY_RUN})"
    rf"|([0-9A-Za-z_])\1{{5,}}".encode()
)
_FILLER_WITH_SIGNS = re.compile(
    rf"[+/=_.~\-]?(?:{_FILLER.pattern.decode()})[+/=_.~\-]?".encode()
)
_SAME = tuple(f"{each}{{6}}" for each in "0123456789abcdefghijklmnopqrstuvwxyz_")
_NOTHING = (*_WORDS, *_RUNS, *_SAME)
_BEGINNINGS, _OFTEN = (
    [word for word in words if word[0].isalnum()] for words in (BEGINNINGS, USUAL)
)
"""Without those of armour, which is no word."""
_NAMES = "|".join(map(re.escape, _OFTEN))
HINTS = (
    *(rf"(?i){_SYMBOL}{{6}}{nothing}" for nothing in _NOTHING),
    *(rf"(?i){nothing}{_SYMBOL}{{6}}" for nothing in _NOTHING),
    rf"(?:{_NAMES})[0-9A-Za-z_\-]{{12}}",
)
"""One for each word: all in one have no beginning that could be searched for."""
_LONGEST = 1024
"""Bytes of a word. Of what is longer, as files in base64url, each stretch is one."""
_WORD = re.compile(rb"[0-9A-Za-z+/_.~\-]{20,%d}={0,2}" % _LONGEST)
_USUAL = key_of(_OFTEN)
_ENDS_BEFORE = key_of([word for word in _OFTEN if not word.startswith("eyJ")])
"""Keys that a word behind a sign is no part of. A JWT's signature goes on with it."""
_BORDER = rb"(?<![0-9A-Za-z])"
_AT_BORDER = re.compile(_BORDER + key_of(_BEGINNINGS).pattern)
_USUAL_AT_BORDER = re.compile(_BORDER + _USUAL.pattern)
"""The others stand in a file by chance."""
_BEHIND_LETTERS = re.compile(rb"[0-9A-Za-z]{1,8}?(" + _USUAL.pattern + rb")")
"""Few letters: of long runs of random ones some hold a beginning."""
_MOST_CUTS = 3
"""Words behind a key; of rare vendors what goes on is more often no key."""
_MOST_SIZED = 4
"""Keys that follow each other in a word."""
_SHORTEST = 16
_FEWEST_SYMBOLS = 6
"""Different characters of a key with its beginning; a ruled line and DNA have fewer."""
_PROTEIN = re.compile(rb"[A-Z.\-]{21,}")
"""A line of amino acids: one in ten thousand has Amazon's four, and never a digit."""
STEP = "unglued"
_DONE = GUESSES | {STEP}
_APART = 4
"""Line ends between readings: none is the label of the next."""


def unglued(source: Source) -> Iterator[View]:
    """Words with the beginning of a vendor's key, without what is glued to it."""
    if source.view.came_of(_DONE):
        return
    found: list[tuple[Span, bytes]] = []
    goes_on_at = -1
    for word in _WORD.finditer(source.data):
        begins = _AT_BORDER
        if len(word[0]) >= _LONGEST or word.start() == goes_on_at:
            begins, goes_on_at = _USUAL_AT_BORDER, word.end()
        if len(set(word[0])) < _FEWEST_SYMBOLS or _PROTEIN.fullmatch(word[0]):
            continue
        texts = dict.fromkeys(_readings(word[0], begins))
        texts.pop(word[0], None)
        found += [(_place(word, text), text) for text in texts]
    yield from source.found(STEP, found, separator=_APART)


def _place(word: re.Match[bytes], text: bytes) -> Span:
    """Where a text stands in a word; all of it if it does only without fillers."""
    at = word[0].find(text)
    return (
        (word.start() + at, word.start() + at + len(text)) if at >= 0 else word.span()
    )


def _readings(word: bytes, begins: re.Pattern[bytes]) -> Iterator[bytes]:
    """What of a word may be a key, which `begins` so."""
    for text in (word, *_unfilled(word)):
        key = _key_in(text, begins)
        if key:
            yield key
            if _ENDS_BEFORE.match(key):
                yield from islice(_cut(key), _MOST_CUTS)
    yield from islice(SIZED.findall(word), _MOST_SIZED)


def _unfilled(word: bytes) -> Iterator[bytes]:
    if _FILLER.search(word):
        for filler in (_FILLER, _FILLER_WITH_SIGNS):
            yield filler.sub(b"", word)


def _key_in(text: bytes, begins: re.Pattern[bytes]) -> bytes:
    """
    The text from where a key begins on: where words do, or one of the usual near that.
    """
    found = begins.search(text)
    if found:
        return text[found.start() :]
    found = _BEHIND_LETTERS.match(text)
    return text[found.start(1) :] if found else b""


def _cut(key: bytes) -> Iterator[bytes]:
    """The key without one word behind it, two and so on."""
    stop = len(key)
    while (stop := max(key.rfind(sign, _SHORTEST, stop) for sign in (b"_", b"-"))) > 0:
        yield key[:stop]
