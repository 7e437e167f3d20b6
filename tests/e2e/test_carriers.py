"""
What programs put into requests beside JSON: a secret in it, or cut over several of its
fields, judged by what the origin got.

Why not in test_matrix.py: there every transformation meets every carrier; these are
formats that cut and write text in ways of their own.
"""

import base64
import gzip
import io
import json
import quopri
import random
import string
import struct
import textwrap
import time
import uuid
import zipfile
import zlib

import pytest

from dlp.detect.known.fingerprint import SecretInfo
from dlp.state.secrets import Registration, SecretStore
from tests.harness.leaks import leaks
from tests.harness.wire import Wire

DRAW = random.Random(11)
SIZE = 40
WORDS = "PlainWordsThatNobodyMindsAtAllInHere1234"
UNREADABLE = {"coding aes128gcm"}
"""Whatever is in it."""


def halves(s, n=2):
    step = -(-len(s) // n)
    return [s[i : i + step] for i in range(0, len(s), step)]


def pieces(s, n):
    return [s[i : i + n] for i in range(0, len(s), n)]


def post(body=b"", kind="application/octet-stream", path="/x", method="POST", **fields):
    body = body.encode() if isinstance(body, str) else body
    return method, path, {"content-type": kind, **fields}, body


def get(path="/x", **fields):
    return "GET", path, fields, b""


def zipped(files, comment=b"", extra=b""):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.extra = extra
            archive.writestr(info, data)
        archive.comment = comment
    return out.getvalue()


def grpc(*messages, coded=None):
    out = b""
    for message in messages:
        data = coded(message) if coded else message
        out += bytes([bool(coded)]) + struct.pack(">I", len(data)) + data
    return out


def field(number, data):
    return bytes([number << 3 | 2, len(data)]) + data


def pdf_stream(content, filters="/FlateDecode", data=None):
    data = zlib.compress(content) if data is None else data
    return (
        b"%%PDF-1.7\n1 0 obj<</Length %d/Filter[%s]>>\nstream\n%b\nendstream endobj\n%%%%EOF"
        % (len(data), filters.encode(), data)
    )


def object_stream(s):
    body = b"5 0 6 20 <</Type/Catalog>>      <</Title(%b)>>" % s.encode()
    data = zlib.compress(body)
    return (
        b"%%PDF-1.5\n4 0 obj<</Type/ObjStm/N 2/First 9/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream\nendobj\n"
        % (len(data), data)
    )


def rtf_hex(s):
    return "{\\rtf1 " + "".join(f"\\'{ord(c):02x}" for c in s) + "}"


def multipart(*parts, boundary="xx", kind="multipart/form-data"):
    body = (
        b"".join(
            b"--%b\r\n%b\r\n"
            % (boundary.encode(), p if isinstance(p, bytes) else p.encode())
            for p in parts
        )
        + b"--%b--\r\n" % boundary.encode()
    )
    return post(body, f"{kind}; boundary={boundary}")


def named(name, value, extra=""):
    return f'Content-Disposition: form-data; name="{name}"\r\n{extra}\r\n'.encode() + (
        value if isinstance(value, bytes) else value.encode()
    )


def aws_chunked(s):
    out = b""
    for piece in halves(s, 3):
        sign = f"{DRAW.getrandbits(256):064x}"
        out += f"{len(piece):x};chunk-signature={sign}\r\n{piece}\r\n".encode()
    sign = f"{DRAW.getrandbits(256):064x}"
    out += (
        f"0;chunk-signature={sign}\r\nx-amz-checksum-crc32c:AAAAAA==\r\n\r\n".encode()
    )
    return post(
        out,
        "text/plain",
        path="/bucket/key",
        method="PUT",
        **{
            "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": str(len(s)),
            "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            "x-amz-trailer": "x-amz-checksum-crc32c",
        },
    )


def keyed(s):
    items = [(str(n), c) for n, c in enumerate(s)]
    DRAW.shuffle(items)
    return json.dumps(dict(items))


def rows_shuffled(s, size=5):
    rows = [{"i": n, "t": t} for n, t in enumerate(pieces(s, size))]
    DRAW.shuffle(rows)
    return json.dumps(rows)


def ips(s):
    return ", ".join(".".join(map(str, p.encode().ljust(4))) for p in pieces(s, 4))


def uuids(s):
    return [str(uuid.UUID(bytes=p.encode().ljust(16))) for p in pieces(s, 16)]


def iso2022(s):
    return ("秘密 " + s).encode("iso-2022-jp")


def docx(**files):
    return zipped(
        {"[Content_Types].xml": "<Types/>", "word/document.xml": "<w:p/>", **files}
    )


A, B = (lambda s: halves(s)[0]), (lambda s: halves(s)[1])
X = "application/xml"

ONE = {
    # RPC
    "grpc, two gzip messages": lambda s: post(grpc(*[field(1, h.encode()) for h in halves(s)], coded=gzip.compress), "application/grpc", **{"grpc-encoding": "gzip"}),
    "grpc, deflate": lambda s: post(grpc(field(1, s.encode()), coded=zlib.compress), "application/grpc", **{"grpc-encoding": "deflate"}),
    "grpc, raw deflate": lambda s: post(grpc(field(1, s.encode()), coded=lambda d: zlib.compress(d)[2:-4]), "application/grpc"),
    "grpc-web-text": lambda s: post(base64.b64encode(grpc(field(1, s.encode()))), "application/grpc-web-text"),
    "grpc-web-text, cut": lambda s: post(b"".join(base64.b64encode(grpc(field(1, h.encode()))) for h in halves(s)), "application/grpc-web-text"),
    "connect protocol envelope": lambda s: post(b"".join(b"\0" + struct.pack(">I", len(d)) + d for d in [json.dumps({"a": h}).encode() for h in halves(s)]), "application/connect+json"),
    "protobuf varints": lambda s: post(b"".join(b"\x08" + bytes([c]) for c in s.encode())),
    "protobuf map": lambda s: post(b"".join(field(3, field(1, b"k%d" % n) + field(2, p.encode())) for n, p in enumerate(pieces(s, 8)))),
    "otlp attributes": lambda s: post(field(1, field(2, b"".join(field(6, field(1, b"a%d" % n) + field(2, field(1, p.encode()))) for n, p in enumerate(pieces(s, 8))))), "application/x-protobuf"),
    "protobuf nested": lambda s: post(field(1, field(2, field(1, A(s).encode())) + field(2, field(1, B(s).encode())))),
    "msgpack characters": lambda s: post(b"\xdc" + struct.pack(">H", len(s)) + b"".join(b"\xa1" + c.encode() for c in s), "application/msgpack"),
    "msgpack ints": lambda s: post(b"\xdc" + struct.pack(">H", len(s)) + s.encode(), "application/msgpack"),
    "cbor ints": lambda s: post(b"\x98" + bytes([len(s)]) + b"".join(b"\x18" + c.encode() for c in s), "application/cbor"),
    "cbor chunks": lambda s: post(b"\xa1aa\x7f" + b"".join(bytes([0x60 + len(p)]) + p.encode() for p in pieces(s, 7)) + b"\xff", "application/cbor"),
    "bson array": lambda s: post(b"".join(b"\x02%d\0" % n + struct.pack("<I", len(p) + 1) + p.encode() + b"\0" for n, p in enumerate(pieces(s, 8)))),
    "json in prose": lambda s: post(json.dumps({"messages": [{"role": "user", "content": "as the tool said: " + json.dumps({f"p{n}": p for n, p in enumerate(pieces(s, 7))}) + " thanks"}]}), "application/json"),
    "base85 of lines": lambda s: post(json.dumps({"d": base64.b85encode("\n".join(pieces(s, 9)).encode()).decode()}), "application/json"),
    "gzip backwards": lambda s: post(gzip.compress(s.encode())[::-1]),
    "quoted-printable gzip": lambda s: post(quopri.encodestring(gzip.compress(s.encode())), "text/plain"),
    "graphql aliases": lambda s: post(json.dumps({"query": "mutation{" + " ".join(f'a{n}: set(v: "{p}"){{ok}}' for n, p in enumerate(pieces(s, 10))) + "}"}), "application/json"),
    "graphql comments": lambda s: post(json.dumps({"query": "{me{id}}" + "".join(f"\n# {p}" for p in pieces(s, 10))}), "application/json"),
    "graphql block string": lambda s: post(json.dumps({"query": 'mutation{f(v:"""\n' + "\n".join(pieces(s, 10)) + '\n"""){id}}'}), "application/json"),
    "json-rpc batch": lambda s: post(json.dumps([{"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": {"name": "w", "arguments": {"t": p}}} for n, p in enumerate(halves(s, 3))]), "application/json"),
    "json text sequence": lambda s: post("".join("\x1e" + json.dumps({"a": h}) + "\n" for h in halves(s)), "application/json-seq"),
    "json index keys": lambda s: post(keyed(s), "application/json"),
    "json rows out of order": lambda s: post(rows_shuffled(s, 10), "application/json"),
    "json5": lambda s: post("{a:'" + A(s) + "',\n// more\nb:'" + B(s) + "',}", "application/json5"),
    "json big number": lambda s: post(json.dumps({"n": int.from_bytes(s.encode())}), "application/json"),
    "json nested a letter a level": lambda s: post("".join(f'{{"{c}":' for c in s) + "1" + "}" * len(s), "application/json"),
    "json duplicate keys": lambda s: post(f'{{"a":"{A(s)}","a":"{B(s)}"}}', "application/json"),
    "notebook": lambda s: post(json.dumps({"cells": [{"cell_type": "code", "source": ["k = (\n", *[f'  "{p}"\n' for p in pieces(s, 9)], ")"]}]}), "application/json"),
    "tiptap nodes": lambda s: post(json.dumps({"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": p} for p in pieces(s, 6)]}]}), "application/json"),
    "quill delta": lambda s: post(json.dumps({"ops": [{"insert": p, "attributes": {"bold": bool(n % 2)}} for n, p in enumerate(pieces(s, 5))]}), "application/json"),
    # documents
    "pdf object stream": lambda s: post(object_stream(s), "application/pdf"),
    "pdf utf-16 hex string": lambda s: post(pdf_stream(b"BT <FEFF%b> Tj ET" % s.encode("utf-16-be").hex().upper().encode()), "application/pdf"),
    "pdf hex string": lambda s: post(pdf_stream(b"BT <%b> Tj ET" % s.encode().hex().encode()), "application/pdf"),
    "pdf hex strings": lambda s: post(pdf_stream(b"BT " + b" ".join(b"<%b> Tj" % p.encode().hex().encode() for p in pieces(s, 3)) + b" ET"), "application/pdf"),
    "pdf octal": lambda s: post(pdf_stream(b"BT (" + b"".join(b"\\%03o" % c for c in s.encode()) + b") Tj ET"), "application/pdf"),
    "pdf ascii85 and flate": lambda s: post(pdf_stream(b"", "/ASCII85Decode/FlateDecode", base64.a85encode(zlib.compress(b"BT (%b) Tj ET" % s.encode())) + b"~>"), "application/pdf"),
    "pdf info": lambda s: post(b"%%PDF-1.4\n1 0 obj<</Title(%b)/Author(%b)>>endobj" % (A(s).encode(), B(s).encode()), "application/pdf"),
    "pdf annotation": lambda s: post(b"%%PDF-1.4\n1 0 obj<</Type/Annot/Contents<FEFF%b>>>endobj" % s.encode("utf-16-be").hex().encode(), "application/pdf"),
    "docx core properties": lambda s: post(docx(**{"docProps/core.xml": f"<cp:coreProperties><dc:title>{A(s)}</dc:title><dc:creator>{B(s)}</dc:creator></cp:coreProperties>"})),
    "docx comments": lambda s: post(docx(**{"word/comments.xml": "<w:comments><w:comment><w:t>" + "</w:t><w:t>".join(pieces(s, 5)) + "</w:t></w:comment></w:comments>"})),
    "docx over two members": lambda s: post(docx(**{"word/a.xml": f"<a>{A(s)}</a>", "word/b.xml": f"<a>{B(s)}</a>"})),
    "xlsx shared strings": lambda s: post(zipped({"xl/sharedStrings.xml": "<sst>" + "".join(f"<si><t>{p}</t></si>" for p in pieces(s, 8)) + "</sst>"})),
    "xlsx rich text": lambda s: post(zipped({"xl/sharedStrings.xml": "<sst><si>" + "".join(f"<r><rPr><b/></rPr><t>{p}</t></r>" for p in pieces(s, 4)) + "</si></sst>"})),
    "zip comment": lambda s: post(zipped({"a": "x"}, comment=s.encode())),
    "zip file name": lambda s: post(zipped({f"{A(s)}/{B(s)}": "x"})),
    "zip names": lambda s: post(zipped(dict.fromkeys(pieces(s, 10), ""))),
    "zip extra field": lambda s: post(zipped({"a": "x"}, extra=struct.pack("<HH", 0x7075, len(s)) + s.encode())),
    "zip in zip in json": lambda s: post(json.dumps({"f": base64.b64encode(zipped({"a.zip": zipped({"b.txt": s})})).decode()}), "application/json"),
    "zip members, a piece each": lambda s: post(zipped({f"{n}.txt": p for n, p in enumerate(pieces(s, 8))})),
    "rtf hex": lambda s: post(rtf_hex(s), "application/rtf"),
    "rtf unicode": lambda s: post("{\\rtf1 " + "".join(f"\\u{ord(c)}?" for c in s) + "}", "application/rtf"),
    "svg tspans": lambda s: post("<svg><text>" + "".join(f'<tspan x="{n}">{c}</tspan>' for n, c in enumerate(s)) + "</text></svg>", "image/svg+xml"),
    # markup
    "xml cdata": lambda s: post("<a>" + "".join(f"<![CDATA[{p}]]>" for p in pieces(s, 6)) + "</a>", X),
    "xml entities": lambda s: post(f'<!DOCTYPE a [<!ENTITY b "{A(s)}"><!ENTITY c "{B(s)}">]><a>&b;&c;</a>', X),
    "xml processing instruction": lambda s: post(f"<?xml version='1.0'?><?x {A(s)}?><?x {B(s)}?><a/>", X),
    "xml comments between": lambda s: post("<a>" + "<!-- x -->".join(pieces(s, 5)) + "</a>", X),
    "xml element names": lambda s: post("<a>" + "".join(f"<k{p}/>" for p in pieces(s, 13)) + "</a>", X),
    "xml a letter an element": lambda s: post("<a>" + "".join(f"<b>{c}</b>" for c in s) + "</a>", X),
    "soap": lambda s: post(f"<soap:Envelope><soap:Body><m:A><m:x>{A(s)}</m:x><m:y>{B(s)}</m:y></m:A></soap:Body></soap:Envelope>", X),
    "plist data": lambda s: post(f"<plist><dict><key>a</key><data>\n\t{base64.b64encode(s.encode()).decode()}\n\t</data></dict></plist>", X),
    "html wbr": lambda s: post("<p>" + "<wbr>".join(pieces(s, 4)) + "</p>", "text/html"),
    "html zwnj": lambda s: post("<p>" + "&zwnj;".join(s) + "</p>", "text/html"),
    "html table": lambda s: post("<table><tr>" + "".join(f"<td>{p}</td>" for p in pieces(s, 5)) + "</tr></table>", "text/html"),
    "css content": lambda s: post("p::after{content:'" + "".join(f"\\{ord(c):x} " for c in s) + "'}", "text/css"),
    "markdown emphasis": lambda s: post("".join(f"**{p}**" if n % 2 else p for n, p in enumerate(pieces(s, 5))), "text/markdown"),
    "yaml block": lambda s: post("a: |\n" + "".join(f"  {p}\n" for p in pieces(s, 10)), "application/yaml"),
    "yaml folded quoted": lambda s: post('a: "' + "\\\n  ".join(pieces(s, 10)) + '"\n', "application/yaml"),
    "yaml anchors": lambda s: post(f"a: &x {A(s)}\nb: &y {B(s)}\nc: [*x, *y]\n", "application/yaml"),
    "yaml binary": lambda s: post("a: !!binary |\n" + textwrap.indent("\n".join(textwrap.wrap(base64.b64encode(s.encode()).decode(), 20)), "  "), "application/yaml"),
    "toml multi-line": lambda s: post('a = """\\\n' + "".join(f"  {p}\\\n" for p in pieces(s, 10)) + '"""', "application/toml"),
    "ini": lambda s: post("".join(f"[s{n}]\nv = {p}\n" for n, p in enumerate(pieces(s, 6))), "text/plain"),
    "properties": lambda s: post("k=" + "\\\n    ".join(pieces(s, 8)), "text/plain"),
    "csv row": lambda s: post(",".join(f'"{p}"' for p in pieces(s, 5)) + "\r\n", "text/csv"),
    "tsv letters": lambda s: post("\t".join(s), "text/tab-separated-values"),
    "ics folding": lambda s: post("BEGIN:VEVENT\r\nDESCRIPTION:" + "\r\n ".join(pieces(s, 9)) + "\r\nEND:VEVENT", "text/calendar"),
    "vcard": lambda s: post(f"BEGIN:VCARD\nVERSION:2.1\nN:{A(s)};{B(s)};;;\nEND:VCARD", "text/vcard"),
    "vcard quoted-printable": lambda s: post("BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:" + "".join(f"={ord(c):02X}" for c in s) + "\nEND:VCARD", "text/vcard"),
    "ldif": lambda s: post("dn: cn=a\ndescription:: " + "\n ".join(textwrap.wrap(base64.b64encode(s.encode()).decode(), 20)), "text/plain"),
    "email": lambda s: post("From: a@a.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\nContent-Transfer-Encoding: base64\r\n\r\n" + "\r\n".join(textwrap.wrap(base64.b64encode(b"hello " + s.encode()).decode(), 30)) + "\r\n--q--", "message/rfc822"),
    "email subject": lambda s: post("Subject: " + "\r\n ".join(f"=?utf-8?B?{base64.b64encode(h.encode()).decode()}?=" for h in halves(s, 3)) + "\r\n\r\nx", "message/rfc822"),
    "gmail raw": lambda s: post(json.dumps({"raw": base64.urlsafe_b64encode(("Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(s.encode()).decode()).encode()).decode()}), "application/json"),
    # code
    "sql concat": lambda s: post("SELECT " + " || ".join(f"'{p}'" for p in pieces(s, 6)), "text/plain"),
    "sql char": lambda s: post("SELECT CHAR(" + ",".join(str(ord(c)) for c in s) + ")", "text/plain"),
    "printf": lambda s: post("printf '" + "".join(f"\\{ord(c):o}" for c in s) + "'", "text/plain"),
    "powershell": lambda s: post("-join(" + ",".join(f"[char]{ord(c)}" for c in s) + ")", "text/plain"),
    "f-string": lambda s: post(f'a="{A(s)}"\nb="{B(s)}"\nk=f"{{a}}{{b}}"', "text/plain"),
    "template literal": lambda s: post("`" + "${''}".join(pieces(s, 6)) + "`", "text/plain"),
    "diff": lambda s: post("--- a\n+++ b\n@@ -1 +1,5 @@\n" + "".join(f"+{p}\n" for p in pieces(s, 9)), "text/plain"),
    "line numbers": lambda s: post("\n".join(f"{n:4d}  {p}" for n, p in enumerate(pieces(s, 9), 1)), "text/plain"),
    # forms
    "multipart base64 part": lambda s: multipart(named("a", base64.b64encode(s.encode()), "Content-Transfer-Encoding: base64\r\n")),
    "multipart quoted-printable": lambda s: multipart(named("a", "".join(f"={ord(c):02X}" for c in s), "Content-Transfer-Encoding: quoted-printable\r\n")),
    "multipart _charset_": lambda s: multipart(named("_charset_", "utf-16le"), named("a", s.encode("utf-16-le"))),
    "multipart part charset ebcdic": lambda s: multipart(named("a", s.encode("cp037"), "Content-Type: text/plain; charset=cp037\r\n")),
    "multipart filename*": lambda s: multipart(f"Content-Disposition: form-data; name=a; filename*=UTF-8''{''.join(f'%{ord(c):02x}' for c in s)}\r\n\r\nx"),
    "multipart filename continuations": lambda s: multipart("Content-Disposition: form-data; name=a; " + "; ".join(f"filename*{n}={p}" for n, p in enumerate(pieces(s, 8))) + "\r\n\r\nx"),
    "multipart encoded continuations": lambda s: multipart("Content-Disposition: form-data; name=a; " + "; ".join(f"filename*{n}*={''.join(f'%{ord(c):02x}' for c in p)}" for n, p in enumerate(pieces(s, 8))) + "\r\n\r\nx"),
    "multipart names": lambda s: multipart(*[named(p, "1") for p in pieces(s, 10)]),
    "multipart boundary": lambda s: multipart(named("a", "x"), boundary=s),
    "multipart boundary halves": lambda s: multipart(named("a", B(s)), boundary=A(s)),
    "multipart preamble": lambda s: post(f"{A(s)}\r\n--xx\r\n\r\n1\r\n--xx--\r\n{B(s)}", "multipart/mixed; boundary=xx"),
    "multipart nested": lambda s: multipart(f"Content-Type: multipart/mixed; boundary=yy\r\n\r\n--yy\r\n\r\n{A(s)}\r\n--yy\r\n\r\n{B(s)}\r\n--yy--"),
    "multipart gzip part": lambda s: multipart(named("a", gzip.compress(s.encode()), "Content-Encoding: gzip\r\n")),
    "batch of requests": lambda s: multipart(*[f"Content-Type: application/http\r\n\r\nPOST /a HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{json.dumps({'v': h})}" for h in halves(s)], kind="multipart/mixed"),
    "form semicolons": lambda s: post(";".join(f"k{n}={p}" for n, p in enumerate(pieces(s, 6))), "application/x-www-form-urlencoded"),
    "multipart file names": lambda s: multipart(*[f'Content-Disposition: form-data; name="f"; filename="{p}.txt"\r\n\r\nx' for p in pieces(s, 8)]),
    "form names": lambda s: post("&".join(f"{p}=1" for p in pieces(s, 8)), "application/x-www-form-urlencoded"),
    "form json field": lambda s: post("payload=" + "".join(f"%{c:02X}" for c in json.dumps({"a": A(s), "b": B(s)}).encode()), "application/x-www-form-urlencoded"),
    "form number codes": lambda s: post("&".join(f"c={ord(c)}" for c in s), "application/x-www-form-urlencoded"),
    # charsets
    "charset utf-7": lambda s: post(s.encode("utf-7").replace(b"a", b"+AGE-"), "text/plain; charset=utf-7"),
    "charset utf-16, no mark": lambda s: post(s.encode("utf-16-be"), "text/plain; charset=utf-16"),
    "charset cp037": lambda s: post(s.encode("cp037"), "text/plain; charset=cp037"),
    "charset iso-2022-jp": lambda s: post(iso2022(s), "text/plain; charset=iso-2022-jp"),
    "charset shift_jis wide": lambda s: post("".join(chr(ord(c) + 0xFEE0) for c in s).encode("shift_jis"), "text/plain; charset=shift_jis"),
    "charset euc-jp wide": lambda s: post("".join(chr(ord(c) + 0xFEE0) for c in s).encode("euc-jp"), "text/plain; charset=euc-jp"),
    "charset gb18030 wide": lambda s: post("".join(chr(ord(c) + 0xFEE0) for c in s).encode("gb18030"), "text/plain; charset=gb18030"),
    # uploads
    "s3 aws-chunked": aws_chunked,
    "coding aes128gcm": lambda s: post(s.encode()[::-1], **{"content-encoding": "aes128gcm"}),
    # heads
    "user agent and referer": lambda s: get(**{"user-agent": A(s), "referer": f"http://a.test/{B(s)}"}),
    "cookie names": lambda s: get(cookie="; ".join(f"{p}=1" for p in pieces(s, 8))),
    "cookie crumbs": lambda s: (*get()[:2], [("cookie", f"a{n}={p}") for n, p in enumerate(pieces(s, 7))], b""),
    "language digits": lambda s: get(**{"accept-language": ",".join(f"x;q=0.{ord(c):03d}" for c in s)}),
    "if-none-match tags": lambda s: get(**{"if-none-match": ", ".join(f'"{p}"' for p in pieces(s, 8))}),
    "if-none-match hex": lambda s: get(**{"if-none-match": f'"{s.encode().hex()}"'}),
    "range numbers": lambda s: get(range="bytes=" + ",".join(f"{ord(a)}-{ord(b)}" for a, b in zip(s[::2], s[1::2], strict=True))),
    "forwarded addresses": lambda s: get(**{"x-forwarded-for": ips(s)}),
    "baggage": lambda s: get(baggage=",".join(f"k{n}={p}" for n, p in enumerate(pieces(s, 6)))),
    "request ids": lambda s: get(**{f"x-request-id-{n}": u for n, u in enumerate(uuids(s))}),
    "traceparent and tracestate": lambda s: get(traceparent=f"00-{A(s)[:16].encode().hex()}-00f067aa0ba902b7-01", tracestate=f"a={s[16:].encode().hex()}"),
    "authorization digest": lambda s: get(authorization=f'Digest username="{A(s)}", realm="x", nonce="1", uri="/", response="{B(s)}"'),
    "authorization jwt claim": lambda s: get(authorization="Bearer " + ".".join(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in (b'{"alg":"none"}', json.dumps({"d": s}).encode(), b"xx"))),
    "aws signature parts": lambda s: get(authorization=f"AWS4-HMAC-SHA256 Credential={A(s)}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature={B(s).encode().hex()}"),
    "header names": lambda s: get(**{f"x-{p}": "1" for p in pieces(s.lower(), 14)}),
    # targets
    "query parameters": lambda s: get("/x?" + "&".join(f"{k}={p}" for k, p in zip("abcde", pieces(s, 8), strict=True))),
    "query names": lambda s: get("/x?" + "&".join(pieces(s, 8))),
    "query out of order": lambda s: get("/x?b={}&c={}&a={}".format(*tuple(halves(s, 3)[i] for i in (1, 2, 0)))),
    "path and query": lambda s: get(f"/{A(s)}?q={B(s)}"),
    "path segments": lambda s: get("/" + "/".join(pieces(s, 5))),
    "path extensions": lambda s: get("/" + ".".join(pieces(s, 8)) + ".png"),
    "path and header": lambda s: get(f"/{A(s)}", **{"x-a": B(s)}),
    "query and body": lambda s: post(f"b={B(s)}", "application/x-www-form-urlencoded", path=f"/x?a={A(s)}"),
    "coordinates": lambda s: get("/x?at=" + "|".join(f"{ord(a)}.{ord(b):03d}" for a, b in zip(s[::2], s[1::2], strict=True))),
}  # fmt: skip

MANY = {
    "tus": lambda s: [post(h, "application/offset+octet-stream", path="/files/1", method="PATCH", **{"tus-resumable": "1.0.0", "upload-offset": str(n * 14)}) for n, h in enumerate(halves(s, 3))],
    "tus metadata": lambda s: [post("", path="/files", **{"upload-length": "9", "upload-metadata": f"filename {base64.b64encode(s.encode()).decode()}"})],
    "content ranges": lambda s: [post(h, method="PUT", **{"content-range": f"bytes {n * 20}-{n * 20 + 19}/40"}) for n, h in enumerate(halves(s))],
    "nine letters a request": lambda s: [post(p) for p in pieces(s, 9)],
    "ten letters in paths": lambda s: [get(f"/i/{p}.png") for p in pieces(s, 10)],
    "hex of ten letters": lambda s: [get(f"/i?h={p.encode().hex()}") for p in pieces(s, 10)],
    "base64 of twelve letters": lambda s: [post(base64.b64encode(p.encode())) for p in pieces(s, 12)],
    "gzip of each half": lambda s: [post(gzip.compress(h.encode())) for h in halves(s)],
    "backwards halves": lambda s: [post(h[::-1]) for h in halves(s)],
}  # fmt: skip


@pytest.fixture(scope="module")
def armed(start_proxy):
    """
    A proxy that knows one secret for all that is one request, which leaves nothing
    behind when it is refused, and one for each case of several.
    """
    proxy = start_proxy()
    alphabet = string.ascii_letters + string.digits
    secrets = {name: "".join(DRAW.choices(alphabet, k=SIZE)) for name in ["", *MANY]}
    registered = [
        Registration(SecretInfo(f"s{n}"), value.encode())
        for n, value in enumerate(secrets.values())
    ]
    SecretStore(proxy.state).add(registered)
    end = time.monotonic() + 60
    while f"dlp_secrets_loaded {float(len(secrets))}" not in proxy.scrape()[1]:
        assert time.monotonic() < end
        time.sleep(0.1)
    yield proxy, secrets
    proxy.stop()


def send(wire, origin, request):
    method, path, fields, body = request
    host = f"a.test:{origin.port}"
    fields = fields.items() if isinstance(fields, dict) else fields
    headers = [("Host", host), *fields]
    return wire.request(
        f"http://{host}{path}", method=method, headers=headers, body=body
    )


def test_none_arrives_whole_and_no_output_holds_one(armed, plain):
    proxy, secrets = armed
    cases = {
        **{name: lambda s, make=make: [make(s)] for name, make in ONE.items()},
        **MANY,
    }
    arrived = []
    with Wire.to(proxy) as wire:
        for name, make in cases.items():
            requests = make(secrets.get(name, secrets[""]))
            before = len(plain.requests)
            statuses = [send(wire, plain, request).status for request in requests]
            assert set(statuses) <= {200, 403}, name
            assert len(plain.requests) - before == statuses.count(200), name
            if 403 not in statuses:
                arrived.append(name)
    assert arrived == []
    outputs = [proxy.log_file, proxy.state, proxy.scrape()[1]]
    assert [name for name, value in secrets.items() if leaks(value, *outputs)] == []


def test_honest_words_in_the_same_places_pass(armed, plain):
    proxy, _ = armed
    refused = []
    with Wire.to(proxy) as wire:
        for name, make in ONE.items():
            if name not in UNREADABLE:
                answer = send(wire, plain, make(WORDS))
                refused += [name] if answer.status != 200 else []
    assert refused == []
