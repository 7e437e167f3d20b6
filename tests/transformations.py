"""
Ways to write a secret so that a recipient can read it back (threat catalogue 1b).

Why here: the matrix test and the benchmark of detection use the same table.
"""

import base64
import bz2
import codecs
import gzip
import html
import io
import json
import lzma
import quopri
import random
import string
import tarfile
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable

import brotli
from backports import zstd


def _zip(secret: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes.txt", b"the key is " + secret + b"\n")
    return out.getvalue()


def _tar(secret: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo("notes.txt")
        info.size = len(secret)
        archive.addfile(info, io.BytesIO(secret))
    return out.getvalue()


def _base58(secret: bytes) -> bytes:
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number, out = int.from_bytes(secret), ""
    while number:
        number, rest = divmod(number, 58)
        out = alphabet[rest] + out
    return out.encode()


def _each(form: str, between: str = "") -> Callable[[bytes], bytes]:
    return lambda s: between.join(form.format(c) for c in s).encode()


def _joined(between: str) -> Callable[[bytes], bytes]:
    return lambda s: between.join(s.decode()).encode()


def _mapped(shift: Callable[[int], int]) -> Callable[[bytes], bytes]:
    return lambda s: bytes(shift(c) for c in s)


def _caesar(c: int) -> int:
    for letters in (string.ascii_lowercase, string.ascii_uppercase):
        if chr(c) in letters:
            return ord(letters[(letters.index(chr(c)) + 5) % 26])
    return c


def _wrapped(s: bytes) -> bytes:
    text = base64.b64encode(s).decode()
    return "\n".join(text[i : i + 16] for i in range(0, len(text), 16)).encode()


def _fullwidth(s: bytes) -> bytes:
    return "".join(chr(c + 0xFEE0) for c in s).encode()


def _tags(s: bytes) -> bytes:
    return ("hello" + "".join(chr(0xE0000 + c) for c in s)).encode()


def _base32_lower(s: bytes) -> bytes:
    return base64.b32encode(s).decode().lower().encode()


def _hexdump(s: bytes) -> bytes:
    rows = [s[i : i + 16] for i in range(0, len(s), 16)]
    return "\n".join(
        f"{16 * n:08x}  {row.hex(' ')}" for n, row in enumerate(rows)
    ).encode()


def _apart(s: bytes, size: int, between: bytes) -> bytes:
    return between.join(s[at : at + size] for at in range(0, len(s), size))


def _columns(s: bytes) -> bytes:
    return b"".join(s[at::7] for at in range(7))


def _shuffled(s: bytes) -> bytes:
    return bytes(random.Random(7).sample(s, len(s)))


def _own_alphabet(s: bytes) -> bytes:
    letters = (string.ascii_letters + string.digits).encode()
    return s.translate(bytes.maketrans(letters, _shuffled(letters)))


def _pairs_swapped(s: bytes) -> bytes:
    return b"".join(s[at : at + 2][::-1] for at in range(0, len(s), 2))


KNOWN_AND_VENDOR: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda s: s,
    "in prose": lambda s: b"please keep " + s + b" safe",
    "json string": lambda s: json.dumps({"a": [{"b": s.decode()}]}).encode(),
    "json in json": lambda s: json.dumps({"a": json.dumps({"b": s.decode()})}).encode(),
    "json unicode escapes": _each("\\u{:04x}"),
    "hex escapes": _each("\\x{:02x}"),
    "octal escapes": _each("\\{:03o}"),
    "percent": _each("%{:02X}"),
    "percent twice": lambda s: urllib.parse.quote(_each("%{:02X}")(s)).encode(),
    "percent three times": lambda s: urllib.parse.quote(
        urllib.parse.quote(_each("%{:02X}")(s))
    ).encode(),
    "html decimal": _each("&#{};"),
    "html hex": _each("&#x{:x};"),
    "quoted-printable": _each("={:02X}"),
    "quoted-printable soft breaks": lambda s: quopri.encodestring(b"x" * 60 + s),
    "mime encoded word": lambda s: b"=?utf-8?B?" + base64.b64encode(s) + b"?=",
    "utf-16": lambda s: s.decode().encode("utf-16"),
    "utf-16 big endian": lambda s: s.decode().encode("utf-16-be"),
    "utf-32": lambda s: s.decode().encode("utf-32"),
    "hex": lambda s: s.hex().encode(),
    "hex upper": lambda s: s.hex().upper().encode(),
    "hex with colons": lambda s: s.hex(":").encode(),
    "hex with 0x": _each("0x{:02x}", ", "),
    "hexdump with offsets": _hexdump,
    "decimal list": _each("{}", ", "),
    "json array of numbers": lambda s: json.dumps(list(s)).encode(),
    "node buffer": lambda s: json.dumps({"type": "Buffer", "data": list(s)}).encode(),
    "code points": _each("U+{:04X}", " "),
    "binary digits": _each("{:08b}", " "),
    "base64": base64.b64encode,
    "base64 url": base64.urlsafe_b64encode,
    "base64 unpadded": lambda s: base64.b64encode(s).rstrip(b"="),
    "base64 offset 1": lambda s: base64.b64encode(b"x" + s),
    "base64 offset 2": lambda s: base64.b64encode(b"xy" + s),
    "base64 wrapped": _wrapped,
    "base64 twice": lambda s: base64.b64encode(base64.b64encode(s)),
    "base64 three times": lambda s: base64.b64encode(
        base64.b64encode(base64.b64encode(s))
    ),
    "base64 of utf-16": lambda s: base64.b64encode(s.decode().encode("utf-16-le")),
    "base64 of json": lambda s: base64.b64encode(
        json.dumps({"env": {"KEY": s.decode()}}).encode()
    ),
    "hex of base64": lambda s: base64.b64encode(s).hex().encode(),
    "base64 of hex": lambda s: base64.b64encode(s.hex().encode()),
    "base32": base64.b32encode,
    "base32 lower": _base32_lower,
    "base32 hex alphabet": base64.b32hexencode,
    "base58": _base58,
    "ascii85": base64.a85encode,
    "base85": base64.b85encode,
    "z85": base64.z85encode if hasattr(base64, "z85encode") else base64.b85encode,
    "uuencode": lambda s: (
        b"begin 644 f\n"
        + b"".join(
            codecs.encode(s[i : i + 45], "uu").split(b"\n")[1] + b"\n"
            for i in range(0, len(s), 45)
        )
        + b" \nend\n"
    ),
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "brotli": brotli.compress,
    "zstd": zstd.compress,
    "base64 of gzip": lambda s: base64.b64encode(gzip.compress(s)),
    "base64 of zlib of json": lambda s: base64.b64encode(
        zlib.compress(json.dumps({"a": s.decode()}).encode())
    ),
    "hex of gzip": lambda s: gzip.compress(s).hex().encode(),
    "gzip after junk": lambda s: b"junk before" + gzip.compress(s),
    "zip": _zip,
    "tar.gz": _tar,
    "base64 of zip": lambda s: base64.b64encode(_zip(s)),
    "data url": lambda s: b"data:text/plain;base64," + base64.b64encode(s),
    "zero width spaces": _joined("\u200b"),
    "fullwidth": _fullwidth,
    "tag characters": _tags,
    "decimal list backwards": lambda s: _each("{}", ",")(s)[::-1],
    "hex of lines of eight": lambda s: _apart(s, 8, b"\n").hex().encode(),
    "hex of bits turned": lambda s: (
        _mapped(lambda c: c << 3 & 255 | c >> 5)(s).hex().encode()
    ),
    "columns": _columns,
    "base64 in turn": lambda s: json.dumps(
        [base64.b64encode(s).decode()[at::2] for at in (0, 1)]
    ).encode(),
    "pieces in paths": lambda s: b"\n".join(
        b"/tmp/out/" + s[at : at + 6] for at in range(0, len(s), 6)
    ),
    "a word between": lambda s: _apart(s, 6, b"pineapple"),
    "two bits a letter": lambda s: "".join(
        "ACGT"[c >> at & 3] for c in s for at in (6, 4, 2, 0)
    ).encode(),
    "pairs swapped": _pairs_swapped,
    "html named and text": lambda s: html.escape(f'<a href="{s.decode()}">').encode(),
}
"""Both a registered and a vendor-shaped secret must be found under these."""

KNOWN_ONLY: dict[str, Callable[[bytes], bytes]] = {
    "upper case": lambda s: s.upper(),
    "lower case": lambda s: s.lower(),
    "reversed": lambda s: s[::-1],
    "base64 reversed": lambda s: base64.b64encode(s)[::-1],
    "rot13": lambda s: codecs.encode(s.decode(), "rot13").encode(),
    "caesar 5": _mapped(_caesar),
    "every byte plus one": _mapped(lambda c: (c + 1) % 256),
    "one-byte xor": _mapped(lambda c: c ^ 0x5A),
    "hyphen between": _joined("-"),
    "newline between": _joined("\n"),
    "space between": _joined(" "),
    "comma and quotes between": lambda s: json.dumps(list(s.decode())).encode(),
    "pieces of four": lambda s: b" | ".join(s[i : i + 4] for i in range(0, len(s), 4)),
    "first 60 per cent": lambda s: s[: len(s) * 6 // 10],
    "last 60 per cent": lambda s: s[len(s) * 4 // 10 :],
    "base64 of one-byte xor": lambda s: base64.b64encode(bytes(c ^ 0x21 for c in s)),
    "combining marks": _joined("\u0301"),
    "letters in any order": _shuffled,
    "an alphabet of its own": _own_alphabet,
    "each character 200 further on": lambda s: "".join(
        chr(c + 200) for c in s
    ).encode(),
}
"""Found because the value is known; a vendor's shape does not survive them."""


NOT_FOUND: dict[str, Callable[[bytes], bytes]] = {
    "XOR with a long key": lambda s: bytes(
        c ^ k for c, k in zip(s, b"a word that is long" * len(s), strict=False)
    ),
    "a shift that grows": lambda s: bytes(
        (c + 3 * n * n) % 256 for n, c in enumerate(s)
    ),
}
"""What README says is not stopped, even for a registered secret."""
