"""
What a name says of its value.

`token` promises a secret, `next_token` a page, `token_url` an address. What a plain
`key` opens depends on the word before it: a word of code (`cache key`) nothing, a word
no dictionary has, a vendor's name, something. The lists are of words, never of
products. Stands apart from `assignment` because it is a vocabulary, not a judgement.
"""

from __future__ import annotations

import re
from enum import IntEnum

from dlp.detect.context.words import WORDS
from dlp.detect.proof.bigrams import randomness


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


_KNOWN = frozenset(WORDS)


_PASSWORD = _words(
    """
    password passwd passwort passphrase passcode pwd pass pw passw authtok
    dbpass rootpass userpass adminpass localpass remotepass mailpass smtppass imappass
    ftppass sshpass sqlpass ldappass keypass storepass
    """
)

_SECRET = _words(
    """
    secret secrets token tokens credential credentials apikey apitoken authtoken
    auth access private accesstoken accesskey secretkey clientsecret appsecret authkey
    bearer jwt pat privatekey apisecret secretaccesskey appkey authorization userpwd
    psk
    """
)

_KEYED = _words(
    """
    api access auth private encryption encrypt signing sign master account service
    shared license licence admin app application client deploy deployment secret
    integration subscription storage webhook hmac jwt consumer rest root session
    personal security server user dev prod live test write ingest project org
    organization workspace team aes crypto cipher decryption subscriber pat
    """
)
"""Before `key`: then it is a secret one."""

_HARMLESS = _words(
    """
    max min change progress done partial concurrency task lock snapshot evaluated
    public pub publishable publickey pubkey csrf xsrf nonce next prev previous page
    continuation continue cursor sync resume delta cache sort primary foreign
    partition idempotency idempotent dedupe dedup correlation trace span request
    object i18n l10n translation locale sha sha1 sha256 md5 digest checksum etag
    fingerprint integrity captcha anon anonymous special eos bos unk cls sep mask
    lexer parser syntax csrftoken csrfmiddlewaretoken authenticity pagetoken nexttoken
    pagination paging skip skiptoken deltatoken synctoken resumption resumptiontoken
    device push example
    routing row column field shard composite unique index lookup commit revision rev
    tree blob build image docker layer kid schema encrypted wrapped
    ciphertext hashed
    """
)
"""Anywhere in a name: the value is no secret."""

_SHOWN = _words(
    "sentry site file incident alert reporter websocket socket i instrumentation sender"
)
"""
Before `key`: everybody who opens the page sees it (docs.sentry.io, DSN), or it says
which one: of Figma's files, of PagerDuty's incidents, of who sent Apple a crash or
Matrix a message, of a program that reports itself (`iKey`, as VS Code's). Of a
WebSocket it is drawn for one handshake (RFC 6455, 4.1).
"""

_STILL_HARMLESS = _words(
    """
    public encrypted wrapped ciphertext example schema digest checksum fingerprint
    revision image hashed
    """
)
"""And also where a name ends in `secret`: that of a device or of CSRF is one."""

_UNREAL = _words(
    """
    non not no never invalid bad wrong fake dummy mock mocked bogus stub fixture expired
    revoked nonexistent nonmatching unmatched broken malformed
    """
)
"""Anywhere in a name: the value opens nothing."""

_ABOUT = _words(
    """
    name names type types url uri urls endpoint endpoints file filename path dir
    directory count counts limit limits length len size sizes field fields column
    columns policy policies hash hashes hashed label labels hint hints placeholder
    expiry expires expiration expired ttl at format prefix suffix version versions
    index regex pattern patterns error errors message messages description title
    status state manager provider providers class classes arn ref refs env var vars
    variable variables alias aliases usage budget bits algorithm alg header headers
    helper helpers store vault ring chain factory service handler validator enabled
    required optional valid invalid exists set get id ids issuer audience scope
    scopes rotation strength rules rule map mapping list array dict object schema
    model form input page view button text icon string bucket region date time
    timestamp created updated lifetime kind mode method source spec template
    generator encoder decoder lookup cost price per rate ratio percent details info
    data metadata config settings options params param parameter args arg group
    groups host hostname port domain
    """
)
"""Last word of a name: it names something about a secret, not the secret."""

_TRAILING = _words(
    """
    value val prod dev test live staging production b64 base64 new old current
    default primary secondary main backup hex raw plain base env b v
    """
)
"""At the end of a name these change nothing."""

_STAND_INS = _words(
    """
    foo bar baz qux foobar acme example demo dummy fake sample myapp
    the and are our his her its has had was were via for not but all any some his their
    them then than two lived newly raw same own
    """
)
"""Names that documentation makes up, and words that hold a sentence together."""

_NOT_WHOSE = (
    _PASSWORD
    | _SECRET
    | _KEYED
    | _HARMLESS
    | _UNREAL
    | _ABOUT
    | _TRAILING
    | _STAND_INS
    | _KNOWN
)

_ALONE: tuple[list[str], ...] = ([], ["access"], ["private"])
"""Of these nothing is known without another word."""

_ENDINGS = _PASSWORD | _SECRET | {"key"}

_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def promise(name: str) -> Promise:
    """What a name in any spelling (`API_KEY`, `apiKey`, `x-api-key`) promises."""
    if _is_drawn(name):
        return Promise.NONE
    words = [word.lower() for word in _PIECES.findall(name) if not word.isdigit()]
    while words and words[-1] in _TRAILING:
        words.pop()
    if words in _ALONE or words[-1] in _ABOUT or not _UNREAL.isdisjoint(words):
        return Promise.NONE
    last = words[-1]
    harmless = _STILL_HARMLESS if last == "secret" else _HARMLESS
    if last not in _PASSWORD and not harmless.isdisjoint(words):
        return Promise.NONE
    if last == "key" and not _SHOWN.isdisjoint(words[-2:-1]):
        return Promise.NONE
    if not (last in _ENDINGS or _joined(last) or _is_constant(name, words)):
        return Promise.NONE
    return _strength(words)


_SHORTEST, _DRAWN_BITS = 10, 18.0
"""Of 1,500 names in code all look less random (but `AAAATe5tKey`), of drawn ids of 16
letters and more 97 to 100 in 100 look more."""
_LEAST, _SHORT_BITS = 6, 13.0
"""Of what is shorter: where digits stand in it, and no sign before its last word."""
_RUN_ON = re.compile(r"(?=.*\d)[0-9A-Za-z]*")
_LAST = re.compile(r"(?:.*[-_.])?([A-Za-z]{3,})", re.DOTALL)


def _is_drawn(name: str) -> bool:
    """
    Whether nobody wrote it: of eight thousand ids in a list one ends in `PW`, and the
    next would be its value.
    """
    short = len(name) < _SHORTEST
    if len(name) < _LEAST or (short and not _RUN_ON.fullmatch(name)):
        return False
    last = _LAST.fullmatch(name)
    if last and last[1] != name and last[1].lower() in _ENDINGS:
        return False
    text = name.encode("utf-8", "replace")
    bits = randomness(text) * (len(text) - 1)
    return bits > (_SHORT_BITS if short else _DRAWN_BITS)


def _strength(words: list[str]) -> Promise:
    if not _PASSWORD.isdisjoint(words) or words[-1].endswith(("password", "passwd")):
        return Promise.PASSWORD
    if not _SECRET.isdisjoint(words) or any(map(_joined, words)):
        return Promise.TOKEN
    if "key" not in words:
        return Promise.NONE
    before = words[: words.index("key")]
    if before and (before[-1] in _KEYED or before[-1] not in _KNOWN):
        return Promise.TOKEN
    return Promise.KEY


def _is_constant(name: str, words: list[str]) -> bool:
    """`SECRET_KEY_ACME`: a constant may go on after the word that promises."""
    return name.isupper() and not _SECRET.isdisjoint(words)


_JOINED = re.compile(
    r".+(?:token|secret|password|passwd)"
    r"|.*(?:api|auth|access|secret|private|license|encryption)key"
)


def _joined(word: str) -> bool:
    """Words run together: `myapikey`, `bottoken`."""
    return bool(_JOINED.fullmatch(word))


_INFLECTED = re.compile(r"(?:e?s|e?d|ing|e?r|ly|ion)\Z")
_NOUN = re.compile(r"(?:api|auth|access|secret|private)?(?:key|token|secret|access)\Z")


def tells_whose(name: str) -> bool:
    """
    Whether a word of a name is in no list: most likely that of a service.

    `lemlist_token`, not `my_refreshed_token`.
    """
    words = (word.lower() for word in _PIECES.findall(name))
    return any(map(_is_particular, words))


def _is_particular(word: str) -> bool:
    own = _NOUN.sub("", word)
    stem = _INFLECTED.sub("", own)
    return len(own) > 2 and _NOT_WHOSE.isdisjoint({own, stem, stem + "e"})
