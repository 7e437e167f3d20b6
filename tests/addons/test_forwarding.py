from mitmproxy import http

from addons.forwarding import clean_request, clean_response


def made(*fields: tuple[str, str], method: str = "GET") -> http.Request:
    headers = http.Headers([(n.encode(), v.encode()) for n, v in fields])
    request = http.Request.make(method, "http://a.test/")
    request.headers = headers
    return request


def names(request) -> list[str]:
    return [name.decode() for name, _ in request.headers.fields]


def test_hop_by_hop_and_proxy_headers_are_removed():
    request = made(
        ("Host", "a.test"),
        ("Proxy-Authorization", "Basic x"),
        ("Proxy-Connection", "keep-alive"),
        ("proxy-anything", "x"),
        ("Connection", "close, X-Listed"),
        ("X-Listed", "x"),
        ("Keep-Alive", "1"),
        ("TE", "gzip"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAM"),
        ("X-Forwarded-Host", "b.test"),
        ("Forwarded", "host=b.test"),
        ("Accept", "*/*"),
    )
    clean_request(request)
    assert names(request) == ["Host", "Accept"]


def test_connection_cannot_remove_what_frames_the_message():
    request = made(
        ("Host", "a.test"),
        ("Content-Length", "1"),
        ("Content-Encoding", "gzip"),
        ("Connection", "Host, content-length, Content-Encoding"),
    )
    clean_request(request)
    assert names(request) == ["Host", "Content-Length", "Content-Encoding"]


def test_trailers_stay_for_http2_only():
    request = made(("TE", "trailers"))
    clean_request(request)
    assert names(request) == []
    request = made(("te", "trailers"))
    request.http_version = "HTTP/2.0"
    clean_request(request)
    assert names(request) == ["te"]


def test_host_and_authority_are_written_in_normal_form():
    request = made(("Host", "A.tEsT.:8080"))
    request.data.authority = b"A.tEST."
    clean_request(request)
    assert request.headers["host"] == "a.test:8080"
    assert request.authority == "a.test"
    request = made(("Host", "[0:0::1]:80"))
    clean_request(request)
    assert request.headers["host"] == "[::1]:80"


def test_websocket_keeps_its_upgrade_and_only_compression():
    request = made(
        ("Host", "a.test"),
        ("Upgrade", "websocket"),
        ("Connection", "keep-alive, Upgrade, X-Listed"),
        ("X-Listed", "x"),
        ("Sec-WebSocket-Extensions", "x-own; a=b, permessage-deflate; client_max_window_bits"),
    )  # fmt: skip
    clean_request(request)
    assert dict(request.headers) == {
        "Host": "a.test",
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-extensions": "permessage-deflate; client_max_window_bits",
    }


def test_alternative_services_are_not_passed_on():
    response = http.Response.make(200, headers={"Alt-Svc": 'h3=":443"', "A": "b"})
    clean_response(response)
    assert "alt-svc" not in response.headers
    assert response.headers["a"] == "b"
