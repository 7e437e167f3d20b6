"""
What a captured secret must prove before a match counts.

Strategy: a check is `(Candidate) -> Outcome`; those in `MEASURED` take the number the
rule gives them. All stand in the two tables at the end. A check that knows the vendor's
checksum may answer CERTAIN or DEMOTE, never DROP: a wrong checksum is an odd token, not
proof of none. `not-placeholder` runs for every rule and needs no naming.
"""

from __future__ import annotations

import math
import re
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, partial
from string import ascii_letters, digits

import orjson

from dlp.detect.context.assignment import is_password, is_secret
from dlp.detect.context.listed import is_listed
from dlp.detect.context.placeholder import is_typed
from dlp.detect.context.ties import Assignment
from dlp.detect.context.words import WORDS
from dlp.detect.imported.filters import FILTERS, filtered
from dlp.detect.proof.bigrams import RANDOM, mixture, randomness
from dlp.detect.proof.identifiers import IDENTIFIERS
from dlp.detect.proof.mnemonic import is_mnemonic
from dlp.detect.templates import base62_crc32


class Outcome(Enum):
    """What a check says of a candidate."""

    KEEP = "keep"
    DROP = "drop"
    DEMOTE = "demote"
    CERTAIN = "certain"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A match whose secret is to be judged, with the text it stands in."""

    secret: bytes = field(repr=False)
    data: bytes = field(repr=False)
    """The whole view."""
    start: int
    stop: int
    """Where the secret stands in `data`."""
    opening: int
    """Where the whole match, with the name or prefix, begins."""
    prefix: int = 0
    """Bytes at the start of the secret that the rule fixes."""


Check = Callable[[Candidate], Outcome]


def _kept(true: bool) -> Outcome:  # noqa: FBT001
    return Outcome.KEEP if true else Outcome.DROP


def _proven(true: bool) -> Outcome:  # noqa: FBT001
    return Outcome.CERTAIN if true else Outcome.DEMOTE


def shannon(data: bytes) -> float:
    """Bits per character of the bytes' own distribution; 0 when there are none."""
    size = len(data)
    shares = (count / size for count in Counter(data).values())
    return -sum(share * math.log2(share) for share in shares)


def entropy(bits: float, found: Candidate) -> Outcome:
    """At least `bits` per character."""
    return _kept(shannon(found.secret) >= bits)


_HEX = re.compile(rb"[0-9a-f-]+|[0-9A-F-]+")


def bigrams(found: Candidate) -> Outcome:
    """Characters follow each other as in a key; hex must mix letters and digits."""
    secret = found.secret
    if _HEX.fullmatch(secret):
        digits = sum(48 <= byte < 58 for byte in secret)
        return _kept(min(digits, len(secret) - digits) * 6 >= len(secret))
    return _kept(randomness(secret) >= RANDOM)


def keylike(found: Candidate) -> Outcome:
    """
    Drawn by its characters, or letters and digits mixed as in no word.

    Milder than `bigrams`: for a value under a vendor's own name that is not part of a
    type's, as in `"AWS::Cognito::UserPool": "a digest"`.
    """
    secret = found.secret
    before = found.data[max(0, found.opening - _LONGEST_NAME) : found.opening]
    if _NUMBERED.fullmatch(secret) or _MAPPED_TYPE.search(before):
        return Outcome.DROP
    if _SITE_KEY.search(found.data, found.opening, found.start):
        return Outcome.DROP
    figures = sum(48 <= byte < 58 for byte in secret)
    mixed = min(figures, len(secret) - figures) * 10 >= len(secret)
    return _kept((mixed and not _is_prose(secret)) or randomness(secret) >= RANDOM)


_MAPPED_TYPE = re.compile(rb"[\"'][A-Z]\w*(?:::\w+)*:{1,2}\w*\Z")
_SITE_KEY = re.compile(rb"(?i)site[ _-]?key\W")
"""Everybody who opens a page sees it: of reCAPTCHA, hCaptcha and Turnstile."""
_NUMBERED = re.compile(
    rb"\d+(?:\.\d+)+[A-Za-z]{0,8}|[A-Za-z][a-z]+\d{1,4}(?:[A-Z][a-z]+)+"
    rb"|v?\d+(?:\.\d+){1,3}[-+.](?:alpha|beta|rc|canary|dev|next|pre|preview|nightly"
    rb"|snapshot|post|build|experimental|insiders|git|g)[\w.+-]*"
)
"""Versions and object identifiers; names that hold a number, as `rfc3161Timestamps`."""


def mixed(least: float, found: Candidate) -> Outcome:
    """
    At least that many of: small letters, capitals, digits, punctuation, after what
    the rule fixes of it: `hf_` is no mixture.

    One fewer of capitals and small letters that are drawn beyond doubt: of thirty
    letters and digits one in three hundred has no digit.
    """
    secret = found.secret[found.prefix :]
    kinds = mixture(secret)
    cases = secret != secret.lower() and secret != secret.upper()
    drawn = kinds == least - 1 and cases and _is_drawn(secret)
    return _kept((kinds >= least and not _is_prose(secret)) or drawn)


_LONG = 16
"""Letters and digits of which, if drawn, one in a thousand reads like words."""
_SOME_HEX = re.compile(rb"[0-9a-f]{12}|[0-9A-F]{12}")


def _is_prose(secret: bytes) -> bool:
    """Words and numbers run together, as they stand in programs and in cut text."""
    figures = sum(48 <= byte < 58 for byte in secret)
    if len(secret) < _LONG or figures * 4 >= len(secret) or _SOME_HEX.search(secret):
        return False
    return randomness(secret) < 0


_DRAWN_BITS = 24


def _is_drawn(secret: bytes) -> bool:
    return randomness(secret) * (len(secret) - 1) >= _DRAWN_BITS


@cache
def _word_pattern() -> re.Pattern[bytes]:
    long = sorted((word for word in WORDS if len(word) > 3), key=len, reverse=True)
    return re.compile("|".join(long).encode())


_SLUG = re.compile(
    rb"(?=.*[a-zA-Z]{5})(?:[a-z]+(?:[_.-]{1,2}[a-z]+){2,}|[A-Z]+(?:[_.-]{1,2}[A-Z]+){2,})"
)


_CAMEL = re.compile(rb"[a-z]*(?:_?[A-Z]+(?:_[A-Z]+)?[a-z]{2,})+[A-Z]{0,4}")
_COMPOSED = re.compile(rb"(?=.*[A-Za-z])(?=.*\d)[\w.-]+[!#$^&*][\w!@#$^&*+?.-]*")


def not_words(found: Candidate) -> Outcome:
    """
    Dictionary words cover less than half of it, and it is no name of several.

    But for letters, digits and a sign that names do not have: people make passwords
    out of a word, `Winter2024!`.
    """
    if _SLUG.fullmatch(found.secret):
        return Outcome.DROP
    if _CAMEL.fullmatch(found.secret) and not _is_drawn(found.secret):
        return Outcome.DROP
    if _COMPOSED.fullmatch(found.secret):
        return Outcome.KEEP
    covered = sum(map(len, _word_pattern().findall(found.secret.lower())))
    return _kept(covered * 2 < len(found.secret))


_SIGNS = bytes(c for c in range(33, 127) if not chr(c).isalnum())
_FEWEST_SIGNS, _SIGN_SHARE, _BETWEEN_SIGNS = 4, 12, 0.15


def keyboard(found: Candidate) -> Outcome:
    """
    Drawn from all the signs of a keyboard, as password managers and Django do.

    Code and expressions have as many signs, but words between them.
    """
    secret = found.secret
    plain = secret.translate(None, _SIGNS)
    signs = set(secret) & set(_SIGNS)
    few = len(signs) < _FEWEST_SIGNS
    if few or (len(secret) - len(plain)) * _SIGN_SHARE < len(secret):
        return Outcome.DROP
    return _kept(len(plain) >= _FEWEST_SIGNS and randomness(plain) >= _BETWEEN_SIGNS)


def _unlike(pattern: bytes) -> Check:
    whole = re.compile(pattern)
    return lambda found: _kept(not whole.fullmatch(found.secret))


def not_path(found: Candidate) -> Outcome:
    """No path and no file name, unless it is drawn: base64 has slashes."""
    return _kept(not _PATH.fullmatch(found.secret) or _is_drawn(found.secret))


_UUID = rb"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_PATH = re.compile(
    rb"(?:\.{0,2}|~|[A-Za-z]:)?(?:[/\\][\w.@-]+){2,}[/\\]?"
    rb"|[\w.-]+(?:/[\w.-]+)*\.\w{1,4}"
)


def luhn(found: Candidate) -> Outcome:
    """The digits end in the Luhn check digit (ISO/IEC 7812-1, annex B)."""
    digits = [byte - 48 for byte in reversed(found.secret) if 48 <= byte < 58]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return _kept(bool(digits) and (sum(digits[::2]) + doubled) % 10 == 0)


def mod97(found: Candidate) -> Outcome:
    """The IBAN leaves remainder 1 (ISO 13616-1:2020)."""
    text = re.sub(rb"[ -]", b"", found.secret).decode("ascii", "replace")
    digits = "".join(str(int(c, 36)) for c in text[4:] + text[:4] if c.isalnum())
    return _kept(bool(digits) and int(digits) % 97 == 1)


def is_jwt(token: bytes) -> bool:
    """The first segment is a JSON object with `alg` (RFC 7515, 4.1.1)."""
    head = token.partition(b".")[0]
    try:
        header = orjson.loads(urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
    except (Base64Error, ValueError):
        return False
    return isinstance(header, dict) and "alg" in header


def jwt(found: Candidate) -> Outcome:
    """`is_jwt`."""
    return _kept(is_jwt(found.secret))


def token_checksum(found: Candidate) -> Outcome:
    """The last six characters are base62 of the CRC-32 of those after the prefix."""
    body = found.secret.rpartition(b"_")[2]
    return _proven(base62_crc32(body[:-6]).encode() == body[-6:])


_NAME = re.compile(rb"[\w.-]*")
_NAME_BYTES = b".-_" + (ascii_letters + digits).encode()
_LONGEST_NAME = 48
_DECLARED = re.compile(
    r".*--[\w-]+ (?=\w)|[\d.]+Z "
    r"|(?:(?:pub|static|const|final|export|public(?! key)|protected|internal) )+"
)
"""Before a name that code declares, an option takes, or a time stands in a log."""
_QUERY = re.compile(rb"&(?:amp;)?[A-Za-z_][\w.-]*=")
"""Where the next field of a query begins."""


_END = re.compile(
    rb"(?i)\\+(?:u[0-9a-f]{4}|x1b|[nrt](?:(?![0-9a-z]{3})|(?=\d{1,4}[-/.:])))|\x1b"
    rb"|%(?:0[9ad]|2[026789c]|3[bcef]|7[bd])"
)
_ESCAPED = re.compile(rb"\\[nrt]")
"""Before a name in a text of JSON: a line begins with it, not with `n`."""
_REST_OF_ESCAPE = re.compile(rb"\Au[0-9a-f]{4}")
"""Behind a backslash, where a value begins that stands in a text of JSON."""
_SHORTEST_VALUE = 8


_LETTER = rb"[a-z'_\x80-\xff-]|%[89A-Fa-f][0-9A-Fa-f]"
_SPOKEN = re.compile(
    rb"[!-/:-@]?(?:(?:[A-Z]|%b)(?:%b)*(?:\d{0,3}(?:%b)+|\d?)|[A-Z]+"
    rb"|\d{1,4}[h\x80-\xff]*)\W{0,3}" % (_LETTER, _LETTER, _LETTER)
)
"""A word of a text in any script, percent-encoded or not, with its signs."""
_FEWEST_WORDS, _MOSTLY = 3, 0.7


def meant(value: bytes) -> bytes:
    """
    A value up to the next field of a query, or to the first end of a line, letter of
    another script, colour of a terminal or quotation mark that is only escaped there:
    what is behind it is text. So is what goes on in words, which a form joins by `+`.
    """
    value = _QUERY.split(value, maxsplit=1)[0]
    end = _END.search(value)
    value = value[: end.start()] if end else value
    words = value.lstrip(b"+").split(b"+")
    spoken = sum(1 for word in words if _SPOKEN.fullmatch(word))
    if len(words) >= _FEWEST_WORDS and spoken >= _MOSTLY * len(words):
        return words[0]
    return value


def assigned(found: Candidate) -> Outcome:
    """A name that promises a secret, tied to a value that looks like one."""
    data, opening = found.data, found.opening
    before = data[max(0, opening - _LONGEST_NAME) : opening]
    lead = len(before) - len(before.rstrip(_NAME_BYTES))
    spoken = before[: len(before) - lead]
    option = data[opening : opening + 1] == b"-"
    for _ in range(0 if option else 2):
        if spoken.endswith(b" "):
            spoken = spoken[:-1].rstrip(_NAME_BYTES)
    rest = _NAME.match(data, opening, found.start)
    middle = rest.end() if rest else opening
    name_at = opening - len(before) + len(spoken)
    if name_at < opening and _ESCAPED.match(data, max(0, name_at - 1)):
        name_at += 1
    name = data[name_at:middle].decode("latin-1")
    value = meant(found.secret)
    if data[found.start - 1 : found.start] == b"\\":
        value = _REST_OF_ESCAPE.sub(b"", value)
    if len(value) < _SHORTEST_VALUE or is_listed(
        data, name_at, (found.start, found.stop)
    ):
        return Outcome.DROP
    assignment = Assignment(
        name=_DECLARED.sub("", name),
        separator=data[middle : found.start].decode("latin-1"),
        value=value.rstrip(b".,:;?!"),
        before=before[: len(before) - lead][-2:],
        after=data[found.stop : found.stop + 24].lstrip()[:3],
    )
    if is_secret(assignment):
        return Outcome.KEEP
    closed = value.endswith(b"!") and is_secret(assignment._replace(value=value))
    return _kept(closed)


def _holds(test: Callable[[bytes], bool]) -> Check:
    return lambda found: _kept(test(found.secret))


CHECKS: dict[str, Check] = {
    "assigned": assigned,
    "bigrams": bigrams,
    "keyboard": keyboard,
    "keylike": keylike,
    "not-words": not_words,
    "passwordlike": _holds(lambda secret: is_password(meant(secret))),
    "not-typed": _holds(lambda secret: not is_typed(secret)),
    "not-uuid": _unlike(_UUID),
    "not-hex": _unlike(rb"[0-9a-fA-F]+"),
    "not-path": not_path,
    "luhn": luhn,
    "mod97": mod97,
    "jwt": jwt,
    "github-checksum": token_checksum,
    "npm-checksum": token_checksum,
    "mnemonic": _holds(is_mnemonic),
    **{name: _holds(test) for name, test in IDENTIFIERS.items()},
}
"""Name in a rules file -> check."""

MEASURED: dict[str, Callable[[float, Candidate], Outcome]] = {
    "entropy": entropy,
    "mixed": mixed,
}
"""The same for those that take a number."""


_LINE = 400
"""Bytes on each side that still count as the secret's line."""


def _unfiltered(name: str, found: Candidate) -> Outcome:
    """A filter of detect-secrets does not drop it."""
    before = found.data[max(0, found.start - _LINE) : found.start].rpartition(b"\n")[2]
    after = found.data[found.start : found.stop + _LINE].partition(b"\n")[0]
    return _kept(not filtered(name, found.secret, before + after))


def resolve(name: str, number: float | None) -> Check | None:
    """The check a rule asks for, or None when there is none of that name and shape."""
    kind, _, filter_name = name.partition(":")
    if kind == "ds" and number is None and filter_name in FILTERS:
        return partial(_unfiltered, filter_name)
    if number is not None:
        measured = MEASURED.get(name)
        return partial(measured, number) if measured else None
    return CHECKS.get(name)
