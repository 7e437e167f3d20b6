"""Bytes reckoned anew: what comes out is text, or nothing."""

import base64
import json
import random
import string
from itertools import accumulate, pairwise
from operator import xor

import pytest

from dlp.decode import decode
from dlp.decode.ciphers.reckoned import is_reckoned
from dlp.model import Limits, Part, PartKind

TOKEN = "ghp" + "_" + "".join(random.Random(9).choices(string.ascii_letters, k=36))


def turned(byte, by):
    return (byte << by | byte >> 8 - by) & 255


WAYS = {
    "bits backwards": lambda t: bytes(int(f"{c:08b}"[::-1], 2) for c in t),
    "bits turned by one": lambda t: bytes(turned(c, 1) for c in t),
    "bits turned by three": lambda t: bytes(turned(c, 3) for c in t),
    "nibbles swapped": lambda t: bytes(turned(c, 4) for c in t),
    "all bits inverted": lambda t: bytes(c ^ 255 for c in t),
    "times 7": lambda t: bytes(c * 7 & 255 for c in t),
    "sums": lambda t: bytes(total & 255 for total in accumulate(t)),
    "XOR of all before": lambda t: bytes(accumulate(t, xor)),
    "differences": lambda t: bytes([t[0], *(b - a & 255 for a, b in pairwise(t))]),
    "XOR of neighbours": lambda t: bytes([t[0], *(b ^ a for a, b in pairwise(t))]),
    "XOR with the place": lambda t: bytes(c ^ 177 + n & 255 for n, c in enumerate(t)),
    "with noise between": lambda t: bytes(b for c in t for b in (c, 255 - c)),
    "with ones between": lambda t: bytes(b for c in t for b in (1, c)),
}
CODES = {
    "raw": lambda data: data,
    "base64": base64.b64encode,
    "hex": lambda data: data.hex().encode(),
    "numbers": lambda data: json.dumps(list(data)).encode(),
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", WAYS)
def test_a_token_comes_out_of(name, code):
    token = TOKEN.encode()
    body = CODES[code](WAYS[name](token))
    decoded = decode([Part(PartKind.BODY, body)], Limits())
    assert any(token in view.data for view in decoded.views)


def test_noise_becomes_no_text():
    draw = random.Random(3)
    assert not any(
        is_reckoned(draw.randbytes(draw.randrange(24, 200))) for _ in range(500)
    )


def test_a_boundary_in_hexadecimal_is_in_no_keys_way():
    """As multipart writes one before each part."""
    coded = bytes(turned(c, 3) for c in TOKEN.encode()).hex()
    line = "--" + random.Random(2).randbytes(16).hex()
    body = f'{line}\r\nContent-Disposition: form-data; name="f"\r\n\r\n{coded}\r\n'
    decoded = decode([Part(PartKind.BODY, f"{body}{line}--\r\n".encode())], Limits())
    assert any(TOKEN.encode() in view.data for view in decoded.views)
