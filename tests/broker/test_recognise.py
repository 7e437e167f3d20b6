from random import Random

import pytest

from dlp.broker.recognise import Vendors, recognise


def token(size: int, alphabet: str = "abcdefghkmnprstuvwxyzABCDEFGH23456789") -> str:
    return "".join(Random(size).choices(alphabet, k=size))


@pytest.fixture(scope="module")
def vendors():
    return Vendors.load(None)


SECRETS = {
    "a key by its name": ("SERVICE_KEY", token(20)),
    "a password by its name": ("DB_PASS", token(12)),
    "a passphrase": ("SIGNING_PASSPHRASE", "gravel onion tuesday violet cabin stoic"),
    "something random without a telling name": ("THING", token(32)),
    "a database URL with a password": (
        "DATABASE_URL",
        f"postgres://app:{token(16)}@db:5432/x",
    ),
    "a webhook URL": ("HOOK", f"https://hooks.example.com/services/T01/{token(24)}"),
    "hex": ("COOKIE_SALT", token(40, "0123456789abcdef")),
}
OTHERS = {
    "empty": ("KEY", "", "empty"),
    "a switch": ("USE_TOKEN", "true", "switch"),
    "a number": ("TOKEN_TTL", "3600", "number"),
    "an address": ("AUTH_HOST", "login.internal.example.com", "address"),
    "a mail address": ("AUTH_USER", "somebody@mail.example.com", "address"),
    "a path": (
        "PRIVATE_KEY_FILE",
        "/etc/ssl/private/server.example.com.key",
        "address",
    ),
    "an open URL": (
        "API_URL",
        "https://api.example.com/v1/things/and/others",
        "address",
    ),
    "a reference": ("API_KEY", "${OTHER_API_KEY_VARIABLE}", "placeholder"),
    "an example": ("API_KEY", "your-api-key-goes-in-here", "placeholder"),
    "a word": ("DB_PASSWORD", "changeme", "guess"),
    "prose": ("MOTD", "Welcome to the machine, please behave", "look like"),
    "a public key": ("PUBLIC_KEY_ID", "production database of the shop", "look like"),
}


@pytest.mark.parametrize(("key", "value"), SECRETS.values(), ids=SECRETS)
def test_it_is_a_secret(vendors, key, value):
    assert recognise(vendors, key, value).refused == ""


@pytest.mark.parametrize(("key", "value", "why"), OTHERS.values(), ids=OTHERS)
def test_it_is_no_secret(vendors, key, value, why):
    assert why in recognise(vendors, key, value).refused


def test_a_vendor_needs_the_whole_value(vendors):
    key = "AI" + "za" + token(35)
    assert vendors.rule("k", key.encode()) is not None
    assert (
        vendors.rule("k", f"{key} and a lot of other text behind it".encode()) is None
    )
