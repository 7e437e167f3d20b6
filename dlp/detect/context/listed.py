"""
Words that promise a secret and are no name of one, told by what stands round them: the
kind of a resource in an identifier, a field of a test of ciphers, what a page shows to
everybody who opens it.

Why not in `naming`: that knows names; here the same name means something else.
"""

from __future__ import annotations

import re

from dlp.decode.pieces import Span
from dlp.detect.context.naming import promise

_LONGEST_ARN = 96
_ARN = re.compile(rb"arn:[a-z-]{2,20}:[a-z-]{2,30}:[a-z0-9-]{0,20}:\d{0,12}:\Z")
"""Before the kind of a resource, which its name follows (AWS, ARNs)."""
_BEACON = re.compile(rb"data-cf-beacon=\\{0,4}(?:[\"']|&quot;)\{[^{}<>]{0,80}\Z")
"""Of Cloudflare Web Analytics: the token in it names a site."""
_OF_A_FORM = re.compile(rb"_token\\{0,4}[\"'](?: type=\S{3,16})? value=\\{0,4}[\"']")
"""What a page of Laravel sends back, to show that a form is its own; as Rails' and
Django's, which have names of their own."""

_Q, _NEXT = rb"\\{0,8}\"", rb",(?:\s|\\+n)*"
_SEALS = re.compile(rb"key_id%b: ?%b\d{15,20}%b%b%b\Z" % (_Q, _Q, _Q, _NEXT, _Q))
"""Before a public key with which secrets are sealed for GitHub (REST API, "Get a
repository public key")."""
_OF_A_FILE = re.compile(
    rb"%b%b%bname%b: ?%b[^\"]{0,99}\"%b%b(?:thumbnail_url|last_modified)\b"
    % (_Q, _NEXT, _Q, _Q, _Q, _NEXT, _Q)
)
"""Behind the key by which Figma calls a file (REST API, "Get files in a project")."""
_LONGEST_PAIR = 64
_SIGNED = re.compile(rb"%b%b%bsignatures%b: ?\{" % (_Q, _NEXT, _Q, _Q))
"""Behind a public key of Matrix (Client-Server API, one-time and fallback keys)."""
_SENDER = re.compile(rb"m\.(?:megolm|olm)\.v\d")
"""Near the public key of who wrote an encrypted event (Matrix, `m.room.encrypted`)."""
_CHALLENGE = re.compile(
    rb"(?i)%b(?:http|dns|dns-account|tls-alpn|onion-csr|email-reply)-0\d%b" % (_Q, _Q)
)
"""The type of a challenge whose token anybody may ask for (RFC 8555, 8)."""
_CHALLENGE_BYTES = 256
_ROW = re.compile(rb"(?<![\w.-])key%b: ?%b[\w-]{22}(?=\\{0,8}\")" % (_Q, _Q))
_FEWEST_KEYED = 3
"""Rows of 128 bits each under a bare `key`: that is what a row is called by."""

_DIGITS = re.compile(rb"[0-9a-f]{16,128}|[0-9A-F]{16,128}")
_FIELDS = re.compile(
    rb"(?:\n|\\n|\s)(COUNT|Count|PT|CT|AAD|Tag|PLAINTEXT|CIPHERTEXT|Plaintext|Ciphertext"
    rb"|IV|Msg|MSG|Len|Mac|MAC|MD|Nonce|Klen|Tlen) ?= ?[0-9A-Fa-f]*(?=[\r\n\\])"
)
"""What stands beside a key where ciphers are tested (NIST, CAVP response files)."""
_FEWEST_FIELDS = 3
_RECORD_BYTES = 512
_REACHED = re.compile(
    rb"(?i)(?:md[45]|sha-?\d{1,3}(?:_\d+)?|crc32|hash|digest|btoa|b(?:ase)?64(?:_?encode)?"
    rb"|hmac\w{0,12})\(b?\\{0,4}[\"']\Z"
)
"""Before a word of which a text tells what it becomes: `md5('password') = 5f4d...`."""
_LONGEST_CALL = 24
_MEETING = re.compile(rb"/(?:j|s|w|my|wc/join)/[\w.-]{3,40}\?\Z")
_LONGEST_MEETING = 56
"""Before the passcode in an address that invites to a meeting (Zoom)."""
_SUM = re.compile(
    rb"([\w./@+-]{1,80})\\{0,4}[\"']?: ?\\{0,4}[\"']?([0-9a-f]{32,128})(?![0-9a-f])"
)
_FEWEST_SUMS = 4


def _is_sum(data: bytes, value: Span) -> bool:
    """
    Whether digits are one of a list of sums, as long as each other, most of which stand
    under what promises no secret: a package may be called `KeychainAccess`.
    """
    start, stop = value
    near = data[max(0, start - 2 * _RECORD_BYTES) : stop + 2 * _RECORD_BYTES]
    names = {n for n, digits in _SUM.findall(near) if len(digits) == stop - start}
    others = [n for n in names if not promise(n.decode("latin-1"))]
    return len(others) >= _FEWEST_SUMS and len(others) * 2 > len(names)


def _is_published(data: bytes, name: int, stop: int) -> bool:
    """Whether what stands beside a `key` in JSON says that it opens nothing."""
    if _SEALS.search(data, max(0, name - _LONGEST_PAIR), name):
        return True
    if _OF_A_FILE.match(data, stop) or _SIGNED.match(data, stop):
        return True
    if not _ROW.match(data, name, stop + 9):
        return False
    near = _ROW.findall(
        data, max(0, name - 2 * _RECORD_BYTES), stop + 2 * _RECORD_BYTES
    )
    return len(near) >= _FEWEST_KEYED


def _is_shown(data: bytes, name: int, stop: int) -> bool:
    """Whether what it stands beside says who may see it: everybody."""
    low = max(0, name - _CHALLENGE_BYTES)
    if data.startswith(b"token", name):
        return bool(_CHALLENGE.search(data, low, stop + _CHALLENGE_BYTES))
    return data.startswith(b"sender_key", name) and bool(
        _SENDER.search(data, max(0, name - _RECORD_BYTES), stop + _RECORD_BYTES)
    )


def is_listed(data: bytes, name: int, value: Span) -> bool:
    """Whether the word at `name` is no name of the value's."""
    start, stop = value
    before = data[max(0, name - _LONGEST_ARN) : name]
    if data[start - 1 : start] == b":" and _ARN.search(before):
        return True
    if (
        _OF_A_FORM.fullmatch(data, name, start)
        or (data[name : name + 3] == b"key" and _is_published(data, name, stop))
        or _is_shown(data, name, stop)
        or _MEETING.search(data, max(0, name - _LONGEST_MEETING), name)
        or _REACHED.search(data, max(0, name - _LONGEST_CALL), name)
    ):
        return True
    if not _DIGITS.fullmatch(data, start, stop):
        return False
    if _BEACON.search(before) or _is_sum(data, value):
        return True
    near = data[max(0, name - _RECORD_BYTES) : stop + _RECORD_BYTES]
    return len(set(_FIELDS.findall(near))) >= _FEWEST_FIELDS
