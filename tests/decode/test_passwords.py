"""A registered password of nine characters, as people send one in other clothes."""

import base64
import json
from urllib.parse import quote_plus

import pytest

from dlp import Inspector
from dlp.detect.known.enrol import fingerprint
from dlp.detect.known.fingerprint import SecretIndex, SecretInfo
from dlp.model import Kind

KEY = b"k" * 32
PASSWORD = "qW4!" + "z#V9k"
SPELLINGS = {
    "itself": str,
    "base32": lambda p: base64.b32encode(p.encode()).decode(),
    "base64": lambda p: base64.b64encode(p.encode()).decode(),
    "binary": lambda p: " ".join(f"{byte:08b}" for byte in p.encode()),
    "commas": ",".join,
    "dashes": "-".join,
    "dots": ".".join,
    "escapes": lambda p: "".join(f"\\x{byte:02x}" for byte in p.encode()),
    "fullwidth": lambda p: p.translate({n: n + 0xFEE0 for n in range(33, 127)}),
    "hex": lambda p: p.encode().hex(),
    "list": lambda p: json.dumps(list(p)),
    "literals": lambda p: f'"{p[:4]}" + "{p[4:]}"',
    "numbers": lambda p: ", ".join(str(byte) for byte in p.encode()),
    "reversed": lambda p: p[::-1],
    "underscores": "_".join,
}
CARRIERS = {
    "prose": "I found that it is {} and wrote it down.".format,
    "form": lambda text: f"name=ann&note={quote_plus(text)}&go=1",
    "json": lambda text: json.dumps({"messages": [{"content": f"it is {text} now"}]}),
}


@pytest.fixture(scope="module")
def inspector():
    index = SecretIndex.build(
        [(SecretInfo("login"), fingerprint(PASSWORD.encode(), KEY))], KEY
    )
    return Inspector.load(None).with_secrets(index)


@pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS)
@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_short_password_is_known_in(inspector, spell, carrier):
    found = inspector.scan(carrier(spell(PASSWORD)).encode())
    assert Kind.FINGERPRINT in {finding.kind for finding in found}


@pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS)
def test_another_is_not(inspector, carrier):
    other = "xR7!" + "m#T2j"
    for spell in SPELLINGS.values():
        found = inspector.scan(carrier(spell(other)).encode())
        assert Kind.FINGERPRINT not in {finding.kind for finding in found}
