"""In noise, of which most decoders see nothing, a secret is found all the same."""

import base64
import random

import pytest

from dlp.decode.flow import STEP_BYTES
from dlp.model import Action
from tests.inspector.test_flow import REGISTERED, SHAPED, Told, even

NOISE = random.Random(11).randbytes(STEP_BYTES + (64 << 10))

SHOWN = {
    "as it is": bytes,
    "reversed": lambda s: s[::-1],
    "XOR 0x5a": lambda s: bytes(byte ^ 0x5A for byte in s),
    "plus 7": lambda s: bytes((byte + 7) & 255 for byte in s),
    "base64": base64.b64encode,
    "hex": lambda s: s.hex().encode(),
    "UTF-16": lambda s: s.decode().encode("utf-16-le"),
    "half of it": lambda s: s[: len(s) // 2],
}


def seen(body: bytes) -> Told:
    return Told(body, even(1 << 20), cut=None)


def test_noise_alone_passes():
    assert not seen(NOISE).refused


@pytest.mark.parametrize("at", [5, 700_001, STEP_BYTES - 20])
@pytest.mark.parametrize("way", SHOWN)
def test_a_registered_secret_is_found(way, at):
    told = seen(NOISE[:at] + SHOWN[way](REGISTERED) + NOISE[at:])
    assert told.verdict is not None
    assert told.verdict.action is Action.BLOCK


@pytest.mark.parametrize("way", sorted({*SHOWN} - {"half of it"}))
def test_a_vendor_shaped_one_is_found(way):
    told = seen(NOISE[:9999] + SHOWN[way](SHAPED) + NOISE[9999:])
    assert told.verdict is not None
    assert told.verdict.action is Action.BLOCK
