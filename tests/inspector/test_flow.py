"""What is judged window by window is judged as the whole would be."""

import base64
import bz2
import functools
import gzip
import io
import json
import lzma
import random
import tarfile
import tempfile
import tracemalloc
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import brotli
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from dlp import Inspector
from dlp.decode.flow import Flow, Judged, Span
from dlp.detect.known.enrol import fingerprint
from dlp.detect.known.fingerprint import SecretIndex, SecretInfo
from dlp.inspector.flow import FlowScan
from dlp.model import (
    Action,
    Agent,
    Destination,
    Limits,
    Message,
    Part,
    PartKind,
    Reason,
    Verdict,
)
from tests.bulk import drawn, mixed, shaped, text

POLICY = """\
version: 1
statements:
  - {id: all, effect: allow, hosts: [api.example.com]}
"""
CUT = Span(step=4096, overlap=2048)
KEY = b"k" * 32
TO = Destination("https", "api.example.com", 443, "POST", "/upload")
HEAD = Message(Agent("a"), TO, (Part(PartKind.HOST, b"api.example.com"),))


REGISTERED = drawn(7, 40)
SHAPED = shaped(8)


@functools.cache
def inspector() -> Inspector:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "policy.yaml").write_text(POLICY)
        loaded = Inspector.load(folder)
    prints = fingerprint(REGISTERED, KEY)
    return loaded.with_secrets(SecretIndex.build([(SecretInfo("ours"), prints)], KEY))


class Told:
    """What came of a body that was fed in chunks."""

    def __init__(self, body, chunks, codings=(), media="", cut=CUT):
        self.inspector = inspector()
        part = Part(PartKind.BODY, b"", media_type=media, encodings=codings)
        self.scan = FlowScan.of(HEAD, part, self.inspector.policy.limits, cut)
        self.windows = 0
        self.verdict: Verdict | None = None
        at = 0
        for size in chunks:
            self._run(self.scan.feed(body[at : at + size]))
            at += size
            if self.verdict or at >= len(body):
                break
        if self.verdict is None:
            self._run(self.scan.end())

    @property
    def refused(self) -> bool:
        return self.verdict is not None

    @property
    def released(self) -> int:
        return self.scan.flow.released

    def _run(self, windows) -> None:
        window = next(windows, None)
        while window is not None:
            self.windows += 1
            seen = self.inspector.examine(self.scan.message(window))
            verdict = self.inspector.conclude(self.scan.weighed(window, seen))
            if verdict.action is not Action.ALLOW:
                self.verdict = verdict
                return
            try:
                window = windows.send(self.scan.judged(seen))
            except StopIteration:
                window = None
        unread = self.scan.unread()
        if unread is not None:
            self.verdict = self.inspector.conclude(unread)


def whole(body, codings=(), media="") -> Verdict:
    part = Part(PartKind.BODY, body, media_type=media, encodings=codings)
    message = replace(HEAD, parts=(*HEAD.parts, part))
    return inspector().conclude(inspector().examine(message))


def even(size: int):
    while True:
        yield size


def zipped(data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("first.bin", mixed(3000, 5))
        archive.writestr("second.txt", data)
    return out.getvalue()


def tarred(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def in_json(data: bytes) -> bytes:
    return json.dumps({"id": 7, "file": data.decode(), "end": True}).encode()


def in_parts(data: bytes) -> bytes:
    head = b'--XyZ\r\nContent-Disposition: form-data; name="%b"\r\n\r\n'
    return b"".join(
        [head % b"note", b"hello\r\n", head % b"file", data, b"\r\n--XyZ--\r\n"]
    )


BINARY = {
    "as it is": bytes,
    "gzip": gzip.compress,
    "gzip in members": lambda d: (
        gzip.compress(d[: len(d) // 2]) + gzip.compress(d[len(d) // 2 :])
    ),
    "zlib": zlib.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
    "zip": zipped,
    "stored zip": lambda d: zipped(d, zipfile.ZIP_STORED),
    "tar": tarred,
    "base64 in JSON": lambda d: in_json(base64.b64encode(d)),
    "hex in JSON": lambda d: in_json(d.hex().encode()),
    "base64 in lines": lambda d: b"Subject: x\r\n\r\n" + base64.encodebytes(d),
    "base32": base64.b32encode,
    "multipart": in_parts,
}
DECLARED = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


@given(
    secret=st.sampled_from([b"", REGISTERED, SHAPED]),
    at=st.integers(0, 14000),
    layers=st.lists(st.sampled_from(sorted(BINARY)), max_size=2),
    declared=st.sampled_from(["", *DECLARED]),
    chunk=st.integers(1, 20000),
    seed=st.integers(0, 50),
)
@settings(max_examples=15)
def test_the_whole_and_its_windows_agree(secret, at, layers, declared, chunk, seed):
    body = mixed(14000, seed)
    body = body[:at] + b" " + secret + b" " + body[at:]
    for layer in layers:
        body = BINARY[layer](body)
    codings = (declared,) if declared else ()
    body = DECLARED[declared](body) if declared else body
    said = whole(body, codings)
    told = Told(body, even(max(chunk, 64)), codings)
    assert told.refused == bool(secret)
    assert said.action is Action.ALLOW or told.verdict.reason is said.reason


@pytest.mark.parametrize("secret", [REGISTERED, SHAPED], ids=["registered", "shaped"])
@pytest.mark.parametrize("near", range(-120, 121, 24))
def test_at_every_offset_around_a_border_nothing_of_it_is_released(secret, near):
    """The third border: the windows overlap there on both sides."""
    at = 3 * CUT.step + near
    body = text(at) + b" " + secret + b" " + text(9000, 1)
    told = Told(body, even(1000))
    assert told.verdict.reason is Reason.CONTENT
    assert told.released <= at


def test_pieces_count_over_the_whole_body():
    half = len(REGISTERED) // 3
    pieces = [REGISTERED[at : at + half] for at in range(0, len(REGISTERED), half)]
    body = b" ".join(text(9000, n) + b" " + p for n, p in enumerate(pieces))
    assert whole(body).action is Action.BLOCK
    told = Told(body, even(5000))
    assert told.verdict.reason is Reason.CONTENT


def in_strings(data: bytes) -> list[str]:
    return [data[at : at + 700].decode() for at in range(0, len(data), 700)]


LONG = 12000
CANNOT = {
    "declared, but it is not": (mixed(LONG), ("gzip",)),
    "declared, and cut": (gzip.compress(mixed(LONG))[:-20], ("gzip",)),
    "an unknown coding": (text(LONG), ("rot13",)),
    "a coding that needs all of it": (text(LONG), ("snappy",)),
    "chunks that are none": (text(LONG), ("aws-chunked",)),
    "gzip in base64 over many strings": (
        json.dumps(in_strings(base64.b64encode(gzip.compress(mixed(LONG))))).encode(),
        (),
    ),
    "base64 that begins like base32": (
        in_json(
            base64.b64encode(
                base64.b64decode("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 150)
                + gzip.compress(mixed(LONG))
            )
        ),
        (),
    ),
    "gzip in base85": (in_json(base64.b85encode(gzip.compress(mixed(LONG)))), ()),
}


@pytest.mark.parametrize("name", CANNOT)
def test_what_cannot_be_followed_is_refused(name):
    body, codings = CANNOT[name]
    told = Told(body, even(3000), codings)
    assert told.verdict.reason is Reason.UNREADABLE
    assert told.released < len(body)


def test_an_encrypted_member_far_behind_the_begin_is_refused():
    archive = bytearray(zipped(mixed(LONG)))
    second = archive.rfind(b"PK\x03\x04", 0, archive.find(b"PK\x01\x02"))
    archive[second + 6] |= 1
    assert whole(bytes(archive)).reason is Reason.UNREADABLE
    told = Told(bytes(archive), even(3000))
    assert told.verdict.reason is Reason.UNREADABLE


def test_a_bomb_is_refused():
    body = gzip.compress(bytes(6 << 20))
    part = Part(PartKind.BODY, b"", encodings=("gzip",))
    scan = FlowScan.of(HEAD, part, replace(Limits(), ratio=20), Span(1 << 20, 65536))
    told = Told.__new__(Told)
    told.inspector, told.scan, told.windows, told.verdict = inspector(), scan, 0, None
    told._run(scan.feed(body))
    told._run(scan.end())
    assert told.verdict.reason is Reason.UNREADABLE
    assert told.windows < 60


def test_aws_chunks_are_undone():
    plain = text(9000) + b" " + SHAPED + b" " + text(3000)
    chunks = (plain[at : at + 50] for at in range(0, len(plain), 50))
    body = b"".join(b"%x;chunk-signature=ab\r\n%b\r\n" % (len(c), c) for c in chunks)
    body += b"0\r\n\r\n"
    told = Told(body, even(3000), ("aws-chunked",))
    assert told.verdict.reason is Reason.CONTENT


@pytest.mark.parametrize("apart", [2, 40])
def test_values_of_a_document_are_joined_over_windows(apart):
    """Two leaves hold one secret; a long string stands between them or not."""
    rows = [{"n": n, "text": text(300, n).decode()} for n in range(40)]
    cut = len(SHAPED) // 2
    first, second = SHAPED[:cut].decode(), SHAPED[cut:].decode()
    rows.insert(20, {"key": first})
    rows.insert(20 + apart, {"key": second})
    body = json.dumps(rows).encode()
    assert whole(body).action is Action.BLOCK
    assert Told(body, even(3000)).refused


def test_fields_of_a_form_are_joined_over_windows():
    head = b'--XyZ\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    cut = len(SHAPED) // 2
    body = b"".join(
        [
            head % (b"a", SHAPED[:cut]),
            head % (b"file", mixed(12000)),
            head % (b"b", SHAPED[cut:]),
            b"--XyZ--\r\n",
        ]
    )
    assert whole(body).action is Action.BLOCK
    assert Told(body, even(3000)).refused


@pytest.mark.parametrize("layer", BINARY)
def test_a_clean_body_is_released_whole(layer):
    body = BINARY[layer](mixed(30000, 3))
    told = Told(body, even(2500))
    assert not told.refused, told.verdict
    assert told.released == len(body)


@pytest.mark.parametrize("declared", [(), ("gzip",)])
def test_memory_is_some_windows_whatever_the_body_becomes(declared):
    """The cutting alone, which keeps state; what a window costs is judged elsewhere."""
    cut = Span(step=1 << 16, overlap=1 << 15)
    flow = Flow(Limits(ratio=2000), declared, cut)
    block = random.Random(1).randbytes(1 << 16) + bytes(3 << 16)
    packer = zlib.compressobj(wbits=31)
    seen = 0
    tracemalloc.start()
    try:
        for _ in range(160):
            windows = flow.feed(packer.compress(block) if declared else block)
            window = next(windows, None)
            while window is not None:
                seen += window.fresh
                try:
                    window = windows.send(Judged())
                except StopIteration:
                    window = None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen > 32 << 20
    assert peak < 4 << 20
