"""No second leak: a secret planted anywhere in a message is in none of our outputs."""

import io
import json
import logging
import random
import string
import sys
import threading
from base64 import b64encode
from types import SimpleNamespace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from dlp import logs
from dlp.alerts import Group, Notice
from dlp.alerts.address import Address
from dlp.alerts.events import alert_of
from dlp.alerts.text import lines
from dlp.alerts.wire import BUILDERS, Keys
from dlp.audit import AuditLog, Line
from dlp.cli import audit as audit_cli
from dlp.cli import explain as explain_cli
from dlp.metrics import Metrics
from dlp.metrics.exposition import page
from dlp.model import (
    Action,
    Agent,
    Destination,
    Finding,
    Kind,
    Part,
    PartKind,
    Place,
    Reason,
    Tier,
    Verdict,
)
from dlp.record import Facts, make_record, problem, reference
from dlp.state.agents import AgentRegistry

ALPHABETS = {
    "hex": "0123456789abcdef",
    "alphanumeric": string.ascii_letters + string.digits,
    "lower": string.ascii_lowercase,
    "digits": string.digits,
    "url": string.ascii_letters + string.digits + "-_.~",
}
secrets = st.sampled_from(sorted(ALPHABETS)).flatmap(
    lambda name: st.text(ALPHABETS[name], min_size=24, max_size=60)
)


def planted(place, secret):
    """A destination, its parts and a view path, with the secret in one place."""
    label = secret.lower()
    host = {
        "label": f"{label}.example.com",
        "labels": f"{label[:16]}.{label[16:]}.example.com",
        "domain": f"{label}.com",
        "tld": f"example.{label}",
    }.get(place, "api.example.com")
    path = {
        "path": f"/bot{secret}/sendMessage",
        "segments": "/" + "/".join(secret[i : i + 5] for i in range(0, len(secret), 5)),
    }.get(place, "/v1/messages")
    method = secret.upper() if place == "method" else "POST"
    scheme = secret if place == "scheme" else "https"
    view = {
        "key": f"body > $.{secret}.text",
        "quoted key": f"body > $['{secret}'].text",
        "nested keys": "body > $."
        + ".".join(secret[i : i + 4] for i in range(0, 24, 4)),
        "header name": f"header > {secret}",
        "slot": f"query:{secret}",
    }.get(place, "body > $.messages[3].content")
    parts = (
        Part(PartKind.HOST, host.encode()),
        Part(PartKind.TARGET, path.encode()),
        Part(PartKind.HEADER, secret.encode(), name="x-note"),
        Part(PartKind.BODY, secret.encode()),
    )
    return Destination(scheme, host, 443, method, path), parts, view


HOSTS = ("label", "labels", "domain", "tld")
TARGETS = ("path", "segments")
PLACES = (
    *HOSTS, *TARGETS, "method", "scheme", "key", "quoted key", "nested keys",
    "header name", "slot", "body", "detail",
)  # fmt: skip
PART = dict.fromkeys(HOSTS, 0) | dict.fromkeys(TARGETS, 1) | {"header name": 2}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Everything that tells of a decision, writing for real."""
    state = tmp_path_factory.mktemp("state")
    root = logging.getLogger()
    before = (root.handlers, root.level, logging.raiseExceptions)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    stderr = io.StringIO()
    logs.configure(stderr)
    log, metrics = AuditLog.open(state), Metrics(state / "metrics")

    def tell(record):
        log.append(record)
        metrics.observe(record)
        metrics.beat(1.0)
        logs.decision(record)
        words = ["--state", str(state)]
        run = CliRunner()
        return "".join(
            (
                *(path.read_text() for path in (state / "audit").glob("*.jsonl")),
                stderr.getvalue(),
                page(state / "metrics", "")[0].decode(),
                page(state / "metrics", "application/openmetrics-text")[0].decode(),
                problem(record.reference, record.reason, 403).decode(),
                alerted(record),
                run.invoke(audit_cli.app, ["tail", "-n", "1", *words]).stdout,
                run.invoke(explain_cli.app, [record.reference, *words]).stdout,
                repr(record),
            )
        )

    yield SimpleNamespace(tell=tell, stderr=stderr)
    log.close()
    metrics.close()
    root.handlers, root.level, logging.raiseExceptions = before
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


def alerted(record):
    """What every kind of channel would be sent."""
    data = orjson.loads(orjson.dumps(record))
    alert = alert_of(Line(record.at, "w0", 1, "decision", data))
    notice = Notice("dlpn-1", "all", record.at, (Group(alert, 1, record.at),))
    keys = Keys(Address(True, "h.example", 443, "/"), "k" * 32)
    sent = [build(notice, keys, record.at) for build in BUILDERS.values()]
    return "".join([*(one.body.decode() for one in sent), repr(sent), *lines(notice)])


def leaked(secret, told):
    """A window of eight characters of the secret, in any case, that was told."""
    told = told.lower()
    for at in range(len(secret) - 7):
        window = secret[at : at + 8].lower()
        if window in told and len(set(window)) > 3:
            return window
    return ""


@pytest.mark.parametrize("place", PLACES)
@settings(
    max_examples=12,
)
@given(secret=secrets, entropy=st.binary(min_size=7, max_size=7), spanned=st.booleans())
def test_a_secret_that_was_found_is_told_nowhere(
    outputs, place, secret, entropy, spanned
):
    destination, parts, view = planted(place, secret)
    found = Finding(
        "known-secret", Kind.FINGERPRINT, Tier.CERTAIN, view,
        part=PART.get(place, 3), span=(0, 9) if spanned else None,
        digest="0123456789abcdef", slot=view if place == "slot" else "",
        place=Place.ELSEWHERE,
    )  # fmt: skip
    detail = f"found {secret} in it" if place == "detail" else "a known secret"
    verdict = Verdict(Action.BLOCK, Reason.CONTENT, "x", (found,), detail=detail)
    facts = Facts(Agent("a"), destination, parts, undecodable=(view,))
    record = make_record(reference(1.7e9, entropy), 1.7e9, verdict, facts)
    assert not leaked(secret, outputs.tell(record))


@pytest.mark.parametrize("place", PLACES)
@settings(
    max_examples=8,
)
@given(
    seed=st.integers(0, 1 << 60),
    entropy=st.binary(min_size=7, max_size=7),
)
def test_a_random_secret_that_nobody_found_is_not_told_either(
    outputs, place, seed, entropy
):
    secret = "".join(random.Random(seed).choices(ALPHABETS["alphanumeric"], k=40))
    destination, parts, _ = planted(place, secret)
    verdict = Verdict(Action.BLOCK, Reason.DESTINATION, "default")
    facts = Facts(Agent("a"), destination, parts)
    record = make_record(reference(1.7e9, entropy), 1.7e9, verdict, facts)
    assert not leaked(secret, outputs.tell(record))


@given(secret=secrets)
@settings(max_examples=20)
def test_a_secret_sent_as_an_agent_id_or_token_is_not_repeated(
    tmp_path_factory, secret
):
    registry = AgentRegistry(tmp_path_factory.mktemp("state"))
    registry.add("builder")
    for text in (f"{secret}:x", f"builder:{secret}", f"{secret}:"):
        header = "Basic " + b64encode(text.encode()).decode()
        assert secret not in repr(registry.authenticate("10.0.0.1", header))
    assert secret not in repr(registry.authenticate("10.0.0.1", f"Bearer {secret}"))


@pytest.mark.parametrize(
    "name", ["mitmproxy.proxy.server", "mitmproxy.addons.x", "asyncio", "h2", "hpack"]
)
def test_what_libraries_log_is_not_told(outputs, name):
    secret = "s3cr" + "et" * 8
    logger = logging.getLogger(name)
    logger.error("<< GET https://api.telegram.org/bot%s/x", secret)
    try:
        json.loads(secret)
    except ValueError:
        logger.exception("could not decode %r", secret)
    assert name in outputs.stderr.getvalue()
    assert secret not in outputs.stderr.getvalue()


def test_the_search_finds_what_is_there():
    assert leaked("abcdefgh12345678", "xx ABCDEFGH yy")
    assert not leaked("abcdefgh12345678", "abcdefg 2345678")
