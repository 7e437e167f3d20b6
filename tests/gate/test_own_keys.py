"""The agent's own key at its own vendor passes unregistered; anywhere else it does not."""

import base64
import json

import pytest

from dlp import Inspector
from dlp.detect.templates import expand
from dlp.model import (
    Action,
    Agent,
    Destination,
    Message,
    Part,
    PartKind,
    Place,
)

AGENT = Agent("default")
POLICY = """\
version: 1
statements:
  - id: everywhere
    effect: allow
    hosts: [HOSTS, other.example.com]
"""

ANTHROPIC = "sk-ant-api03-{base64url:93}AA"
OPENAI = "sk-proj-{alnum:74}T3BlbkFJ{alnum:74}"
GEMINI = "AIza{alnum:35}"
GITHUB = "{github:ghp_:36}"
TELEGRAM = "{digit:10}:AA{alnum:33}"
SLACK = "xoxb-{digit:12}-{digit:12}-{alnum:24}"
NPM = "{github:npm_:36}"
DISCORD = "M{alnum:23}.{alnum:6}.{base64url:38}"
GITLAB = "glpat-{alnum:20}"
HUGGINGFACE = "hf_{alnum:34}"
JWT = "jwt"


def header(name, value):
    return Part(PartKind.HEADER, value.encode(), name)


def basic(user, password):
    pair = f"{user}:{password}".encode()
    return header("authorization", f"Basic {base64.b64encode(pair).decode()}")


def form(**fields):
    data = "&".join(f"{k}={v}" for k, v in fields.items())
    kind = "application/x-www-form-urlencoded"
    return Part(PartKind.BODY, data.encode(), media_type=kind)


def body(value):
    data = json.dumps(value).encode()
    return Part(PartKind.BODY, data, media_type="application/json")


WIRE = {
    "anthropic x-api-key": (
        "api.anthropic.com",
        ANTHROPIC,
        lambda k: [header("x-api-key", k)],
    ),
    "anthropic oauth bearer": (
        "api.anthropic.com",
        "sk-ant-oat01-{base64url:93}AA",
        lambda k: [header("authorization", f"Bearer {k}")],
    ),
    "openai bearer": (
        "api.openai.com",
        OPENAI,
        lambda k: [header("authorization", f"Bearer {k}")],
    ),
    "openai realtime subprotocol": (
        "api.openai.com",
        OPENAI,
        lambda k: [
            header("sec-websocket-protocol", f"realtime, openai-insecure-api-key.{k}")
        ],
    ),
    "gemini query": (
        "generativelanguage.googleapis.com",
        GEMINI,
        lambda k: [Part(PartKind.TARGET, f"/v1beta/models?alt=sse&key={k}".encode())],
    ),
    "gemini header": (
        "generativelanguage.googleapis.com",
        GEMINI,
        lambda k: [header("x-goog-api-key", k)],
    ),
    "github bearer": (
        "api.github.com",
        GITHUB,
        lambda k: [header("authorization", f"Bearer {k}")],
    ),
    "github token scheme": (
        "api.github.com",
        GITHUB,
        lambda k: [header("authorization", f"token {k}")],
    ),
    "git over https": (
        "github.com",
        GITHUB,
        lambda k: [basic("x-access-token", k)],
    ),
    "git with the token as user": (
        "github.com",
        GITHUB,
        lambda k: [basic(k, "x-oauth-basic")],
    ),
    "gitlab private-token": (
        "gitlab.com",
        GITLAB,
        lambda k: [header("private-token", k)],
    ),
    "telegram path": (
        "api.telegram.org",
        TELEGRAM,
        lambda k: [Part(PartKind.TARGET, f"/bot{k}/sendMessage".encode())],
    ),
    "slack bearer": (
        "slack.com",
        SLACK,
        lambda k: [header("authorization", f"Bearer {k}")],
    ),
    "slack form field": (
        "slack.com",
        SLACK,
        lambda k: [form(token=k, channel="C1", text="hi")],
    ),
    "npm bearer": (
        "registry.npmjs.org",
        NPM,
        lambda k: [header("authorization", f"Bearer {k}")],
    ),
    "discord bot header": (
        "discord.com",
        DISCORD,
        lambda k: [header("authorization", f"Bot {k}")],
    ),
    "discord gateway identify": (
        "gateway.discord.gg",
        DISCORD,
        lambda k: [
            Part(
                PartKind.FRAME,
                json.dumps({"op": 2, "d": {"token": k, "intents": 513}}).encode(),
            )
        ],
    ),
    "hugging face bearer": (
        "huggingface.co",
        HUGGINGFACE,
        lambda k: [header("authorization", f"Bearer {k}")],
    ),
}


@pytest.fixture(scope="module")
def inspector(tmp_path_factory):
    rules = tmp_path_factory.mktemp("rules")
    hosts = sorted({host for host, _, _ in WIRE.values()})
    text = POLICY.replace("HOSTS", ", ".join(hosts))
    (rules / "policy.yaml").write_text(text)
    return Inspector.load(rules)


def judge(inspector, host, parts, scheme="https"):
    to = Destination(scheme, host, 443, "POST")
    seen = inspector.examine(Message(AGENT, to, tuple(parts)))
    return inspector.conclude(seen)


@pytest.mark.parametrize("name", WIRE)
def test_at_home_it_passes_and_is_recorded(inspector, name):
    host, template, wire = WIRE[name]
    verdict = judge(inspector, host, wire(expand(template, seed=7)))
    assert verdict.action is Action.ALLOW, verdict
    assert [f.place for f in verdict.findings] == [Place.VENDOR_SLOT]


@pytest.mark.parametrize("name", WIRE)
def test_at_another_allowed_host_it_is_refused(inspector, name):
    _, template, wire = WIRE[name]
    verdict = judge(inspector, "other.example.com", wire(expand(template, seed=7)))
    assert verdict.action is Action.BLOCK


@pytest.mark.parametrize("name", WIRE)
def test_at_home_but_in_a_body_as_well_it_is_refused(inspector, name):
    host, template, wire = WIRE[name]
    key = expand(template, seed=7)
    parts = [*wire(key), body({"notes": [f"the key is {key}"]})]
    assert judge(inspector, host, parts).action is Action.BLOCK


@pytest.mark.parametrize("name", WIRE)
def test_at_home_but_over_plain_http_it_is_refused(inspector, name):
    host, template, wire = WIRE[name]
    parts = wire(expand(template, seed=7))
    assert judge(inspector, host, parts, scheme="http").action is Action.BLOCK
