"""PDF that anybody can open though it is encrypted; and what asks for a password."""

import hashlib
import zlib

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
NAME = bytes(range(16))
TITLE, PAGE = b"a (quiet) title\\ of it", b"BT (the page that nobody minds) Tj ET"


def md5(data: bytes) -> bytes:
    return hashlib.md5(data).digest()


def rc4(key: bytes, data: bytes) -> bytes:
    return Cipher(ARC4(key), None).encryptor().update(data)


def aes(key: bytes, data: bytes, begin: bytes = b"i" * 16, *, padded=True) -> bytes:
    if padded:
        data += bytes([16 - len(data) % 16]) * (16 - len(data) % 16)
    made = Cipher(AES(key), CBC(begin)).encryptor().update(data)
    return begin + made if padded else made


def written(data: bytes) -> bytes:
    """A literal string, its brackets and line ends escaped."""
    marks = {c: b"\\" + bytes([c]) for c in b"()\\"} | {13: b"\\r", 10: b"\\012"}
    return b"(" + b"".join(marks.get(c, bytes([c])) for c in data) + b")"


def document(seal: bytes, text, *, where=b"/Encrypt 9 0 R") -> bytes:
    page = text(zlib.compress(PAGE), 4)
    return b"\n".join((
        b"%PDF-1.6",
        b"3 0 obj\n<</Title " + written(text(TITLE, 3)) + b">>\nendobj",
        b"4 0 obj\n<</Length %d/Filter/FlateDecode>>\nstream" % len(page),
        page,
        b"endstream\nendobj",
        b"9 0 obj\n<</Filter/Standard" + seal + b">>\nendobj",
        b"trailer <</Size 10/ID[<%b><00>]" % NAME.hex().encode() + where + b">>",
    ))  # fmt: skip


def older(revision: int, method: str = "", password: bytes = b"") -> bytes:
    """Algorithms 2, 4 and 5 of ISO 32000-2, 7.6.4, forwards."""
    rights, owner = -3904, bytes(range(60, 92))
    size = 5 if revision == 2 else 16
    secret = (password + PAD)[:32]
    key = md5(secret + owner + (rights & 0xFFFFFFFF).to_bytes(4, "little") + NAME)
    for _ in range(50 if revision > 2 else 0):
        key = md5(key[:size])
    key = key[:size]
    proof = rc4(key, PAD)
    if revision > 2:
        proof = md5(PAD + NAME)
        for turn in range(20):
            proof = rc4(bytes(c ^ turn for c in key), proof)
        proof += bytes(16)

    def text(data: bytes, number: int) -> bytes:
        of = key + number.to_bytes(3, "little") + bytes(2)
        if method == "AESV2":
            return aes(md5(of + b"sAlT")[: min(size + 5, 16)], data)
        return rc4(md5(of)[: min(size + 5, 16)], data)

    said = {2: b"/V 1", 3: b"/V 2/Length 128", 4: b"/V 4/Length 128"}[revision]
    if method:
        said += b"/CF<</StdCF<</CFM/%b>>>>/StmF/StdCF/StrF/StdCF" % method.encode()
    said += b"/R %d/P %d/O %b" % (revision, rights, written(owner))
    return document(said + b"/U <%b>" % proof.hex().encode(), text)


def newer(password: bytes = b"") -> bytes:
    """Algorithm 8 of ISO 32000-2, with Adobe's revision 5, whose hash is plain."""
    key, check, salt = b"k" * 32, b"validate", b"keysalt8"
    proof = hashlib.sha256(password + check).digest() + check + salt
    seal = hashlib.sha256(password + salt).digest()
    sealed = aes(seal, key, bytes(16), padded=False)
    said = b"/V 5/R 5/P -4/CF<</StdCF<</CFM/AESV3>>>>/StmF/StdCF/StrF/StdCF"
    said += b"/U %b/UE %b" % (written(proof), written(sealed))
    return document(said, lambda data, _number: aes(key, data))


def read(body: bytes):
    return decode((Part(PartKind.BODY, body),), Limits())


def shows(body: bytes, text: bytes) -> bool:
    return any(text in view.data for view in read(body).views)


OPEN = {
    "RC4, 40 bits": older(2),
    "RC4, 128 bits": older(3),
    "RC4 as a crypt filter": older(4, "V2"),
    "AES, 128 bits": older(4, "AESV2"),
    "AES, 256 bits": newer(),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_anybody_can_open_is_read(name):
    assert not shows(b"%PDF-1.4" + OPEN[name][8:].replace(b"/Enc", b"/Non"), PAGE)
    assert shows(OPEN[name], TITLE)
    assert shows(OPEN[name], b"the page that nobody minds")
    assert not read(OPEN[name]).undecodable


@pytest.mark.parametrize(
    "body",
    [older(2, password=b"x"), older(3, password=b"x"), newer(b"x")],
    ids=[2, 3, 5],
)
def test_what_asks_for_a_password_cannot_be_read(body):
    assert read(body).undecodable


@pytest.mark.parametrize("said", [b"/Encrypt 77 0 R", b"/Encrypt <</Filter/Acme.Own>>"])
def test_what_nobody_knows_how_to_open_cannot_be_read(said):
    body = document(b"", lambda data, _number: data, where=said)
    assert read(body).undecodable


def test_a_text_about_it_is_no_such_file():
    text = b"The trailer has /Encrypt 12 0 R, as in <</Encrypt 12 0 R>>, of such files."
    assert not read(text).undecodable
    assert not read(document(b"", lambda data, _number: data, where=b"")).undecodable


@pytest.mark.parametrize("name", OPEN)
def test_cut_anywhere_it_is_no_error(name):
    body = OPEN[name]
    for size in range(0, len(body), 41):
        read(body[:size] + b"\ntrailer <</Encrypt 9 0 R>>")
