import json

import pytest

from dlp.detect.known.issued import DAY_S, HOUR_S, LONGEST_S, MOST_BYTES, Issued, issued

NOW = 1_700_000_000.0
TOKEN = "k" * 40


def of_cookie(text: str) -> list[Issued]:
    return list(issued([("set-cookie", text.encode())], b"", NOW))


COOKIES = {
    "a session": (f"sid={TOKEN}; Path=/; HttpOnly", DAY_S),
    "an age": (f"sid={TOKEN}; Max-Age=60", 60),
    "an age and a date": (
        f"sid={TOKEN}; Expires=Wed, 01 Jan 2020 00:00:00 GMT; max-age=60",
        60,
    ),
    "a date": (f"sid={TOKEN}; expires=Tue, 14 Nov 2023 23:13:20 GMT", 3600),
    "an age beyond belief": (f"sid={TOKEN}; Max-Age=99999999999", LONGEST_S),
    "a date that is none": (f"sid={TOKEN}; Expires=soon", DAY_S),
    "quoted": (f'sid="{TOKEN}"', DAY_S),
}


@pytest.mark.parametrize(("text", "life"), COOKIES.values(), ids=COOKIES)
def test_a_cookie_is_issued_for_its_life(text, life):
    assert of_cookie(text) == [Issued(TOKEN.encode(), life)]


@pytest.mark.parametrize(
    "text",
    [
        f"sid={TOKEN}; Max-Age=0",
        f"sid={TOKEN}; Max-Age=-1",
        f"sid={TOKEN}; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "sid=",
        "no cookie",
    ],
)
def test_a_cookie_that_is_taken_back_is_not_issued(text):
    assert of_cookie(text) == []


def of_body(body: bytes) -> dict[str, Issued]:
    return {found.value.decode(): found for found in issued([], body, NOW)}


def of_json(document: object) -> dict[str, Issued]:
    return of_body(json.dumps(document).encode())


def test_an_oauth_answer():
    found = of_json(
        {
            "access_token": "A",
            "refresh_token": "R",
            "expires_in": 600,
            "token_type": "Bearer",
        }
    )
    assert {value: token.ttl_s for value, token in found.items()} == {
        "A": 600,
        "R": LONGEST_S,
    }


def test_an_oauth_answer_as_a_form():
    assert set(of_body(b"access_token=A&scope=repo&token_type=bearer")) == {"A"}


def test_a_registry_token():
    assert of_json({"token": "T", "expires_in": "300"})["T"].ttl_s == 300


def test_a_ticket_in_a_url_is_for_the_urls_host():
    url = "wss://wss-primary.chat.example/link/?ticket=T&app_id=9"
    assert of_json({"ok": True, "url": url})["T"].hosts == ("wss-primary.chat.example",)


def test_an_upload_header_is_for_the_host_it_names():
    upload = {
        "href": "https://media.example/objects/1",
        "header": {"Authorization": "RemoteAuth T", "Accept": "x"},
    }
    found = of_json({"objects": [{"actions": {"upload": upload}}]})
    assert set(found) == {"T"}
    assert found["T"].hosts == ("media.example",)


def test_temporary_cloud_credentials():
    body = (
        b"<Credentials><AccessKeyId>X</AccessKeyId><SecretAccessKey>"
        + b"s" * 40
        + b"</SecretAccessKey><SessionToken>"
        + b"t" * 60
        + b"</SessionToken></Credentials>"
    )
    assert set(of_body(body)) == {"s" * 40, "t" * 60}
    assert of_body(body)["s" * 40].ttl_s == DAY_S


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[[[[",
        b"<html>token</html>",
        b'{"token": 5, "access_token": null, "id": "a-long-identifier-0123456789"}',
        b'{"url": "https://[bad/?token=x"}',
        b'{"access_token": "' + b"x" * MOST_BYTES + b'"}',
    ],
)
def test_an_answer_without_tokens_issues_none(body):
    assert of_body(body) == {}


def test_one_answer_issues_a_bounded_number():
    assert len(of_json([{"token": f"t{n}"} for n in range(500)])) == 64


def test_life_of_an_hour_is_the_default():
    assert of_json({"access_token": "A"})["A"].ttl_s == HOUR_S


def test_the_password_of_a_registry_is_known_as_the_vendor_hands_it_out():
    """AWS ECR, GetAuthorizationToken: base64 of a user and a password."""
    data = {
        "authorizationData": [
            {
                "authorizationToken": TOKEN,
                "proxyEndpoint": "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            }
        ]
    }
    (found,) = issued([], json.dumps(data).encode(), NOW)
    assert found.value == TOKEN.encode()
    assert found.hosts == ("123456789012.dkr.ecr.eu-west-1.amazonaws.com",)
