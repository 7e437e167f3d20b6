import httpx

from tests.harness.wire import Wire


def test_plain_http_passes(proxy, plain):
    with httpx.Client(proxy=proxy.url) as client:
        assert client.get(plain.url("/x", "a.test")).text == "ok\n"
    assert plain.requests[0].target == "/x"


def test_https_is_inspected(proxy, secure):
    with httpx.Client(proxy=proxy.url, verify=proxy.trust()) as client:
        assert client.get(secure.url("/x", "a.test")).text == "ok\n"
    assert secure.requests[0].target == "/x"


def test_raw_client_sees_our_certificate(proxy, secure):
    with Wire.to(proxy).connect_tunnel(f"a.test:{secure.port}") as wire:
        wire.start_tls(proxy, "a.test")
        assert (
            wire.request("/y", headers=[("Host", f"a.test:{secure.port}")]).status
            == 200
        )
    assert secure.requests[0].target == "/y"


def test_sigterm_ends_it_with_0(start_proxy):
    assert start_proxy().stop() == 0
