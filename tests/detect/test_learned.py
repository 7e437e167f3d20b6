"""Which tokens are worth knowing."""

import random
import uuid

import pytest

from dlp.detect.known.learned import is_material, issuer_of, name_of

DRAWN = random.Random("learned")
RANDOM = {
    "UUIDs": lambda: str(uuid.UUID(int=DRAWN.getrandbits(128), version=4)),
    "hex": lambda: DRAWN.randbytes(16).hex(),
    "capital hex": lambda: DRAWN.randbytes(20).hex().upper(),
    "letters and digits": lambda: "".join(DRAWN.choices("abcdefghij0123456789", k=26)),
}
PLAIN = [
    "1700000000000-1234567890",
    "2026-01-01-2026-12-31",
    "the-quick-brown-fox-jumps-over",
    '{"theme":"dark","tz":"Europe/Zurich"}',
    "",
]


@pytest.mark.parametrize("drawn", RANDOM.values(), ids=RANDOM)
def test_what_is_random_is_learned_each_time(drawn):
    assert all(is_material(drawn().encode()) for _ in range(50))


@pytest.mark.parametrize("value", PLAIN)
def test_what_is_plain_is_not(value):
    assert not is_material(value.encode())


@pytest.mark.parametrize("host", ["api.example.com", "192.0.2.1", "2001:db8::1"])
def test_a_name_tells_the_issuer(host):
    assert issuer_of(name_of(host, b"\1" * 16)) == host
