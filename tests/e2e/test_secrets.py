"""Values that are no plain key, registered and sent: judged at what origins received."""

import base64
import json
import random
import re
import string
import time

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from dlp.detect.known.fingerprint import SecretInfo
from dlp.state.secrets import Registration, SecretStore

DRAW = random.Random("odd values")


def drawn(size, alphabet=string.ascii_letters + string.digits):
    return "".join(DRAW.choices(alphabet, k=size))


def pem():
    key = Ed25519PrivateKey.from_private_bytes(DRAW.randbytes(32))
    form = Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    return key.private_bytes(*form).decode()


VALUES = {
    "lines": f"{drawn(20)}\n{drawn(20)}\n{drawn(20)}",
    "crlf": f"{drawn(20)}\r\n{drawn(20)}",
    "scripts": f"Zürich{drawn(6)}ñé€{drawn(6)}日本語",
    "pem": pem(),
    "account": json.dumps({"type": "service_account", "private_key": pem()}, indent=2),
    "url": f"postgresql://app:{drawn(20)}@db.internal:5432/app?sslmode=require",
    "escaped": f"mysql://app:{drawn(9)}%2F%40{drawn(9)}@db.internal/app",
    "seed": base64.b32encode(DRAW.randbytes(20)).decode(),
    "app-password": " ".join(drawn(4, string.ascii_lowercase) for _ in range(4)),
    "digits": drawn(24, string.digits),
    "signs": drawn(24, string.punctuation),
    "pair": f"user:{drawn(24)}",
    "long": drawn(16 << 10),
}
WAYS = {
    "as it is": lambda raw: {"content": raw},
    "json": lambda raw: {"json": {"note": f"it is {raw.decode()} ok"}},
    "base64": lambda raw: {"content": b"x=" + base64.b64encode(raw)},
    "hex": lambda raw: {"content": b"x=" + raw.hex().encode()},
    "form": lambda raw: {"data": {"a": raw}},
    "in one line": lambda raw: {"content": b"see " + b"".join(raw.split()) + b" end"},
}


@pytest.fixture(scope="module")
def registered(proxy):
    values = {f"odd/{name}": value.encode() for name, value in VALUES.items()}
    store = SecretStore(proxy.state)
    before = len(store.entries())
    store.add(
        [
            Registration(SecretInfo(name, ("a.test",), ("any",)), value)
            for name, value in values.items()
        ]
    )
    known = re.compile(
        rf"^dlp_secrets_loaded {before + len(values)}(?:\.0)?$", re.MULTILINE
    )
    deadline = time.monotonic() + 30
    while not known.search(proxy.scrape()[1]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield values
    store.remove(values)


@pytest.fixture(scope="module")
def client(proxy):
    with httpx.Client(
        proxy=proxy.url, verify=proxy.trust(), trust_env=False, timeout=60
    ) as made:
        yield made


@pytest.mark.parametrize("name", VALUES)
def test_it_reaches_its_own_host_whole_and_no_other_in_any_way(
    registered, client, secure, name
):
    raw = registered[f"odd/{name}"]
    for way, sent in WAYS.items():
        answer = client.post(secure.url("/x", "b.test"), **sent(raw))
        assert answer.status_code == 403, way
    assert secure.empty
    answer = client.post(secure.url("/x", "a.test"), content=raw)
    assert (answer.status_code, secure.requests[0].body) == (200, raw)
