"""
What of a registered value is secret: the pieces worth indexing, and how random.

A value often begins with text that all secrets of its class share (`sk-ant-api03-`,
the header of a JWT, the scheme and host of a database URL). Indexing that would make
other people's keys, and documentation, look like leaks. So only the rest is indexed.

Why not in `variants.py`: that one asks how a piece may be written, this
one which piece.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from dlp.detect.known.forms import normalise
from dlp.detect.known.privatekey import private_part
from dlp.detect.proof.bigrams import RANDOM, randomness
from dlp.errors import SecretError

MIN_BITS = 40
"""Below this a value could be guessed, and would turn up by accident."""
MIN_LENGTH = 8
MAX_LENGTH = 16 << 10

WORDS = 2.0
"""Bits of a letter of words (Shannon 1951)."""

_PREFIX_KEEPS_BITS = 64
_PREFIX = re.compile(rb"(?:[A-Za-z]{1,12}\d{0,2}[-_.:/]){1,4}|(?:AKIA|ASIA|AIza|EAA)")
_JWS = re.compile(rb"eyJ[\w-]*\.[\w-]*\.([\w-]{16,})")
_JWE = re.compile(rb"eyJ[\w-]*\.([\w-]*\.[\w-]*\.[\w-]{16,}\.[\w-]+)")
_URL = re.compile(rb"(?s)[A-Za-z][A-Za-z0-9+.-]*://(?P<authority>[^/?#]*)(?P<rest>.*)")
_PASSWORD = re.compile(rb"[^:@]*:(?P<password>.+)@")
_STRING = re.compile(rb'"([^"\\\x00-\x20]{16,})"\s*[,}\]]')
"""A JSON string that is a value, without escapes."""
_SEGMENT = re.compile(rb"[^/?#&=;]+")
_CLASSES = (
    (26, rb"[a-z]"),
    (26, rb"[A-Z]"),
    (10, rb"[0-9]"),
    (32, rb"[^A-Za-z0-9._:/ -]"),
)
"""Size of an alphabet, and what shows that it is used."""
_SEPARATORS = frozenset(b"._:/ -")
_HEX = re.compile(rb"[0-9a-f-]+|[0-9A-F-]+")
_KEPT = re.compile(rb"(?s)[A-Za-z0-9](?:.*[A-Za-z0-9])?")
_WORD = re.compile(rb"[A-Za-z]{3,}")
_LETTERS = re.compile(rb"[A-Za-z2-7 -]{12,}")
"""And the digits of base32: a seed of TOTP, a password that a program made."""
_VOWELS = frozenset(b"aeiouyAEIOUY")
_COMMON = re.compile(
    rb"password|passwd|secret|token|changeme|letmein|welcome|admin|qwerty|default"
    rb"|example|test|user|login|master|dragon|monkey|iloveyou|123456|abc123",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of secret bytes."""

    data: bytes = field(repr=False)
    text: bool
    """Written in characters; else raw bytes, such as the numbers of a private key."""
    bits: float
    """How much a guesser would have to guess, estimated."""
    bits_per_char: float
    """Bits in one character of the normalised form; of a byte when it is no text."""

    @property
    def needs_visible(self) -> bool:
        """Normalising takes so much that the punctuation is indexed too."""
        return len(normalise(self.data)) < max(16, 0.75 * len(self.data))


@dataclass(frozen=True, slots=True)
class Material:
    """What to index of one value."""

    pieces: tuple[Piece, ...]
    """The first one gives the length; the others are other forms of the same secret."""
    before: int
    """Public bytes of the value before the first piece."""
    after: int
    """Public bytes of the value behind it."""
    edges: tuple[int, int]
    """Bytes at the two ends of the first piece that normalising drops."""


def dissect(value: bytes) -> Material:
    """
    Find the secret pieces of a value.

    Raises:
        SecretError: it is empty, too short, too long, or could be guessed.
    """
    if len(value) > MAX_LENGTH:
        raise SecretError(
            f"the value has {len(value)} bytes: more than {MAX_LENGTH} cannot be "
            "registered; register the key or password inside it"
        )
    if not value:
        raise SecretError("the value is empty")
    private = private_part(value)
    numbers = private.numbers if private else ()
    start, stop = private.span if private else _body(value)
    body = value[start:stop]
    pieces = [*([_text(body)] if body or not numbers else []), *map(_raw, numbers)]
    if len(pieces[0].data) < MIN_LENGTH or pieces[0].bits < MIN_BITS:
        raise SecretError(
            f"the value is too easy to guess: about {pieces[0].bits:.0f} bits in its "
            f"{len(body)} secret characters, {MIN_BITS} bits and {MIN_LENGTH} "
            "characters are the least that can be told from ordinary text"
        )
    kept = _KEPT.search(body)
    first, last = kept.span() if kept else (0, len(body))
    edges = first, len(body) - last
    return Material(tuple(pieces), start, len(value) - stop, edges)


def _text(data: bytes) -> Piece:
    bits = entropy_bits(data)
    return Piece(data, text=True, bits=bits, bits_per_char=_per_char(data))


def _raw(data: bytes) -> Piece:
    return Piece(data, text=False, bits=8.0 * len(data), bits_per_char=8.0)


def most_bits(text: bytes) -> float:
    """What a part of a random text holds that has characters of these kinds alone."""
    return len(text) * _bits_per_char(text)


def _bits_per_char(text: bytes) -> float:
    size = sum(size for size, kind in _CLASSES if re.search(kind, text))
    if size > 16 and _HEX.fullmatch(text):
        size = 16
    return math.log2(max(size, 2))


def entropy_bits(text: bytes) -> float:
    """
    Estimate what a guesser must guess: novel characters times bits per character.

    A separator, or a character that continues a repeat, a run (`abc`, `321`, `aaa`) or
    a well-known word, counts nothing; letters that read like words count `WORDS`.
    """
    per_char = _bits_per_char(text)
    worn = bytearray(c in _SEPARATORS for c in text)
    for match in _COMMON.finditer(text):
        worn[match.start() + 1 : match.end()] = b"\1" * (len(match[0]) - 1)
    seen: set[bytes] = set()
    for i in range(2, len(text)):
        trigram = text[i - 2 : i + 1]
        step = trigram[1] - trigram[0]
        if trigram in seen or (trigram[2] - trigram[1] == step and abs(step) < 2):
            worn[i] = 1
        seen.add(trigram)
    wordy = bytearray(len(text))
    drawn = _LETTERS.fullmatch(text) and randomness(text) >= RANDOM
    for match in _WORD.finditer(text):
        if not drawn and _reads_like_words(match[0]):
            wordy[match.start() : match.end()] = b"\1" * len(match[0])
    weights = (WORDS if word else per_char for word in wordy)
    return sum(w for w, gone in zip(weights, worn, strict=True) if not gone)


def _body(value: bytes) -> tuple[int, int]:
    """The half-open span of the part that is not shared by its class."""
    if value[:1] == b"{" and (leaf := _json_secret(value)):
        return leaf
    if match := _JWS.fullmatch(value) or _JWE.fullmatch(value):
        return match.span(1)
    if match := _URL.fullmatch(value):
        return _url_secret(match)
    if (match := _PREFIX.match(value)) and not _is_words(value[match.end() :]):
        rest = value[match.end() :]
        if entropy_bits(rest) >= _PREFIX_KEEPS_BITS:
            return match.end(), len(value)
    return 0, len(value)


def _json_secret(value: bytes) -> tuple[int, int] | None:
    """The most random string of a JSON object, as a file of credentials is one."""
    leaves = [m.span(1) for m in _STRING.finditer(value)]
    drawn = [
        (entropy_bits(value[start:stop]), start, stop)
        for start, stop in leaves
        if randomness(value[start:stop]) >= RANDOM
    ]
    _, start, stop = max(drawn, default=(0.0, 0, 0))
    return (start, stop) if stop else None


def _url_secret(match: re.Match[bytes]) -> tuple[int, int]:
    """The password of a URL, else the most random segment of its path or query."""
    base = match.start("authority")
    if password := _PASSWORD.match(match["authority"]):
        start, stop = password.span("password")
        return base + start, base + stop
    rest = match.start("rest")
    segments = list(_SEGMENT.finditer(match["rest"]))
    if not segments:
        return match.span("authority")
    best = max(segments, key=lambda s: entropy_bits(unquote_to_bytes(s[0])))
    return rest + best.start(), rest + best.end()


def _per_char(text: bytes) -> float:
    norm = normalise(text)
    if _is_words(text):
        return WORDS
    for bits, shape in (
        (math.log2(10), rb"[0-9]*"),
        (4.0, rb"[0-9a-f]*"),
        (math.log2(26), rb"[a-z]*"),
    ):
        if re.fullmatch(shape, norm):
            return bits
    return math.log2(36)


def _is_words(text: bytes) -> bool:
    """Most of it reads like words, and not like letters drawn at random."""
    if randomness(text) >= RANDOM:
        return False
    letters = b"".join(w for w in _WORD.findall(text) if _reads_like_words(w))
    return 3 * len(letters) >= 2 * len(normalise(text))


def _reads_like_words(letters: bytes) -> bool:
    """Vowels in the share that languages have, and no long run of consonants."""
    if not (letters.islower() or letters.isupper() or letters[1:].islower()):
        return False
    vowels = sum(c in _VOWELS for c in letters)
    consonants = max(map(len, re.split(rb"[aeiouyAEIOUY]", letters)))
    return consonants <= 4 and 0.2 <= vowels / len(letters) <= 0.7
