"""
What `dlp secrets add` binds by itself, vendor by vendor: the hosts and the slots in
which its own clients send it. Every host here is pinned, so that nothing passes that
is not bound; a key of the same shape that is somebody else's never does.
"""

import base64
from urllib.parse import quote

import pytest

from dlp.broker.enlist import Enlister
from dlp.detect.templates import expand
from dlp.model import Action
from tests.parts import (
    OTHER,
    basic,
    bearer,
    body,
    form,
    frame,
    header,
    index_of,
    inspector_of,
    judge,
    target,
)


def sigv4(key):
    scope = f"{key}/20261121/us-east-1/s3/aws4_request"
    signature = expand("{hex:64}", seed=3)
    return bearer(
        f"Credential={scope}, SignedHeaders=host, Signature={signature}",
        "AWS4-HMAC-SHA256",
    )


def presigned(key):
    return target(
        "/o",
        **{
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{key}/20261121/us-east-1/s3/aws4_request",
            "X-Amz-Date": "20261121T000000Z",
            "X-Amz-Signature": expand("{hex:64}", seed=3),
        },
    )


GITHUB, GITLAB = "{github:gh" + "p_:36}", "gl" + "pat-{alnum:20}"
AWS, NPM = "AK" + "IA{base32:16}", "{github:np" + "m_:36}"
GEMINI, REFRESH = "AI" + "za{alnum:35}", "1/" + "/0{base64url:100}"
AZURE = "{alnum:3}8Q~{alnum:34}"
SLACK = "xo" + "xb-{digit:12}-{digit:12}-{alnum:24}"
APP = "xa" + "pp-1-A{upper:10}-{digit:13}-{hex:64}"
DISCORD = "M{alnum:23}.{alnum:6}.{base64url:38}"
TELEGRAM = "{digit:10}:AA{alnum:33}"
PYPI = "pypi-" + "AgEIcHlwaS5vcmc{base64url:150}"
DOCKER = "dckr_" + "pat_{base64url:27}"
OPENAI = "sk-" + "proj-{alnum:74}T3BlbkFJ{alnum:74}"

SLOTS = {
    "GitHub: API": (GITHUB, "api.github.com", bearer),
    "GitHub: API, old scheme": (GITHUB, "api.github.com", lambda k: bearer(k, "token")),
    "GitHub: uploads": (GITHUB, "uploads.github.com", bearer),
    "GitHub: git": (GITHUB, "github.com", lambda k: basic("x-access-token", k)),
    "GitHub: git, as user": (GITHUB, "github.com", lambda k: basic(k, "x-oauth-basic")),
    "GitHub: images": (GITHUB, "ghcr.io", lambda k: basic("me", k)),
    "GitHub: images, encoded": (
        GITHUB,
        "ghcr.io",
        lambda k: bearer(base64.b64encode(k.encode()).decode()),
    ),
    "GitLab: API": (GITLAB, "gitlab.com", lambda k: header("private-token", k)),
    "GitLab: git": (GITLAB, "gitlab.com", lambda k: basic("oauth2", k)),
    "AWS: signed": (AWS, "b.s3.amazonaws.com", sigv4),
    "AWS: presigned": (AWS, "b.s3.amazonaws.com", presigned),
    "Google: header": (
        GEMINI,
        "generativelanguage.googleapis.com",
        lambda k: header("x-goog-api-key", k),
    ),
    "Google: query": (
        GEMINI,
        "generativelanguage.googleapis.com",
        lambda k: target("/v1beta/models", key=k),
    ),
    "Google: refresh": (
        REFRESH,
        "oauth2.googleapis.com",
        lambda k: form(grant_type="refresh_token", refresh_token=k),
    ),
    "Azure: client secret": (
        AZURE,
        "login.microsoftonline.com",
        lambda k: form(grant_type="client_credentials", client_secret=k),
    ),
    "Slack: bearer": (SLACK, "slack.com", bearer),
    "Slack: form": (SLACK, "slack.com", lambda k: form(token=k, channel="C1")),
    "Slack: JSON": (SLACK, "slack.com", lambda k: body(token=k, channel="C1")),
    "Slack: socket": (APP, "slack.com", bearer),
    "Discord: API": (DISCORD, "discord.com", lambda k: bearer(k, "Bot")),
    "Discord: gateway": (
        DISCORD,
        "gateway.discord.gg",
        lambda k: frame(op=2, d={"token": k, "intents": 513}),
    ),
    "Telegram: path": (
        TELEGRAM,
        "api.telegram.org",
        lambda k: target(f"/bot{k}/sendMessage"),
    ),
    "Telegram: file": (
        TELEGRAM,
        "api.telegram.org",
        lambda k: target(f"/file/bot{k}/documents/a.bin"),
    ),
    "Telegram: file, as python-telegram-bot writes it": (
        TELEGRAM,
        "api.telegram.org",
        lambda k: target(f"/file/bot{quote(k)}/documents/a.bin"),
    ),
    "npm: bearer": (NPM, "registry.npmjs.org", bearer),
    "PyPI: upload": (PYPI, "upload.pypi.org", lambda k: basic("__token__", k)),
    "Docker: token": (DOCKER, "auth.docker.io", lambda k: basic("me", k)),
    "Docker: grant": (
        DOCKER,
        "auth.docker.io",
        lambda k: form(grant_type="password", username="me", password=k),
    ),
    "Docker: hub": (
        DOCKER,
        "hub.docker.com",
        lambda k: body(username="me", password=k),
    ),
    "OpenAI: socket": (
        OPENAI,
        "api.openai.com",
        lambda k: header(
            "sec-websocket-protocol", f"realtime, openai-insecure-api-key.{k}"
        ),
    ),
}
HOSTS = sorted({host for _, host, _ in SLOTS.values()})


@pytest.fixture(scope="module")
def pinning(tmp_path_factory):
    return inspector_of(tmp_path_factory.mktemp("rules"), HOSTS, pinned=True)


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory):
    return inspector_of(tmp_path_factory.mktemp("rules"), HOSTS)


@pytest.fixture(scope="module")
def enlister():
    return Enlister.load(None)


def registered(pinning, enlister, value):
    made = enlister.one("ours", value.encode())
    return pinning.with_secrets(index_of(made.info, made.value))


def action(inspector, host, *parts):
    return judge(inspector, host, parts).action


@pytest.mark.parametrize("name", SLOTS)
def test_ours_passes_where_its_vendor_takes_it_and_nobody_elses(
    pinning, enlister, name
):
    template, host, wire = SLOTS[name]
    ours, theirs = (expand(template, seed=seed) for seed in (5, 6))
    knowing = registered(pinning, enlister, ours)
    assert action(knowing, host, wire(ours)) is Action.ALLOW
    assert action(knowing, host, wire(theirs)) is Action.BLOCK
    assert action(knowing, host, wire(ours), body(note=ours)) is Action.BLOCK
    assert action(knowing, OTHER, wire(ours)) is Action.BLOCK


BOTH = [name for name in SLOTS if name != "AWS: presigned"]


@pytest.mark.parametrize("name", BOTH)
def test_not_ours_beside_ours_is_refused(pinning, enlister, name):
    template, host, wire = SLOTS[name]
    ours = expand(template, seed=5)
    knowing = registered(pinning, enlister, ours)
    for more in (
        header("x-api-key", "a" * 40),
        target("/x", access_token="b" * 40),
        presigned(expand(AWS, seed=8)),
    ):
        assert action(knowing, host, more, wire(ours)) is Action.BLOCK


@pytest.mark.parametrize("name", SLOTS)
def test_every_key_of_a_vendor_passes_at_home_without_registration(open_to_all, name):
    """Many of them: what a decoder makes of one key by chance is that key."""
    template, host, wire = SLOTS[name]
    for seed in range(20, 36):
        part = wire(expand(template, seed=seed))
        assert action(open_to_all, host, part) is Action.ALLOW, seed
