"""Code, escaped text and tables beside names that say secret are let be."""

import base64
import json
import random
import zlib

import pytest

from dlp import Inspector
from dlp.detect.templates import expand
from dlp.model import Tier


@pytest.fixture(scope="module")
def inspector():
    return Inspector.load()


def stopped(inspector, body):
    return [f.rule for f in inspector.scan(body) if f.tier is not Tier.WEAK]


ESCAPED = {
    "another script": "hash secret ({}) ".format("の生成間隔と寿命" * 3),
    "lines": "SetSecret(kv)\nKvGotoSubKey\n'KvGotoFirstSubKey',\n    'KvGotoNextKey2',\n",
    "colours": "identified by \x1b[31ma\x1b[0m\nunique pair of characters",
    "a branch": 'switch(t){case"hidden":case"password":return!1}var e=n.token||e.id',
    "a member": "    $pwd.Path\n  | Where-Object { if (-not $_) { return } }",
    "a record": "states/state_pass.py,sha256="
    + expand("{base64url:43}", seed=2)
    + ",99",
    "strings side by side": "Parity\0Password:\0Patented algorithms\0Pending",
    "a log": "took 61.2ms token refreshed\n2026-11-29T16:35:10.963606Z INFO config x",
    "checksums of programs": expand("/bin/login\n{hex:64}  /bin/ls\n", seed=3),
    "a signature": expand(
        "signed with a minisign secret key\nRWQ{base64:96}=\n", seed=4
    ),
    "docstrings": '"""A name that promises a secret, tied to a value."""\n\nCHECKS = {\n'
    '    "not-hex": unlike(r"[0-9a-fA-F]+"),\n    "not-path": not_path,\n}\n',
    "an alphabet": 'UNRESERVED_PAT = r"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno._"',
}


def form(text):
    escaped = "".join(
        c if c.isalnum() else f"%{b:02X}" for c in text for b in c.encode()
    )
    return b"text=" + escaped.encode()


CARRIERS = {
    "raw": str.encode,
    "JSON": lambda text: json.dumps({"content": text}).encode(),
    "JSON in JSON": lambda text: json.dumps({"c": json.dumps({"o": text})}).encode(),
    "form": form,
}


@pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS)
@pytest.mark.parametrize("text", ESCAPED.values(), ids=ESCAPED)
def test_what_is_only_escaped_ends_a_value(inspector, text, carrier):
    assert stopped(inspector, carrier(text)) == []


@pytest.mark.parametrize("carrier", ["raw", "JSON", "JSON in JSON"])
def test_a_value_before_the_end_of_a_line_is_still_one(inspector, carrier):
    text = 'db_password: "' + expand("{alnum:9}#{alnum:9}", seed=5) + '"\nnext: 1'
    assert stopped(inspector, CARRIERS[carrier](text))


def test_tables_in_base64_are_no_tokens(inspector):
    draw = random.Random(7)
    row = b"\x10\0\0\0\0\0\x01\0\0".join(draw.randbytes(3) for _ in range(4000))
    assert (
        stopped(inspector, json.dumps({"d": base64.b64encode(row).decode()}).encode())
        == []
    )


@pytest.mark.parametrize(
    "row", ["<{0:02X}> <{0:04X}>", "<{0:02x}> <{0:02x}> <{0:04x}>"]
)
def test_the_character_map_of_a_font_is_no_token(inspector, row):
    rows = "\n".join(row.format(n) for n in range(256))
    page = "/CIDInit /ProcSet findresource begin\nbegincmap\n256 beginbfchar\n"
    body = f"{page}{rows}\nendbfchar\nendcmap\n".encode()
    pdf = b"%PDF-1.4\n1 0 obj<</Filter/FlateDecode>>stream\n" + zlib.compress(body)
    assert stopped(inspector, pdf + b"\nendstream endobj") == []
