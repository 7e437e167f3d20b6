"""Fixtures of the end-to-end tests; one origin CA, one set of origins per session."""

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dlp import Inspector
from tests.harness.ca import Authority
from tests.harness.island import POLICY as ISLAND_POLICY
from tests.harness.island import Island
from tests.harness.origin import Origin, Origins
from tests.harness.proxy import POLICY, UPSTREAM, Proxy, make_state
from tests.harness.vendors import HOSTS as VENDORS
from tests.harness.vendors import Flows, Vendors

NAMES = [f"{letter}.test" for letter in "abcdefgh"]


def pytest_collection_modifyitems(items) -> None:
    for item in items:
        if "/e2e/" in str(item.fspath):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("origins"))


@pytest.fixture(scope="session")
def origins(authority) -> Iterator[Origins]:
    with Origins(authority, ["*.test", *NAMES]) as running:
        yield running


@pytest.fixture(scope="session")
def compiled(compiled, tmp_path_factory) -> Path:
    """With all rules in it, before several proxies at once compile them."""
    with (compiled.parent / "compiling").open("a+") as done:
        fcntl.flock(done, fcntl.LOCK_EX)
        if not done.seek(0, os.SEEK_END):
            state = tmp_path_factory.mktemp("compiling") / "state"
            make_state(state, compiled)
            Inspector.load(None, state)
            done.write("done")
    return compiled


def _starting(authority, tmp_path_factory, compiled) -> Iterator[Callable[..., Proxy]]:
    running: list[Proxy] = []

    def start(
        policy: str = POLICY,
        *,
        upstream: str = "",
        alerts: str = "",
        hosts: dict[str, str] | None = None,
        wait: bool = True,
        **options,
    ) -> Proxy:
        proxy = Proxy(
            tmp_path_factory.mktemp("proxy"),
            {**dict.fromkeys(NAMES, "127.0.0.1"), **(hosts or {})},
            **options,
        )
        proxy.write_policy(policy, upstream or UPSTREAM.format(ca=authority.pem))
        if alerts:
            (proxy.rules / "alerts.yaml").write_text(alerts)
        running.append(proxy)
        proxy.start_from(compiled)
        return proxy.start(wait=wait)

    yield start
    for proxy in running:
        if proxy.process is not None and proxy.process.poll() is None:
            proxy.stop()


@pytest.fixture(scope="module")
def start_proxy(
    authority, tmp_path_factory, compiled
) -> Iterator[Callable[..., Proxy]]:
    """
    Start a proxy: `start_proxy(policy=..., hosts={name: address}, arguments=[...])`.
    All that were started are stopped at the end of the module.
    """
    yield from _starting(authority, tmp_path_factory, compiled)


@pytest.fixture(scope="session")
def start_shared_proxy(
    authority, tmp_path_factory, compiled
) -> Iterator[Callable[..., Proxy]]:
    """The same, until the end of the session."""
    yield from _starting(authority, tmp_path_factory, compiled)


@pytest.fixture(scope="session")
def proxy(start_shared_proxy) -> Proxy:
    """The proxy that all tests share which do not ask for another policy."""
    return start_shared_proxy()


@pytest.fixture(scope="module")
def plain_origin(origins) -> Origin:
    return origins.start("http")


@pytest.fixture(scope="module")
def tls_origin(origins) -> Origin:
    return origins.start("https")


@pytest.fixture(scope="module")
def h1_tls_origin(origins) -> Origin:
    """TLS without HTTP/2."""
    return origins.start("https", alpn=["http/1.1"])


@pytest.fixture
def plain(plain_origin) -> Origin:
    """A plain HTTP/1.1 origin, empty at the start of each test."""
    plain_origin.clear()
    return plain_origin


@pytest.fixture
def secure(tls_origin) -> Origin:
    """A TLS origin (h2 and HTTP/1.1), empty at the start of each test."""
    tls_origin.clear()
    return tls_origin


@pytest.fixture
def secure1(h1_tls_origin) -> Origin:
    h1_tls_origin.clear()
    return h1_tls_origin


@pytest.fixture(scope="session")
def flows(origins, start_shared_proxy) -> Flows:
    """Every vendor on loopback behind one proxy, and an origin that is none of them."""
    origin = origins.start("https", names=VENDORS, alpn=["http/1.1"])
    hosts = ", ".join(f'"{name}"' for name in (*VENDORS, "*.test"))
    policy = POLICY.replace('"*.test"', hosts)
    proxy = start_shared_proxy(policy, hosts=dict.fromkeys(VENDORS, "127.0.0.1"))
    return Flows(Vendors(origin), origins.start("https"), proxy)


@pytest.fixture(scope="session")
def island(authority, origins, compiled) -> Iterator[Island]:
    """A place without routes, with a proxy and a user who is not root."""
    models = ["api.anthropic.com", "api.openai.com"]
    found = {
        "plain": origins.start("http"),
        "secure": origins.start("https", names=["b.test", *models], alpn=["http/1.1"]),
    }
    made = Island(dict.fromkeys([*NAMES, *models], "127.0.0.1"), found)
    ca = made.folder / "origins.pem"
    ca.write_bytes(Path(authority.pem).read_bytes())
    made.start_proxy(ISLAND_POLICY + UPSTREAM.format(ca=ca), compiled)
    yield made
    made.close()
