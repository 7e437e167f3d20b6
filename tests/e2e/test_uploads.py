"""Bodies over the buffer: they go on as they are judged, and no further than that."""

import base64
import contextlib
import gzip
import json
import socket
import subprocess
import threading
import time
import zlib
from pathlib import Path

import httpx
import pytest

from tests.bulk import drawn, mixed, shaped, text
from tests.harness.proxy import DLP, POLICY
from tests.harness.wire import Wire

BUFFER = 64 << 10
INSPECTION = "inspection: {buffer: 64KiB, stream: 2MiB}\n"
SECRET = drawn(5, 48)
SHAPED = shaped(5)


@pytest.fixture(scope="module")
def proxy(start_proxy):
    started = start_proxy(POLICY + INSPECTION)
    dlp(started, "secrets", "add", "ours", "--stdin", given=SECRET)
    deadline = time.monotonic() + 30
    while "dlp_secrets_loaded 1.0" not in started.scrape()[1]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return started


def dlp(proxy, *arguments: str, given: bytes = b"") -> bytes:
    command = [DLP, *arguments, "--state", proxy.state]
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout


@pytest.fixture
def http(proxy):
    with httpx.Client(
        proxy=proxy.url, verify=proxy.trust(), trust_env=False, timeout=60
    ) as client:
        yield client


def in_chunks(body: bytes, size: int = 5000):
    for at in range(0, len(body), size):
        yield body[at : at + size]


def assert_cut_off(answer, origin, secret: bytes = SECRET) -> None:
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:agent-dlp:content"
    assert secret[len(secret) // 2 :] not in origin.received
    assert secret[: len(secret) // 2] not in origin.received
    assert origin.requests == []


@pytest.mark.parametrize("origin_name", ["plain", "secure", "secure1"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_clean_body_arrives_unchanged(proxy, request, origin_name, chunked):
    origin = request.getfixturevalue(origin_name)
    body = mixed(5 * BUFFER)
    content = in_chunks(body) if chunked else body
    http2 = origin_name == "secure"
    with httpx.Client(
        proxy=proxy.url,
        verify=proxy.trust(),
        trust_env=False,
        timeout=60,
        http2=http2,
    ) as client:
        answer = client.post(origin.url("/up", "a.test"), content=content)
    assert answer.status_code == 200
    assert [request.body for request in origin.requests] == [body]


@pytest.mark.parametrize("near", [-60, -24, 0, 3])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_secret_at_a_border_of_windows_does_not_arrive(http, plain, near, chunked):
    at = 6 * BUFFER + near
    body = text(at) + b" " + SECRET + b" " + text(2 * BUFFER)
    content = in_chunks(body) if chunked else body
    answer = http.post(plain.url("/up", "a.test"), content=content)
    assert_cut_off(answer, plain)
    assert text(BUFFER) in plain.received


def test_over_http2_only_its_stream_ends(proxy, secure):
    body = text(3 * BUFFER) + b" " + SECRET + b" " + text(2 * BUFFER)
    with httpx.Client(
        proxy=proxy.url, verify=proxy.trust(), trust_env=False, timeout=60, http2=True
    ) as client:
        answer = client.post(secure.url("/up", "a.test"), content=body)
        assert_cut_off(answer, secure)
        assert client.get(secure.url("/", "a.test")).status_code == 200


CARRIERS = {
    "gzip, declared": lambda d: (gzip.compress(d), {"content-encoding": "gzip"}),
    "gzip": lambda d: (gzip.compress(d), {}),
    "base64 of gzip in JSON": lambda d: (
        json.dumps({"file": base64.b64encode(gzip.compress(d)).decode()}).encode(),
        {"content-type": "application/json"},
    ),
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_what_holds_a_secret_does_not_arrive_whole(http, plain, carrier):
    held = mixed(4 * BUFFER) + b" " + SECRET + b" " + mixed(2 * BUFFER, 1)
    body, headers = CARRIERS[carrier](held)
    answer = http.post(plain.url("/up", "a.test"), content=body, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:agent-dlp:content"
    assert plain.requests == []
    sent = plain.received.partition(b"\r\n\r\n")[2]
    assert body.startswith(sent)
    if not carrier.startswith("base64"):
        assert SECRET[:16] not in zlib.decompressobj(31).decompress(sent)


def test_a_multipart_upload_is_followed(http, plain):
    files = {"a": ("a.bin", mixed(3 * BUFFER)), "b": ("b.txt", b"key " + SHAPED)}
    answer = http.post(plain.url("/up", "a.test"), files=files)
    assert_cut_off(answer, plain, SHAPED)


def test_a_packfile_over_the_buffer_is_read(http, plain, tmp_path):
    clean = packed(tmp_path / "clean", mixed(4 * BUFFER))
    url = plain.url("/o/r/git-receive-pack", "a.test")
    assert http.post(url, content=in_chunks(clean)).status_code == 200
    assert plain.requests[-1].body == clean
    plain.clear()
    dirty = packed(tmp_path / "dirty", mixed(4 * BUFFER) + b"\n" + SHAPED)
    assert http.post(url, content=in_chunks(dirty)).status_code == 403
    assert plain.requests == []


def packed(folder: Path, blob: bytes) -> bytes:
    folder.mkdir()

    def git(*arguments: str, given: bytes = b"") -> bytes:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            input=given,
            capture_output=True,
            check=True,
        ).stdout

    git("init", "-q")
    name = git("hash-object", "-w", "--stdin", given=blob)
    return b"0000" + git("pack-objects", "--stdout", given=name)


def test_what_cannot_be_read_is_refused(http, plain):
    body, headers = mixed(3 * BUFFER), {"content-encoding": "rot13"}
    answer = http.post(plain.url("/up", "a.test"), content=body, headers=headers)
    assert answer.json()["type"] == "urn:agent-dlp:unreadable"
    assert plain.empty


def test_a_body_that_grows_over_the_limit_is_cut_off(http, plain):
    body = bytes(2 << 20) + b"x"
    declared = http.post(plain.url("/up", "a.test"), content=body)
    assert declared.status_code == 413
    assert plain.empty
    grown = http.post(plain.url("/up", "a.test"), content=in_chunks(body, 1 << 18))
    assert grown.status_code == 413
    assert plain.requests == []


def test_a_client_that_waits_for_100_gets_it(proxy, plain):
    body = mixed(3 * BUFFER)
    where = f"a.test:{plain.port}"
    lines = [
        f"POST http://{where}/up HTTP/1.1",
        f"Host: {where}",
        "Expect: 100-continue",
        f"Content-Length: {len(body)}",
    ]
    with Wire.to(proxy) as wire:
        wire.send("\r\n".join([*lines, "", ""]).encode())
        assert wire.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100")
        wire.send(body)
        assert wire.response().status == 200
    assert plain.requests[-1].body == body


def test_a_client_that_goes_away_leaves_no_request(proxy, plain):
    where = f"a.test:{plain.port}"
    head = f"POST http://{where}/up HTTP/1.1\r\nHost: {where}\r\n"
    with Wire.to(proxy) as wire:
        wire.send(f"{head}Content-Length: {1 << 20}\r\n\r\n".encode())
        wire.send(text(6 * BUFFER))
        plain.wait(lambda origin: len(origin.received) > 3 * BUFFER, 30)
    plain.wait(lambda origin: origin.connections[-1].closed, 30)
    assert plain.requests == []


class Early(threading.Thread):
    """An origin that answers when it has seen the begin of a body, and reads on."""

    def __init__(self, *, close: bool) -> None:
        super().__init__(daemon=True)
        self.close = close
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.received = b""

    def run(self) -> None:
        peer, _ = self.socket.accept()
        with peer, contextlib.suppress(OSError):
            peer.settimeout(30)
            while len(self.received) < BUFFER:
                self.received += peer.recv(1 << 16)
            peer.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
            while not self.close and (data := peer.recv(1 << 16)):
                self.received += data


@pytest.mark.parametrize("close", [False, True])
def test_an_origin_may_answer_before_the_end(proxy, close):
    origin = Early(close=close)
    origin.start()
    where = f"a.test:{origin.port}"
    head = f"POST http://{where}/up HTTP/1.1\r\nHost: {where}\r\n"
    with Wire.to(proxy) as wire:
        wire.send(f"{head}Content-Length: {2 << 20}\r\n\r\n".encode())
        wire.send(text(6 * BUFFER))
        answer = wire.response()
        assert (answer.status, answer.body) == (413, b"big")
        with contextlib.suppress(OSError):  # closed already, where the origin did
            wire.send(b" " + SECRET + b" " + text(6 * BUFFER))
        assert wire.rest() == b""
    origin.join(30)
    assert not origin.is_alive()
    assert SECRET[:24] not in origin.received
    assert SECRET[24:] not in origin.received


def test_its_begin_and_its_end_are_on_record(proxy, http, plain):
    body = text(3 * BUFFER)
    http.post(plain.url("/began-and-ended", "a.test"), content=body)
    refused = http.post(
        plain.url("/began-and-broken", "a.test"), content=body + SHAPED + body
    )
    lines = b"".join(f.read_bytes() for f in (proxy.state / "audit").glob("*.jsonl"))
    rows = (json.loads(line) for line in lines.splitlines() if b"began-and-end" in line)
    told = [row["data"]["volume"] for row in rows]
    assert [one["flow"] for one in told] == ["begun", "whole"]
    assert [one["out"] for one in told] == [0, len(body)]
    story = dlp(proxy, "explain", refused.json()["reference"])
    assert b"anthropic-api-key" in story
    assert SHAPED not in story
    assert SHAPED not in lines


def test_a_revoked_agent_is_out_in_the_middle(proxy, plain):
    """The last one here: from now on the proxy asks who somebody is."""
    token = json.loads(dlp(proxy, "agents", "add", "bot", "--json"))["token"]
    where = f"a.test:{plain.port}"
    code = base64.b64encode(f"bot:{token}".encode()).decode()
    lines = [
        f"POST http://{where}/up HTTP/1.1",
        f"Host: {where}",
        f"Proxy-Authorization: Basic {code}",
        f"Content-Length: {2 << 20}",
    ]
    with Wire.to(proxy) as wire:
        wire.send("\r\n".join([*lines, "", ""]).encode())
        wire.send(text(6 * BUFFER))
        plain.wait(lambda origin: len(origin.received) > 3 * BUFFER, 30)
        dlp(proxy, "agents", "revoke", "bot")
        answer = None
        deadline = time.monotonic() + 30
        while answer is None and time.monotonic() < deadline:
            wire.send(text(2000))
            wire.sock.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                answer = wire.response()
    assert answer is not None
    assert answer.status == 407
    assert plain.requests == []
