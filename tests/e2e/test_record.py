"""Identity and record on the real proxy: who may use it, what it tells, what it keeps."""

from __future__ import annotations

import base64
import json
import random
import string
import subprocess
import time

import httpx
import pytest

from tests.harness.leaks import leaks
from tests.harness.proxy import DLP
from tests.harness.wire import Wire

POLICY = """\
version: 1
statements:
  - {id: some, effect: allow, hosts: [a.test, "*.b.test"], ports: ["*"]}
  - {id: redacting, effect: allow, hosts: [c.test], ports: ["*"], on_secret: redact}
"""
LOCAL = {"all://": None}


def dlp(proxy, *words, text=None):
    done = subprocess.run(
        [DLP, *words, "--state", str(proxy.state)],
        input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def client(proxy, **options) -> httpx.Client:
    url = options.pop("url", proxy.url)
    return httpx.Client(
        proxy=url, verify=proxy.trust(), trust_env=False, timeout=10, **options
    )


def wait(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def guarded(start_proxy):
    return start_proxy(POLICY)


@pytest.fixture(scope="module")
def secret(guarded):
    value = "".join(random.choices(string.ascii_letters + string.digits, k=44))
    before = guarded.scrape()[1]
    assert "dlp_secrets_loaded 0.0" in before
    dlp(guarded, "secrets", "add", "planted", "--stdin", text=value)
    wait(lambda: "dlp_secrets_loaded 1.0" in guarded.scrape()[1])
    return value


def shapes(origin, secret):
    """Requests with the secret in every place that a request has."""
    code = base64.b64encode(secret.encode()).decode()
    url = origin.url("/v1/things", "a.test")
    half, rest = secret[:22], secret[22:]
    yield "path", {"url": f"{url}/{secret}"}
    yield "segments", {"url": f"{url}/{half}/{rest}"}
    yield "query", {"url": f"{url}?q={secret}"}
    yield "header", {"url": url, "headers": {"x-note": secret}}
    yield "header name", {"url": url, "headers": {f"x-{secret}": "1"}}
    yield "cookie", {"url": url, "headers": {"cookie": f"a={half}; b={rest}"}}
    yield (
        "authorization",
        {"url": url, "headers": {"authorization": f"Bearer {secret}"}},
    )
    yield (
        "encoding",
        {"url": url, "headers": {"content-encoding": secret}, "content": "x"},
    )
    yield "type", {"url": url, "headers": {"content-type": secret}, "content": "x"}
    yield "body", {"url": url, "content": f"note: {secret}"}
    yield "key", {"url": url, "json": {secret: 1}}
    yield "nested keys", {"url": url, "json": {half: {rest: {"text": 1}}}}
    yield "base64 key", {"url": url, "json": {code: code}}
    yield "file name", {"url": url, "files": {secret: (f"{secret}.txt", b"x")}}
    yield "method", {"url": url, "method": secret.upper()}
    yield "label", {"url": origin.url("/", f"{secret.lower()}.b.test")}
    yield "denied host", {"url": origin.url("/", f"{secret.lower()}.evil.test")}
    yield "denied body", {"url": origin.url("/", "d.test"), "content": secret}
    yield (
        "redacted",
        {"url": origin.url("/", "c.test"), "json": {"text": f"x {secret}"}},
    )
    yield "fragment", {"url": url, "content": secret[:14]}


@pytest.mark.parametrize("origin_name", ["plain", "secure"])
def test_no_second_leak(guarded, secret, request, origin_name):
    origin = request.getfixturevalue(origin_name)
    answers = []
    with client(guarded) as http:
        for name, options in shapes(origin, secret):
            try:
                answer = http.request(**{"method": "POST", **options})
            except httpx.HTTPError as error:
                answers.append(f"{name}: {error}")
                continue
            assert answer.status_code in {200, 403, 400, 431} or name == "method", name
            answers.append(
                f"{name} {answer.status_code} {answer.headers} {answer.text}"
            )
    for odd in (
        f"CONNECT {secret.lower()}.test:443 HTTP/1.1\r\n\r\n",
        f"GARBAGE {secret}\r\n{secret}\r\n\r\n",
        f"GET /{secret} HTTP/7.{secret}\r\n\r\n",
        f"GET http://{secret}@a.test/ HTTP/1.1\r\nHost: {secret}\r\n\r\n",
    ):
        with Wire.to(guarded) as wire:
            answers.append(str(wire.send(odd.encode()).response()))
    pages = [guarded.scrape()[1], guarded.scrape("/healthz")[1]]
    told = dlp(guarded, "audit", "tail", "-n", "200")
    exported = [dlp(guarded, "audit", "export", "--format", f) for f in ("ocsf", "cef")]
    outputs = [guarded.state / "audit", guarded.state / "run", guarded.log_file]
    assert leaks(secret, *outputs, *pages, told, *exported, *answers) == []
    assert leaks(secret, *(guarded.state.glob("*.json"))) == []
    assert leaks(secret, origin.received) == []


def test_a_refusal_can_be_explained_and_the_record_is_whole(guarded, secret, plain):
    with client(guarded) as http:
        answer = http.post(plain.url("/v1/files", "a.test"), json={"text": secret})
    reference = answer.json()["reference"]
    story = dlp(guarded, "explain", reference)
    assert "planted (fingerprint, certain)" in story
    assert "POST http://a.test" in story
    assert " at body" in story
    data = json.loads(dlp(guarded, "explain", reference, "--json"))
    assert data["timings"][-1][0] == "total"
    assert "intact" in dlp(guarded, "audit", "verify")
    page = guarded.scrape()[1]
    assert 'dlp_secret_attempts_total{agent="default"}' in page
    assert reference in guarded.log
    assert guarded.scrape("/healthz")[0] == 200


def test_refusals_of_one_kind_are_equal_but_for_the_reference(guarded, secret, plain):
    url = plain.url("/x", "a.test")
    with client(guarded) as http:
        first = http.post(url, content=secret)
        second = http.post(url, headers={"x-note": secret})
    one, two = first.json(), second.json()
    assert one.pop("reference") != two.pop("reference")
    assert one == two


@pytest.fixture(scope="module")
def closed(start_proxy):
    return start_proxy(POLICY)


def test_agents(closed, plain):
    url = plain.url("/", "a.test")
    with client(closed) as http:
        assert http.get(url).status_code == 200
    made = json.loads(dlp(closed, "agents", "add", "builder", "--json"))
    host, port = closed.listen
    good = f"http://builder:{made['token']}@{host}:{port}"

    def status(proxy_url):
        with client(closed, url=proxy_url) as http:
            return http.get(url)

    began = time.monotonic()
    refused = wait(lambda: (a := status(closed.url)).status_code == 407 and a, 2)
    assert time.monotonic() - began < 1.5
    assert refused.headers["proxy-authenticate"].startswith("Basic ")
    assert status(good).status_code == 200
    assert status(f"http://{made['token']}@{host}:{port}").status_code == 200
    bad = f"http://builder:wrong@{host}:{port}"
    codes = [status(bad).status_code for _ in range(6)]
    assert codes == [407] * 5 + [429]
    assert status(good).status_code == 429
    page = closed.scrape()[1]
    assert 'dlp_auth_failures_total{kind="invalid"} 5.0' in page
    assert 'dlp_auth_failures_total{kind="locked"} 2.0' in page
    wait(lambda: status(good).status_code == 200, 5)
    page = closed.scrape()[1]
    assert 'dlp_agent_decisions_total{action="allow",agent="builder"}' in page
    dlp(closed, "agents", "revoke", "builder")
    wait(lambda: status(good).status_code == 407, 2)
    assert made["token"] not in closed.log
    assert leaks(made["token"], closed.state / "audit", closed.log_file) == []
