"""
How a secret may be written: the encodings whose result is looked for as it stands.

A variant maps a piece to the texts that it becomes. What stands around the secret
before encoding shifts base64 and base32, so these have one text per alignment, without
the characters that depend on the neighbours. Case, separators and everything that is
no letter or digit need no variants: `normalise` removes them on both sides. That also
makes base64 and base64url one, and UTF-16 equal to plain.

To add one: a function and a row in `VARIANTS`. A name is stored with every
fingerprint, so it is never reused for something else.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dlp.detect.known.forms import Domain, form

Spelling = Callable[[bytes], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of writing. Texts come normalised, or as the domain has them."""

    name: str
    spell: Spelling
    domain: Domain = Domain.NORMAL
    rare: bool = False
    """Found when nine tenths of the secret leave, not at half: saves memory."""
    backwards: bool = False
    dense: bool = False
    """Every gram is kept, so that fragments count."""
    scattered: bool = False
    """Also fragments that are no evidence alone, where most of the secret is near."""
    text_only: bool = False
    part: bool = False
    """Texts are parts of the value, and may be less random than it is."""


_LOWER = bytes(range(97, 123))
_UPPER = _LOWER.upper()
_ATBASH = bytes.maketrans(_LOWER + _UPPER, _LOWER[::-1] + _UPPER[::-1])
_ROT13 = bytes.maketrans(
    _LOWER + _UPPER, _LOWER[13:] + _LOWER[:13] + _UPPER[13:] + _UPPER[:13]
)
_ROT47 = bytes.maketrans(
    bytes(range(33, 127)), bytes(33 + (i + 47) % 94 for i in range(94))
)
_TO_HEX32 = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHIJKLMNOPQRSTUV"
)


def _aligned(
    data: bytes, group: int, block: int, encode: Callable[[bytes], bytes]
) -> Iterator[bytes]:
    """`encode` at every offset in a group of bytes, characters that mix cut off."""
    for shift in range(group):
        size = shift + len(data)
        encoded = encode(bytes(shift) + data + bytes(-size % group))
        yield encoded[-(-shift * block // group) : size * block // group]


def base64_texts(data: bytes) -> Iterator[bytes]:
    """RFC 4648, 4 and 5, wherever in a group of three the data begins."""
    return _aligned(data, 3, 4, base64.b64encode)


def _base32(data: bytes) -> Iterator[bytes]:
    return _aligned(data, 5, 8, base64.b32encode)


def _base32_hex(data: bytes) -> Iterator[bytes]:
    return (text.translate(_TO_HEX32) for text in _base32(data))


def _base85(encode: Callable[[bytes], bytes]) -> Spelling:
    # A group of four bytes is one number: a cut group says nothing.
    def spell(data: bytes) -> Iterator[bytes]:
        for skip in range(4):
            rest = data[skip:]
            yield encode(rest[: len(rest) // 4 * 4])

    return spell


def _wide(data: bytes) -> Iterator[bytes]:
    # Little-endian; big-endian is the same one byte later, so another alignment.
    return base64_texts(b"".join(bytes((c, 0)) for c in data))


def _base64_twice(data: bytes) -> Iterator[bytes]:
    return (outer for inner in base64_texts(data) for outer in base64_texts(inner))


def _base64_of_hex(data: bytes) -> Iterator[bytes]:
    for text in (data.hex(), data.hex().upper()):
        yield from base64_texts(text.encode())


def _hex_of_base64(data: bytes) -> Iterator[bytes]:
    return (text.hex().encode() for text in base64_texts(data))


def _caesar(data: bytes) -> Iterator[bytes]:
    for shift in range(1, 26):
        low, high = (a[shift:] + a[:shift] for a in (_LOWER, _UPPER))
        yield data.translate(bytes.maketrans(_LOWER + _UPPER, low + high))


def _numbers(form: str) -> Spelling:
    def spell(data: bytes) -> Iterator[bytes]:
        yield "".join(form % c for c in data).encode()

    return spell


def _one(change: Callable[[bytes], bytes]) -> Spelling:
    def spell(data: bytes) -> Iterator[bytes]:
        yield change(data)

    return spell


def _reversed(spell: Spelling) -> Spelling:
    return lambda data: spell(data[::-1])


def _mirrored(spell: Spelling) -> Spelling:
    return lambda data: (text[::-1] for text in spell(data))


def _then(spell: Spelling, table: bytes) -> Spelling:
    return lambda data: (text.translate(table) for text in spell(data))


def xor_steps(data: bytes) -> bytes:
    """`b[i] ^ b[i+1]`: the same under XOR with any one byte."""
    array = np.frombuffer(data, np.uint8)
    return (array[:-1] ^ array[1:]).tobytes()


def add_steps(data: bytes) -> bytes:
    """`b[i+1] - b[i]` modulo 256: the same when one number is added to every byte."""
    array = np.frombuffer(data, np.uint8)
    return (array[1:] - array[:-1]).tobytes()


def _base64_xor(data: bytes) -> Iterator[bytes]:
    return map(xor_steps, base64_texts(data))


def _base64_shift(data: bytes) -> Iterator[bytes]:
    return map(add_steps, base64_texts(data))


_MOVED_BYTES = 32
"""Of longer ones the letters are known in any order (wholes.py), of words too."""


def _moved(data: bytes) -> Iterator[bytes]:
    """Transpositions that are one line of a script, of values up to a passphrase."""
    size = len(data)
    if size > _MOVED_BYTES:
        return
    half = (size + 1) // 2
    rails = [data[at::2] for at in (0, 1)]
    fence = [data[0::4], data[1::2], data[2::4]]
    yield from (data[half:] + data[:half], b"".join(rails), b"".join(rails[::-1]))
    yield from (b"".join(fence), b"".join(fence[::-1]))
    ends = zip(data, data[::-1], strict=True)
    yield bytes(byte for pair in ends for byte in pair)[:size]
    for width in range(2, 9):
        groups = [data[at : at + width] for at in range(0, size, width)]
        yield b"".join(groups[::-1])
        yield b"".join([group[::-1] for group in groups])
        if width > 2:
            yield b"".join([data[at::width] for at in range(width)])


def _nothing(_data: bytes) -> Iterator[bytes]:
    return iter(())


_plain = _one(bytes)
_turned = _one(lambda data: data[::-1].translate(_ROT13))
_hex = _one(lambda data: data.hex().encode())

VARIANTS: tuple[Variant, ...] = (
    Variant("plain", _plain, dense=True, text_only=True, scattered=True),
    Variant("raw", _plain, Domain.RAW, dense=True),
    Variant(
        "visible", _plain, Domain.VISIBLE, dense=True, text_only=True, scattered=True
    ),
    Variant(
        "visible reversed",
        _reversed(_plain),
        Domain.VISIBLE,
        backwards=True,
        dense=True,
        text_only=True,
    ),
    Variant("xor", _one(xor_steps), Domain.XOR, dense=True),
    Variant("shift", _one(add_steps), Domain.ADD, dense=True),
    Variant("xor of base64", _base64_xor, Domain.XOR, dense=True),
    Variant("shift of base64", _base64_shift, Domain.ADD, dense=True),
    Variant("reversed", _reversed(_plain), backwards=True, text_only=True),
    Variant("rot13", _one(lambda d: d.translate(_ROT13)), text_only=True),
    Variant("atbash", _one(lambda d: d.translate(_ATBASH)), text_only=True),
    Variant("rot47", _one(lambda d: d.translate(_ROT47)), rare=True, text_only=True),
    Variant("caesar", _caesar, rare=True, text_only=True),
    Variant(
        "every second",
        lambda d: iter((d[::2], d[1::2])),
        rare=True,
        text_only=True,
        part=True,
    ),
    Variant("hex", _hex),
    Variant("hex reversed", _reversed(_hex), backwards=True),
    Variant("reversed hex", _mirrored(_hex), rare=True, backwards=True),
    Variant("decimal", _numbers("%d")),
    Variant("decimal padded", _numbers("%03d"), rare=True),
    Variant("octal", _numbers("%o"), rare=True),
    Variant("octal padded", _numbers("%03o"), rare=True),
    Variant("base64", base64_texts),
    Variant("base64 of UTF-16", _wide, text_only=True),
    Variant("base64 reversed", _reversed(base64_texts), rare=True, backwards=True),
    Variant("reversed base64", _mirrored(base64_texts), rare=True, backwards=True),
    Variant("base64 of base64", _base64_twice, rare=True),
    Variant("base64 of hex", _base64_of_hex, rare=True),
    Variant("hex of base64", _hex_of_base64, rare=True),
    Variant("rot13 of hex", _then(_hex, _ROT13), rare=True),
    Variant("rot13 of base64", _then(base64_texts, _ROT13), rare=True),
    Variant("base32", _base32),
    Variant("reversed base32", _mirrored(_base32), rare=True, backwards=True),
    Variant("base32hex", _base32_hex, rare=True),
    Variant("ascii85", _base85(base64.a85encode), rare=True),
    Variant("base85", _base85(base64.b85encode), rare=True),
    Variant("rot13 reversed", _turned, rare=True, backwards=True, text_only=True),
    Variant("moved", _moved, rare=True, text_only=True),
    Variant("any order", _nothing, Domain.ANY_ORDER),
    Variant("other symbols", _nothing, Domain.SYMBOLS),
)
"""The last two have no text: `wholes.py` tells what stands for them."""


def texts(variant: Variant, data: bytes) -> Iterator[bytes]:
    """What `data` becomes, in the form that the variant's domain is searched in."""
    return (form(text, variant.domain) for text in variant.spell(data))
