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
    "a cookie": ((Part(HEADER, b"session=abc", "cookie"),), "GET", "no credentials"),
    "a random cookie": (
        (Part(HEADER, b"x=1; y=" + base64.b64encode(DATA[:24]), "cookie"),),
        "GET",
        "no credentials",
    ),
    "a credential by its name": (
        (Part(HEADER, b"x", "x-company-token"),),
        "GET",
        "no credentials",
    ),
    "a long header": ((Part(HEADER, b"a" * 100, "x-note"),), "GET", "in headers"),
    "a random header": (
        (Part(HEADER, DATA.hex()[:80].encode(), "x-note"),),
        "GET",
        "in headers",
    ),
    "a random trailer": (
        (Part(PartKind.TRAILER, DATA.hex()[:80].encode(), "accept"),),
        "GET",
        "in headers",
    ),
    "a random name of a header": (
        (Part(HEADER, b"1", "x-" + DATA.hex()[:80]),),
        "GET",
        "in headers",
    ),
    "many short headers": (
        tuple(Part(HEADER, DATA.hex()[n : n + 2].encode(), "x") for n in range(60)),
        "GET",
        "in headers",
    ),
    "a usual header in pieces": (
        tuple(
            Part(HEADER, DATA.hex()[n : n + 2].encode(), "dpr") for n in range(0, 90, 2)
        ),
        "GET",
        "in headers",
    ),
    "a usual header that says much": (
        (Part(HEADER, base64.b64encode(DATA * 4)[:99] * 20, "user-agent"),),
        "GET",
        "in headers",
    ),
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


BROWSER = {
    "host": "docs.example.org",
    "sec-ch-ua": '"Chromium";v="131", "Google Chrome";v="131", "Not_A Brand";v="24"',
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Linux"',
    "upgrade-insecure-requests": "1",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Chrome/131.0.0.0 Safari/537.36",
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
    "image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    "sec-fetch-site": "same-origin",
    "sec-fetch-mode": "navigate",
    "sec-fetch-user": "?1",
    "sec-fetch-dest": "document",
    "referer": "https://docs.example.org/search?q=how+to+write+a+proxy&page=2",
    "accept-encoding": "gzip, deflate, br, zstd",
    "accept-language": "de-CH,de;q=0.9,en-US;q=0.8,en;q=0.7",
    "if-none-match": f'W/"{DATA.hex()[:40]}", "{DATA.hex()[40:72]}"',
    "if-modified-since": "Tue, 03 Dec 2024 10:11:12 GMT",
    "priority": "u=0, i",
    "cookie": "theme=dark; lang=de-CH; _ga=GA1.2.1234567890.1700000000; logged_in=no",
}
CLIENTS = {
    "a browser": BROWSER,
    "a client that traces": {
        "user-agent": "research-agent/1.2 (+https://example.org/agent)",
        "accept": "*/*",
        "traceparent": f"00-{DATA.hex()[:32]}-{DATA.hex()[32:48]}-01",
        "tracestate": "vendor=abc123,other=t61rcWkgMzE",
        "baggage": f"environment=production,trace_id={DATA.hex()[:32]}",
        "x-request-id": DATA.hex()[:32],
        "x-csrf-token": "none",
    },
    "a download that goes on": {
        "user-agent": "curl/8.5.0",
        "accept": "*/*",
        "range": "bytes=1048576-",
        "if-range": f'"{DATA.hex()[:32]}"',
    },
    "headers of a framework": {
        "rsc": "1",
        "next-url": "/en/docs/getting-started",
        "next-router-prefetch": "1",
        "x-nextjs-data": "1",
        "x-inertia-version": DATA.hex()[:32],
    },
}


@pytest.mark.parametrize("fields", CLIENTS.values(), ids=CLIENTS)
def test_what_clients_say_of_themselves(fields):
    parts = (
        Part(HEADER, value.encode(), name)
        for name, value in [("", ""), *fields.items()]
    )
    assert breach(request(*parts), Caps()) == ""


def test_what_the_destination_set_says_nothing_to_it():
    jar = [base64.b64encode(random.Random(n).randbytes(60)) for n in range(40)]
    given = Part(
        HEADER, b"; ".join(b"s%d=%b" % each for each in enumerate(jar)), "cookie"
    )
    caps = Caps()
    assert breach(request(given), caps, lambda token: token.value in jar) == ""
    assert breach(request(given), caps, lambda token: token.value in jar[1:])
    assert breach(request(given), caps)


def test_headers_together_carry_no_more_than_a_target():
    def note(size):
        return Part(
            HEADER, random.Random(size).randbytes(size).hex().encode(), "x-note"
        )

    assert breach(request(note(400)), Caps()) == ""
    assert "in headers" in breach(request(note(600)), Caps())
    assert "in headers" in breach(request(note(300), note(301)), Caps())
