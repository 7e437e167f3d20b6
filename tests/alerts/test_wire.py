"""The wire format of every kind of channel, checked as the other side would."""

import base64
import hashlib
import hmac
import html.parser
import json
from dataclasses import replace

import pytest

from dlp.alerts.address import Address
from dlp.alerts.nouns import Alert, Group, Notice, Severity
from dlp.alerts.sources import SourceError
from dlp.alerts.wire import BUILDERS, Keys

ALERT = Alert(
    1.7e9, "secret", Severity.CRITICAL, "b<uild>&er", "evil.example", "github", "rule",
    "block", "dlp-1",
)  # fmt: skip
NOTICE = Notice("dlpn-1", "leaks", 1.7e9, (Group(ALERT, 2, 1.7e9),))
NOW = 1.7e9 + 100.5
KEY = "k" * 32


def sent(kind, path="/hook", secret="", chat="", notice=NOTICE):
    keys = Keys(Address(True, "h.example", 443, path), secret, chat, "here")
    out = BUILDERS[kind](notice, keys, NOW)
    headers = dict(out.headers)
    assert headers["content-type"] == "application/json"
    return out.address.target, headers, json.loads(out.body), out.body


@pytest.mark.parametrize(
    ("secret", "key"),
    [(KEY, KEY.encode()), ("whsec_" + base64.b64encode(b"x" * 24).decode(), b"x" * 24)],
)
def test_webhook_is_signed_by_the_standard(secret, key):
    """standardwebhooks.com: HMAC-SHA256 over `id.timestamp.body`, base64, version 1."""
    target, headers, told, body = sent("webhook", secret=secret)
    assert target == "/hook"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (
        "dlpn-1",
        "1700000100",
    )
    signed = b"dlpn-1.1700000100." + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert told["alerts"][0]["secret"] == "github"


@pytest.mark.parametrize("secret", ["short", "whsec_" + "!" * 40, "whsec_AAAA"])
def test_a_weak_key_is_refused_and_not_repeated(secret):
    with pytest.raises(SourceError) as caught:
        sent("webhook", secret=secret)
    assert secret.removeprefix("whsec_") not in str(caught.value)


def test_slack_escapes_its_three_characters_and_unfolds_nothing():
    """docs.slack.dev: & < > are entities; text holds mrkdwn."""
    _, _, told, _ = sent("slack")
    assert set(told) == {"text", "unfurl_links", "unfurl_media"}
    assert told["unfurl_links"] is told["unfurl_media"] is False
    assert "`b&lt;uild&gt;&amp;er`" in told["text"]
    assert "<" not in told["text"]
    assert told["text"].startswith("*agent-dlp here, critical: ")


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.opened, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        assert attrs == []
        self.opened.append(tag)

    def handle_data(self, data):
        self.text += data


def test_telegram_takes_html_with_a_few_tags():
    """core.telegram.org/bots/api: sendMessage; at most 4096 characters of text."""
    target, _, told, _ = sent("telegram", "/", "12:token", "-100")
    assert target == "/bot12:token/sendMessage"
    assert (told["chat_id"], told["parse_mode"]) == ("-100", "HTML")
    assert told["link_preview_options"] == {"is_disabled": True}
    assert told["disable_notification"] is False
    page = Tags()
    page.feed(told["text"])
    assert set(page.opened) == {"b", "code"}
    assert "agent b<uild>&er, host evil.example" in page.text


def test_telegram_is_short_enough_however_much_happened():
    groups = tuple(Group(replace(ALERT, host=f"{n}" * 60), 1, 0.0) for n in range(50))
    _, _, told, _ = sent("telegram", "/", "t", notice=replace(NOTICE, groups=groups))
    page = Tags()
    page.feed(told["text"])
    assert len(page.text) < 4096


def test_ntfy_is_published_as_json_at_the_root():
    """docs.ntfy.sh: topic, title, message, priority 1 to 5, tags; over 4096 is a file."""
    target, headers, told, _ = sent("ntfy", "/base/topic", "tk_x")
    assert target == "/base/"
    assert headers["authorization"] == "Bearer tk_x"
    assert (told["topic"], told["priority"], told["tags"]) == (
        "topic",
        5,
        ["rotating_light"],
    )
    assert "`evil.example`" in told["message"]
    assert sent("ntfy", "/topic")[0] == "/"
    assert "authorization" not in sent("ntfy", "/topic")[1]


def test_alertmanager_gets_one_alert_per_group():
    """prometheus.io/docs/alerting/latest/alerts_api."""
    mild = replace(
        ALERT, host="", agent="", secret="", kind="audit", reference="", at=NOW + 50
    )
    notice = replace(
        NOTICE, groups=(*NOTICE.groups, Group(replace(mild, resolved=True), 1, 0.0))
    )
    target, headers, told, _ = sent("alertmanager", "/prefix/", notice=notice)
    assert target == "/prefix/api/v2/alerts"
    assert "authorization" not in headers
    first, over = told
    assert first["labels"] == {
        "alertname": "DlpSecret", "source": "agent-dlp", "instance": "here", "route": "leaks",
        "severity": "critical", "kind": "secret", "agent": "b<uild>&er",
        "host": "evil.example", "secret": "github", "rule": "rule",
    }  # fmt: skip
    assert first["annotations"]["reference"] == "dlp-1"
    assert (first["startsAt"], first["endsAt"]) == (
        "2023-11-14T22:13:20Z",
        "2023-11-14T23:15:00Z",
    )
    assert over["startsAt"] == over["endsAt"] == "2023-11-14T22:15:00Z"
    assert "host" not in over["labels"]


def test_secrets_of_a_channel_have_no_repr():
    keys = Keys(Address(True, "h", 1, "/verysecret"), "alsosecret")
    out = BUILDERS["telegram"](NOTICE, keys, NOW)
    assert "secret" not in repr(keys)
    assert "alsosecret" not in repr(out)
    assert "verysecret" not in repr(out)
