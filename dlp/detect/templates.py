"""
Sample templates: text in which `{alnum:36}` stands for 36 random characters.

They keep everything that looks like a secret out of the repository. The forms stand in
`_FILLS`; `{{` and `}}` are literal braces; a length may be a range, `{alnum:20-40}`.
Expanding the same template always gives the same text.
"""

from __future__ import annotations

import random
import re
import string
import uuid
import zlib
from base64 import b32encode
from binascii import crc_hqx
from collections.abc import Callable
from hashlib import sha256

from dlp.detect.context.words import WORDS

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase

ALPHABETS: dict[str, str] = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "digit": string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "base64": string.ascii_letters + string.digits + "+/",
    "base64url": string.ascii_letters + string.digits + "-_",
    "base32": string.ascii_uppercase + "234567",
    "loweralnum": string.ascii_lowercase + string.digits,
    "upperalnum": string.ascii_uppercase + string.digits,
    "base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "bech32": "qpzry9x8gf2tvdw0s3jn54khce6mua7l",
    "BECH32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "ripple58": "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz",
}

_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_LENGTH = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


class TemplateError(ValueError):
    """A template names a form that does not exist or gives it wrong arguments."""


def expand(template: str, seed: int = 0) -> str:
    """
    The text of a template; another `seed` gives other random characters.

    Raises:
        TemplateError: unknown form, missing or bad length, or a stray brace.
    """
    source = random.Random(f"{seed}:{template}")  # noqa: S311  samples, not secrets

    def fill(found: re.Match[str]) -> str:
        if found[0] in {"{{", "}}"}:
            return found[0][0]
        if found[1] is None:
            raise TemplateError(f"stray {found[0]!r} (write it twice)")
        return _fill(found[1], source)

    return _FIELD.sub(fill, template)


def _fill(field: str, source: random.Random) -> str:
    name, *arguments = field.split(":")
    if name in ALPHABETS and len(arguments) == 1:
        size = _length(arguments[0], source)
        return "".join(source.choices(ALPHABETS[name], k=size))
    if name in _FILLS:
        try:
            return _FILLS[name](source, *arguments)
        except TemplateError:
            raise
        except (TypeError, ValueError, LookupError) as error:
            raise TemplateError(f"{{{field}}} has wrong arguments") from error
    raise TemplateError(f"unknown template {{{field}}}")


def _length(text: str, source: random.Random) -> int:
    found = _LENGTH.fullmatch(text)
    least = int(found[1]) if found else 0
    most = int(found[2] or least) if found else -1
    if most < least:
        raise TemplateError(f"{text!r} is not a length such as 36 or 20-40")
    return source.randint(least, most)


def base62_crc32(body: bytes) -> str:
    """
    The six characters that end a GitHub or npm token, for the characters before them.

    Source: GitHub blog, "Behind GitHub's new authentication token formats" (2021).
    """
    value = zlib.crc32(body)
    digits = ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = BASE62[digit] + digits
    return digits


def _checked(source: random.Random, prefix: str, length: str) -> str:
    size = _length(length, source) - 6
    body = "".join(source.choices(BASE62, k=size))
    return prefix + body + base62_crc32(body.encode())


def _word(source: random.Random) -> str:
    return source.choice(WORDS)


def _uuid(source: random.Random) -> str:
    return str(uuid.UUID(int=source.getrandbits(128), version=4))


def _same(source: random.Random, character: str, length: str) -> str:
    return character * _length(length, source)


def _from(source: random.Random, characters: str, length: str) -> str:
    return "".join(source.choices(characters, k=_length(length, source)))


def _base58_check(
    source: random.Random, version: str, length: str, alphabet: str = "base58"
) -> str:
    """Version bytes in hex, random bytes, the start of their double SHA-256."""
    raw = bytes.fromhex(version) + source.randbytes(_length(length, source))
    number = int.from_bytes(raw + sha256(sha256(raw).digest()).digest()[:4])
    text = ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABETS[alphabet][digit] + text
    return text


def _base32_check(source: random.Random, version: str, length: str) -> str:
    """Version bytes in hex, random bytes, their CRC-16/XMODEM, as Stellar and NATS."""
    raw = bytes.fromhex(version) + source.randbytes(_length(length, source))
    raw += crc_hqx(raw, 0).to_bytes(2, "little")
    return b32encode(raw).decode().rstrip("=")


_FILLS: dict[str, Callable[..., str]] = {
    "github": _checked,
    "word": _word,
    "uuid": _uuid,
    "same": _same,
    "base58check": _base58_check,
    "base32check": _base32_check,
    "from": _from,
}
