"""
Is this value, next to this name, a secret?

The generic rules find `NAME separator VALUE` in any notation (code, JSON, YAML, env,
XML, a command line, prose) and leave it to `is_secret` here to weigh three things: what
the name promises (`naming`), how it holds the value (`ties`), and whether the value
looks drawn at random. The stronger the first two, the less is asked of the third.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from typing import NamedTuple

from dlp.detect.context.naming import Promise, promise, tells_whose
from dlp.detect.context.paths import PATH, doubtful
from dlp.detect.context.placeholder import is_alphabet, is_placeholder, is_typed
from dlp.detect.context.ties import Assignment, Tie, goes_on, is_next, tie
from dlp.detect.proof.bigrams import mixture, randomness

_ULID = rb"01[0-9A-HJKMNP-TV-Z]{24}|c[j-n][a-z0-9]{23}|[1-3][0-9A-Za-z]{26}"
_UUID = rb"(?i:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
_NOT_A_VALUE = re.compile(
    rb"(?ix)"
    rb"[\d.,:+-]+|0x[0-9a-f]{1,8}|[a-z]{0,3}\d+(?:\.\d+)+"  # numbers, versions, times
    rb"|(?:\d:)?v?\d+(?:\.\d+)+(?:[+~.-](?:[a-z]{1,10}|\d{1,8}){1,4})+"  # as Debian's
    rb"|(?-i:[A-Z]{2,}(?:_[A-Z]{2,})+|[a-z]+:[a-z_]+)"  # constants, scoped names
    rb"|\d{4}-\d\d-\d\d.*"  # dates
    rb"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # mail addresses
    rb"|(?:[a-z][a-z0-9+.-]*:)+//.*"
    rb"|[\w-]+(?:\.(?:[a-z_]\w*|\d{1,3}(?=\.)))*\.[a-z_]{2,}(?:[:/].*)?"  # hosts, files
    rb"|(?-i:(?:[a-z_]\w*\.)*[A-Z][\w$]*@(?=\d*[a-f])[0-9a-f]{6,8})"  # as Java
    rb"|(?:hmac-)?(?:sha\d+|md5)[-:=].*|(?:[a-z]+-)*sha-?\d+|(?:arn|urn):.*"
    rb"|(?-i:M[A-Z][\w+/]{1,8}(?:EwYHKoZIzj0|EAYHKoZIzj0|ANBgkqhkiG9w0BAQEFAAO))[\w+/=]*"
    rb"|(?-i:MCowBQYDK2|MII[\w+/]{9}AwIBAgI)[\w+/=]*"  # public keys, certificates
    rb"|(?-i:B[A-P][\w+/-]{85}=?)"  # a point of P-256, as Web Push names a server
    # what is encrypted: SealedSecrets (512 bytes of RSA first), OpenPGP (RFC 9580, 5.1)
    rb"|(?-i:Ag[A-D]|wc[BF]MA|hQ[EI]MA)[\w+/]{150,}=*"
    rb"|vault:v\d+:.*"  # by Vault, for who may ask it to decrypt
    rb"|(?i:passwor[dt])\d{0,3}[!.]{0,2}"  # only says what it is
    # a pod and its deployment: Kubernetes draws from these letters and digits alone
    rb"|[\w.:/-]*-[b-df-hj-np-tv-xz2456789]{6,10}-[b-df-hj-np-tv-xz2456789]{5}"
    rb"|--?[a-z][\w-]*|(?:[\w.-]+/)+[\w-]+\.[a-z]{1,4}(?::\d+)+\W?"  # options, lines
    rb"|(?-i:[A-Z]{14}-[A-Z]{10}-[A-Z].*)"  # InChIKey: a digest of a molecule
    # keyword arguments
    rb"|(?-i:[a-z_]{2,}|[A-Z_]{2,})=[\w.]+"
    rb"|(?-i:[a-z]{2,}(?:_[a-z0-9]+)+=(?:True|False|None|[a-z_]+|[\d.]+))"
    rb"|(?-i:return|throw|typeof|void|new|await|yield|break|continue|this|null|true|false"
    rb"|undefined|function|delete)\W.*"  # what a `case` does
)
_REFERENCE = re.compile(PATH.encode() + rb"|[$%&@*].*|.*[$%]")  # paths, variables
_FILED = re.compile(rb"[a-z_]{3,24}:[0-9a-f-]{8,}\Z")
"""Behind a colon without a blank: where a store of keys and values files something."""
_KEY_OF_JSON = re.compile(r"\\?\" ?: ?\\?\"")
"""Behind `_token` alone: in a form of Laravel's or Symfony's the one against CSRF."""
_LONG_NUMBER = re.compile(rb"\d{15,100}")
"""Longer than a time, in prose than an id; some keys are drawn from digits alone."""
_CODE_NEXT = frozenset({b"(", b"[", b"{", b"<", b"$"})
"""After a value: it was the beginning of an expression."""


class _Case(NamedTuple):
    """An assignment with what is known of its first two parts."""

    found: Assignment
    strength: Promise
    hold: Tie

    @property
    def value(self) -> bytes:
        return self.found.value

    @property
    def is_whose(self) -> bool:
        """The name says whose secret it is."""
        return self.strength is Promise.TOKEN and tells_whose(self.found.name)

    @property
    def is_somebodys_key(self) -> bool:
        """The name says whose key, token or secret it is: an alphabet has no owner."""
        return self.is_whose and bool(_KEY_LAST.search(self.found.name))


_KEY_LAST = re.compile(r"(?i)(?:key|token|secret)\W?\Z")


def is_secret(found: Assignment) -> bool:
    """Whether name, tie and value together make a secret."""
    value = found.value
    strength = promise(found.name)
    if not strength or _is_other(found):
        return False
    case = _Case(found, strength, tie(found))
    if _NOT_A_VALUE.fullmatch(value):
        least = 15 if case.hold >= Tie.BARE else 20
        drawn = bool(_LONG_NUMBER.fullmatch(value)) and len(value) >= least
        return drawn and case.is_whose and bool(case.hold)
    if not case.hold or (case.hold < Tie.QUOTED and found.after[:1] in _CODE_NEXT):
        return False
    if _REFERENCE.fullmatch(value) and not _is_beyond_doubt(case):
        return False
    return _is_phrase(case) or _has_its_shape(case)


def _is_other(found: Assignment) -> bool:
    """Where a store files something, a form's own token, or the next assignment."""
    if found.separator == ":" and _FILED.match(found.value):
        return True
    if found.name == "_token" and _KEY_OF_JSON.fullmatch(found.separator):
        return True
    if goes_on(found):
        return True
    return is_next(found)


def _has_its_shape(case: _Case) -> bool:
    value = case.value
    judge = next(judge for shape, judge in _SHAPES if shape.fullmatch(value))
    if not judge(case) or (is_alphabet(value) and not case.is_somebodys_key):
        return False
    return (case.is_whose and len(value) >= 16) or not is_typed(value)


def _uuid_is_secret(case: _Case) -> bool:
    """Or a ULID, cuid, KSUID: under more than `token`; in prose one that says whose."""
    if case.hold < Tie.BARE:
        token = case.found.name.lower().endswith("token")
        key = case.strength is Promise.TOKEN and not token
        return case.is_whose or (key and _in_quotes(case.found))
    return case.strength >= Promise.TOKEN and not _ONCE.fullmatch(case.found.name)


def _is_beyond_doubt(case: _Case) -> bool:
    """
    Written like a path or a variable, but drawn: one base64 in sixty begins with `/`.
    """
    value = case.value
    if _VARIABLE.match(value) or case.hold < Tie.BARE:
        return False
    if case.strength is Promise.PASSWORD:
        return any(map(_made_up, doubtful(case.found.name, value)))
    plain = b"." not in value and value[:1] == b"/"
    return plain and case.strength is Promise.TOKEN and _bits(value) >= _ALONE_BITS


_TWO_WORDS = re.compile(rb"[A-Za-z]{3,16}[!#$%^*~][A-Za-z]{3,16}[!#$^*~]?")
_PHRASE = re.compile(
    _TWO_WORDS.pattern
    + rb"|[A-Za-z]{3,10}(?:([-_.])[A-Za-z]{3,10}(?:\1[A-Za-z]{3,10}){2,6})[!#$^*~]?"
)
_INSTRUCTION = re.compile(
    rb"(?i)(?:^|[^a-z])(?:the|your|you|this|that|not|and|for|with|from|must|enter|forgot"
    rb"|forgotten|invalid|required|confirm|reset|change|update|login|sign|user|users|auth"
    rb"|account|error|errors|field|form|input|label|text|button|page|get|set|password"
    rb"|passwords|passphrase|secret|token|key|min|max|length|type|new|old|current|missing"
    rb"|wrong|incorrect|empty|hash|hashed|plain|encrypted|store|file|path|name|value|env"
    rb"|config|settings|default|null|none|true|false|url|http|com|org|net)(?:[^a-z]|\Z)"
)


def _is_phrase(case: _Case) -> bool:
    """
    Words as people make a password of: with an odd sign between, or four and more.

    Words that a message or the name of a text would hold say that it is one.
    """
    secret = case.found.name.lower().endswith("secret")
    if case.hold is not Tie.QUOTED or _INSTRUCTION.search(case.value):
        return False
    if case.strength is Promise.PASSWORD:
        return bool(_PHRASE.fullmatch(case.value))
    return secret and bool(_TWO_WORDS.fullmatch(case.value))


_VARIABLE = re.compile(rb"[$%&@*]+[({]|[$&@*]+[A-Za-z_]\w*(?:\W|\Z)|%\w+%|[%*]\w+\Z")

_ONCE = re.compile(r"(?i)-{0,2}(?:(?:client|change|request|work|task|call)[_-]?)?token")
"""Under these names a UUID only makes a request unrepeatable."""


def _hex_is_secret(case: _Case) -> bool:
    """Whole bytes, digits and letters both, under a name that fits."""
    value = case.value.removeprefix(b"0x")
    size, digits = len(value), _digits(value)
    if size in _FINGERPRINTS and _OPENPGP.search(case.found.name):
        return False
    if not case.is_whose and (size % 2 or min(digits, size - digits) * 8 < size):
        return False
    if case.strength is Promise.KEY:
        return case.found.name.isupper() and case.hold >= Tie.BARE and size >= 32
    return size >= (16 if case.hold >= Tie.BARE else 20)


_OPENPGP = re.compile(
    r"(?i)(?<![a-z])(?:(?:gnupg|gpg|pgp)[ _-]?(?:sign(?:ing)?[ _-]?)?"
    r"|(?:rsa|e[cd]dsa|dsa) )key\Z"
)
_FINGERPRINTS = frozenset({16, 40, 64})
"""Digits of a key id and of fingerprints of version 4 and 6 (RFC 9580, 5.5.4)."""


def _prefixed_is_secret(case: _Case) -> bool:
    tied = case.hold >= Tie.BARE or case.is_whose
    return case.strength >= Promise.TOKEN and tied


def _pieces_are_secret(case: _Case) -> bool:
    whole = re.sub(rb"\W|_", b"", case.value)
    found = case.found._replace(value=whole)
    return case.strength >= Promise.TOKEN and _hex_is_secret(case._replace(found=found))


def _is_drawn(case: _Case, at_least: float = 0) -> bool:
    """
    Made up as people make passwords, or random enough for its name and tie.

    `at_least`: bits that are asked for whatever name and tie.
    """
    value, hold = case.value, case.hold
    tied = (
        hold >= Tie.BARE or bool(_SIGN_INSIDE.search(value)) or _in_quotes(case.found)
    )
    if case.strength is Promise.PASSWORD and tied and _made_up(value):
        return True
    if _is_text(value):
        return False
    if case.strength >= Promise.TOKEN and _is_alone(value, hold):
        return True
    if mixture(value) < 2 or (hold < Tie.QUOTED and case.found.name.lower() == "key"):
        return False
    if case.strength is Promise.PASSWORD and hold is Tie.QUOTED:
        return _looks_drawn(value, 10)
    least = 12 if case.strength >= Promise.TOKEN else 20
    long = len(value) >= least and (hold is Tie.QUOTED or _digits(value) > 0)
    return long and _looks_drawn(value, max(_BITS[hold], at_least))


def _in_quotes(found: Assignment) -> bool:
    """As code that configures sets it, `storePassword 'x'`, or a text tells it."""
    before = _TOLD.fullmatch(found.separator)
    return bool(before) and found.after[:1] == found.separator[-1:].encode()


_TOLD = re.compile(r"\s{1,3}(?:(?:is|was)\s{1,3})?[\"']")


_BITS = {Tie.PROSE: 20, Tie.BARE: 12, Tie.QUOTED: 8}
"""Bits by which a value must look drawn at random, by how its name holds it."""


def _looks_drawn(value: bytes, bits: float) -> bool:
    """The whole of it, or a piece between two seams."""
    if _bits(value) >= bits:
        return True
    return any(_bits(piece) >= bits for piece in _SEAMS.split(value))


_ALONE, _ALONE_BITS = 20, 22
"""A value so long and so random is drawn, also of letters alone: of the words, names
and identifiers in 60 MB of code and prose none is."""

_FILE = re.compile(rb".*\.[a-z]\w{1,4}")


def _is_alone(value: bytes, hold: Tie) -> bool:
    """Drawn whatever it consists of; in prose with a digit, or twice as surely."""
    if len(value) < _ALONE or _FILE.fullmatch(value):
        return False
    if not _looks_drawn(value, _ALONE_BITS):
        return False
    if hold >= Tie.BARE or _digits(value):
        return True
    return _looks_drawn(value, 2 * _ALONE_BITS)


_SEAMS = re.compile(rb"[_.:|/-]")

_SHAPES: tuple[tuple[re.Pattern[bytes], Callable[[_Case], bool]], ...] = (
    (re.compile(rb".*" + _UUID + rb".*|" + _ULID), _uuid_is_secret),
    (re.compile(rb"(?:0x)?(?:[0-9a-f]+|[0-9A-F]+)"), _hex_is_secret),
    (re.compile(rb"(?:[0-9a-f]{8,64}[_.:-]){1,3}[0-9a-f]{8,64}"), _pieces_are_secret),
    # as vendors prefix hex, some with a region behind it: shpat_ sk_live_
    (
        re.compile(rb"(?:[A-Za-z]\w{1,11}[_-]){1,3}[0-9a-f]{16,64}(?:-\w+)?"),
        _prefixed_is_secret,
    ),
    # as objects in a cluster are named
    (
        re.compile(rb"(?:[a-z]{2,16}-){1,4}[0-9a-f]{4,10}"),
        lambda case: case.strength is Promise.PASSWORD and _is_drawn(case),
    ),
    # where something lies in a store: there a name is called a key
    (
        re.compile(
            rb"(?:[A-Za-z]?[a-z_-]{2,}|[A-Z]{3,})/.*|(?:[0-9a-f]+/)+[0-9a-f]+"
            rb"|[^/]+/.*\.[a-z]\w{0,6}"
        ),
        lambda case: (
            case.strength >= Promise.TOKEN
            and not _FILE.fullmatch(case.value)
            and _is_drawn(case)
        ),
    ),
    # an identifier, a slug or a route of several words
    (
        re.compile(
            rb"\W?_*[A-Za-z]{2,}\d?(?:[_./:#-]{1,2}[A-Za-z]{2,}\d?){2,}_*"
            rb"|[a-z]++(?:[_./:#-]{1,2}[a-z]++(?:\d[a-z]*+)?){2,}"
        ),
        lambda _: False,
    ),
    # as `SecurityGroupForVpcs`; one in a thousand of drawn letters looks so
    (
        re.compile(rb"[a-z]*(?:(?:[A-Z]+\d)?[A-Z]+[a-z]{2,})+[A-Z]{0,4}"),
        lambda case: _is_drawn(case, _ALONE_BITS),
    ),
    (re.compile(rb"(?s).*"), _is_drawn),
)
"""What a value looks like, and what then decides; the first that fits."""


def _bits(value: bytes) -> float:
    return randomness(value) * (len(value) - 1)


_SIGN_INSIDE = re.compile(rb"\w[!@#$^&*+=~?%]+\w?")


def is_password(value: bytes) -> bool:
    """Whether it looks like one, in a place where a command or a call takes one."""
    if _is_told(value):
        return False
    value = _OTHER_SCRIPT.sub(b"e", value)
    if _NOT_A_VALUE.fullmatch(value) or is_typed(value):
        return False
    if _made_up(value) or _is_drawn_hex(value):
        return True
    return len(value) >= 8 and mixture(value) >= 2 and _bits(value) >= 12


_OTHER_SCRIPT = re.compile(rb"[\x80-\xff]+")
"""Letters that words of most languages have; no sign of a password."""

_OF_TEXT = re.compile(r"(?:\w|[-+.,;:/()'§°№،。、\uff08\uff09\uff0c\uff1a\uff1b])+")
_AROUND_NUMBER = re.compile(r"[^\W\d_]{2}[-./]?\d{1,2}[^\W\d_]{2}|[§°№]\d")
_FEWEST_CASELESS = 4


def _is_told(value: bytes) -> bool:
    """
    Words of a text beyond ASCII, with the signs of one: in a script without case, or
    round a number (`minimum8znaków`), each in small letters but for its first.
    """
    if value.isascii():
        return False
    text = value.decode("utf-8", "ignore")
    if not _OF_TEXT.fullmatch(text):
        return False
    caseless = sum(c.isalpha() and c.lower() == c.upper() for c in text)
    if caseless >= _FEWEST_CASELESS:
        return True
    words = re.findall(r"[^\W\d_]+", text)
    small = all(word[1:] == word[1:].lower() for word in words)
    return small and bool(_AROUND_NUMBER.search(text))


_LONG_HEX = re.compile(rb"[0-9a-f]{24,}|[0-9A-F]{24,}")


def _is_drawn_hex(value: bytes) -> bool:
    digits = _digits(value)
    rarer = min(digits, len(value) - digits)
    return bool(_LONG_HEX.fullmatch(value)) and rarer * 8 >= len(value)


def _made_up(value: bytes) -> bool:
    return len(value) >= 8 and mixture(value) >= 3 and _digits(value) > 0


_BASE64 = re.compile(rb"[A-Za-z0-9+/]{12,}={0,2}")
_SPOKEN = re.compile(rb".* .*|user(?:name)?:pass(?:word)?|/?(?:[\w.-]+/){2,}[\w.-]+")


def _is_text(value: bytes) -> bool:
    """Base64 of words, a name and a word, a path, or of what stands for a secret."""
    if len(value) % 4 or not _BASE64.fullmatch(value):
        return False
    plain = b64decode(value)
    if not plain.isascii() or not plain.decode().isprintable():
        return False
    return bool(_SPOKEN.fullmatch(plain)) or is_placeholder(plain)


def _digits(value: bytes) -> int:
    return len(value) - len(value.translate(None, b"0123456789"))
