"""
Honest wire formats of vendors whose credential no registration names: sign-in, token
exchange, presigned addresses, opaque keys. Pinned hosts take none of them.
"""

import pytest

from dlp.detect.templates import expand
from dlp.model import Action, Part, PartKind
from tests.parts import (
    OTHER,
    basic,
    bearer,
    body,
    form,
    header,
    inspector_of,
    judge,
    jwt,
    registered,
    target,
)

PAD = "q" * 9


def fill(template, seed=7):
    return expand(template, seed=seed)


def sigv4(key, algorithm="AWS4-HMAC-SHA256"):
    scope = f"{key}/20261121/us-east-1/bedrock/aws4_request"
    signature = fill("{hex:64}")
    return header(
        "authorization",
        f"{algorithm} Credential={scope}, SignedHeaders=host, Signature={signature}",
    )


def amz(key, **more):
    return target(
        "/object",
        **{
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{key}/20261121/us-east-1/s3/aws4_request",
            "X-Amz-Date": "20261121T000000Z",
            "X-Amz-Expires": "3600",
            **more,
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Signature": fill("{hex:64}"),
        },
    )


AWS = "AKIA{base32:16}"
STS = "ASIA{base32:16}"
DOCKER = "dckr_pat_{base64url:27}"
REFRESH = "sk-ant-ort01-{base64url:93}AA"
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:id_token"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"

WIRE = {
    "aws sigv4": ("sts.amazonaws.com", AWS, lambda k: [sigv4(k)]),
    "aws sigv4a": (
        "s3.amazonaws.com",
        AWS,
        lambda k: [sigv4(k, "AWS4-ECDSA-P256-SHA256")],
    ),
    "aws presigned": ("b.s3.amazonaws.com", AWS, lambda k: [amz(k)]),
    "aws registry": (
        "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
        "eyJwYXlsb2FkIjoi{base64:1700}==",
        lambda k: [basic("AWS", k)],
    ),
    "aws presigned by a role": (
        "b.s3.amazonaws.com",
        STS,
        lambda k: [
            amz(k, **{"X-Amz-Security-Token": "IQoJb3JpZ2lu" + fill("{base64:600}")})
        ],
    ),
    "presigned at a host of another name": (
        "cas-bridge.xethub.hf.co",
        AWS,
        lambda k: [amz(k)],
    ),
    "presigned by r2": ("x.r2.cloudflarestorage.com", "{hex:32}", lambda k: [amz(k)]),
    "s3 signed the old way": (
        "github-cloud.s3.amazonaws.com",
        AWS,
        lambda k: [
            target(
                "/media",
                AWSAccessKeyId=k,
                Expires="1900000000",
                Signature=fill("{base64:27}") + "=",
            )
        ],
    ),
    "cloudfront": (
        "production.cloudfront.docker.com",
        "K{base32:13}",
        lambda k: [
            target(
                "/blobs",
                **{
                    "Expires": "1900000000",
                    "Signature": fill("{base64url:340}") + "__",
                    "Key-Pair-Id": k,
                },
            )
        ],
    ),
    "google signed address": (
        "storage.googleapis.com",
        "{hex:512}",
        lambda k: [
            target(
                "/b/o",
                **{
                    "X-Goog-Credential": "a@p.test/20261121/auto/storage/goog4_request",
                    "X-Goog-Signature": k,
                },
            )
        ],
    ),
    "azure sas": (
        "a.blob.core.windows.net",
        "{base64:43}=",
        lambda k: [target("/c/b", sv="2024-11-04", se="2026-12-01", sp="r", sig=k)],
    ),
    "azure shared key": (
        "a.blob.core.windows.net",
        "{base64:43}=",
        lambda k: [header("authorization", f"SharedKey a:{k}")],
    ),
    "azure client secret": (
        "login.microsoftonline.com",
        "{alnum:3}8Q~{alnum:34}",
        lambda k: [form(grant_type="client_credentials", client_secret=k)],
    ),
    "azure openai": (
        "r.openai.azure.com",
        "{hex:32}",
        lambda k: [header("api-key", k)],
    ),
    "github release asset": (
        "release-assets.githubusercontent.com",
        "{base64:43}=",
        lambda k: [target("/asset", sv="2018-11-09", se="2026", sig=k, jwt=jwt())],
    ),
    "github private file": (
        "raw.githubusercontent.com",
        "A{base32:28}",
        lambda k: [target("/o/r/main/x", token=k)],
    ),
    "github app": ("api.github.com", "x", lambda k: [bearer(jwt())]),
    "google bearer": (
        "storage.googleapis.com",
        "ya29.{base64url:160}",
        lambda k: [bearer(k)],
    ),
    "google refresh": (
        "oauth2.googleapis.com",
        "1//0{base64url:100}",
        lambda k: [
            form(
                grant_type="refresh_token",
                refresh_token=k,
                client_id="1-x.apps.googleusercontent.com",
                client_secret="GOCSPX-" + fill("{base64url:28}"),
            )
        ],
    ),
    "google code": (
        "oauth2.googleapis.com",
        "4/0A{base64url:70}",
        lambda k: [
            form(
                grant_type="authorization_code",
                code=k,
                code_verifier=fill("{base64url:64}"),
            )
        ],
    ),
    "google service account": (
        "oauth2.googleapis.com",
        "x",
        lambda k: [form(grant_type=JWT_GRANT, assertion=jwt())],
    ),
    "claude refresh": (
        "platform.claude.com",
        REFRESH,
        lambda k: [
            body(grant_type="refresh_token", refresh_token=k, client_id=fill("{uuid}"))
        ],
    ),
    "codex refresh": (
        "auth.openai.com",
        "rt_{base64url:90}",
        lambda k: [
            body(client_id="app_X", grant_type="refresh_token", refresh_token=k)
        ],
    ),
    "codex exchange": (
        "auth.openai.com",
        "x",
        lambda k: [
            form(
                grant_type=EXCHANGE,
                requested_token="openai-api-key",
                subject_token=jwt(),
                subject_token_type=TOKEN_TYPE,
            )
        ],
    ),
    "docker password grant": (
        "auth.docker.io",
        DOCKER,
        lambda k: [form(grant_type="password", username="u", password=k)],
    ),
    "docker hub login": (
        "hub.docker.com",
        DOCKER,
        lambda k: [body(username="u", password=k)],
    ),
    "docker hub token": (
        "hub.docker.com",
        DOCKER,
        lambda k: [body(identifier="u", secret=k)],
    ),
    "docker registry": ("registry-1.docker.io", "x", lambda k: [bearer(jwt())]),
    "ghcr": ("ghcr.io", "{base64:60}", lambda k: [bearer(k)]),
    "pypi": (
        "upload.pypi.org",
        "pypi-AgEIcHlwaS5vcmc{base64url:150}",
        lambda k: [basic("__token__", k)],
    ),
    "slack json": (
        "slack.com",
        "xoxb-{digit:12}-{digit:12}-{alnum:24}",
        lambda k: [body(token=k, channel="C1")],
    ),
    "discord sign-in": (
        "discord.com",
        "{alnum:32}",
        lambda k: [form(grant_type="client_credentials", client_secret=k)],
    ),
    "tavily": (
        "api.tavily.com",
        "tvly-dev-{alnum:32}",
        lambda k: [body(api_key=k, query="x")],
    ),
    "opaque hex": ("api.together.xyz", "{hex:64}", lambda k: [bearer(k)]),
    "opaque letters": ("api.mistral.ai", "{alnum:32}", lambda k: [bearer(k)]),
    "opaque with a scheme of its own": (
        "api.deepgram.com",
        "{hex:40}",
        lambda k: [header("authorization", f"Token {k}")],
    ),
}
VENDOR_SHAPED = [
    *("aws sigv4", "aws registry", "azure client secret", "google bearer"),
    "google refresh",
    *("claude refresh", "docker password grant", "docker hub login", "pypi"),
    *("slack json", "tavily"),
]
"""Of these any other host is refused; the rest are opaque, or made for one host."""


HOSTS = sorted({host for host, _, _ in WIRE.values()})


@pytest.fixture(scope="module")
def inspector(tmp_path_factory):
    return inspector_of(tmp_path_factory.mktemp("rules"), HOSTS)


@pytest.fixture(scope="module")
def pinning(tmp_path_factory):
    return inspector_of(tmp_path_factory.mktemp("rules"), HOSTS, pinned=True)


@pytest.mark.parametrize("name", WIRE)
def test_honest_use_passes(inspector, name):
    host, template, wire = WIRE[name]
    verdict = judge(inspector, host, wire(fill(template)))
    assert verdict.action is Action.ALLOW, verdict


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("template", ["{alnum:40}", "{hex:64}", "{base64url:32}"])
def test_an_opaque_bearer_passes_among_other_headers(inspector, template, seed):
    """As SDKs send them: beside it stand names and values that read like a key's."""
    around = {
        "user-agent": "Anthropic/Python 0.97.0",
        "x-stainless-lang": "python",
        "x-stainless-retry-count": "0",
        "x-request-token": "is",
        "anthropic-version": "2023-06-01",
        "idempotency-key": fill("{uuid}", seed),
    }
    fields = [header(name, value) for name, value in around.items()]
    parts = [*fields, bearer(fill(template, seed)), *fields]
    names = Part(PartKind.HEADER, b"\r\n".join(n.encode() for n in around))
    verdict = judge(inspector, "api.mistral.ai", [names, *parts])
    assert verdict.action is Action.ALLOW, verdict


@pytest.mark.parametrize("name", VENDOR_SHAPED)
def test_at_another_host_it_is_refused(inspector, name):
    _, template, wire = WIRE[name]
    verdict = judge(inspector, OTHER, wire(fill(template)))
    assert verdict.action is Action.BLOCK


OTHER_KEYS = {
    "aws": AWS + " {base64:40}",
    "github": "{github:ghp_:36}",
    "anthropic": "sk-ant-api03-{base64url:93}AA",
}


@pytest.mark.parametrize("key", OTHER_KEYS.values(), ids=OTHER_KEYS)
@pytest.mark.parametrize(
    "coding", [str, lambda s: s.encode().hex()], ids=["as is", "hex"]
)
@pytest.mark.parametrize(
    "wire",
    [
        lambda k: [form(grant_type="refresh_token", refresh_token=k)],
        lambda k: [form(grant_type="refresh_token", scope=k, refresh_token=PAD)],
        lambda k: [body(grant_type="password", password=k)],
        lambda k: [body(grant_type="password", nested={"password": k})],
        lambda k: [target("/x", sv="1", se="2", sig=k)],
        lambda k: [target("/x", Expires="1", Signature=k)],
        lambda k: [
            target("/x", **{"X-Amz-Credential": "A" * 20, "X-Amz-Security-Token": k})
        ],
        lambda k: [bearer(k)],
        lambda k: [basic("me", k)],
    ],
)
def test_nothing_else_rides_in_a_declared_credential(inspector, key, coding, wire):
    parts = wire(coding(fill(key)))
    verdict = judge(inspector, OTHER, parts)
    assert verdict.action is Action.BLOCK


@pytest.mark.parametrize("name", WIRE)
def test_a_pinned_host_takes_no_credential_that_is_not_registered(pinning, name):
    host, template, wire = WIRE[name]
    verdict = judge(pinning, host, wire(fill(template)))
    made_for_the_host = {
        *("cloudfront", "google signed address", "azure sas"),
        *("github release asset",),
    }
    expected = Action.ALLOW if name in made_for_the_host else Action.BLOCK
    assert verdict.action is expected, verdict


@pytest.mark.parametrize(
    "parts",
    [
        [header("x-custom-token", "abc")],
        [header("proxy-api-key", "abc")],
        [target("/x", access_token="abc")],
        [basic("me", "password-of-theirs")],
        [basic("a-long-token-of-theirs", "x")],
    ],
)
def test_nor_one_in_a_place_that_only_looks_like_a_slot(pinning, parts):
    assert judge(pinning, "api.mistral.ai", parts).action is Action.BLOCK


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [header("x-csrf-token", "abc")],
        [header("idempotency-key", "abc")],
        [header("sec-websocket-key", "abc")],
        [target("/x", page="2", limit="10")],
    ],
)
def test_and_takes_what_claims_nothing(pinning, parts):
    assert judge(pinning, "api.mistral.ai", parts).action is Action.ALLOW


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (lambda k: [bearer(k)], Action.ALLOW),
        (lambda k: [basic("me", k)], Action.ALLOW),
        (lambda k: [basic(k, "x-oauth-basic")], Action.ALLOW),
        (lambda k: [basic(k, "")], Action.ALLOW),
        (lambda k: [basic(k, "a-long-token-of-theirs")], Action.BLOCK),
        (lambda k: [basic("a-long-user-name-of-ours", k)], Action.ALLOW),
        (lambda k: [basic(fill("{github:ghp_:36}"), k)], Action.BLOCK),
        (lambda k: [bearer(k), header("x-api-key", "theirs")], Action.BLOCK),
        (lambda k: [target("/x", **{"X-Amz-Credential": k + "/a"})], Action.BLOCK),
    ],
)
def test_a_pinned_host_takes_the_registered_one(pinning, parts, expected):
    key = fill("{alnum:40}", seed=11)
    bound = pinning.with_secrets(registered(key, "api.mistral.ai"))
    assert judge(bound, "api.mistral.ai", parts(key)).action is expected


def test_a_registered_key_id_signs_addresses_at_its_host(pinning):
    key = fill(AWS)
    bound = pinning.with_secrets(registered(key, "b.s3.amazonaws.com"))
    assert judge(bound, "b.s3.amazonaws.com", [amz(key)]).action is Action.ALLOW
    assert judge(bound, "storage.googleapis.com", [amz(key)]).action is Action.BLOCK
