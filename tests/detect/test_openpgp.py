"""Keys made by hand from RFC 9580, and by GnuPG where there is one."""

import base64
import shutil
import subprocess
from random import Random

import pytest

from dlp.detect.known.enrol import fingerprint
from dlp.detect.known.fingerprint import SecretIndex, SecretInfo
from dlp.detect.known.openpgp import secret_parts
from dlp.model import View

PUBLIC, SECRET = Random(1).randbytes(256), Random(2).randbytes(400)
HEAD = b"\x04" + bytes(4)


def integer(data: bytes) -> bytes:
    return (8 * len(data)).to_bytes(2) + data


def old(tag: int, body: bytes) -> bytes:
    return bytes([0x80 | tag << 2 | 1]) + len(body).to_bytes(2) + body


def new(tag: int, body: bytes) -> bytes:
    if len(body) < 192:
        return bytes([0xC0 | tag, len(body)]) + body
    if len(body) < 8384:
        return bytes([0xC0 | tag]) + (len(body) - 192 + (192 << 8)).to_bytes(2) + body
    return bytes([0xC0 | tag, 255]) + len(body).to_bytes(4) + body


CURVE = b"\x09" + bytes(9)
PUBLIC_HALVES = {
    "rsa": HEAD + b"\x01" + integer(PUBLIC) + integer(b"\x01\x00\x01"),
    "dsa": HEAD + b"\x11" + 4 * integer(PUBLIC),
    "elgamal": HEAD + b"\x10" + 3 * integer(PUBLIC),
    "eddsa": HEAD + b"\x16" + CURVE + integer(PUBLIC[:33]),
    "ecdh": HEAD + b"\x12" + CURVE + integer(PUBLIC[:33]) + b"\x03\x01\x08\x07",
    "ed25519": HEAD + b"\x1b" + PUBLIC[:32],
    "version 3": b"\x03" + bytes(6) + b"\x01" + integer(PUBLIC) + integer(b"\x03"),
    "version 6": b"\x06" + bytes(4) + b"\x1b" + (32).to_bytes(4) + PUBLIC[:32],
}


@pytest.mark.parametrize("half", PUBLIC_HALVES.values(), ids=PUBLIC_HALVES)
@pytest.mark.parametrize("frame", [old, new])
@pytest.mark.parametrize("tag", [5, 7])
def test_what_follows_the_public_half_is_secret(half, frame, tag):
    data = frame(13, b"somebody") + frame(tag, half + SECRET) + frame(2, PUBLIC)
    ((start, stop),) = secret_parts(data)
    assert data[start:stop] == SECRET


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\xc5",
        b"\xc5\xff",
        b"\x97\x00",
        b"\xc5\xe0ab",
        old(5, b"\x04"),
        old(6, PUBLIC),
    ],
)
def test_what_is_no_secret_key_has_no_secret_part(data):
    assert list(secret_parts(data)) == []


@pytest.mark.parametrize(
    "data",
    [
        b"\xc5\xc8",
        b"\xc5\xc8\x00",
        b"\xc5\xff\x00",
        b"\x95\x00",
        b"\xc5\x0b" + b"\x04" * 9,
    ],
)
def test_a_key_that_is_cut_is_read_as_far_as_it_goes(data):
    assert list(secret_parts(data)) == []


@pytest.mark.skipif(not shutil.which("gpg"), reason="needs gnupg")
def test_a_key_of_gnupg_is_told_from_its_public_half(tmp_path):
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)

    def gpg(*words: str) -> bytes:
        line = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--no-tty"]
        line += ["--pinentry-mode", "loopback", "--passphrase", ""]
        return subprocess.run([*line, *words], check=True, capture_output=True).stdout

    try:
        gpg("--quick-gen-key", "somebody@example.com", "rsa2048", "sign", "never")
        armoured = gpg("--armor", "--export-secret-keys")
        public, binary = gpg("--armor", "--export"), gpg("--export-secret-keys")
    finally:
        subprocess.run(
            ["gpgconf", "--homedir", str(home), "--kill", "all"], check=False
        )
    key = bytes(range(32))
    index = SecretIndex.build([(SecretInfo("key"), fingerprint(armoured, key))], key)
    for leak in (armoured, binary, base64.b64encode(binary), binary.hex().encode()):
        assert any(hit.complete for hit in index.scan([View(leak, 0)]))
    assert index.scan([View(public, 0)]) == []
