"""Tokens that one origin issues, judged at what another one received."""

import base64
import secrets

import httpx
import pytest

from tests.harness.origin import Reply


@pytest.fixture(scope="module")
def shop(origins):
    """Issues a token as `/token/VALUE` and `/cookie/VALUE` say."""
    origin = origins.start("https")

    def issue(request):
        value = request.target.rsplit("/", 1)[1][::-1]
        return Reply(
            headers=(("content-type", "application/json"),),
            chunks=(
                b'{"token_type": "bearer", ',
                b'"access_token": "',
                value.encode(),
                b'"}',
            ),
        )

    def bake(request):
        value = request.target.rsplit("/", 1)[1][::-1]
        return Reply(headers=(("set-cookie", f"sid={value}; Secure"),), chunks=())

    origin.handlers = {"/token": issue, "/cookie": bake, "/": lambda _: Reply()}
    return origin


@pytest.fixture
def client(proxy):
    with httpx.Client(
        proxy=proxy.url, verify=proxy.trust(), trust_env=False, timeout=30
    ) as made:
        yield made


def issued(client, shop, way):
    value = secrets.token_urlsafe(30)
    answer = client.get(shop.url(f"/{way}/{value[::-1]}", "a.test"))
    assert answer.status_code == 200
    assert value in answer.text + answer.headers.get("set-cookie", "")
    client.cookies.clear()
    return value


@pytest.mark.parametrize("way", ["token", "cookie"])
def test_it_passes_at_home_and_does_not_reach_another_host(client, shop, secure, way):
    value = issued(client, shop, way)
    note = {"note": f"the session is {value}"}
    assert client.post(shop.url("/x", "a.test"), json=note).status_code == 200
    encoded = base64.b64encode(f"it is {value}".encode()).decode()
    for body in (note, {"note": encoded}, {"note": value[:-6]}):
        assert client.post(secure.url("/x", "b.test"), json=body).status_code == 403
    assert secure.empty


def test_in_a_credential_header_another_host_may_take_it(client, shop, secure):
    value = issued(client, shop, "token")
    bearer = {"authorization": f"Bearer {value}"}
    assert client.get(secure.url("/x", "b.test"), headers=bearer).status_code == 200
    assert secure.requests[0].header("authorization") == f"Bearer {value}"


def test_no_file_and_no_record_holds_it(client, shop, proxy):
    value = issued(client, shop, "token")
    client.post(shop.url("/x", "b.test"), json={"note": value})
    for path in proxy.state.rglob("*"):
        if path.is_file() and "cache" not in path.parts:
            assert value.encode() not in path.read_bytes(), path
    assert value not in proxy.log
