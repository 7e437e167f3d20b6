"""One attempt at a real server: what counts as accepted, and what an outcome tells."""

import socket
import ssl
import threading
from dataclasses import replace

import pytest

from dlp.alerts import delivery
from dlp.alerts.delivery import Outcome, deliver
from dlp.alerts.nouns import Alert, Group, Notice, Severity
from dlp.alerts.sources import Source
from tests.harness.ca import Authority
from tests.harness.origin import Origins

ALERT = Alert(1.7e9, "secret", Severity.CRITICAL, "builder", "evil.example", "github")
NOTICE = Notice("dlpn-1", "leaks", 1.7e9, (Group(ALERT, 1, 1.7e9),))
KEY = "k" * 32
PATHS = {
    "webhook": "/hook", "slack": "/hook", "telegram": f"/bot{KEY}/sendMessage", "ntfy": "/",
    "alertmanager": "/hook/api/v2/alerts",
}  # fmt: skip


@pytest.mark.parametrize("kind", PATHS)
def test_what_is_accepted(receiver, channel, kind):
    path = "/" if kind == "telegram" else "/hook"
    assert deliver(channel(kind, path, KEY, "1"), NOTICE, 1.7e9) == Outcome()
    (request,) = receiver.requests
    assert request.path == PATHS[kind]
    assert b"evil.example" in request.body
    assert request.headers["user-agent"] == "agent-dlp"


ANSWERS = {
    "overload": ((503, {"retry-after": "120"}, b""), Outcome("answered 503", retry_after=120.0)),
    "too many": (
        (429, {}, b'{"ok":false,"parameters":{"retry_after":7}}'),
        Outcome("answered 429", retry_after=7.0),
    ),
    "for ever": ((503, {"retry-after": "99999999"}, b""), Outcome("answered 503", retry_after=3600.0)),
    "a date": (
        (503, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, b""), Outcome("answered 503"),
    ),
    "the message itself": ((400, {}, b"invalid_payload"), Outcome("answered 400", final=True)),
    "the credentials": ((401, {}, b"{}"), Outcome("answered 401")),
    "a redirect": ((302, {"location": "/elsewhere"}, b""), Outcome("answered 302")),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
def test_what_is_not(receiver, channel, case):
    answer, outcome = ANSWERS[case]
    receiver.answers = [answer]
    assert deliver(channel("slack", "/hook"), NOTICE, 1.7e9) == outcome
    assert len(receiver.requests) == 1


def test_nobody_there(channel):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        there = replace(
            channel("slack"),
            url=Source(text=f"http://127.0.0.1:{taken.getsockname()[1]}/s3cret"),
        )
        outcome = deliver(there, NOTICE, 1.7e9)
    assert outcome.why == "cannot be reached: Connection refused"


def test_no_answer_takes_no_longer_than_the_timeout(channel, monkeypatch):
    monkeypatch.setattr(delivery, "TIMEOUT_S", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = Source(text=f"http://127.0.0.1:{silent.getsockname()[1]}/")
        outcome = deliver(replace(channel("slack"), url=url), NOTICE, 1.7e9)
    assert outcome.why.startswith("cannot be reached: ")


def test_an_answer_that_is_no_http(channel):
    with socket.socket() as odd:
        odd.bind(("127.0.0.1", 0))
        odd.listen()

        def answer():
            connection, _ = odd.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(b"\x00\xff nonsense\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        url = Source(text=f"http://127.0.0.1:{odd.getsockname()[1]}/")
        outcome = deliver(replace(channel("slack"), url=url), NOTICE, 1.7e9)
        thread.join()
    assert outcome.why.startswith("cannot be reached: ")


def test_a_secret_that_is_gone_is_tried_again_and_named(channel, monkeypatch):
    monkeypatch.delenv("ALERT_URL", raising=False)
    gone = replace(channel("slack"), url=Source(env="ALERT_URL"))
    assert deliver(gone, NOTICE, 1.7e9) == Outcome(
        "the variable ALERT_URL is not set or empty"
    )


def test_a_url_that_became_plain_http_to_another_machine(channel):
    there = replace(
        channel("slack"), url=Source(text="http://elsewhere.example/s3cret")
    )
    outcome = deliver(there, NOTICE, 1.7e9)
    assert "plain http to another machine" in outcome.why
    assert "s3cret" not in outcome.why


def test_the_proxy_of_the_environment_is_not_used(receiver, channel, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert deliver(channel("slack"), NOTICE, 1.7e9) == Outcome()


def test_apprise(receiver, channel, monkeypatch):
    """Through apprise's own ntfy: the topic at the root, as docs.ntfy.sh has it."""
    ntfy = replace(
        channel("apprise"), url=Source(text=f"ntfy://127.0.0.1:{receiver.port}/topic")
    )
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert deliver(ntfy, NOTICE, 1.7e9) == Outcome()
    (request,) = receiver.requests
    assert b'"topic": "topic"' in request.body
    assert b"`evil.example`" in request.body
    receiver.answers = [(500, {}, b"")]
    assert deliver(ntfy, NOTICE, 1.7e9) == Outcome("apprise could not deliver it")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


def test_tls_is_verified_against_the_ca_that_is_named(authority, channel):
    with Origins(authority) as origins:
        origin = origins.start("https", alpn=["http/1.1"])
        url = Source(text=f"https://127.0.0.1:{origin.port}/hook")
        trusted = replace(channel("slack"), url=url, ca=str(authority.pem))
        assert deliver(trusted, NOTICE, 1.7e9) == Outcome()
        assert [request.target for request in origin.requests] == ["/hook"]
        outcome = deliver(replace(trusted, ca=""), NOTICE, 1.7e9)
        assert outcome.why.startswith("its certificate is not good: ")
        assert len(origin.requests) == 1
    assert ssl.get_default_verify_paths()
