"""
PDF encrypted under an empty password (ISO 32000-2, 7.6), which every reader opens
without a question: only printing or copying was to be forbidden.

The view that comes out is the same file with its streams and strings in plain, which
all other decoders then read. Why not in filters.py: there a dictionary says how its own
stream is coded, here one object says it of all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import md5, sha256, sha384, sha512
from itertools import pairwise

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from dlp.decode.compressed.magic import PDF
from dlp.decode.pieces import Span
from dlp.decode.source import Source
from dlp.model import View

HINTS = (r"/Encrypt\s{0,9}(?:[0-9]{1,9}\s{1,9}[0-9]{1,5}\s{1,9}R\b|<<)",)

_STEP = "pdf decrypted"
_NOT_AS_IT_IS = frozenset({_STEP, "strings"})
"""Views of the file that are in plain, or have lost what is no text."""
_HEAD_BYTES = 1024
"""In which a PDF says that it is one (annex I of older editions)."""
_ENCRYPT = re.compile(rb"/Encrypt\s*(?:(\d+)\s+(\d+)\s+R\b|<<)")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,9})[ \r\n\t]+(\d{1,5})[ \r\n\t]+obj\b")
_DICTIONARY_BYTES = 8 << 10
_NUMBER = re.compile(rb"/(V|R|P|Length)\s+(-?\d{1,10})")
_METHOD = re.compile(rb"/CFM\s*/(\w+)")
_OF_ALL = re.compile(rb"/(StmF|StrF)\s*/(\w+)")
_KEPT = re.compile(rb"/Type\s*/XRef\b|/Filter\s*\[?\s*/Crypt\b")
_METADATA = re.compile(rb"/Type\s*/Metadata\b")
_STREAM = re.compile(rb"\bstream\r?\n")
_STRING = re.compile(rb"<<|<([0-9A-Fa-f\s]*)>|\(")
_INSIDE = re.compile(rb"\\[\s\S]|[()]")
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|[\s\S]))")
_MEANT = {
    b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f",
    b"\n": b"", b"\r": b"", b"\r\n": b"",
}  # fmt: skip
_PADDING = bytes.fromhex(
    "28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a"
)
"""What stands for an empty password (7.6.4.3.2)."""
_BLOCK = 16
_NAME_BYTES = 1 << 10
_MOST_SEALS = 8
_KEY_BYTES = (5, 16)
"""That all writers use; `cryptography` has no RC4 of most other sizes."""


def decrypted(source: Source) -> Iterator[View]:
    """The file in plain; what asks for a password cannot be read."""
    data = source.data
    said = {found[0]: found for found in _ENCRYPT.finditer(data)}
    if not said or PDF not in data[:_HEAD_BYTES]:
        return
    if source.view.came_of(_NOT_AS_IT_IS):
        return
    for found in [*said.values()][-_MOST_SEALS:]:
        kept, seal = _seal(data, found)
        if seal is None:
            source.budget.undecodable.append(f"{source.view.path} > pdf")
            return
        yield source.child(_STEP, b"".join(_plain(data, seal, kept)))


@dataclass(frozen=True, slots=True)
class _Seal:
    key: bytes
    version: int
    of_streams: bytes
    of_strings: bytes
    """Methods: V2 (RC4), AESV2, AESV3, or none."""
    metadata: bool

    def undo(self, method: bytes, data: bytes, number: int, generation: int) -> bytes:
        """A string or stream of an object (7.6.3.2, 7.6.3.3)."""
        if method not in _METHODS:
            return data
        key = self.key
        if self.version < 5:
            salt = b"sAlT" if method == b"AESV2" else b""
            of = number.to_bytes(4, "little")[:3] + generation.to_bytes(4, "little")[:2]
            key = _md5(key + of + salt)[: min(len(key) + 5, 16)]
        return _METHODS[method](key, data)


def _md5(data: bytes) -> bytes:
    return md5(data, usedforsecurity=False).digest()


def _rc4(key: bytes, data: bytes) -> bytes:
    return Cipher(ARC4(key), None).decryptor().update(data)


def _aes(key: bytes, data: bytes) -> bytes:
    """A block of its own to begin with; the padding stays."""
    size = len(data) // _BLOCK * _BLOCK
    if size <= _BLOCK or len(key) * 8 not in AES.key_sizes:
        return b""
    return _aes_from(key, data[:_BLOCK], data[_BLOCK:size])


def _aes_from(key: bytes, begin: bytes, data: bytes) -> bytes:
    return Cipher(AES(key), CBC(begin)).decryptor().update(data)


_METHODS: dict[bytes, Callable[[bytes, bytes], bytes]] = {
    b"V2": _rc4,
    b"AESV2": _aes,
    b"AESV3": _aes,
}


def _seal(data: bytes, said: re.Match[bytes]) -> tuple[Span, _Seal | None]:
    """Where the dictionary stands, and what an empty password makes of it."""
    start = said.end()
    if said[1]:
        name = rb"(?<!\d)%b\s+%b\s+obj\b" % (said[1], said[2])
        found = list(re.finditer(name, data))
        if not found:
            return (0, 0), None
        start = found[-1].end()
    stop = data.find(b"endobj", start)
    stop = min(len(data) if stop < 0 else stop, start + _DICTIONARY_BYTES)
    texts: dict[bytes, bytes] = {}
    rest, at = b"", start
    for (low, high), value in _strings(data, start, stop):
        rest += data[at:low] + b"()"
        texts.setdefault(rest[:-2].rstrip().rpartition(b"/")[2], value)
        at = high
    rest += data[at:stop]
    if not re.search(rb"/Filter\s*/Standard\b", rest):
        return (start, stop), None
    return (start, stop), _opened(data, rest, texts)


def _opened(data: bytes, head: bytes, texts: dict[bytes, bytes]) -> _Seal | None:
    numbers: dict[bytes, int] = {}
    for name, value in _NUMBER.findall(head):
        numbers.setdefault(name, int(value))
    version, revision = numbers.get(b"V", 0), numbers.get(b"R", 0)
    method = found[1] if (found := _METHOD.search(head)) else b"V2"
    of_all = dict(_OF_ALL.findall(head))
    metadata = not re.search(rb"/EncryptMetadata\s+false\b", head)
    if revision >= 5:
        key = _key_of_256(texts, revision)
    else:
        size = 16 if version >= 4 else numbers.get(b"Length", 40) // 8
        key = _key_of_128(data, texts, numbers, 5 if revision < 3 else size, metadata)
    if key is None:
        return None
    of = [
        b"" if version >= 4 and of_all.get(use, b"Identity") == b"Identity" else method
        for use in (b"StmF", b"StrF")
    ]
    return _Seal(key, version, of[0], of[1], metadata)


def _key_of_128(
    data: bytes,
    texts: dict[bytes, bytes],
    numbers: dict[bytes, int],
    size: int,
    metadata: bool,  # noqa: FBT001
) -> bytes | None:
    """Algorithms 2 and 6 (7.6.4.3.2, 7.6.4.4.6)."""
    revision = numbers.get(b"R", 0)
    if size not in _KEY_BYTES:
        return None
    named = re.search(rb"/ID\s*\[\s*", data)
    found = _strings(data, named.end(), named.end() + _NAME_BYTES) if named else ()
    name = next((text for _, text in found), b"")
    rights = (numbers.get(b"P", 0) & 0xFFFFFFFF).to_bytes(4, "little")
    hidden = b"" if metadata or revision < 4 else b"\xff" * 4
    key = _md5(_PADDING + texts.get(b"O", b"")[:32] + rights + name + hidden)
    if revision < 3:
        key = key[:size]
        return key if _rc4(key, _PADDING) == texts.get(b"U") else None
    for _ in range(50):
        key = _md5(key[:size])
    key = key[:size]
    proof = _md5(_PADDING + name)
    for turn in range(20):
        proof = _rc4(bytes(byte ^ turn for byte in key), proof)
    return key if proof == texts.get(b"U", b"")[:16] else None


def _key_of_256(texts: dict[bytes, bytes], revision: int) -> bytes | None:
    """Algorithm 2.A (7.6.4.3.3), and that of Adobe's extension level 3."""
    proof, sealed = texts.get(b"U", b""), texts.get(b"UE", b"")
    if len(proof) < 48 or len(sealed) < 32:
        return None
    of = _hardened if revision > 5 else lambda salt: sha256(salt).digest()
    if of(proof[32:40]) != proof[:32]:
        return None
    return _aes_from(of(proof[40:48]), bytes(_BLOCK), sealed[:32])


def _hardened(salt: bytes) -> bytes:
    """Algorithm 2.B (7.6.4.3.4) of an empty password."""
    key = sha256(salt).digest()
    turn = 0
    while True:
        engine = Cipher(AES(key[:16]), CBC(key[16:32])).encryptor()
        made = engine.update(key * 64)
        key = (sha256, sha384, sha512)[sum(made[:16]) % 3](made).digest()
        turn += 1
        if turn >= 64 and made[-1] <= turn - 32:
            return key[:32]


def _plain(data: bytes, seal: _Seal, kept: Span) -> Iterator[bytes]:
    """The file, object by object."""
    objects = list(_OBJECT.finditer(data))
    ends = [found.start() for found in objects] + [len(data)]
    yield data[: ends[0]]
    for found, (_, stop) in zip(objects, pairwise(ends), strict=True):
        yield found[0]
        if found.end() == kept[0]:
            yield data[found.end() : stop]
        else:
            name = int(found[1]), int(found[2])
            yield from _object(data, (found.end(), stop), seal, name)


def _object(
    data: bytes, span: Span, seal: _Seal, name: tuple[int, int]
) -> Iterator[bytes]:
    start, stop = span
    stream = _STREAM.search(data, start, stop)
    head = data[start : stream.start() if stream else stop]
    if _KEPT.search(head):
        yield data[start:stop]
        return
    at = start
    for (low, high), text in _strings(data, start, start + len(head)):
        yield data[at:low]
        yield b"(" + seal.undo(seal.of_strings, text, *name) + b")"
        at = high
    if stream is None:
        yield data[at:stop]
        return
    yield data[at : stream.end()]
    end = data.find(b"endstream", stream.end(), stop)
    end = stop if end < 0 else end
    method = seal.of_streams
    if not seal.metadata and _METADATA.search(head):
        method = b""
    yield seal.undo(method, data[stream.end() : end], *name)
    yield b"\n" + data[end:stop]


def _strings(data: bytes, start: int, stop: int) -> Iterator[tuple[Span, bytes]]:
    """Where strings stand, and what they hold (ISO 32000-2, 7.3.4)."""
    at = start
    while found := _STRING.search(data, at, stop):
        at = found.end()
        if found[0] == b"<<":
            continue
        if found[0] != b"(":
            digits = b"".join(found[1].split())
            yield (
                found.span(),
                bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode()),
            )
            continue
        depth = 1
        while depth and (mark := _INSIDE.search(data, at, stop)):
            at = mark.end()
            depth += {b"(": 1, b")": -1}.get(mark[0], 0)
        if depth:
            return
        yield (found.start(), at), _ESCAPE.sub(_meant, data[found.end() : at - 1])


def _meant(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes([int(match[1], 8) & 255])
    return _MEANT.get(match[2], match[2])
