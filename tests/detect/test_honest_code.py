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


ENDS = (
    rb"\u041f\u0430\u0440\u043e\u043b\u044c: \u0449\u043e\u043d\u0430\u04"
    rb"39\u043c\u0435\u043d\u0448\u04358\u0441\u0438\u043c\u0432\u043e\u0"
    rb"43b\u0456\u0432. \u041a\u043b\u044e\u0447: \u0434\u0438\u0432.\u04"
    rb"40\u043e\u0437\u0434\u0456\u043b3. \u0422\u043e\u043a\u0435\u043d:"
    rb" \u0434\u0456\u045430\u0445\u0432\u0438\u043b\u0438\u043d. "
)
"""A sentence about passwords in Ukrainian, as Python's json writes it."""


@pytest.mark.parametrize("before", range(12))
def test_the_ends_of_long_text_are_not_cut_within_an_escape(inspector, before):
    """A join takes both; between them half an escape would be a sign of a password."""
    body = b'{"name": "run", "output": "%b%b"}' % (b"x" * before, (ENDS * 5).strip())
    assert stopped(inspector, body) == []
