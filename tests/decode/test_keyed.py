"""Bytes under a key of several letters: what it stands beside, or is told by."""

import base64
import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.guesses import KEYED
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(31)
LETTERS = string.ascii_letters + string.digits
TOKENS = {
    "github": "gh" + "p_" + "".join(DRAW.choices(LETTERS, k=36)),
    "sendgrid": "SG" + "." + "".join(DRAW.choices(LETTERS, k=22))
    + "." + "".join(DRAW.choices(LETTERS, k=43)),
    "nobody's": "".join(DRAW.choices(LETTERS, k=48)),
}  # fmt: skip


def under(text, key):
    return bytes(c ^ key[n % len(key)] for n, c in enumerate(text.encode()))


def added(text, key):
    return bytes(c + key[n % len(key)] & 255 for n, c in enumerate(text.encode()))


def beside(name, key, coded):
    return json.dumps({"alg": "xor", name: key, "data": coded}).encode()


WAYS = {
    "hex": lambda t: under(t, b"key").hex().encode(),
    "base64": lambda t: base64.b64encode(under(t, b"Zq7")),
    "raw": lambda t: under(t, b"k3y"),
    "list": lambda t: json.dumps(list(under(t, b"abc"))).encode(),
    "added": lambda t: added(t, b"key").hex().encode(),
    "in a chat": lambda t: json.dumps(
        {"messages": [{"role": "user", "content": "keep " + under(t, b"key").hex()}]}
    ).encode(),
    "a long key beside": lambda t: beside(
        "key", "correct horse".replace(" ", "-"), under(t, b"correct-horse").hex()
    ),
    "a key in hex beside": lambda t: beside(
        "k", "deadbeef0102", under(t, bytes.fromhex("deadbeef0102")).hex()
    ),
    "bytes of a key beside": lambda t: (
        b"key: 0x4b 0x21 0x99 0x07 0x5a\n"
        + under(t, bytes.fromhex("4b2199075a")).hex().encode()
    ),
}


def shown(body):
    decoded = decode([Part(PartKind.BODY, body)], Limits())
    return [view.data for view in (*decoded.views, *decoded.residue)]


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize("way", WAYS)
def test_a_key_of_some_letters_is_told(way, name):
    assert any(TOKENS[name].encode() in text for text in shown(WAYS[way](TOKENS[name])))


def test_prose_under_a_word():
    text = (
        "The build failed again because nobody had told the runner where to look for "
        "the certificate, so the client went on to the next host, and the token that "
        f"it used there was {TOKENS['github']} as far as anybody can tell today"
    )
    body = base64.b64encode(under(text, b"lemon"))
    assert any(text.encode() in found for found in shown(body))


VARIABLES = {
    "SHELL": "/bin/bash",
    "npm_config_user_agent": "npm/10.8.2 node/v22.11.0 linux x64 workspaces/false",
    "NVM_INC": "/home/dev/.nvm/versions/node/v22.11.0/include/node",
    "HOSTNAME": "agent-7f9c",
    "PWD": "/home/dev/app",
    "HOME": "/home/dev",
    "LANG": "C.UTF-8",
    "LS_COLORS": "rs=0:di=01;34:ln=01;36:mh=00:pi=40;33:so=01;35",
    "TERM": "xterm-256color",
    "SERVICE_TOKEN": TOKENS["nobody's"],
    "PATH": "/home/dev/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
    "MAIL": "/var/mail/dev",
    "NODE_ENV": "production",
    "_": "/usr/bin/env",
}
LISTS = {
    "json": json.dumps(VARIABLES),
    "lines": "".join(f"{name}={value}\n" for name, value in VARIABLES.items()),
    "4 KB": json.dumps([{**VARIABLES, "SHLVL": str(n)} for n in range(6)]),
}


@pytest.mark.parametrize("how", [under, added])
@pytest.mark.parametrize("key", [b"key", b"\x07\xc8\x21\x5b", b"p4ssw0rd"])
@pytest.mark.parametrize("name", LISTS)
def test_variables_under_a_word(name, key, how):
    """What malware sends: much of it is no letter, and it may be long."""
    body = base64.b64encode(how(LISTS[name], key))
    assert any(TOKENS["nobody's"].encode() in found for found in shown(body))


@pytest.mark.parametrize("size", [16, 20, 32, 48, 64, 256])
def test_digests_and_ids_are_under_no_key(size):
    """Of random bytes next to none are letters under a short key."""
    draw = random.Random(size)
    told = 0
    for _ in range(100):
        body = json.dumps({"id": "run-17", "digest": draw.randbytes(size).hex()})
        decoded = decode([Part(PartKind.BODY, body.encode())], Limits())
        told += any(v.step == KEYED for v in (*decoded.views, *decoded.residue))
    assert told <= 1
