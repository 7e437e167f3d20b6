import json

import pytest

from dlp.model import Part, PartKind
from dlp.policy.formal import LARGEST, granted, plain, presigned

FORM = "application/x-www-form-urlencoded"
HEX = b"0" * 64


def in_target(data):
    part = Part(PartKind.TARGET, data)
    return [(f.name, part.data[slice(*f.span)], f.value) for f in presigned(part)]


def in_body(data, kind=FORM):
    part = Part(PartKind.BODY, data, media_type=kind)
    return [(f.name, part.data[slice(*f.span)], f.value) for f in granted(part)]


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (
            b"/k?X-Amz-Credential=" + b"A" * 20 + b"%2F2026&X-Amz-Date=1"
            b"&X-Amz-Signature=" + HEX,
            ["x-amz-credential", "x-amz-signature"],
        ),
        (b"/k?X-Amz-Signature=" + HEX, []),
        (b"/k?X-Amz-Credential=x%2F2026&X-Amz-Signature=zz", []),
        (b"/k?sv=1&sig=" + b"a" * 43 + b"%3D", ["sig"]),
        (b"/k?sig=" + b"a" * 43 + b"%3D", []),
        (b"/k?sv=1&sig=short", []),
        (b"/k?Expires=1&Signature=" + b"a" * 28, ["signature"]),
        (b"/k?Signature=" + b"a" * 28, []),
        (b"/signature/sig?page=2", []),
    ],
)
def test_a_signature_counts_among_its_companions(target, names):
    assert [name for name, _, _ in in_target(target)] == names


def test_of_a_scope_the_key_id_alone_is_the_credential():
    data = b"/?X-Amz-Credential=" + b"B" * 20 + b"%2F2026%2Fs3&X-Amz-Signature=" + HEX
    assert ("x-amz-credential", b"B" * 20, b"B" * 20) in in_target(data)


def test_fields_of_a_token_request_are_credentials():
    body = b"grant_type=refresh_token&refresh_token=1%2F%2Fx&scope=a+b"
    assert in_body(body) == [("form:refresh_token", b"1%2F%2Fx", b"1//x")]


@pytest.mark.parametrize(
    "body",
    [
        b"refresh_token=abc",
        b"note=grant_type&refresh_token=abc",
        b"grant_type=x&other=abc",
        b"grant_type=x&refresh_token=",
        b"grant_type=x&pad=" + b"a" * LARGEST + b"&code=abc",
    ],
)
def test_without_a_grant_type_there_are_none(body):
    assert in_body(body) == []


def test_in_json_only_members_of_the_outermost_object_count():
    members = {"grant_type": "x", "code": "abc", "a": {"password": "abc"}}
    data = json.dumps(members).encode()
    assert in_body(data, "application/json") == [("json:code", b"abc", b"abc")]


@pytest.mark.parametrize(
    "data",
    [
        b'["grant_type", {"code": "abc"}]',
        b'{"grant_type": 1, "code": "abc"}',
        b'{"grant_type": "x", "code": 1}',
        b'{"grant_type": "x", "code": "abc"',
    ],
)
def test_json_of_another_shape_has_none(data):
    assert in_body(data, "application/json") == []


def test_plain_undoes_percent_and_plus():
    assert plain(b"a%2Fb+c") == b"a/b c"
    assert plain(b"abc") == b"abc"
