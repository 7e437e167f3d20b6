"""The agent's own key at its own vendor passes unregistered; anywhere else it does not."""

import gzip
import json
from dataclasses import replace

import pytest

from dlp.detect.templates import expand
from dlp.model import Action, Place
from tests.parts import (
    OTHER,
    basic,
    bearer,
    body,
    form,
    frame,
    header,
    inspector_of,
    judge,
    target,
)

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
POSTHOG = "phc_{alnum:43}"


def zipped(part):
    """As who declares `Content-Encoding: gzip`."""
    return replace(part, data=gzip.compress(part.data), encodings=("gzip",))


WIRE = {
    "anthropic x-api-key": (
        "api.anthropic.com",
        ANTHROPIC,
        lambda k: [header("x-api-key", k)],
    ),
    "sentry envelope": (
        "o1.ingest.sentry.io",
        "https://{hex:32}:{hex:32}@o1.ingest.sentry.io/42",
        lambda k: [body(dsn=k)],
    ),
    "anthropic oauth bearer": (
        "api.anthropic.com",
        "sk-ant-oat01-{base64url:93}AA",
        lambda k: [bearer(k)],
    ),
    "openai bearer": (
        "api.openai.com",
        OPENAI,
        lambda k: [bearer(k)],
    ),
    "openai realtime subprotocol": (
        "api.openai.com",
        OPENAI,
        lambda k: [
            header("sec-websocket-protocol", f"realtime, openai-insecure-api-key.{k}")
        ],
    ),
    "okta": (
        "acme.okta.com",
        "00{base64url:40}",
        lambda k: [header("authorization", f"SSWS {k}")],
    ),
    "planetscale": (
        "api.planetscale.com",
        "{loweralnum:12}:pscale_tkn_{base64url:43}",
        lambda k: [header("authorization", k)],
    ),
    "a key that only its name makes one, in the vendor's query": (
        "serpapi.com",
        "{hex:64}",
        lambda k: [target("/search.json", engine="google", api_key=k)],
    ),
    "the same in the vendor's body": (
        "api2.amplitude.com",
        "{hex:32}",
        lambda k: [body(api_key=k, events=[{"event_type": "start"}])],
    ),
    "in each item of a batch": (
        "api.mixpanel.com",
        "{hex:32}",
        lambda k: [body(batch=[{"event": "x", "properties": {"token": k}}])],
    ),
    "in JSON in a form": (
        "api.mixpanel.com",
        "{hex:32}",
        lambda k: [form(data=json.dumps({"event": "x", "properties": {"token": k}}))],
    ),
    "an access token in a body": (
        "api.rollbar.com",
        "{hex:32}",
        lambda k: [body(access_token=k, data={"environment": "prod"})],
    ),
    "under a content coding": (
        "us.i.posthog.com",
        POSTHOG,
        lambda k: [zipped(body(api_key=k, batch=[{"event": "x"}]))],
    ),
    "google analytics query": (
        "www.google-analytics.com",
        "{base64url:22}",
        lambda k: [target("/mp/collect", measurement_id="G-ABC", api_secret=k)],
    ),
    "gemini query": (
        "generativelanguage.googleapis.com",
        GEMINI,
        lambda k: [target("/v1beta/models", alt="sse", key=k)],
    ),
    "gemini header": (
        "generativelanguage.googleapis.com",
        GEMINI,
        lambda k: [header("x-goog-api-key", k)],
    ),
    "github bearer": (
        "api.github.com",
        GITHUB,
        lambda k: [bearer(k)],
    ),
    "github token scheme": (
        "api.github.com",
        GITHUB,
        lambda k: [bearer(k, "token")],
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
        lambda k: [target(f"/bot{k}/sendMessage")],
    ),
    "slack bearer": (
        "slack.com",
        SLACK,
        lambda k: [bearer(k)],
    ),
    "slack form field": (
        "slack.com",
        SLACK,
        lambda k: [form(token=k, channel="C1", text="hi")],
    ),
    "npm bearer": (
        "registry.npmjs.org",
        NPM,
        lambda k: [bearer(k)],
    ),
    "discord bot header": (
        "discord.com",
        DISCORD,
        lambda k: [bearer(k, "Bot")],
    ),
    "discord gateway identify": (
        "gateway.discord.gg",
        DISCORD,
        lambda k: [frame(op=2, d={"token": k, "intents": 513})],
    ),
    "hugging face bearer": (
        "huggingface.co",
        HUGGINGFACE,
        lambda k: [bearer(k)],
    ),
}


@pytest.fixture(scope="module")
def inspector(tmp_path_factory):
    hosts = sorted({host for host, _, _ in WIRE.values()})
    return inspector_of(tmp_path_factory.mktemp("rules"), hosts)


@pytest.mark.parametrize("name", WIRE)
def test_at_home_it_passes_and_is_recorded(inspector, name):
    host, template, wire = WIRE[name]
    verdict = judge(inspector, host, wire(expand(template, seed=7)))
    assert verdict.action is Action.ALLOW, verdict
    assert [f.place for f in verdict.findings] == [Place.VENDOR_SLOT]


@pytest.mark.parametrize("name", WIRE)
def test_at_another_allowed_host_it_is_refused(inspector, name):
    _, template, wire = WIRE[name]
    verdict = judge(inspector, OTHER, wire(expand(template, seed=7)))
    assert verdict.action is Action.BLOCK


@pytest.mark.parametrize("name", WIRE)
def test_at_home_but_in_a_body_as_well_it_is_refused(inspector, name):
    host, template, wire = WIRE[name]
    key = expand(template, seed=7)
    parts = [*wire(key), body(notes=[f"the key is {key}"])]
    assert judge(inspector, host, parts).action is Action.BLOCK


@pytest.mark.parametrize("name", WIRE)
def test_at_home_but_over_plain_http_it_is_refused(inspector, name):
    host, template, wire = WIRE[name]
    parts = wire(expand(template, seed=7))
    assert judge(inspector, host, parts, scheme="http").action is Action.BLOCK


@pytest.mark.parametrize("note", ["the key is {key}", "another is {other}"])
def test_under_a_content_coding_what_stands_besides_is_refused(inspector, note):
    key, other = expand(POSTHOG, seed=7), expand(GITHUB, seed=7)
    part = zipped(body(api_key=key, notes=[note.format(key=key, other=other)]))
    assert judge(inspector, "us.i.posthog.com", [part]).action is Action.BLOCK


def test_one_vendors_key_is_not_taken_for_anothers(inspector):
    """Of a thousand one has letters from which another vendor's can be picked."""
    key = expand("sk-ant-oat01-{base64url:93}AA", seed=29)
    assert judge(inspector, "api.anthropic.com", [bearer(key)]).action is Action.ALLOW


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("session-token", Action.ALLOW),
        ("auth_token", Action.ALLOW),
        ("datadome", Action.ALLOW),
        ("db_password", Action.BLOCK),
    ],
)
def test_a_cookie_that_says_who_is_calling_is_a_credential(inspector, name, action):
    """Also one that was issued before the proxy saw it, or that counts or filters."""
    value = expand("{alnum:40}~{alnum:87}", seed=7)
    parts = [header("cookie", f"theme=dark; {name}={value}; lang=en")]
    assert judge(inspector, OTHER, parts).action is action
