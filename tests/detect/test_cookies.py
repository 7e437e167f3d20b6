"""Which cookies look as if they said who is calling."""

import base64
import random

import pytest

from dlp.detect.cookies import is_credential, pair

DRAWN = random.Random("cookies")
VALUE = base64.b64encode(DRAWN.randbytes(30))
UUID = "-".join(DRAWN.randbytes(n).hex() for n in (4, 2, 2, 2, 6)).encode()


CREDENTIALS = {
    "a session": (b"PHPSESSID", b"abc"),
    "of a framework": (b"connect.sid", b"s%3A1"),
    "ASP.NET": (b"ASP.NET_SessionId", b"q1w2"),
    "a token": (b"access_token", b"abc"),
    "an id of a session": (b"sid", b"abc"),
    "a host prefix": (b"__Host-session", b"abc"),
    "one nobody names": (b"x", VALUE),
    "a UUID": (b"visitor", UUID),
    "a token against forgery": (b"csrftoken", VALUE),
}
OTHERS = {
    "a theme": (b"theme", b"dark"),
    "a flag": (b"logged_in", b"yes"),
    "a number": (b"session", b"1"),
    "of a balancer": (b"__cf_bm", VALUE),
    "of a counter": (b"_ga", b"GA1.2.1234567890.1700000000"),
    "a consent": (b"OptanonConsent", b"isGpcEnabled=0&consentId=" + UUID),
    "a consent in code": (b"euconsent-v2", VALUE),
    "a banner": (b"CookieConsent", b"{stamp:%27" + VALUE + b"%27}"),
    "an author": (b"author", b"jane"),
    "a side": (b"inside", b"abc"),
    "a zone": (b"tz", b"Europe/Zurich"),
}


@pytest.mark.parametrize("cookie", CREDENTIALS.values(), ids=CREDENTIALS)
def test_a_credential(cookie):
    assert is_credential(*cookie)


@pytest.mark.parametrize("cookie", OTHERS.values(), ids=OTHERS)
def test_another_cookie(cookie):
    assert not is_credential(*cookie)


PAIRS = {
    b"a=b": (b"a", b"b"),
    b" a = b ; c=d": (b"a", b"b"),
    b'a="b c"': (b"a", b"b c"),
    b'a={"b":"c"}': (b"a", b'{"b":"c"}'),
    b'a="': (b"a", b'"'),
    b"a==": (b"a", b"="),
    b"=b": (b"", b"b"),
    b"a=   ": (b"a", b""),
    b"a=; b=c": (b"a", b""),
}


@pytest.mark.parametrize("text", PAIRS)
def test_name_and_value(text):
    name, span = pair(text)
    assert (name, text[slice(*span)]) == PAIRS[text]


@pytest.mark.parametrize("text", [b"", b"a", b"a; b=c"])
def test_what_is_no_cookie(text):
    assert pair(text) is None


def test_the_next_one_begins_behind_the_last():
    text = b"a=b; c=d; e=f"
    assert [text[slice(*pair(text, at)[1])] for at in (0, 4, 9)] == [b"b", b"d", b"f"]
