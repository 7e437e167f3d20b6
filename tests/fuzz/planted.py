"""A known secret under layers and in a carrier, both chosen by the bytes of the fuzzer."""

import base64
import bz2
import gzip
import html
import json
import lzma
import urllib.parse
import zlib
from collections.abc import Callable

from backports import zstd

from dlp.model import Part, PartKind


def text(data: bytes) -> str:
    """Text as it is, anything else in base64."""
    plain = data.isascii() and b"\0" not in data
    return (data if plain else base64.b64encode(data)).decode()


LAYERS: tuple[Callable[[bytes], bytes], ...] = (
    base64.b64encode,
    lambda d: base64.urlsafe_b64encode(d).rstrip(b"="),
    lambda d: base64.b64encode(b"xy: " + d if d.isascii() else d),
    lambda d: d.hex().encode(),
    lambda d: d.hex(":").encode(),
    base64.b32encode,
    gzip.compress,
    zlib.compress,
    bz2.compress,
    lzma.compress,
    zstd.compress,
    lambda d: "".join(f"%{c:02x}" for c in d).encode(),
    lambda d: urllib.parse.quote(d, safe="").encode(),
    lambda d: json.dumps({"a": [d.decode("latin-1")]}).encode(),
    lambda d: "".join(f"&#{c};" for c in d).encode(),
    lambda d: html.escape(f'<a title="{text(d)}">').encode(),
    lambda d: text(d).encode("utf-16-le"),
    lambda d: b"The answer is " + d + b", as was said.",
    lambda d: json.dumps(list(d)).encode(),
)
DEEPEST = 3

CARRIERS: tuple[Callable[[bytes, bytes], Part], ...] = (
    lambda d, _: Part(PartKind.BODY, d),
    lambda d, j: Part(PartKind.BODY, j + b"\n" + d),
    lambda d, j: Part(PartKind.BODY, d + b" " + j),
    lambda d, _: Part(PartKind.BODY, gzip.compress(d), encodings=("gzip",)),
    lambda d, j: Part(
        PartKind.BODY,
        json.dumps({"x": j.decode("latin-1"), "m": [{"c": d.decode("latin-1")}]}).encode(),
    ),
    lambda d, j: Part(
        PartKind.BODY,
        b"a=" + urllib.parse.quote(j).encode() + b"&b=" + urllib.parse.quote(d).encode(),
    ),
    lambda d, j: Part(
        PartKind.BODY,
        b'--q\r\ncontent-disposition: form-data; name="a"\r\n\r\n%b\r\n'
        b'--q\r\ncontent-disposition: form-data; name="f"; filename="x"\r\n\r\n%b\r\n--q--\r\n'
        % (j, d),
    ),
    lambda d, j: Part(
        PartKind.TARGET, b"/x?j=%b&q=%b" % tuple(urllib.parse.quote(p).encode() for p in (j, d))
    ),
    lambda d, j: Part(PartKind.FRAME, d + b"\n" + j),
)  # fmt: skip


def planted(secret: bytes, data: bytes) -> tuple[Part, str]:
    """
    A part that holds `secret`, and how it was made.

    The first bytes of `data` choose carrier and layers, the rest stands round it.
    """
    carrier, count, *chosen = data[: 2 + DEEPEST].ljust(2 + DEEPEST, b"\0")
    layers = [number % len(LAYERS) for number in chosen[: count % (DEEPEST + 1)]]
    for number in layers:
        secret = LAYERS[number](secret)
    part = CARRIERS[carrier % len(CARRIERS)](secret, data[2 + DEEPEST :])
    return part, f"carrier {carrier % len(CARRIERS)}, layers {layers}"
