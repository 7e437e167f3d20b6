import base64

import pytest

from dlp.model import Part, PartKind
from dlp.policy.credentials import host_matches, loose_slot, tokens


def header(name, value):
    return Part(PartKind.HEADER, value, name)


def found(part, *extra):
    return [(t.slot, t.value) for t in tokens([part], frozenset(extra))]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (header("x-api-key", b"abc"), [("header:x-api-key", b"abc")]),
        (
            header("authorization", b"Bearer abc"),
            [("header:authorization", b"abc")],
        ),
        (header("authorization", b"token=abc"), [("header:authorization", b"abc")]),
        (
            header("authorization", b"abc"),
            [("header:authorization", b"abc")],
        ),
        (
            header("authorization", b"Bearer abc def"),
            [("header:authorization", b"abc def")],
        ),
        (
            header("authorization", b"Basic " + base64.b64encode(b"me:pw")),
            [("basic", b"me"), ("basic", b"pw")],
        ),
        (header("authorization", b"Basic ???"), []),
        (header("x-notes", b"abc"), []),
        (
            header("cookie", b"a=1; session=abc"),
            [("header:cookie", b"1"), ("header:cookie", b"abc")],
        ),
        (
            header("sec-websocket-protocol", b"realtime, openai-insecure-api-key.abc"),
            [
                ("header:sec-websocket-protocol", b"realtime"),
                ("header:sec-websocket-protocol", b"abc"),
            ],
        ),
    ],
)
def test_a_header_slot_is_cut_out_by_grammar(part, expected):
    assert found(part) == expected


def test_an_access_key_id_stands_alone_in_a_sigv4_signature():
    key = "AKIA" + "Q" * 16
    value = f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/s3/aws4_request, x"
    part = header("authorization", value.encode())
    assert found(part) == [("header:authorization", key.encode())]


def test_a_query_value_is_a_slot_only_where_something_names_it():
    part = Part(PartKind.TARGET, b"/bot12:ab/send?key=abc&q=1#f")
    assert found(part) == []
    assert found(part, "query:key") == [("query:key", b"abc")]


@pytest.mark.parametrize(
    ("kind", "path", "start", "slot"),
    [
        (PartKind.FRAME, "frame > $.d.token", 3, "ws"),
        (PartKind.TARGET, "target", 4, "path"),
        (PartKind.TARGET, "target", 18, ""),
        (PartKind.BODY, "body > $.auth.token", 3, "json:auth.token"),
        (PartKind.BODY, "body", 3, ""),
        (PartKind.HEADER, "x-note", 0, ""),
    ],
)
def test_a_slot_without_a_grammar_is_named_by_where_something_was_found(
    kind, path, start, slot
):
    assert loose_slot(Part(kind, b"/bot12:ab/send?key=abc"), path, start) == slot


def test_a_query_value_is_not_found_in_the_path():
    part = Part(PartKind.TARGET, b"/a&key=abc/x?q=1")
    assert found(part, "query:key") == []


def test_form_fields_are_slots_of_form_bodies_only():
    data = b"a=1&token=abc"
    form = Part(PartKind.BODY, data, media_type="application/x-www-form-urlencoded")
    assert found(form, "form:token") == [("form:token", b"abc")]
    assert found(Part(PartKind.BODY, data), "form:token") == []


def test_the_span_is_exactly_the_raw_token():
    part = header("cookie", b"a=1; session=abc")
    spans = [t.span for t in tokens([part], frozenset())]
    assert [part.data[a:b] for a, b in spans] == [b"1", b"abc"]


@pytest.mark.parametrize(
    ("host", "pattern", "expected"),
    [
        ("api.example.com", "api.example.com", True),
        ("api.example.com", "*.example.com", True),
        ("example.com", "*.example.com", False),
        ("evilexample.com", "*.example.com", False),
        ("api.example.com.evil.net", "*.example.com", False),
    ],
)
def test_a_host_pattern_ends_at_a_dot(host, pattern, expected):
    assert host_matches(host, [pattern]) is expected
