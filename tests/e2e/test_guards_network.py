"""Threats a12-a14, a17, a33: where a connection may go, whatever the name says."""

import json
import socket
import subprocess
import threading
import time

import httpx
import pytest

from tests.harness.proxy import DLP, RESOLVER
from tests.harness.wire import Wire

POLICY = """\
version: 1
statements:
  - id: test
    effect: allow
    hosts: ["*.test", localhost, 127.0.0.1, "::1", 169.254.169.254, 10.0.0.1,
            "64:ff9b::7f00:1", "2002:7f00:1::1", 0.0.0.0, 127.1.2.3]
    ports: ["*"]
"""
CLOSED = """\
upstream: {allow_private: [], trusted_ca: []}
"""
HOSTS = {
    "metadata.test": "169.254.169.254",
    "ten.test": "10.0.0.1",
    "cgnat.test": "100.64.0.1",
    "mapped.test": "::ffff:127.0.0.1",
    "nat64.test": "64:ff9b::7f00:1",
    "sixtofour.test": "2002:7f00:1::1",
    "unspecified.test": "0.0.0.0",
    "multicast.test": "224.0.0.1",
    "azure.test": "168.63.129.16",
}


@pytest.fixture(scope="module")
def closed(start_proxy):
    """A proxy for which private space is closed, as it is by default."""
    return start_proxy(POLICY, upstream=CLOSED, hosts=HOSTS)


SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.0.0.1.",
    "127.1.2.3",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::1]",
    "0.0.0.0",
    "0",
]


@pytest.mark.parametrize("way", ["plain", "tunnel"])
@pytest.mark.parametrize("address", SPELLINGS)
def test_no_spelling_of_loopback_gets_through(closed, plain, address, way):
    """a12"""
    host = f"{address}:{plain.port}"
    with Wire.to(closed) as wire:
        answer = (
            wire.request(f"http://{host}/", headers=[("Host", host)])
            if way == "plain"
            else wire.try_tunnel(host)
        )
    assert answer.status == 403
    assert answer.type == "destination"
    assert plain.connections == []


@pytest.mark.parametrize("name", ["a.test", "localhost", *HOSTS])
def test_no_name_leads_to_private_space(closed, plain, name):
    """a13: the address is vetted where it is dialled; the name was allowed."""
    host = f"{name}:{plain.port}"
    with Wire.to(closed) as wire:
        answer = wire.request(f"http://{host}/", headers=[("Host", host)])
    assert (answer.status, answer.type) == (403, "destination")
    assert plain.connections == []


@pytest.mark.parametrize("name", ["a.test", "metadata.test"])
def test_no_name_leads_to_private_space_through_tls(closed, secure, name):
    with Wire.to(closed).connect_tunnel(f"{name}:{secure.port}") as wire:
        wire.start_tls(closed, name)
        answer = wire.request("/", headers=[("Host", f"{name}:{secure.port}")])
    assert (answer.status, answer.type) == (403, "destination")
    assert secure.connections == []


def test_zone_ids_are_no_hosts(closed):
    with Wire.to(closed) as wire:
        assert wire.try_tunnel("[fe80::1%25lo]:443").status == 400


def test_an_opened_network_is_reached_and_no_other(proxy, plain):
    with httpx.Client(proxy=proxy.url) as client:
        assert client.get(plain.url("/", "127.0.0.1")).status_code == 200
        assert client.get(plain.url("/", "a.test")).status_code == 200
    with Wire.to(proxy) as wire:
        assert wire.try_tunnel("169.254.169.254:80").status == 403


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "a.test", "127.0.0.9"])
@pytest.mark.parametrize("port", ["listen", "metrics", "console"])
def test_the_proxy_does_not_reach_itself(proxy, origins, name, port):
    """a33: also where loopback is opened, the ports of the proxy are closed."""
    number = getattr(proxy, port)[1]
    sink = None
    if port == "console":
        # Nobody listens there yet; whoever does must not be reached either.
        sink = socket.create_server(("127.0.0.1", number))
        sink.settimeout(0.2)
    with Wire.to(proxy) as wire:
        answer = wire.request(
            f"http://{name}:{number}/metrics", headers=[("Host", f"{name}:{number}")]
        )
    assert answer.status == 403
    assert b"dlp_" not in answer.body
    if sink is not None:
        with pytest.raises(TimeoutError):
            sink.accept()
        sink.close()


@pytest.fixture
def lookups():
    """What arrives at the only name server there is; root is needed for port 53."""
    seen: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        try:
            server.bind((RESOLVER, 53))
        except PermissionError:
            pytest.skip("port 53 needs root")
        server.settimeout(0.1)
        running = True

        def collect() -> None:
            while running:
                try:
                    seen.append(server.recv(512))
                except TimeoutError:
                    continue

        thread = threading.Thread(target=collect)
        thread.start()
        yield seen
        running = False
        thread.join()


def test_a_denied_name_is_never_looked_up(proxy, lookups):
    """a17: the name itself could be the message."""
    with httpx.Client(proxy=proxy.url, verify=proxy.trust()) as client:
        answer = client.get("http://stolen-secret.denied.example/")
        assert answer.status_code == 403
        assert client.get("https://stolen-secret.denied.example/").status_code == 403
    time.sleep(0.2)
    assert lookups == []


def test_an_allowed_name_is_looked_up(proxy, lookups):
    """The recorder works: this is what the test above would see."""
    with httpx.Client(proxy=proxy.url, timeout=30) as client:
        assert client.get("http://unknown.test/").status_code == 502
    assert any(b"\x07unknown\x04test" in query for query in lookups)


def test_a_host_that_answers_on_one_of_its_addresses(start_proxy, plain):
    """A name with a closed and an open address reaches the open one."""
    mixed = start_proxy(hosts={"mixed.test": "10.0.0.1 mixed.test\n127.0.0.1"})
    with httpx.Client(proxy=mixed.url) as client:
        assert client.get(plain.url("/", "mixed.test")).status_code == 200


def test_upstream_that_is_gone_is_a_plain_502(proxy):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with httpx.Client(proxy=proxy.url, verify=proxy.trust()) as client:
        for scheme in ("http", "https"):
            answer = client.get(f"{scheme}://a.test:{port}/")
            assert answer.status_code == 502
            assert answer.headers["content-type"] == "application/problem+json"
            assert str(port) not in answer.text
    told = [line for line in map(json.loads, proxy.log.splitlines()) if "cause" in line]
    assert [(line["host"], line["cause"]) for line in told if line["port"] == port] == [
        ("a.test", "refused")
    ] * 2


def test_a_refused_address_is_on_record_with_its_name(closed, plain, secure):
    """Which host it was: a mirror, or a name server that lies, is found by it."""
    for origin in (plain, secure):
        with Wire.to(closed) as wire:
            host = f"ten.test:{origin.port}"
            if origin is secure:
                wire.connect_tunnel(host).start_tls(closed, "ten.test")
            target = "/" if origin is secure else f"http://{host}/"
            refused = wire.request(target, headers=[("Host", host)]).problem
        story = json.loads(
            subprocess.run(
                [
                    DLP,
                    "explain",
                    refused["reference"],
                    "--state",
                    closed.state,
                    "--json",
                ],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        assert (story["host"], story["port"]) == ("ten.test", origin.port)
