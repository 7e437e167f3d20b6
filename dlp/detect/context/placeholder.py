"""
Values that stand for a secret: placeholders, and examples out of documentation.

A placeholder (`xxxx`, `<token>`, `${TOKEN}`, `1234567890`) is nobody's secret. An
example (AWS's access key that ends in EXAMPLE, the token on jwt.io) is a real shape
that the world knows; `examples: block` in policy makes those count. Examples are known
by what all vendors write into them, or by digest, never by their text.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from hashlib import blake2b
from itertools import pairwise
from math import comb
from operator import eq

from dlp.decode.spellings.glued import ELLIPSIS, MAY_SAY_SO, SAYS_SO, STANDS_IN

_EXAMPLE = re.compile(rf"(?i){SAYS_SO}".encode())
_MAYBE_EXAMPLE = re.compile(rf"(?i){MAY_SAY_SO}".encode())
_SHARE = 4
"""Short words that say it is an example count from this fraction of it."""
_AT_END = 4
"""Characters that may follow such a word at the end: `fakekey`."""

_EXAMPLE_DIGESTS: frozenset[bytes] = frozenset(
    bytes.fromhex(digest)
    for digest in (
        "021b2ceedb571ccf",
        "0266190c76e26d49",
        "042115b64bc218f1",
        "0d2a70e5b9fe4604",
        "13d9238e73dcb893",
        "1427cfda9af974f8",
        "188887d297766300",
        "1a6d44d903e06d88",
        "1b0759b472701a60",
        "200ba81da952294f",
        "20e88191d76dc156",
        "2893bbb23f2ed79f",
        "29046caa9f097042",
        "2d1b75f3aac2ca2a",
        "2e12236193731ba6",
        "37738809b2d5b75c",
        "398a836468919cb5",
        "3dc2588e91902575",
        "44abb3ae90f29254",
        "44dc2d4cea078238",
        "498b9ff423745997",
        "5975027c12dd1b74",
        "5a8d14bd134c7cdf",
        "5cbcfc5b9dd96594",
        "5f8694b5de54539c",
        "63c27b7bf69a1e83",
        "6eb9aafb1f177f7c",
        "7bd25329a26c682a",
        "7e6ffc88c3690b5f",
        "826e0fd9a88ef5e1",
        "831680a71f959faf",
        "90921d1ed8140901",
        "9a119b06a213486f",
        "9c6c8372c071eb0c",
        "a05b8aa8899378c2",
        "ace7f6e9f499b94d",
        "ad4a61cabb595d3a",
        "ad8968ab91db1f27",
        "b122867768cf1807",
        "bc2b96d967bbb746",
        "bf8bfbf6c62533dc",
        "c2945bcd936cf1d3",
        "c87e7d0454b975d9",
        "c92204355aa1c098",
        "cd5b49fcc80a6e3d",
        "cefe19b2cd73cdbb",
        "d8c462af6f52aa71",
        "e6d1b65208cb54f6",
        "eb764dd303d29e47",
        "f345012650af327e",
        "f4c32a72a8b0cd67",
        "fc9f94683b968d58",
        "fef96b4a87e74b43",
    )
)
"""`digest` of tokens that RFC 5849, 6749, 6750, 7617, jwt.io, Kubernetes, NuGet,
Stripe, Slack, GitHub, Telegram and the emulators of Azure Storage and Cosmos DB print
as examples, of keys in test vectors (RFC 7748, 8032, NIST SP 800-38A, AWS's
signatures), and of what pages on TOTP, bcrypt and argon2 show."""

_PLACEHOLDER = re.compile(
    rb"(?ix)"
    rb"^[<\[{(].*[>\]})]$"  # <token> [token] {token}
    rb"|^\$\(?(?:[a-z_]+|(?-i:[A-Z0-9_]+))\)?$|^%\w+%$"  # $TOKEN $(TOKEN) %TOKEN%
    # password_1 my-secret-2
    rb"|^(?:(?:my|test|user|admin|db|root)[_-]){0,2}"
    rb"(?:password|passwd|pass|secret|token)[_-]\d{1,2}$"
    rb"|\{\{|\}\}|\$\{|<%|%>"  # {{ token }} ${TOKEN}
    rb"|" + f"{STANDS_IN}|{ELLIPSIS}".encode()
)

_FILLING = re.compile(rb"(?i)x{5,}|\*{4,}|_{6,}|-{6,}|#{4,}|0{8,}|1{8,}|a{8,}")
_FILLED = 4
"""A filling counts from this fraction of the secret: zeros are common inside DER."""

_HEAD = 128
"""Bytes at the start in which a long secret would say that it is an example."""

_SEQUENCES = (
    b"01234567890123456789",
    b"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    b"qwertyuiopasdfghjklzxcvbnm",
    b"0123456789abcdef0123456789abcdef",
    b"abcdefabcdefabcdef",
)
_RUN = 8
"""Characters of a keyboard or counting sequence that nobody draws by chance."""

_RUNS: frozenset[bytes] = frozenset(
    text[start : start + _RUN]
    for line in _SEQUENCES
    for text in (line, line[::-1])
    for start in range(len(text) - _RUN + 1)
)

_HALF = _RUN // 2
_HALVES = frozenset(
    run[start : start + _HALF] for run in _RUNS for start in range(_HALF + 1)
)
"""Pieces of runs. Of the places where one can stand in a run, one after another, a
text looked at in steps of as many meets one."""


def is_placeholder(secret: bytes) -> bool:
    """Whether the text stands for a secret without being one."""
    return (
        bool(_PLACEHOLDER.search(secret))
        or _is_filled(secret)
        or _is_lopsided(secret)
        or _is_monotonous(secret)
    )


def is_alphabet(secret: bytes) -> bool:
    """Whether it lists what may be written: most of the letters, in their order."""
    low = secret.lower()
    return any(letters in low for letters in (_SEQUENCES[1][:20], _SEQUENCES[1][6:26]))


def is_counted(secret: bytes) -> bool:
    """
    Whether it is mostly runs of a well-known sequence, as `abcdef1234567890`.

    Such a value proves nothing under a name that anything may have. In a vendor's full
    shape it still counts: test credentials are written like that.
    """
    low = secret.lower()
    if _in_steps(low):
        return True
    letters = low.translate(None, _NOT_LETTERS)
    digits = low.translate(None, _NOT_DIGITS)
    covered = max(_in_runs(low), _in_runs(letters) + _in_runs(digits))
    return covered * 2 >= len(low) > 0


_NOT_LETTERS = bytes(set(range(256)) - set(b"abcdefghijklmnopqrstuvwxyz"))
_NOT_ALNUM = bytes(c for c in range(256) if not chr(c).isalnum() or c > 127)
_LONGEST_LOPSIDED = 512
"""Longer ones are files, not tokens: a short key in one begins with many zeros."""
_NOT_DIGITS = bytes(set(range(256)) - set(b"0123456789"))


_FEW = 5
"""Different characters, at most; forty digits that are drawn have more."""
_PIECE = 4
"""Characters of a piece that only stands for a secret when it comes over and over.
Longer ones (`abcd1234abcd1234`) are test credentials in their vendor's full shape."""

_HOME_ROW = b"asdfghjkl"
_NOT_HEX = re.compile(rb"[^0-9a-f]")


def is_mashed(secret: bytes) -> bool:
    """
    Whether it was typed by running fingers over the home row, as `lsdkfol23w54jlksdf`.

    Documentation and tests are full of such values. So many letters stand there that
    of random keys less than one in twenty thousand is like that.
    """
    low = secret.lower()
    letters = low.translate(None, _NOT_LETTERS)
    at_home = len(letters) - len(letters.translate(None, _HOME_ROW))
    return at_home >= _fewest_at_home(len(letters)) and bool(_NOT_HEX.search(low))


_BY_CHANCE, _BY_ACCIDENT = 5e-5, 1e-6


def _fewest_at_home(letters: int) -> int:
    """Letters on the home row that a random key of so many hardly ever has."""
    return _rarely(letters, len(_HOME_ROW) / 26, _BY_CHANCE)


_MOST_COUNTED = 1000
"""Of more, the number of ways to choose half is no float."""


@cache
def _rarely(size: int, share: float, most: float) -> int:
    """How many of `size`, if each is one with a chance of `share`, there rarely are."""
    if size > _MOST_COUNTED:  # at least so many: the longer, the less it takes
        return size * _rarely(_MOST_COUNTED, share, most) // _MOST_COUNTED + 1
    chance, count = 0.0, size + 1
    while count:
        ways = comb(size, count - 1) * share ** (count - 1)
        chance += ways * (1 - share) ** (size - count + 1)
        if chance > most:
            break
        count -= 1
    return count


def is_typed(secret: bytes) -> bool:
    """Whether somebody wrote it down who needed any value."""
    return is_counted(secret) or is_mashed(secret)


_LEAST_BYTES = 8
_BYTES = re.compile(rb"(?:0x)?(?:[0-9a-f]{2}){%d,128}" % _LEAST_BYTES)


def _in_steps(low: bytes) -> bool:
    """Bytes that count, in hexadecimal: `000102...`, `00112233...`."""
    if not _BYTES.fullmatch(low):
        return False
    values = bytes.fromhex(low.removeprefix(b"0x").decode())
    steps = Counter((b - a) % 256 for a, b in pairwise(values))
    return steps.most_common(1)[0][1] * 4 >= len(values) * 3


def _in_runs(text: bytes) -> int:
    """Characters that stand in runs: of `a1b2c3d4`, those of `abcd` and of `1234`."""
    glance = range(0, len(text) - _HALF + 1, _HALF + 1)
    if _HALVES.isdisjoint([text[at : at + _HALF] for at in glance]):
        return 0
    covered = start = 0
    while start <= len(text) - _RUN:
        step = _RUN if text[start : start + _RUN] in _RUNS else 0
        covered += step
        start += step or 1
    return covered


def is_example(secret: bytes) -> bool:
    """Whether it is known from documentation."""
    return (
        bool(_EXAMPLE.search(secret, 0, _HEAD))
        or _may_say_so(secret[:_HEAD])
        or digest(secret) in _EXAMPLE_DIGESTS
    )


def _may_say_so(secret: bytes) -> bool:
    """
    Short words for an example are a good part of it, end it, or stand alone in it.

    Anywhere else they may be drawn: of letters alone one key in five thousand has
    `fake` somewhere.
    """
    words = list(_MAYBE_EXAMPLE.finditer(secret))
    if sum(len(word[0]) for word in words) * _SHARE >= len(secret) > 0:
        return bool(words)
    return any(
        word.end() + _AT_END >= len(secret)
        or not (
            secret[: word.start()][-1:].isalnum() or secret[word.end() :][:1].isalnum()
        )
        for word in words
    )


def digest(secret: bytes) -> bytes:
    """What `_EXAMPLE_DIGESTS` holds of an example."""
    return blake2b(secret, digest_size=8).digest()


def _is_filled(secret: bytes) -> bool:
    """Padded out with one character."""
    fillings = _FILLING.finditer(secret)
    return any(len(filling[0]) * _FILLED >= len(secret) for filling in fillings)


_LOPSIDED, _LOPSIDED_SHARE = 24, 5
_SYMBOL_SHARE = 1 / 32


def _is_lopsided(secret: bytes) -> bool:
    """
    Of small letters and capitals, one is a fifth of it and far more often there than by
    chance: a piece of base64 of mostly zeros, as tables and programs are.
    """
    symbols = secret.translate(None, _NOT_ALNUM)
    size = len(symbols)
    if size < _LOPSIDED or size > _LONGEST_LOPSIDED:
        return False
    if symbols in (symbols.lower(), symbols.upper()):
        return False
    most = max(map(symbols.count, set(symbols)))
    if most * _LOPSIDED_SHARE < size:
        return False
    return most >= _rarely(size, _SYMBOL_SHARE, _BY_ACCIDENT)


def _is_monotonous(secret: bytes) -> bool:
    """A few characters, or one short piece, over and over."""
    size = len(secret)
    if size >= 12 and len(set(secret)) * 5 <= min(size, _FEW * 5):
        return True
    return any(
        secret[step:] == secret[:-step] for step in range(1, min(size // 3, _PIECE) + 1)
    )


_SHORTEST_ROW, _LONGEST_ROW = 5, 16
_FEWEST_ROWS = 3
_FRAME = 2 / 3
"""Of a row, what is the same in the next; of drawn hexadecimal a sixteenth is."""


def is_table(secret: bytes) -> bool:
    """
    Rows of one frame and of something that differs, as `ak0a__ak1a__ak2a__`: what a
    list of numbers reads as under a cipher. In plain text it is a test credential.
    """
    size = len(secret)
    if size > _LONGEST_LOPSIDED:
        return False
    for step in range(_SHORTEST_ROW, min(size // _FEWEST_ROWS, _LONGEST_ROW) + 1):
        same = sum(map(eq, secret[step:], secret))
        if (size - step) * _FRAME <= same < size - step:
            return True
    return False
