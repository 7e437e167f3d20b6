"""How a leak may be written, independent of the code under test."""

import base64
import codecs
from collections.abc import Callable

ROT47 = bytes(33 + (c - 33 + 47) % 94 if 33 <= c < 127 else c for c in range(256))
ATBASH = bytes(
    219 - c if 97 <= c < 123 else 155 - c if 65 <= c < 91 else c for c in range(256)
)
CAESAR7 = bytes(
    (c - 97 + 7) % 26 + 97
    if 97 <= c < 123
    else (c - 65 + 7) % 26 + 65
    if 65 <= c < 91
    else c
    for c in range(256)
)


def wide(text: bytes, order: str) -> bytes:
    return text.decode("latin-1").encode(f"utf-16-{order}")


SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "upper case": bytes.upper,
    "reversed": lambda s: s[::-1],
    "rot13": lambda s: codecs.encode(s.decode("latin-1"), "rot13").encode("latin-1"),
    "atbash": lambda s: s.translate(ATBASH),
    "caesar 7": lambda s: s.translate(CAESAR7),
    "rot47": lambda s: s.translate(ROT47),
    "blanks between all": lambda s: b" ".join(bytes([c]) for c in s),
    "a line each": lambda s: b"\n".join(bytes([c]) for c in s),
    "zero-width spaces": lambda s: "\u200b".join(s.decode("latin-1")).encode(),
    "utf-16 le": lambda s: wide(s, "le"),
    "utf-16 be": lambda s: wide(s, "be"),
    "utf-32": lambda s: s.decode("latin-1").encode("utf-32"),
    "percent": lambda s: b"".join(b"%%%02x" % c for c in s),
    "hex": lambda s: s.hex().encode(),
    "HEX": lambda s: s.hex().upper().encode(),
    "hex with colons": lambda s: s.hex(":").encode(),
    "hexdump lines": lambda s: s.hex(" ", 2).encode(),
    "hex of the reverse": lambda s: s[::-1].hex().encode(),
    "reversed hex": lambda s: s.hex()[::-1].encode(),
    "decimal list": lambda s: ", ".join(map(str, s)).encode(),
    "decimal entities": lambda s: b"".join(b"&#%d;" % c for c in s),
    "decimal in threes": lambda s: b"".join(b"%03d" % c for c in s),
    "octal escapes": lambda s: b"".join(b"\\%o" % c for c in s),
    "octal in threes": lambda s: b"".join(b"\\%03o" % c for c in s),
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "base64 in lines": base64.encodebytes,
    "base64 of utf-16 le": lambda s: base64.b64encode(wide(s, "le")),
    "base64 of utf-16 be": lambda s: base64.b64encode(wide(s, "be")),
    "base64 of the reverse": lambda s: base64.b64encode(s[::-1]),
    "reversed base64": lambda s: base64.b64encode(s)[::-1],
    "base64 twice": lambda s: base64.b64encode(base64.b64encode(s)),
    "base64 of hex": lambda s: base64.b64encode(s.hex().encode()),
    "base64 of HEX": lambda s: base64.b64encode(s.hex().upper().encode()),
    "hex of base64": lambda s: base64.b64encode(s).hex().encode(),
    "rot13 of hex": lambda s: codecs.encode(s.hex(), "rot13").encode(),
    "rot13 of base64": lambda s: codecs.encode(
        base64.b64encode(s).decode(), "rot13"
    ).encode(),
    "base32": base64.b32encode,
    "reversed base32": lambda s: base64.b32encode(s)[::-1],
    "base32 lower": lambda s: base64.b32encode(s).lower(),
    "base32hex": base64.b32hexencode,
    "ascii85": base64.a85encode,
    "base85": base64.b85encode,
    "xor 1": lambda s: bytes(c ^ 1 for c in s),
    "xor 0xa5": lambda s: bytes(c ^ 0xA5 for c in s),
    "add 1": lambda s: bytes((c + 1) % 256 for c in s),
    "add 200": lambda s: bytes((c + 200) % 256 for c in s),
    "every second, then the others": lambda s: s[::2] + b" and " + s[1::2],
}
"""A secret to what leaves. Those that shift with what stands before are given it."""

CORE = (
    "plain",
    "upper case",
    "reversed",
    "blanks between all",
    "utf-16 le",
    "utf-16 be",
    "hex",
    "hex with colons",
    "decimal list",
    "base64",
    "base64 in lines",
    "base64 of utf-16 le",
    "base64 of the reverse",
    "base64 twice",
    "base64 of hex",
    "hex of base64",
    "base32",
)
"""Found for every secret of 64 bits; the others need 24 letters and digits."""

COMMON = (
    "plain",
    "reversed",
    "rot13",
    "atbash",
    "hex",
    "hex of the reverse",
    "decimal list",
    "base64",
    "base64 of utf-16 le",
    "base32",
)
"""Found from the threshold on; what is rarer needs nearly all of a secret."""
