"""
Check digits of identifiers of persons and of keys that carry their own checksum.

Every function takes the bytes a rule captured and says whether the check digits hold.
Most are weighted sums, so they stand as rows of a table; the others follow it. Sources:
the issuing authorities' own documents, collected in ISO 7064 and in Wikipedia's
"National identification number". Stands apart from `checks` because those judge how a
value looks; these compute.
"""

from __future__ import annotations

import re
from base64 import b32decode
from binascii import Error as Base64Error
from binascii import crc_hqx
from collections.abc import Callable, Sequence
from hashlib import sha256

Test = Callable[[bytes], bool]


def _digits(text: bytes) -> list[int]:
    return [byte - 48 for byte in text if 48 <= byte < 58]


def _plain(text: bytes) -> str:
    return re.sub(r"[^0-9A-Z]", "", text.decode("ascii", "replace").upper())


def _sum(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(d * w for d, w in zip(digits, weights, strict=False))


def _weighted(weights: Sequence[int], modulus: int, remainder: int = 0) -> Test:
    """All digits, the check digit among them, weighted."""

    def test(text: bytes) -> bool:
        digits = _digits(text)
        total = _sum(digits, weights)
        return (
            len(digits) == len(weights) and any(digits) and total % modulus == remainder
        )

    return test


def _checked(weights: Sequence[int], digit: Callable[[int], int]) -> Test:
    """The digit after the weighted ones is a function of their sum."""

    def test(text: bytes) -> bool:
        digits = _digits(text)
        return (
            len(digits) == len(weights) + 1
            and len(set(digits)) > 1
            and digits[-1] == digit(_sum(digits, weights))
        )

    return test


def _complement(modulus: int, beyond: int = 0) -> Callable[[int], int]:
    """`modulus` minus the remainder; `beyond` when that is no digit."""

    def digit(total: int) -> int:
        value = (modulus - total % modulus) % modulus
        return value if value < 10 else beyond

    return digit


def _romanian(total: int) -> int:
    rest = total % 11
    return 1 if rest == 10 else rest


def _both(*tests: Test) -> Test:
    return lambda text: all(test(text) for test in tests)


def _brazilian(length: int, wrap: int) -> Test:
    """CPF and CNPJ: two digits, each mod 11, weights rising from the right."""

    def test(text: bytes) -> bool:
        digits = _digits(text)
        if len(digits) != length or len(set(digits)) == 1:
            return False
        for size in (length - 2, length - 1):
            weights = [2 + (size - 1 - place) % wrap for place in range(size)]
            rest = _sum(digits[:size], weights) % 11
            if digits[size] != (0 if rest < 2 else 11 - rest):
                return False
        return True

    return test


def _mod_11_10(text: bytes) -> bool:
    """ISO 7064, mod 11,10 (German tax number, Croatian OIB)."""
    digits = _digits(text)
    rest = 10
    for digit in digits[:-1]:
        rest = ((rest + digit) % 10 or 10) * 2 % 11
    return len(digits) == 11 and digits[0] > 0 and (11 - rest) % 10 == digits[-1]


def _lettered(letters: str, text: str) -> bool:
    return letters[int(text[:-1]) % len(letters)] == text[-1]


def _dni(text: bytes) -> bool:
    plain = _plain(text).translate(str.maketrans("XYZ", "012", ""))
    head, tail = _plain(text)[0], _plain(text)[-1]
    number = plain[:-1] if head in "XYZ" else _plain(text)[:-1]
    return number.isdigit() and _lettered("TRWAGMYFPDXBNJZSQVHLCKE", number + tail)


def _hetu(text: bytes) -> bool:
    plain = text.decode("ascii", "replace").upper()
    number = plain[:6] + plain[7:10]
    return number.isdigit() and _lettered(
        "0123456789ABCDEFHJKLMNPRSTUVWXY", number + plain[-1]
    )


def _nir(text: bytes) -> bool:
    """French social security number; the departments of Corsica count as 19 and 18."""
    plain = _plain(text).replace("2A", "19").replace("2B", "18")
    return len(plain) == 15 and plain.isdigit() and _key_97(plain[:13], plain[13:])


def _key_97(number: str, key: str) -> bool:
    return 97 - int(number) % 97 == int(key)


def _belgian(text: bytes) -> bool:
    plain = _plain(text)
    return (
        len(plain) == 11
        and plain.isdigit()
        and any(_key_97(century + plain[:9], plain[9:]) for century in ("", "2"))
    )


def _chilean(text: bytes) -> bool:
    plain = _plain(text)
    digits = [int(digit) for digit in reversed(plain[:-1])]
    total = _sum(digits, [2, 3, 4, 5, 6, 7] * 2)
    return "0123456789K0"[(11 - total % 11)] == plain[-1]


def _turkish(text: bytes) -> bool:
    digits = _digits(text)
    return (
        len(digits) == 11
        and digits[0] > 0
        and (7 * sum(digits[:9:2]) - sum(digits[1:8:2])) % 10 == digits[9]
        and sum(digits[:10]) % 10 == digits[10]
    )


_ODD = bytes.fromhex(
    "01000507090d0f11131501000507090d0f111315020412140b0306080c0e100a16191817"
)
"""What a character in an odd place counts, `0` to `9` and `A` to `Z`."""


def _codice_fiscale(text: bytes) -> bool:
    plain = _plain(text)
    even = (int(c) if c.isdigit() else ord(c) - 65 for c in plain[1:15:2])
    total = sum(_ODD[int(c, 36)] for c in plain[:15:2]) + sum(even)
    return chr(65 + total % 26) == plain[-1]


def _curp(text: bytes) -> bool:
    order = "0123456789ABCDEFGHIJKLMN.OPQRSTUVWXYZ"
    plain = _plain(text)
    total = sum(order.index(c) * (18 - n) for n, c in enumerate(plain[:17]))
    return plain[-1] == str(-total % 10)


_TURN = ("0123456789", "1576283094")
"""Verhoeff's permutation, first and second power; the others follow."""


def _verhoeff(text: bytes) -> bool:
    """The dihedral check of Aadhaar numbers (Verhoeff, 1969)."""
    power = list(range(10))
    step = [int(digit) for digit in _TURN[1]]
    state = 0
    for digit in reversed(_digits(text)):
        state = _dihedral(state, power[digit])
        power = [step[value] for value in power]
    return state == 0


def _dihedral(a: int, b: int) -> int:
    """The product of two elements of the symmetry group of the pentagon."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5


def _chinese(text: bytes) -> bool:
    plain = _plain(text)
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    total = _sum([int(digit) for digit in plain[:17]], weights)
    return "10X98765432"[total % 11] == plain[-1]


_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RIPPLE = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"


def _base58_check(alphabet: bytes, size: int = 0) -> Test:
    """The last four bytes are the start of the double SHA-256 of those before."""

    def test(text: bytes) -> bool:
        number = 0
        for byte in text:
            place = alphabet.find(byte)
            if place < 0:
                return False
            number = number * 58 + place
        raw = number.to_bytes(max(size, (number.bit_length() + 7) // 8 or 1))
        return sha256(sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]

    return test


def _base32_check(text: bytes) -> bool:
    """Stellar and NATS: the last two bytes are CRC-16/XMODEM, little-endian."""
    try:
        raw = b32decode(text + b"=" * (-len(text) % 8))
    except Base64Error:
        return False
    return crc_hqx(raw[:-2], 0) == int.from_bytes(raw[-2:], "little")


_DOWN = tuple(range(10, 1, -1))

IDENTIFIERS: dict[str, Test] = {
    "nhs": _checked(_DOWN, _complement(11, -1)),
    "pesel": _weighted((1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), 10),
    "bsn": _weighted((9, 8, 7, 6, 5, 4, 3, 2, -1), 11),
    "steuer-id": _mod_11_10,
    "nir": _nir,
    "dni": _dni,
    "codice-fiscale": _codice_fiscale,
    "cnp": _checked((2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9), _romanian),
    "egn": _checked((2, 4, 8, 5, 10, 9, 7, 3, 6), lambda s: s % 11 % 10),
    "fodselsnummer": _both(
        _weighted((3, 7, 6, 1, 8, 9, 4, 5, 2, 1, 0), 11),
        _weighted((5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), 11),
    ),
    "hetu": _hetu,
    "ahv": _checked((1, 3) * 6, _complement(10)),
    "nif": _checked((9, 8, 7, 6, 5, 4, 3, 2), _complement(11)),
    "belgian-number": _belgian,
    "cpf": _brazilian(11, 10),
    "cnpj": _brazilian(14, 8),
    "rut": _chilean,
    "aadhaar": _verhoeff,
    "resident-id": _chinese,
    "rrn": _checked((2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), lambda s: (11 - s % 11) % 10),
    "my-number": _checked((6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2), _complement(11)),
    "tfn": _weighted((1, 4, 3, 7, 5, 8, 6, 9, 10), 11),
    "turkish-id": _turkish,
    "curp": _curp,
    "base58-check": _base58_check(_BASE58),
    "ripple-check": _base58_check(_RIPPLE, 21),
    "base32-check": _base32_check,
}
"""Name in a rules file -> test."""
