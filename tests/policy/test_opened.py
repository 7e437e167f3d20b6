import base64
import random

import pytest

from dlp.model import Agent, Destination, Message, Part, PartKind
from dlp.policy.opened import breach, carries_data
from dlp.policy.reach import Caps

DATA = random.Random("names").randbytes(60)


CARRY = {
    "base32": base64.b32encode(DATA[:30]).decode().lower() + ".evil.example",
    "base32 over labels": base64.b32encode(DATA[:15]).decode().lower().rstrip("=")
    + "."
    + base64.b32encode(DATA[15:30]).decode().lower().rstrip("=")
    + ".x.evil.co.uk",
    "hex": DATA[:30].hex() + ".evil.example",
    "letters": "".join(
        random.Random(1).choices("abcdefghijklmnopqrstuvwxyz234567", k=50)
    )
    + ".evil.example",
    "letters among words": ".".join(
        "".join(random.Random(n).choices("abcdefghijklmnopqrstuvwxyz", k=14))
        for n in range(3)
    )
    + ".documentation.information.management.international.evil.example",
    "very many words": "the-agent-reads-" * 3
    + "."
    + "a-file-and-writes-" * 3
    + ".evil.example",
}
HONEST = [
    "www.example.com",
    "en.wikipedia.org",
    "d111111abcdef8.cloudfront.net",
    "rr3---sn-4g5edn6y.googlevideo.com",
    "pub-0123456789abcdef0123456789abcdef.r2.dev",
    "documentation-preview-1234.some-long-project-name.readthedocs.io",
    "my-application-staging-environment.eu-central-1.elasticbeanstalk.com",
    "objects-us-east-1.dream.io",
    "xn--bcher-kva.example",
    "192.0.2.7",
    "2001:db8::7",
    "localhost",
]


@pytest.mark.parametrize("host", CARRY.values(), ids=CARRY)
def test_a_name_that_could_be_data(host):
    assert carries_data(host)


@pytest.mark.parametrize("host", HONEST)
def test_a_name_that_is_one(host):
    assert not carries_data(host)


def request(*parts, method="GET"):
    to = Destination("https", "open.example", 443, method)
    return Message(Agent("default"), to, parts)


TARGET, HEADER, BODY = PartKind.TARGET, PartKind.HEADER, PartKind.BODY
REFUSED = {
    "a method that writes": ((), "POST", "GET and HEAD"),
    "a body": ((Part(BODY, b"x"),), "GET", "no body"),
    "a credential": ((Part(HEADER, b"x", "authorization"),), "GET", "no credentials"),
    "a cookie": ((Part(HEADER, b"x=1", "cookie"),), "GET", "no credentials"),
    "a long target": ((Part(TARGET, b"/" + b"a" * 100),), "GET", "100 bytes"),
    "a random path": (
        (Part(TARGET, b"/" + DATA.hex()[:90].encode()),),
        "GET",
        "200 bits",
    ),
    "a random query": (
        (Part(TARGET, b"/?" + DATA.hex()[:90].encode()),),
        "GET",
        "200 bits",
    ),
    "a name of data": (
        (Part(PartKind.HOST, CARRY["hex"].encode()),),
        "GET",
        "could be data",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_an_open_destination_does_not_take(case):
    parts, method, why = case
    assert why in breach(request(*parts, method=method), Caps(url=100, entropy=200))


def test_what_it_takes():
    caps = Caps(url=100, entropy=200)
    assert breach(request(Part(TARGET, b"/wiki/Python?action=raw")), caps) == ""
    assert breach(request(Part(BODY, b"")), caps) == ""
    assert breach(request(Part(BODY, b"x"), method="POST"), None) == ""
