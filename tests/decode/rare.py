"""
More ways to write a text, those that few programs and many clever models use.

Why not in encoders.py: that has what is in daily use; together they are too long.
"""

import base64
import bz2
import codecs
import gzip
import itertools
import json
import lzma
import random
import string
import struct
import unicodedata
import uuid
import zlib

import brotli

from dlp.decode.compressed.inflate import zstd
from tests.decode.encoders import B58, B62, bignum, docx, each, hexdump, wrap, z85

UPPER, LOWER, DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
STANDARD = UPPER + LOWER + DIGITS + "+/"
B45 = DIGITS + UPPER + " $%*+-./:"
B91 = UPPER + LOWER + DIGITS + '!#$%&()*+,./:;<=>?@[]^_`{|}~"'
NATO = (
    "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike "
    "November Oscar Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey Xray Yankee "
    "Zulu"
)
FIGURES = "zero one two three four five six seven eight nine"


def pieces(t: bytes, size: int) -> list[bytes]:
    return [bytes(piece) for piece in itertools.batched(t, size)]


def words(t: bytes, size: int, order: str = "big") -> list[int]:
    return [int.from_bytes(p.ljust(size, b"\0"), order) for p in pieces(t, size)]


def listed(numbers) -> bytes:
    return json.dumps(list(numbers)).encode()


def shuffled(items):
    found = list(items)
    return random.Random(7).sample(found, len(found))


def in_order(order: str):
    """Base64 whose symbols come in another order."""
    table = bytes.maketrans(STANDARD.encode(), order.encode())
    return lambda t: base64.b64encode(t).rstrip(b"=").translate(table)


def of_zlib(code):
    return lambda t: code(zlib.compress(t))


def stored(t: bytes, kind: str) -> list[int]:
    """The bytes as numbers of a kind of `struct`."""
    size = struct.calcsize(kind)
    t += bytes(-len(t) % size)
    return [number for (number,) in struct.iter_unpack(kind, t)]


def od(t: bytes, size: int) -> bytes:
    """As od writes bytes in octal, or words if it is told nothing."""
    lines = []
    for at in range(0, len(t), 16):
        row = words(t[at : at + 16], size, "little")
        lines.append(f"{at:07o} " + " ".join(f"{n:0{size * 3}o}" for n in row))
    return "\n".join([*lines, f"{len(t):07o}"]).encode()


def base45(t: bytes) -> bytes:
    out = ""
    for piece in pieces(t, 2):
        number = int.from_bytes(piece)
        for _ in range(len(piece) + 1):
            number, digit = divmod(number, 45)
            out += B45[digit]
    return out.encode()


def base91(t: bytes) -> bytes:
    held = bits = 0
    out = ""
    for byte in t:
        held |= byte << bits
        bits += 8
        if bits > 13:
            size = 13 if held & 8191 > 88 else 14
            value = held & (1 << size) - 1
            held, bits = held >> size, bits - size
            out += B91[value % 91] + B91[value // 91]
    return (out + (B91[held % 91] + B91[held // 91] if bits else "")).encode()


def deflate(t: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(t) + engine.flush()


def deflate_by_piece(t: bytes) -> bytes:
    """As a stream that is flushed after each."""
    engine = zlib.compressobj(wbits=-15)
    coded = (engine.compress(p) + engine.flush(zlib.Z_SYNC_FLUSH) for p in pieces(t, 9))
    return b"".join(coded) + engine.flush()


def diagram(t: bytes) -> bytes:
    """The address of a diagram at PlantUML's server."""
    stream = deflate(b"Alice -> Bob: " + t)
    filled = stream + bytes(-len(stream) % 3)
    coded = in_order(DIGITS + UPPER + LOWER + "-_")(filled)
    return b"https://h.test/plantuml/svg/" + coded


def utf7_here_and_there(t: bytes) -> bytes:
    return "".join(
        f"+{base64.b64encode(c.encode('utf-16-be')).decode().rstrip('=')}-"
        if at % 3 == 0
        else c
        for at, c in enumerate(t.decode())
    ).encode()


def binary(t: bytes, zero: str = "0", one: str = "1") -> bytes:
    digits = "".join(format(c, "08b") for c in t)
    return digits.translate({48: zero, 49: one}).encode()


def nato(t: bytes) -> bytes:
    names = dict(zip(UPPER, NATO.split(" "), strict=True))
    names |= {letter: names[letter.upper()].lower() for letter in LOWER}
    names |= dict(zip(DIGITS, FIGURES.split(" "), strict=True)) | {"_": "underscore"}
    spoken = [names[c].upper() if c.isupper() else names[c] for c in t.decode()]
    return " ".join(spoken).encode()


def named(t: bytes) -> bytes:
    return "".join(f"\\N{{{unicodedata.name(chr(c))}}}" for c in t).encode()


def quoted(t: bytes, size: int, between: str) -> bytes:
    return between.encode().join(b'"%b"' % piece for piece in pieces(t, size))


def git_patch(t: bytes) -> bytes:
    lines = b""
    for piece in pieces(zlib.compress(t), 52):
        size = len(piece)
        mark = bytes([size + 64 if size <= 26 else size + 70])
        lines += mark + base64.b85encode(piece, pad=True) + b"\n"
    return b"GIT binary patch\nliteral %d\n%b\n" % (len(t), lines)


def lzma_alone(t: bytes, window: int = 0, **options: int) -> bytes:
    """`.lzma`; `window`: the header asks for so much, whatever was used."""
    filters = [{"id": lzma.FILTER_LZMA1, **options}]
    data = lzma.compress(t, lzma.FORMAT_ALONE, filters=filters)
    return data[:1] + struct.pack("<I", window) + data[5:] if window else data


def raw_lzma(t: bytes, kind: int) -> bytes:
    return lzma.compress(t, lzma.FORMAT_RAW, filters=[{"id": kind}])


def zlib_with_dictionary(t: bytes) -> bytes:
    engine = zlib.compressobj(zdict=b"what both sides have: ")
    return engine.compress(b"what both sides have: " + t) + engine.flush()


def further(by: int):
    return lambda t: "".join(chr(c + by) for c in t).encode()


def xored(t: bytes, key: int) -> bytes:
    return bytes(c ^ key for c in t)


RARE = {
    # bases
    "base45": base45,
    "base91": base91,
    "base58check, no version": lambda t: bignum(t + b"\xfa\1\xd2\x9c", B58),
    "Crockford's base32 of a number": lambda t: bignum(
        t, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    ),
    "base58check": lambda t: bignum(b"\5" + t + b"\xfa\1\xd2\x9c", B58),
    "base58 of zlib": lambda t: bignum(zlib.compress(t), B58),
    "base62 of base64": lambda t: bignum(base64.b64encode(t), B62),
    "one decimal number": lambda t: b"%d" % int.from_bytes(t),
    "a number of JavaScript": lambda t: b"%dn" % int.from_bytes(t),
    "base52": lambda t: bignum(t, LOWER + UPPER),
    "base26": lambda t: bignum(t, LOWER),
    "base20": lambda t: bignum(t, (DIGITS + LOWER)[:20]),
    "one octal number": lambda t: oct(int.from_bytes(t)).encode(),
    "base64 of raw deflate of bytes and text": lambda t: base64.b64encode(
        deflate(bytes(range(256)) * 2 + t)),
    "base64 of brotli of bytes and text": lambda t: base64.b64encode(
        brotli.compress(bytes(range(256)) * 20 + t)),
    "base85 of zlib": lambda t: base64.b85encode(zlib.compress(t)),
    "ascii85 of zlib": lambda t: base64.a85encode(zlib.compress(t), adobe=True),
    "z85 alone": z85,
    "git binary patch": git_patch,
    "xxencode": lambda t: b"c" + in_order("+-" + DIGITS + UPPER + LOWER)(t + b"\0\0"),
    "crypt order": in_order("./" + DIGITS + UPPER + LOWER),
    "bcrypt order": in_order("./" + UPPER + LOWER + DIGITS),
    "digits first": in_order(DIGITS + UPPER + LOWER + "+/"),
    "lower case first": in_order(LOWER + UPPER + DIGITS + "+/"),
    "order reversed": in_order(STANDARD[::-1]),
    "rot13 of base64": lambda t: codecs.encode(
        base64.b64encode(t).decode().rstrip("="), "rot13").encode(),
    "base64 of raw deflate": lambda t: base64.b64encode(deflate(t)),
    "base64 of raw deflate by piece": lambda t: base64.b64encode(deflate_by_piece(t)),
    "diagram of PlantUML": diagram,
    "utf-7 here and there": utf7_here_and_there,
    "base64 of brotli": lambda t: base64.b64encode(brotli.compress(t)),
    "base64 of lzma that asks for 3 GiB": lambda t: base64.b64encode(
        lzma_alone(t, 3 << 30)),
    "base64 of lzma with other properties": lambda t: base64.b64encode(
        lzma_alone(t, lc=0, lp=2, pb=0)),
    "base64 of lzma without a header": lambda t: base64.b64encode(
        raw_lzma(t, lzma.FILTER_LZMA1)),
    "base64 of lzma2 without a header": lambda t: base64.b64encode(
        raw_lzma(t, lzma.FILTER_LZMA2)),
    "base64 of zlib with a dictionary": lambda t: base64.b64encode(
        zlib_with_dictionary(t)),
    "base64 of zlib under XOR": lambda t: base64.b64encode(
        bytes(c ^ 0x5A for c in zlib.compress(t))),
    "base16 of zlib, each byte greater": lambda t: bytes(
        c + 77 & 255 for c in zlib.compress(t)).hex().encode(),
    "base64 of bzip2": lambda t: base64.b64encode(bz2.compress(t)),
    "base64 of xz": lambda t: base64.b64encode(lzma.compress(t)),
    "base64 of gzip, backwards": lambda t: base64.b64encode(gzip.compress(t))[::-1],
    "base64 of four-byte numbers": lambda t: base64.b64encode(struct.pack(f"<{len(t)}i", *t)),
    "base64 of a document": lambda t: base64.b64encode(docx(t)),
    "base64 in lines of 16": lambda t: wrap(base64.b64encode(t), 16),
    "base64 in lines of 7": lambda t: wrap(base64.b64encode(t), 7, b"\r\n"),
    "base64 with commas": lambda t: wrap(base64.b64encode(t), 5, b", "),
    "base32 with blanks": lambda t: wrap(base64.b32encode(t), 5, b" "),
    "hex, nibbles swapped": lambda t: b"".join(b"%x%x" % (c & 15, c >> 4) for c in t),
    "hex, backwards": lambda t: t.hex()[::-1].encode(),
    "hex in letters": lambda t: t.hex().encode().translate(
        bytes.maketrans(b"0123456789abcdef", b"abcdefghijklmnop")),
    "hex with bars": lambda t: t.hex("|").encode(),
    "hex words, last byte first": lambda t: b", ".join(
        b"0x%08x" % word for word in words(t, 4, "little")),
    "uuids": lambda t: b"\n".join(
        str(uuid.UUID(bytes=p.ljust(16, b"0"))).encode() for p in pieces(t, 16)),
    "hex of a hex dump": lambda t: hexdump(t).hex().encode(),
    # numbers
    "bytes of Rust": lambda t: b"[" + b", ".join(b"%du8" % c for c in t) + b"]",
    "index and value": lambda t: listed([n, c] for n, c in enumerate(t)),
    "points": lambda t: listed({"x": n, "y": c} for n, c in enumerate(t)),
    "floats": lambda t: listed(map(float, t)),
    "doubled": lambda t: listed(c * 2 for c in t),
    "squared": lambda t: listed(c * c for c in t),
    "steps": lambda t: listed([t[0], *(b - a for a, b in itertools.pairwise(t))]),
    "XOR of neighbours": lambda t: listed([t[0], *(b ^ a for a, b in itertools.pairwise(t))]),
    "with its place": lambda t: listed(c + n for n, c in enumerate(t)),
    "bytes of Java": lambda t: b"{" + b", ".join(b"(byte) 0x%02x" % c for c in t) + b"}",
    "bytes of Kotlin": lambda t: b", ".join(b"0x%02X.toByte()" % c for c in t),
    "words of C": lambda t: b"{" + b",".join(b"0x%04X" % c for c in t) + b"};",
    "bytes of Basic": lambda t: b" & ".join(b"ChrW(&H%X)" % c for c in t),
    "troff": each("\\[u{:04X}]"),
    "letters of Rust": lambda t: b", ".join(b"b'%c'" % c for c in t),
    "four bytes a number": lambda t: listed(words(t, 4)),
    "four bytes a number, little-endian": lambda t: listed(words(t, 4, "little")),
    "two bytes a number": lambda t: listed(words(t, 2)),
    "each one more": lambda t: listed(c + 1 for c in t),
    "bits in letters": lambda t: binary(t, "a", "b"),
    "two bits a letter": lambda t: "".join(
        "ACGT"[c >> at & 3] for c in t for at in (6, 4, 2, 0)).encode(),
    "two bits that nobody sees": lambda t: b"so" + "".join(
        "\u200b\u200c\u200d\u2060"[c >> at & 3] for c in t for at in (6, 4, 2, 0)).encode() + b"!",
    "bits, backwards": lambda t: binary(t)[::-1],
    "bits that nobody sees": lambda t: b"so" + binary(t, "\u200b", "\u200c") + b"!",
    "bits, each a number": lambda t: listed(map(int, binary(t).decode())),
    "bits by four": lambda t: wrap(binary(t), 4, b" "),
    "bits of Python": lambda t: b", ".join(bin(c).encode() for c in t),
    "one binary number": lambda t: bin(int.from_bytes(t)).encode(),
    # numbers without anything between, or with what people put in them
    "decimal, three each": each("{:03d}"),
    "decimal, close": each("{}"),
    "octal, three each": each("{:03o}"),
    "a number with commas": lambda t: f"{int.from_bytes(t):,}".encode(),
    "code points": each("U+{:04X} "),
    "code points, close": each("u{:04x}"),
    "escapes of Java": each("\\uu{:04x}"),
    "bytes behind x": each("x{:02x}"),
    "colours of elements": lambda t: b"".join(
        b'<i style="color:#%b"></i>' % p.ljust(3).hex().encode() for p in pieces(t, 3)),
    "measured each second": lambda t: b"".join(
        b"m v=%di 17000000%02d\n" % (c, n) for n, c in enumerate(t)),
    # names of characters
    "nato": nato,
    "names of Unicode": named,
    "braille bytes": lambda t: "".join(chr(0x2800 + c) for c in t).encode(),
    "css": each("\\{:06x}"),
    "css, short": each("\\{:x} "),
    "coloured": lambda t: b"".join(b"\x1b[3%dm%c" % (n % 8, c) for n, c in enumerate(t)),
    "accents": lambda t: unicodedata.normalize(
        "NFC", t.decode().translate({ord(c): c + "\u0301" for c in "aeiouAEIOUnsczr"})).encode(),
    "one more": lambda t: bytes(c + 1 for c in t),
    "every third, then one that fills": lambda t: b"".join(
        p + b"%c" % (65 + 7 * n % 26) for n, p in enumerate(pieces(t, 3))),
    # characters that stand for bytes
    "gzip as characters": lambda t: gzip.compress(t).decode("latin-1").encode(),
    "zlib as characters": lambda t: zlib.compress(t).decode("latin-1").encode(),
    "zstd as characters": lambda t: zstd.compress(t).decode("latin-1").encode(),
    "two a character": lambda t: t.decode("utf-16-le").encode(),
    "two a character, big end first": lambda t: t.decode("utf-16-be").encode(),
    "each character 20 further on": further(20),
    "each character 300 further on": further(300),
    "each character among Han": further(0x4E00),
    # fields
    "cdata": lambda t: b"".join(b"<![CDATA[%b]]>" % piece for piece in pieces(t, 6)),
    "continued": lambda t: b"; ".join(
        b"filename*%d=%b" % (n, piece) for n, piece in enumerate(pieces(t, 7))),
    "continued, in percent": lambda t: b"; ".join(
        b"filename*%d*=%b" % (n, each("%{:02x}")(piece)) for n, piece in enumerate(pieces(t, 7))),
    "fractions": lambda t: b",".join(b"x;q=0.%03d" % c for c in t),
    # code
    "concatenated": lambda t: quoted(t, 7, " + "),
    "base64 by eight with dashes": lambda t: wrap(base64.b64encode(t), 8, b"-"),
    "cut by commands of LaTeX": lambda t: b"".join(b"\\textbf{%b}" % p for p in pieces(t, 6)),
    "concatenated, uneven": lambda t: b'"%b" + "%b" + "%b"' % (t[:3], t[3:20], t[20:]),
    "adjacent": lambda t: quoted(t, 9, "\n    "),
    "appended": lambda t: b'k = "%b"\nk += "%b"' % (t[:15], t[15:]),
    "listed": lambda t: b"''.join(['%b'])" % b"', '".join(pieces(t, 3)),
    "base64 in folded lines": lambda t: b"PHOTO:" + wrap(base64.b64encode(t), 40, b"\n "),
    "lines of 12": lambda t: b"key: >-\n  " + wrap(t, 12, b"\n  "),
    "pieces of 5": lambda t: b"it: " + wrap(t, 5, b" | "),
    # ciphers
    "xor": lambda t: xored(t, 0x5A),
    "hex of xor": lambda t: xored(t, 0xA5).hex().encode(),
    "base64 of xor": lambda t: base64.b64encode(xored(t, 0xC3)),
    "list of xor": lambda t: listed(xored(t, 0x21)),
    "xor of gzip": lambda t: xored(gzip.compress(t), 0x42),
    "base64 of a shift": lambda t: base64.b64encode(bytes((c + 100) % 256 for c in t)),
    # containers
    "gzip, many members": lambda t: b"".join(map(gzip.compress, pieces(t, 9))),
    "a field a piece": lambda t: b"".join(b"\x0a\5" + p.ljust(5) for p in pieces(t[:40], 5)),
    # bytes with signs, and other notations of them
    "bytes with signs of gzip": lambda t: listed(stored(gzip.compress(t), "b")),
    "bytes with signs of zlib": lambda t: listed(stored(zlib.compress(t), "b")),
    "words with signs of gzip": lambda t: listed(stored(gzip.compress(t), "<i")),
    "words of gzip": lambda t: listed(stored(gzip.compress(t), ">I")),
    "hex words of gzip": lambda t: b", ".join(
        b"0x%08x" % word for word in stored(gzip.compress(t), ">I")),
    "octal dump of gzip": lambda t: od(gzip.compress(t), 1),
    "octal dump, told nothing": lambda t: od(t, 2),
    "bits with lines below": each("0b{0:08_b}", ", "),
    "bits that name their base": each("$((2#{:b}))", " "),
    "digits that name their base": each("$((16#{:x}))", " "),
    "four digits each": each("{:04d}"),
    "hex of utf-32": lambda t: t.decode().encode("utf-32-be").hex().encode(),
    "base64 of zlib, digits first": of_zlib(in_order(DIGITS + UPPER + LOWER + "+/")),
    "base64 of zlib, lower case first": of_zlib(in_order(LOWER + UPPER + DIGITS + "+/")),
    "base64 of zlib as in crypt": of_zlib(in_order("./" + DIGITS + UPPER + LOWER)),
    "base64 of zlib as in bcrypt": of_zlib(in_order("./" + UPPER + LOWER + DIGITS)),
    "symbols of xxencode": in_order("+-" + DIGITS + UPPER + LOWER),
    "floats in bytes": lambda t: struct.pack(f"<{len(t)}f", *t),
    "doubles in bytes": lambda t: struct.pack(f">{len(t)}d", *t),
    "eight bytes each": lambda t: struct.pack(f"<{len(t)}q", *t),
    "pairs of base64 turned": lambda t: b"".join(
        p[::-1] for p in pieces(base64.b64encode(t), 2)),
    "dominoes": lambda t: "".join(chr(0x1F030 + int(d, 16)) for d in t.hex()).encode(),
    "hexagrams": lambda t: "".join(
        chr(0x4DC0 + STANDARD.index(c)) for c in base64.b64encode(t).decode().rstrip("=")
    ).encode(),
    "digits as words": lambda t: " ".join(
        FIGURES.split()[int(d)] for c in t for d in f"{c:03d}").encode(),
    "lines of blanks and tabs": lambda t: "\n".join(
        f"{c:08b}".translate({48: " ", 49: "\t"}) for c in t).encode(),
    "times its place": lambda t: listed([c * n for n, c in enumerate(t, 1)]),
    "a thousand more each": lambda t: listed([c + 1000 * n for n, c in enumerate(t, 7)]),
    "letters as hex digits": lambda t: t.hex().translate(
        {ord(d): LOWER[6 + n] for n, d in enumerate("0123456789abcdef")}).encode(),
    "gzip without its head": lambda t: base64.b64encode(gzip.compress(t)[10:]),
    "zlib without its head": lambda t: base64.b64encode(zlib.compress(t)[2:]),
    "a thousand more each, shuffled": lambda t: listed(
        shuffled(c + 1000 * n for n, c in enumerate(t))),
    "counted, shuffled": lambda t: json.dumps(
        dict(shuffled((str(n), c) for n, c in enumerate(t)))).encode(),
}  # fmt: skip
