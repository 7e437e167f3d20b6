import httpx


def test_plain_http_passes(proxy, plain):
    with httpx.Client(proxy=proxy.url) as client:
        assert client.get(plain.url("/x", "a.test")).text == "ok\n"
    assert plain.requests[0].target == "/x"


def test_sigterm_ends_it_with_0(start_proxy):
    assert start_proxy().stop() == 0
