import base64
import json

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa, x25519
from hypothesis import given, settings
from hypothesis import strategies as st

from dlp.detect.known.enrol import fingerprint
from dlp.detect.known.fingerprint import SecretIndex, SecretInfo
from dlp.detect.known.privatekey import private_part
from dlp.model import View

KEY = bytes(range(32))
PKCS8, OPENSSH = s.PrivateFormat.PKCS8, s.PrivateFormat.OpenSSH
PKCS1 = s.PrivateFormat.TraditionalOpenSSL
MAKERS = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}
KEYS = {name: make() for name, make in MAKERS.items()}
OTHERS = {name: make() for name, make in MAKERS.items()}


OPEN = s.NoEncryption()


def pem(key, form=PKCS8, sealed=OPEN, encoding=s.Encoding.PEM) -> bytes:
    return key.private_bytes(encoding, form, sealed)


@pytest.fixture(scope="module", params=KEYS)
def known(request):
    key = KEYS[request.param]
    taken = fingerprint(pem(key), KEY)
    index = SecretIndex.build([(SecretInfo("key"), taken)], KEY)
    return key, OTHERS[request.param], index


def leaks(index: SecretIndex, text: bytes) -> bool:
    return any(hit.complete for hit in index.scan([View(b"- " + text + b" -", 0)]))


def test_the_key_is_found_in_every_container(known):
    key, _, index = known
    der = pem(key, encoding=s.Encoding.DER)
    forms = {
        "pem": pem(key),
        "openssh": pem(key, OPENSSH),
        "der": der,
        "hex": der.hex().encode(),
        "base64 of pem": base64.b64encode(pem(key)),
        "json": json.dumps({"k": pem(key).decode()}).encode(),
        "reversed": pem(key)[::-1],
        "one-byte xor": bytes(c ^ 0x55 for c in pem(key)),
        "joined lines": pem(key).replace(b"\n", b""),
        "quoted": pem(key).replace(b"\n", b"\n> "),
    }
    missed = [name for name, text in forms.items() if not leaks(index, text)]
    assert missed == []


def test_the_public_key_and_other_keys_are_no_leak(known):
    key, other, index = known
    public = key.public_key()
    spki = s.PublicFormat.SubjectPublicKeyInfo
    for text in (
        public.public_bytes(s.Encoding.PEM, spki),
        public.public_bytes(s.Encoding.DER, spki),
        public.public_bytes(s.Encoding.OpenSSH, s.PublicFormat.OpenSSH),
        pem(other),
        pem(other, OPENSSH),
    ):
        assert index.scan([View(text, 0)]) == []


def test_the_value_itself_is_whole():
    index = SecretIndex.build(
        [(SecretInfo("key"), fingerprint(pem(KEYS["rsa"]), KEY))], KEY
    )
    text = b"x " + pem(KEYS["rsa"])
    (hit,) = [hit for hit in index.scan([View(text, 0)]) if hit.whole]
    assert text[hit.start : hit.stop] == pem(KEYS["rsa"])


@pytest.mark.parametrize(
    "form", [PKCS1, PKCS8, OPENSSH], ids=["pkcs1", "pkcs8", "openssh"]
)
def test_a_sealed_key_is_known_without_its_public_half(form):
    key = KEYS["rsa"]
    sealed = pem(key, form, s.BestAvailableEncryption(b"pass"))
    index = SecretIndex.build([(SecretInfo("key"), fingerprint(sealed, KEY))], KEY)
    assert leaks(index, sealed)
    again = pem(key, form, s.BestAvailableEncryption(b"pass"))
    assert index.scan([View(again, 0)]) == []
    public = key.public_key().public_bytes(s.Encoding.OpenSSH, s.PublicFormat.OpenSSH)
    assert index.scan([View(public, 0)]) == []


def test_a_key_with_escaped_line_ends_is_read():
    escaped = json.dumps(pem(KEYS["rsa"]).decode()).encode()
    plain = private_part(pem(KEYS["rsa"]))
    found = private_part(escaped)
    assert found.numbers == plain.numbers


@pytest.mark.parametrize(
    "key",
    [dsa.generate_private_key(1024), x25519.X25519PrivateKey.generate()],
    ids=["dsa", "x25519"],
)
def test_other_kinds_have_a_private_number(key):
    (number,) = private_part(pem(key)).numbers
    assert len(number) >= 16


@pytest.mark.parametrize(
    "mangle", [lambda p: p[:90] + p[-30:], lambda p: p[:40] + p[-27:]]
)
def test_a_mangled_key_raises_nothing_unexpected(mangle):
    private_part(mangle(pem(KEYS["ed25519"])))


@settings(max_examples=300)
@given(
    st.binary(max_size=200),
    st.sampled_from(["", "RSA ", "OPENSSH ", "PGP "]),
    st.data(),
)
def test_any_armour_is_read_or_refused(body, kind, data):
    if data.draw(st.booleans()):
        body = base64.b64encode(
            data.draw(st.sampled_from([b"", b"openssh-key-v1\0"])) + body
        )
    end = " BLOCK" if kind == "PGP " else ""
    begin, stop = (
        f"-----BEGIN {kind}PRIVATE KEY{end}-----\n",
        f"\n-----END {kind}PRIVATE KEY{end}-----",
    )
    value = begin.encode() + body + stop.encode()
    found = private_part(value)
    if found is not None:
        assert 0 <= found.span[0] < found.span[1] <= len(value)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"0" * 40,
        b"-----BEGIN PRIVATE KEY-----",
        b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    ],
)
def test_what_is_no_private_key_is_none(value):
    assert private_part(value) is None
