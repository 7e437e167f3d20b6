"""Tokens that one origin issues, judged at what another one received."""

import base64
import secrets

import httpx
import pytest

from tests.harness.origin import Reply

POLICY = """\
version: 1
statements:
  - {id: test, effect: allow, hosts: [a.test, b.test, f.test], ports: ["*"]}
  - {id: web, effect: allow, kind: open, hosts: [e.test], ports: ["*"]}
pinned: [f.test]
"""


@pytest.fixture(scope="module")
def proxy(start_proxy):
    """Takes the place of the shared one: it knows an open host and a pinned one."""
    return start_proxy(POLICY)


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


def issued(client, shop, way, name="a.test"):
    value = secrets.token_urlsafe(30)
    answer = client.get(shop.url(f"/{way}/{value[::-1]}", name))
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


@pytest.mark.parametrize("name", ["e.test", "f.test"], ids=["open", "pinned"])
def test_a_cookie_goes_back_to_its_host_and_none_is_brought_along(client, shop, name):
    given = issued(client, shop, "cookie", name)
    brought = secrets.token_urlsafe(30)
    shop.clear()
    for value, status in ((brought, 403), (given, 200)):
        client.cookies.clear()
        fields = {"cookie": f"theme=dark; sid={value}"}
        answer = client.get(shop.url("/x", name), headers=fields)
        assert answer.status_code == status
    assert [r.header("cookie") for r in shop.requests] == [f"theme=dark; sid={given}"]


def test_headers_are_no_way_round_the_cap_of_an_open_host(client, shop):
    shop.clear()
    for name in ("x-note", "user-agent", "referer"):
        fields = {name: secrets.token_hex(700)}
        answer = client.get(shop.url("/x", "e.test"), headers=fields)
        assert answer.status_code == 403
    assert shop.empty
    etag = {"if-none-match": f'"{secrets.token_hex(20)}"', "range": "bytes=100-"}
    assert client.get(shop.url("/x", "e.test"), headers=etag).status_code == 200


def test_no_file_and_no_record_holds_it(client, shop, proxy):
    value = issued(client, shop, "token")
    client.post(shop.url("/x", "b.test"), json={"note": value})
    for path in proxy.state.rglob("*"):
        if path.is_file() and "cache" not in path.parts:
            assert value.encode() not in path.read_bytes(), path
    assert value not in proxy.log
