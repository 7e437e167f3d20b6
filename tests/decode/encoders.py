"""Every way of writing a text that a recipient can undo, as the tests' own encoders."""

# ruff: noqa: RUF001

import base64
import binascii
import bz2
import codecs
import gzip
import io
import json
import lzma
import quopri
import string
import struct
import tarfile
import urllib.parse
import zipfile
import zlib

import brotli

from dlp.decode.compressed.inflate import zstd

B32 = string.ascii_uppercase + "234567"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ZBASE32 = "ybndrfg8ejkmcpqxot1uwisza345h769"
B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
B62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
Z85 = (
    string.digits
    + string.ascii_lowercase
    + string.ascii_uppercase
    + ".-:+=^!/*?&<>()[]{}@%$#"
)
B85 = (
    string.digits
    + string.ascii_uppercase
    + string.ascii_lowercase
    + "!#$%&()*+-;<=>?@^_`{|}~"
)


def bignum(t: bytes, alphabet: str) -> bytes:
    n, out = int.from_bytes(t), ""
    while n:
        n, r = divmod(n, len(alphabet))
        out = alphabet[r] + out
    return out.encode()


def base32(t: bytes, alphabet: str = B32) -> bytes:
    coded = base64.b32encode(t).decode().rstrip("=")
    return coded.translate(str.maketrans(B32, alphabet)).encode()


def z85(t: bytes) -> bytes:
    return base64.b85encode(t).decode().translate(str.maketrans(B85, Z85)).encode()


def each(form: str, between: str = ""):
    return lambda t: between.join(form.format(c) for c in t).encode()


def mapped(offset_upper: int, offset_lower: int, offset_digit: int):
    def one(c: str) -> str:
        if c.isupper():
            return chr(offset_upper + ord(c) - 65)
        if c.islower():
            return chr(offset_lower + ord(c) - 97)
        return chr(offset_digit + ord(c) - 48) if c.isdigit() and offset_digit else c

    return lambda t: "".join(map(one, t.decode())).encode()


def hexdump(t: bytes) -> bytes:
    lines = []
    for at in range(0, len(t), 16):
        row = t[at : at + 16]
        left = " ".join(f"{c:02x}" for c in row[:8])
        right = " ".join(f"{c:02x}" for c in row[8:])
        lines.append(f"{at:08x}  {left:<23}  {right:<23}  |{row.decode()}|")
    return "\n".join(lines).encode()


def xxd(t: bytes) -> bytes:
    lines = []
    for at in range(0, len(t), 16):
        row = t[at : at + 16]
        words = " ".join(row[i : i + 2].hex() for i in range(0, len(row), 2))
        lines.append(f"{at:08x}: {words:<39}  {row.decode()}")
    return "\n".join(lines).encode()


def od_x(t: bytes) -> bytes:
    lines = []
    for at in range(0, len(t), 16):
        row = t[at : at + 16]
        words = " ".join(row[i : i + 2][::-1].hex() for i in range(0, len(row) & ~1, 2))
        lines.append(f"{at:07o} {words}")
    return "\n".join(lines).encode()


def uuencode(t: bytes) -> bytes:
    body = b"".join(binascii.b2a_uu(t[i : i + 45]) for i in range(0, len(t), 45))
    return b"begin 644 file\n" + body + b"`\nend\n"


def yenc(t: bytes) -> bytes:
    out = bytearray()
    for c in t:
        e = (c + 42) & 255
        out += bytes([61, (e + 64) & 255]) if e in (0, 10, 13, 61) else bytes([e])
    return b"=ybegin line=128 size=%d name=a\r\n%b\r\n=yend size=%d\r\n" % (
        len(t),
        out,
        len(t),
    )


def utf7(t: bytes) -> bytes:
    return b"+" + base64.b64encode(t.decode().encode("utf-16-be")).rstrip(b"=") + b"-"


def wrap(t: bytes, width: int, newline: bytes = b"\n") -> bytes:
    return newline.join(t[i : i + width] for i in range(0, len(t), width))


def caesar(shift: int):
    lower = string.ascii_lowercase[shift:] + string.ascii_lowercase[:shift]
    table = str.maketrans(string.ascii_letters, lower + lower.upper())
    return lambda t: t.decode().translate(table).encode()


ATBASH = str.maketrans(
    string.ascii_letters, string.ascii_lowercase[::-1] + string.ascii_uppercase[::-1]
)


def deflate(t: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(t) + engine.flush()


def zipped(method: int):
    def run(t: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            archive.writestr("notes/a.txt", b"-" * 40 + t)
        return out.getvalue()

    return run


def tarred(mode: str):
    def run(t: bytes) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode=mode) as archive:
            info = tarfile.TarInfo("a.txt")
            info.size = len(t)
            archive.addfile(info, io.BytesIO(t))
        return out.getvalue()

    return run


def png_text(t: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(t))
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
        + chunk(b"IEND", b"")
    )


def pdf(content: bytes) -> bytes:
    stream = zlib.compress(content)
    return (
        b"%%PDF-1.4\n1 0 obj<</Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream\nendobj\n"
        % (len(stream), stream)
    )


def pdf_kerned(t: bytes) -> bytes:
    half = len(t) // 2
    return pdf(b"BT /F1 12 Tf [(%b) -12.5 (%b)] TJ ET" % (t[:half], t[half:]))


def pdf_glyphs(t: bytes) -> bytes:
    shown = b" ".join(b"(%c) Tj 5 0 Td" % c for c in t)
    return pdf(b"BT /F1 12 Tf " + shown + b" ET")


def docx(t: bytes) -> bytes:
    half = len(t) // 2
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "word/document.xml",
            b"<w:p><w:r><w:t>%b</w:t></w:r><w:r><w:rPr/><w:t>%b</w:t></w:r></w:p>"
            % (t[:half], t[half:]),
        )
    return out.getvalue()


def grpc(t: bytes) -> bytes:
    message = b"\x0a" + bytes([len(t)]) + t
    packed = gzip.compress(message)
    return b"\1" + struct.pack(">I", len(packed)) + packed


def quoted(t: bytes) -> bytes:
    return wrap(quopri.encodestring(t, quotetabs=True), 30, b"=\r\n")


ENCODERS = {
    "raw": bytes,
    # percent and escapes
    "percent": each("%{:02x}"),
    "percent twice": each("%25{:02X}"),
    "percent, only some": lambda t: urllib.parse.quote(t, safe="").encode(),
    "javascript %u": each("%u{:04x}"),
    "\\u": each("\\u{:04x}"),
    "\\u{}": each("\\u{{{:x}}}"),
    "\\U": each("\\U{:08x}"),
    "\\x": each("\\x{:02X}"),
    "octal escapes": each("\\{:03o}"),
    "json in json": lambda t: json.dumps({"a": json.dumps({"b": t.decode() + "\n"})}).encode(),
    "line continuation": lambda t: t[:9] + b"\\\n" + t[9:],
    # markup and mail
    "entities": each("&#{};"),
    "hex entities": each("&#x{:X};"),
    "tags between": lambda t: t[:9] + b"<b>" + t[9:20] + b"</b><!-- x -->" + t[20:],
    "quoted-printable": each("={:02X}"),
    "quoted-printable, wrapped": quoted,
    "mime word B": lambda t: b"=?utf-8?B?" + base64.b64encode(t) + b"?=",
    "mime word Q": lambda t: b"=?utf-8?Q?" + each("={:02X}")(t) + b"?=",
    "uuencode": uuencode,
    "yenc": yenc,
    # base64
    "base64": base64.b64encode,
    "base64 url": base64.urlsafe_b64encode,
    "base64 unpadded": lambda t: base64.b64encode(t).rstrip(b"="),
    "base64 of more, offset 1": lambda t: base64.b64encode(b"." + t),
    "base64 of more, offset 2": lambda t: base64.b64encode(b".." + t),
    "base64 inside a run": lambda t: b"xyz" + base64.b64encode(t),
    "base64 wrapped at 76": lambda t: wrap(base64.b64encode(t * 3), 76),
    "base64 wrapped at 20": lambda t: wrap(base64.b64encode(t), 20, b"\r\n"),
    "base64 spaced by 4": lambda t: wrap(base64.b64encode(t), 4, b" "),
    "base64 spaced by 8": lambda t: wrap(base64.b64encode(t), 8, b" "),
    "base64 each symbol apart": lambda t: wrap(base64.b64encode(t), 1, b" "),
    "base64 reversed": lambda t: base64.b64encode(t)[::-1],
    "base64 twice": lambda t: base64.b64encode(base64.b64encode(t)),
    "base64 thrice": lambda t: base64.b64encode(base64.b64encode(base64.b64encode(t))),
    "base64 of utf-16": lambda t: base64.b64encode(t.decode().encode("utf-16-le")),
    "base64 in percent": lambda t: urllib.parse.quote(base64.b64encode(t)).encode(),
    "data url": lambda t: b"data:text/plain;base64," + base64.b64encode(t),
    # base32
    "base32": base64.b32encode,
    "base32 lower": lambda t: base64.b32encode(t).lower(),
    "base32 unpadded, offset": lambda t: b"AB" + base32(t),
    "base32hex": base64.b32hexencode,
    "crockford": lambda t: base32(t, CROCKFORD),
    "z-base-32": lambda t: base32(t, ZBASE32),
    # base16
    "hex": lambda t: t.hex().encode(),
    "HEX": lambda t: t.hex().upper().encode(),
    "hex, odd": lambda t: b"f" + t.hex().encode(),
    "hex with colons": each("{:02x}", ":"),
    "hex with spaces": each("{:02X}", " "),
    "hex 0x commas": each("0x{:02x}", ", "),
    "literals joined by plus": lambda t: wrap(t, 6, b'" + "'),
    "literals joined by lines": lambda t: wrap(t, 9, b"',\n  '"),
    "hex joined by 0x": each("{:02x}", "0x"),
    "hex joined by \\x": each("{:02x}", "\\x"),
    "hex joined by %": each("{:02x}", "%"),
    "hex joined by $": each("{:02x}", "$"),
    "code points joined by \\u": each("{:04x}", "\\u"),
    "hex words": lambda t: b" ".join(b"0x" + t[i : i + 4].hex().encode() for i in range(0, len(t), 4)),
    "hex h": each("{:02x}h", " "),
    "hex twice": lambda t: t.hex().encode().hex().encode(),
    "hex of utf-16": lambda t: t.decode().encode("utf-16-be").hex().encode(),
    "hex lines": lambda t: wrap(t.hex().encode(), 60),
    "hexdump -C": hexdump,
    "xxd": xxd,
    "od -x": od_x,
    # numbers
    "decimal": each("{}", ","),
    "decimal with spaces": each("{}", " "),
    "json array": lambda t: json.dumps(list(t)).encode(),
    "pretty array": lambda t: json.dumps(list(t), indent=4).encode(),
    "Buffer": lambda t: json.dumps({"type": "Buffer", "data": list(t)}).encode(),
    "Uint8Array": lambda t: json.dumps({str(i): c for i, c in enumerate(t)}).encode(),
    "chr()": lambda t: b"+".join(b"chr(%d)" % c for c in t),
    "octal": each("{:o}", " "),
    "octal 0o": each("0o{:o}", ","),
    "binary": each("{:08b}", " "),
    "binary run": each("{:08b}"),
    # other bases
    "base58": lambda t: bignum(t, B58),
    "base62": lambda t: bignum(t, B62),
    "base36": lambda t: bignum(t, string.digits + string.ascii_lowercase),
    "ascii85": base64.a85encode,
    "ascii85 adobe": lambda t: base64.a85encode(t, adobe=True),
    "b85": base64.b85encode,
    "z85": z85,
    # character sets
    "utf-16 le": lambda t: t.decode().encode("utf-16-le"),
    "utf-16 be": lambda t: t.decode().encode("utf-16-be"),
    "utf-16 bom": lambda t: t.decode().encode("utf-16"),
    "utf-32 le": lambda t: t.decode().encode("utf-32-le"),
    "utf-32 be": lambda t: t.decode().encode("utf-32-be"),
    "utf-7": utf7,
    "ebcdic": lambda t: t.decode().encode("cp037"),
    # unicode
    "fullwidth": lambda t: "".join(chr(c + 0xFEE0) for c in t).encode(),
    "fullwidth, one": lambda t: t[:9] + chr(t[9] + 0xFEE0).encode() + t[10:],
    "math bold": mapped(0x1D400, 0x1D41A, 0x1D7CE),
    "zero width between": lambda t: "\u200b".join(t.decode()).encode(),
    "soft hyphen, one": lambda t: t[:9] + "\u00ad".encode() + t[9:],
    "combining": lambda t: "".join(c + "\u0301" for c in t.decode()).encode(),
    "variation selectors after": lambda t: "".join(c + "\ufe0f" for c in t.decode()).encode(),
    "tag characters": lambda t: "".join(chr(0xE0000 + c) for c in t).encode(),
    "bytes as variation selectors": lambda t: "".join(
        chr(0xFE00 + c) if c < 16 else chr(0xE0100 + c - 16) for c in t).encode(),
    "cyrillic look-alikes": lambda t: t.decode().translate(
        str.maketrans("aeopcxyAEOPCTXKMHB", "аеорсхуАЕОРСТХКМНВ")).encode(),
    "no-break spaces": lambda t: "\u00a0".join(t.decode()).encode(),
    # cut
    "spaces between": lambda t: b" ".join(t[i : i + 1] for i in range(len(t))),
    "dots between": lambda t: b".".join(t[i : i + 1] for i in range(len(t))),
    "a line each": lambda t: b"\n".join(t[i : i + 1] for i in range(len(t))),
    # ciphers without a key
    "rot13": lambda t: codecs.encode(t.decode(), "rot13").encode(),
    "caesar 3": caesar(3),
    "atbash": lambda t: t.decode().translate(ATBASH).encode(),
    "rot47": lambda t: bytes(33 + (c - 33 + 47) % 94 for c in t),
    "reversed": lambda t: t[::-1],
    # compression and archives
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "deflate": deflate,
    "brotli": brotli.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda t: lzma.compress(t, lzma.FORMAT_ALONE),
    "zstd": zstd.compress,
    "gzip behind junk": lambda t: b"\x00junk\xff" * 9 + gzip.compress(t),
    "gzip twice": lambda t: gzip.compress(gzip.compress(t)),
    "gzip, second member": lambda t: gzip.compress(b"-" * 50) + gzip.compress(t),
    "zip": zipped(zipfile.ZIP_DEFLATED),
    "zip stored": zipped(zipfile.ZIP_STORED),
    "zip bz2": zipped(zipfile.ZIP_BZIP2),
    "zip lzma": zipped(zipfile.ZIP_LZMA),
    "zip in zip": lambda t: zipped(zipfile.ZIP_DEFLATED)(zipped(zipfile.ZIP_DEFLATED)(t)),
    "tar": tarred("w"),
    "tar.gz": tarred("w:gz"),
    "tar.bz2": tarred("w:bz2"),
    "tar.xz": tarred("w:xz"),
    "png zTXt": png_text,
    "pdf kerned": pdf_kerned,
    "pdf, a glyph each": pdf_glyphs,
    "docx, two runs": docx,
    "grpc compressed": grpc,
}  # fmt: skip
