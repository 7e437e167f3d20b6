"""What a host issues is known at once: it passes at home and nowhere else."""

import asyncio
import base64
import gzip
import json
import random
import string
import time
from pathlib import Path

import orjson
import pytest

from dlp.detect.known.issued import MOST_BYTES
from dlp.gate import Gate
from dlp.model import (
    Action,
    Agent,
    Destination,
    Message,
    Part,
    PartKind,
    Settings,
)
from dlp.state.sqlite import Store

AGENT = Agent("default")
POLICY = """\
version: 1
groups:
  shop: [shop.example.com, media.example.net]
statements:
  - id: all
    effect: allow
    hosts: [shop.example.com, pay.example.com, media.example.net, other.example.org,
            oauth2.googleapis.com, storage.googleapis.com, bucket.example.io,
            bucket.s3.us-east-1.amazonaws.com, team.vault.azure.net,
            team.blob.core.windows.net]
  - id: web
    effect: allow
    kind: open
    hosts: [open.example.org]
  - id: ours
    effect: allow
    hosts: [pinned.example.net, login.example.net]
pinned: [pinned.example.net, login.example.net]
"""
JSON = ("content-type", b"application/json")


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("observer")
    (folder / "rules").mkdir()
    (folder / "rules" / "policy.yaml").write_text(POLICY)
    gate = Gate.open(Settings(rules=str(folder / "rules"), state=str(folder / "state")))
    yield gate
    gate.close()


@pytest.fixture
async def gate(opened):
    yield opened
    await settled(opened)


async def settled(gate):
    await asyncio.gather(*gate.observer._tasks)


def token(size=40):
    return "".join(random.choices(string.ascii_letters + string.digits, k=size))


def jwt(**claims):
    def piece(value):
        return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()

    signature = base64.urlsafe_b64encode(random.randbytes(32)).rstrip(b"=").decode()
    return f"{piece({'alg': 'RS256', 'typ': 'JWT'})}.{piece(claims)}.{signature}"


def answer(gate, host, value, *fields, request=()):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    heard = gate.observer.hear(host, [JSON, *fields], request)
    if heard is None:
        return
    assert heard(data) == data
    assert heard(b"") == b""


async def sent(gate, host, *parts, method="POST"):
    to = Destination("https", host, 443, method)
    return (await gate.judge(Message(AGENT, to, parts))).verdict


def body(text):
    return Part(PartKind.BODY, b'{"note": "%s"}' % text.encode())


def bearer(text):
    return Part(PartKind.HEADER, b"Bearer " + text.encode(), "authorization")


def cookie(text):
    return Part(PartKind.HEADER, b"sid=" + text.encode(), "cookie")


ISSUED = {
    "an access token": lambda t: {"access_token": t, "expires_in": 3600},
    "a refresh token": lambda t: {"access_token": "x", "refresh_token": t},
    "an id token": lambda t: {"id_token": t},
    "a ticket": lambda t: {"ok": True, "ticket": t},
    "a nested one": lambda t: {"data": [{"session": {"session_token": t}}]},
}


@pytest.mark.parametrize("made", ISSUED.values(), ids=ISSUED)
async def test_an_issued_token_passes_at_home_and_nowhere_else(gate, made):
    value = token()
    answer(gate, "shop.example.com", made(value))
    for home in ("shop.example.com", "pay.example.com", "media.example.net"):
        assert (await sent(gate, home, body(value))).action is Action.ALLOW, home
    verdict = await sent(gate, "other.example.org", body(value))
    assert (verdict.action, verdict.rule) == (Action.BLOCK, "issued-token")


async def test_in_the_slot_of_another_host_it_is_counted(gate):
    value = token()
    answer(gate, "shop.example.com", {"access_token": value})
    for part in (bearer(value), cookie(value)):
        verdict = await sent(gate, "other.example.org", part)
        assert verdict.action is Action.ALLOW
        found = {(f.rule, f.tier, f.place) for f in verdict.findings}
        assert ("issued-token", "likely", "other-slot") in found


async def test_an_open_destination_does_not_take_it_anywhere(gate):
    value = token()
    answer(gate, "shop.example.com", {"access_token": value})
    target = Part(PartKind.TARGET, f"/?q={value}".encode())
    verdict = await sent(gate, "open.example.org", target, method="GET")
    assert verdict.action is Action.BLOCK


async def test_a_cookie_is_known_with_the_head(gate):
    value = token()
    field = ("set-cookie", f"sid={value}; HttpOnly".encode())
    gate.observer.hear("shop.example.com", [field], ())
    assert (await sent(gate, "shop.example.com", cookie(value))).findings == ()
    encoded = base64.b64encode(f"sid is {value}".encode()).decode()
    verdict = await sent(gate, "other.example.org", body(encoded))
    assert verdict.rule == "issued-token"


def set_cookie(gate, host, value):
    gate.observer.hear(host, [("set-cookie", f"sid={value}; Path=/".encode())], ())


async def test_an_open_destination_has_its_cookies_back_and_no_others(gate):
    value = token()
    refused = await sent(gate, "open.example.org", cookie(value), method="GET")
    assert (refused.action, refused.reason) == (Action.BLOCK, "destination")
    set_cookie(gate, "open.example.org", value)
    passed = await sent(gate, "open.example.org", cookie(value), method="GET")
    assert passed.action is Action.ALLOW
    both = Part(PartKind.HEADER, f"sid={value}; x={token()}".encode(), "cookie")
    refused = await sent(gate, "open.example.org", both, method="GET")
    assert refused.action is Action.BLOCK


async def test_a_pinned_host_has_its_cookies_back_and_no_others(gate):
    value, other = token(), token()
    refused = await sent(gate, "pinned.example.net", cookie(value))
    assert (refused.action, refused.rule) == (Action.BLOCK, "pinned")
    set_cookie(gate, "pinned.example.net", value)
    # What a host of the same party, not pinned, gives could be anybody's.
    set_cookie(gate, "media.example.net", other)
    assert (
        await sent(gate, "pinned.example.net", cookie(value))
    ).action is Action.ALLOW
    assert (await sent(gate, "login.example.net", cookie(value))).action is Action.ALLOW
    assert (await sent(gate, "pinned.example.net", cookie(other))).rule == "pinned"
    mixed = Part(PartKind.HEADER, f"sid={value}; a={other}".encode(), "cookie")
    assert (await sent(gate, "pinned.example.net", mixed)).rule == "pinned"


async def test_a_pinned_host_takes_what_is_no_credential(gate):
    crumbs = f"theme=dark; _ga=GA1.2.1.2; __cf_bm={token(90)}; consent=all"
    part = Part(PartKind.HEADER, crumbs.encode(), "cookie")
    assert (await sent(gate, "pinned.example.net", part)).action is Action.ALLOW


async def test_a_pinned_host_takes_no_token_that_another_host_issued(gate):
    value = token()
    answer(gate, "media.example.net", {"access_token": value})
    verdict = await sent(gate, "pinned.example.net", bearer(value))
    assert (verdict.action, verdict.rule) == (Action.BLOCK, "pinned")


async def test_an_answer_that_comes_in_pieces_and_compressed(gate):
    value = token()
    data = gzip.compress(json.dumps({"access_token": value}).encode())
    fields = [
        JSON,
        ("content-encoding", b"gzip"),
        ("content-length", b"%d" % len(data)),
    ]
    heard = gate.observer.hear("shop.example.com", fields, ())
    assert b"".join(heard(data[n : n + 1]) for n in range(len(data))) == data
    # Before the end of the message is seen: the last byte has only just gone on.
    assert (await sent(gate, "other.example.org", body(value))).action is Action.BLOCK


async def test_a_long_answer_is_not_kept(gate):
    value = token()
    text = json.dumps({"access_token": value, "x": "y" * MOST_BYTES}).encode()
    answer(gate, "shop.example.com", text)
    assert (await sent(gate, "other.example.org", body(value))).action is Action.ALLOW
    known = ("content-length", b"%d" % len(text))
    assert gate.observer.hear("shop.example.com", [JSON, known], ()) is None
    html = ("content-type", b"text/html")
    assert gate.observer.hear("shop.example.com", [html], ()) is None


async def test_what_the_agent_sent_itself_is_not_learned(gate):
    value, other = token(), token()
    await sent(gate, "shop.example.com", bearer(value))
    answer(gate, "shop.example.com", {"access_token": value})
    answer(gate, "shop.example.com", {"token": other}, request=[other.encode()])
    for mine in (value, other):
        assert (await sent(gate, "other.example.org", body(mine))).findings == ()


async def test_google_issues_for_its_other_domains(gate):
    value = token()
    answer(gate, "oauth2.googleapis.com", {"access_token": value})
    sent_there = await sent(gate, "storage.googleapis.com", body(value))
    assert sent_there.action is Action.ALLOW


async def test_the_store_of_large_files_is_named_by_the_answer(gate):
    value = token()
    href = f"https://bucket.example.io/o?X-Amz-Signature={value}"
    answer(
        gate, "shop.example.com", {"objects": [{"actions": {"upload": {"href": href}}}]}
    )
    target = Part(PartKind.TARGET, f"/o?X-Amz-Signature={value}".encode())
    there = await sent(gate, "bucket.example.io", target, method="PUT")
    assert there.action is Action.ALLOW
    elsewhere = await sent(gate, "other.example.org", target, method="PUT")
    assert elsewhere.action is Action.BLOCK


async def test_a_redirect_names_a_host_too(gate):
    value = token()
    fields = [
        ("set-cookie", f"sid={value}".encode()),
        ("location", b"https://other.example.org/next"),
    ]
    gate.observer.hear("shop.example.com", fields, ())
    assert (await sent(gate, "other.example.org", body(value))).action is Action.ALLOW
    assert (await sent(gate, "bucket.example.io", body(value))).action is Action.BLOCK


async def test_a_jwt_in_a_slot_goes_where_it_says_it_is_for(gate):
    meant = jwt(aud="https://other.example.org/", sub="x")
    answer(gate, "shop.example.com", {"access_token": meant})
    there = await sent(gate, "other.example.org", bearer(meant))
    assert there.action is Action.ALLOW
    elsewhere = await sent(gate, "bucket.example.io", bearer(meant))
    assert elsewhere.action is Action.BLOCK


async def test_a_jwt_that_does_not_say_passes_in_a_slot(gate):
    vague = jwt(aud="3f0c1d", sub="x")
    answer(gate, "shop.example.com", {"access_token": vague})
    assert (await sent(gate, "bucket.example.io", bearer(vague))).action is Action.ALLOW
    assert (await sent(gate, "bucket.example.io", body(vague))).action is Action.BLOCK


async def test_it_outlives_the_process(gate):
    value = token()
    answer(gate, "pay.example.com", {"access_token": value})
    await settled(gate)
    state = Path(gate.settings.state)
    other = Store.open(state)
    rows = await other.run(lambda c: c.execute("SELECT issuer FROM learned").fetchall())
    other.close()
    assert ("pay.example.com",) in rows
    assert value.encode() not in (state / "store.db").read_bytes()


async def test_after_a_restart_it_is_known_until_it_expires(gate):
    value, lasting = token(), token()
    answer(gate, "pay.example.com", {"access_token": value, "expires_in": 600})
    answer(gate, "pay.example.com", {"refresh_token": lasting})
    await settled(gate)
    again = Gate.open(gate.settings)
    try:
        await again.learned.refresh()
        for one in (value, lasting):
            there = await sent(again, "pay.example.com", body(one))
            assert there.action is Action.ALLOW
            elsewhere = await sent(again, "other.example.org", body(one))
            assert (elsewhere.action, elsewhere.rule) == (Action.BLOCK, "issued-token")
        again.learned._now = lambda: time.time() + 700
        await again.learned.refresh()
        expired = await sent(again, "other.example.org", body(value))
        assert expired.action is Action.ALLOW
        elsewhere = await sent(again, "other.example.org", body(lasting))
        assert elsewhere.action is Action.BLOCK
    finally:
        again.close()


async def test_what_one_worker_heard_the_next_message_of_another_finds(gate):
    """Also before it is written down: a script is quicker than a database."""
    again = Gate.open(gate.settings)
    try:
        for _ in range(3):
            value, given = token(), token()
            answer(gate, "shop.example.com", {"access_token": value})
            setting = [("set-cookie", f"sid={given}".encode())]
            assert gate.observer.hear("open.example.org", setting, ()) is None
            elsewhere = await sent(again, "other.example.org", body(value))
            assert (elsewhere.action, elsewhere.rule) == (Action.BLOCK, "issued-token")
            home = await sent(again, "open.example.org", cookie(given), method="GET")
            assert home.action is Action.ALLOW
    finally:
        again.close()


async def test_a_deep_answer_is_no_trouble(gate):
    before = gate.learned.index
    deep = b'{"access_token":' * 900 + b'""' + b"}" * 900
    answer(gate, "shop.example.com", deep)
    answer(gate, "shop.example.com", b'{"access_token": ')
    assert gate.learned.index is before


async def test_a_large_message_is_searched_for_them_too(gate):
    value = token()
    answer(gate, "shop.example.com", {"access_token": value})
    words = " ".join(["word"] * 20_000)
    verdict = await sent(gate, "other.example.org", body(f"{words} {value}"))
    assert verdict.rule == "issued-token"


async def test_a_customers_host_of_a_cloud_gets_it_in_its_slot_alone(gate):
    value = token()
    answer(gate, "sts.us-east-1.amazonaws.com", {"access_token": value})
    theirs = "bucket.s3.us-east-1.amazonaws.com"
    assert (await sent(gate, theirs, bearer(value))).action is Action.ALLOW
    assert (await sent(gate, theirs, body(value))).action is Action.BLOCK


async def test_a_jwt_for_a_service_goes_to_the_hosts_of_that_service(gate):
    for named, host in (
        ("https://vault.azure.net", "team.vault.azure.net"),
        ("https://storage.azure.com/", "team.blob.core.windows.net"),
    ):
        meant = jwt(aud=named, sub=host)
        answer(gate, "login.microsoftonline.com", {"access_token": meant})
        assert (await sent(gate, host, bearer(meant))).action is Action.ALLOW
        assert (await sent(gate, host, body(meant))).action is Action.BLOCK
        elsewhere = await sent(gate, "other.example.org", bearer(meant))
        assert elsewhere.action is Action.BLOCK


async def test_of_a_signed_request_only_the_signature_is_known(gate):
    """The rest of it stands in every other request to that service on that day."""

    def signed(signature):
        scope = "AKIA" + "Q7" * 8 + "/20261121/us-east-1/s3/aws4_request"
        names = "host;x-amz-content-sha256;x-amz-date"
        return (
            f"AWS4-HMAC-SHA256 Credential={scope},SignedHeaders={names},"
            f"Signature={signature}"
        )

    first, other = (random.Random(seed).randbytes(32).hex() for seed in (1, 2))
    action = {"href": "https://bucket.example.io/o"}
    action["header"] = {"Authorization": signed(first)}
    answer(gate, "shop.example.com", {"objects": [{"actions": {"upload": action}}]})
    theirs = "bucket.s3.us-east-1.amazonaws.com"
    for host, signature, expected in (
        ("bucket.example.io", first, Action.ALLOW),
        (theirs, other, Action.ALLOW),
        (theirs, first, Action.BLOCK),
    ):
        field = Part(PartKind.HEADER, b"Signature=" + signature.encode(), "x-signed")
        if signature == other:
            field = Part(PartKind.HEADER, signed(other).encode(), "authorization")
        verdict = await sent(gate, host, field, method="PUT")
        assert verdict.action is expected, (host, verdict)
