"""
Is this value, next to this name, a secret?

The generic rules find `NAME separator VALUE` in any notation (code, JSON, YAML, env,
XML, a command line, prose) and leave it to `assigned` here to judge three things apart:
what the name promises, how it is tied to the value, and whether the value looks drawn
at random. The stronger the first two, the less is asked of the third.

Words of the name decide: `token` promises a secret, `next_token` a page, `token_url` an
address. What a plain `key` opens depends on the word before it: a word of code (`cache
key`) nothing, a vendor's name something. Lists are of words, never of products.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import NamedTuple

from dlp.detect.bigrams import randomness
from dlp.detect.words import WORDS


class Promise(IntEnum):
    """What a name says of its value."""

    NONE = 0
    KEY = 1
    """Some key, perhaps not a secret one."""
    TOKEN = 2
    """A secret that a machine drew."""
    PASSWORD = 3
    """A secret that a person may have made up."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PASSWORD = _words("password passwd passwort passphrase passcode pwd pass pw passw")

_SECRET = _words(
    "secret secrets token tokens credential credentials apikey apitoken authtoken auth"
    " accesstoken accesskey secretkey clientsecret appsecret authkey bearer jwt pat"
    " privatekey apisecret secretaccesskey appkey authorization userpwd"
)

_KEYED = _words(
    "api access auth private encryption encrypt signing sign master account service"
    " shared license licence admin app application client deploy deployment secret"
    " integration subscription storage webhook hmac jwt consumer rest root session"
    " personal security server user dev prod live test write ingest project org"
    " organization workspace team aes crypto cipher decryption subscriber pat"
)
"""Before `key`: then it is a secret one."""

_HARMLESS = _words(
    "public pub publishable publickey pubkey csrf xsrf nonce next prev previous page"
    " continuation continue cursor sync resume delta cache sort primary foreign"
    " partition idempotency idempotent dedupe dedup correlation trace span request"
    " object i18n l10n translation locale sha sha1 sha256 md5 digest checksum etag"
    " fingerprint integrity captcha anon anonymous special eos bos unk cls sep mask"
    " lexer parser syntax csrftoken pagetoken nexttoken pagination device push example"
    " routing row column field shard composite unique index lookup"
    " commit revision rev tree blob build image docker layer kid schema registration"
)
"""Anywhere in a name: the value is no secret."""

_ABOUT = _words(
    "name names type types url uri urls endpoint endpoints file filename path dir"
    " directory count counts limit limits length len size sizes field fields column"
    " columns policy policies hash hashes hashed label labels hint hints placeholder"
    " expiry expires expiration expired ttl at format prefix suffix version versions"
    " index regex pattern patterns error errors message messages description title"
    " status state manager provider providers class classes arn ref refs env var vars"
    " variable variables alias aliases usage budget bits algorithm alg header headers"
    " helper helpers store vault ring chain factory service handler validator enabled"
    " required optional valid invalid exists set get id ids issuer audience scope scopes"
    " rotation strength rules rule map mapping list array dict object schema model form"
    " input page view button text icon string bucket region date time timestamp created updated"
    " lifetime kind mode method source spec template generator encoder decoder lookup"
    " cost price per rate ratio percent details info data metadata config settings"
    " options params param parameter args arg group groups host hostname port domain"
)
"""Last word of a name: it names something about a secret, not the secret."""

_TRAILING = _words(
    "value val prod dev test live staging production b64 base64 new old current default"
    " primary secondary main backup hex raw plain base env"
)
"""At the end of a name these change nothing."""

_ENDINGS = _PASSWORD | _SECRET | {"key"}

_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_KNOWN = frozenset(WORDS)


def promise(name: str) -> Promise:
    """What a name in any spelling (`API_KEY`, `apiKey`, `x-api-key`) promises."""
    words = [word.lower() for word in _PIECES.findall(name) if not word.isdigit()]
    while words and words[-1] in _TRAILING:
        words.pop()
    if not words or words[-1] in _ABOUT or not _HARMLESS.isdisjoint(words):
        return Promise.NONE
    last = words[-1]
    if not (last in _ENDINGS or _joined(last) or name.isupper()):
        return Promise.NONE
    if not _PASSWORD.isdisjoint(words):
        return Promise.PASSWORD
    if not _SECRET.isdisjoint(words) or any(map(_joined, words)):
        return Promise.TOKEN
    if "key" not in words:
        return Promise.NONE
    before = words[: words.index("key")]
    if before and (before[-1] in _KEYED or before[-1] not in _KNOWN):
        return Promise.TOKEN
    return Promise.KEY


_JOINED = re.compile(r"(?:api|auth|access|secret|private|license|encryption)_?key$|.token$")


def _joined(word: str) -> bool:
    """Words run together: `myapikey`, `bottoken`."""
    return bool(_JOINED.search(word)) or word.endswith(("secret", "password", "passwd"))


class Tie(IntEnum):
    """How a name holds its value."""

    NONE = 0
    PROSE = 1
    """Only space, `is`, or a table's bar stands between them."""
    BARE = 2
    """Assigned, without quotation marks."""
    QUOTED = 3
    """Assigned or handed over between quotation marks, or alone in an element."""


class Assignment(NamedTuple):
    """A name, a value, and what stands between and after them."""

    name: str
    separator: str
    value: bytes
    before: bytes
    """The character before the name, empty at the beginning."""
    after: bytes
    """Up to three characters after the value."""


_FILLER = re.compile(r"[A-Za-z_&]+")
_TIES: tuple[tuple[re.Pattern[str], bool, Tie], ...] = tuple(
    (re.compile(pattern), quoted, tie)
    for pattern, quoted, tie in (
        (r"[\])}]*[?|+~!:=<]*[:=]+>?[>\[({]*", True, Tie.QUOTED),
        (r"[\])}]*[|?+:]*[:=]>?[>|]*", False, Tie.BARE),
        (r"[(,>\[{]+", True, Tie.QUOTED),
        (r"\|?", False, Tie.PROSE),
    )
)
"""What a separator is without space, quotes and filler words; whether the value must
stand in quotes; what that makes it. The first row that fits."""


def tie(found: Assignment) -> Tie:
    """How the name holds the value."""
    mark = found.separator[-1:]
    quoted = mark in {'"', "'", "`"} and found.after[:1] in {mark.encode(), b"\\"}
    core = re.sub(r"[\s\"'`\\]+", "", _FILLER.sub("", found.separator))
    if found.name.startswith("-") and not core:
        return Tie.BARE
    if core == ">" and found.before in b"<:" and b"</" in found.after:
        return Tie.QUOTED
    for pattern, needs_quotes, kind in _TIES:
        if (quoted or not needs_quotes) and pattern.fullmatch(core):
            return kind
    return Tie.NONE


_HEX = re.compile(rb"(?:0x)?(?:[0-9a-f]+|[0-9A-F]+)")
_UUID = re.compile(rb"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_NOT_A_VALUE = re.compile(
    rb"(?ix)"
    rb"[\d.,:+-]+|0x[0-9a-f]{1,8}"  # numbers, versions, times
    rb"|\d{4}-\d\d-\d\d.*"  # dates
    rb"|(?:[a-z]:|\.{0,2}|~)?[/\\](?:[\w.@+-]+[/\\])*[\w.@+-]*"  # paths
    rb"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # mail addresses
    rb"|[a-z][a-z0-9+.-]*://.*"
    rb"|[\w-]+(?:\.[a-z_]\w*)*\.[a-z_]{2,}(?:[:/].*)?"  # attributes, hosts, files
    rb"|(?:sha\d+|md5)[-:=].*"
    rb"|[$%&@*].*|.*[$%]"  # variables, references
    rb"|--?[a-z][\w-]*"
    rb"|[a-z_]+=\w+"  # keyword arguments
)
_CODE_NEXT = frozenset(b"([{<$")
"""After a value: it was the beginning of an expression."""


def is_secret(found: Assignment) -> bool:
    """Whether name, tie and value together make a secret."""
    strength, hold, value = promise(found.name), tie(found), found.value
    if not strength or not hold or _NOT_A_VALUE.fullmatch(value):
        return False
    if hold < Tie.QUOTED and found.after and found.after[0] in _CODE_NEXT:
        return False
    if _UUID.fullmatch(value):
        return strength >= Promise.TOKEN and hold >= Tie.BARE
    if _HEX.fullmatch(value):
        return _hex_is_secret(value, found.name, strength, hold)
    bits = randomness(value) * (len(value) - 1)
    if hold is Tie.PROSE and found.name.lower() in {"pass", "auth", "key", "pat"}:
        return False
    if strength is Promise.PASSWORD and hold is Tie.QUOTED:
        return bits >= 10 or (_mixture(value) >= 3 and _has_digit(value))
    if len(value) < 12 or bits < _BITS[hold] or _mixture(value) < 2:
        return False
    if hold < Tie.QUOTED and not _has_digit(value):
        return False
    return strength >= Promise.TOKEN or len(value) >= 20


_BITS = {Tie.PROSE: 20, Tie.BARE: 12, Tie.QUOTED: 8}
"""Bits by which a value must look drawn at random, by how its name holds it."""


def _hex_is_secret(value: bytes, name: str, strength: Promise, hold: Tie) -> bool:
    digits = sum(48 <= byte < 58 for byte in value)
    if min(digits, len(value) - digits) * 8 < len(value):
        return False
    if strength is Promise.KEY:
        return name.isupper() and hold >= Tie.BARE and len(value) >= 32
    return len(value) >= (16 if hold >= Tie.BARE else 24)


def _has_digit(value: bytes) -> bool:
    return any(48 <= byte < 58 for byte in value)


_CLASSES = (rb"[a-z]", rb"[A-Z]", rb"[0-9]", rb"[^a-zA-Z0-9]")


def _mixture(value: bytes) -> int:
    return sum(bool(re.search(each, value)) for each in _CLASSES)
