"""
A notice as each kind of channel takes it: bytes to POST, and what the answer means.

A builder is `(notice, Keys, now) -> Outgoing`; all stand in `BUILDERS`. Nothing here
opens a connection: `delivery` does.

Sources: https://www.standardwebhooks.com (signature),
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks,
https://core.telegram.org/bots/api#sendmessage, https://docs.ntfy.sh/publish,
https://prometheus.io/docs/alerting/latest/alerts_api.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import field, replace
from html import escape

import orjson

from dlp.alerts import text
from dlp.alerts.address import Address
from dlp.alerts.nouns import Group, Notice, Severity
from dlp.alerts.sources import SourceError
from dlp.model import noun

FIRING_S = 3600.0
"""How long the Alertmanager goes on calling something that happened an alert."""
_KEY_PREFIX = "whsec_"
_KEY_BYTES = 24
_PRIORITY = {Severity.INFO: 3, Severity.WARNING: 4, Severity.CRITICAL: 5}
_TAGS = {
    Severity.INFO: "information_source",
    Severity.WARNING: "warning",
    Severity.CRITICAL: "rotating_light",
}


@noun
class Keys:
    """What a channel was told of the other side."""

    address: Address = field(repr=False)
    secret: str = field(default="", repr=False)
    chat: str = ""
    proxy: str = ""
    """What we call ourselves: the name of this machine."""


@noun
class Outgoing:
    """One POST."""

    address: Address = field(repr=False)
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


Builder = Callable[[Notice, Keys, float], Outgoing]


def webhook(notice: Notice, keys: Keys, now: float) -> Outgoing:
    """Our own JSON, signed over id, time of sending and body."""
    body = orjson.dumps(text.document(notice, keys.proxy))
    signed = f"{notice.id}.{int(now)}.".encode() + body
    mac = hmac.digest(_signing_key(keys.secret), signed, hashlib.sha256)
    return _json(
        keys.address,
        body,
        ("webhook-id", notice.id),
        ("webhook-timestamp", str(int(now))),
        ("webhook-signature", "v1," + b64encode(mac).decode()),
    )


def slack(notice: Notice, keys: Keys, now: float) -> Outgoing:  # noqa: ARG001
    """Escaped as Slack asks, and without unfolding of links."""
    lines = [
        f"*{_slack(text.title(notice, keys.proxy))}*",
        *map(_slack, text.lines(notice)),
    ]
    body = {"text": "\n".join(lines), "unfurl_links": False, "unfurl_media": False}
    return _json(keys.address, orjson.dumps(body))


def telegram(notice: Notice, keys: Keys, now: float) -> Outgoing:  # noqa: ARG001
    """The bot's token is in the path, as its API has it."""

    def code(name: str) -> str:
        # Escaped below with the rest of the line: marks that no text can hold.
        return f"\0{name}\1"

    lines = [escape(line, quote=False) for line in text.lines(notice, code)]
    told = "\n".join(lines).replace("\0", "<code>").replace("\1", "</code>")
    body = {
        "chat_id": keys.chat,
        "text": f"<b>{escape(text.title(notice, keys.proxy), quote=False)}</b>\n{told}",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "disable_notification": notice.severity is Severity.INFO,
    }
    path = keys.address.target.rstrip("/") + f"/bot{keys.secret}/sendMessage"
    return _json(replace(keys.address, target=path), orjson.dumps(body))


def ntfy(notice: Notice, keys: Keys, now: float) -> Outgoing:  # noqa: ARG001
    """Published as JSON, which goes to the server's root and names the topic."""
    path, _, query = keys.address.target.partition("?")
    root, _, topic = path.rstrip("/").rpartition("/")
    body = {
        "topic": topic,
        "title": text.title(notice, keys.proxy),
        "message": "\n".join(text.lines(notice)),
        "priority": _PRIORITY[notice.severity],
        "tags": [_TAGS[notice.severity]],
    }
    target = f"{root}/" + (f"?{query}" if query else "")
    address = replace(keys.address, target=target)
    return _json(address, orjson.dumps(body), *_bearer(keys))


def alertmanager(notice: Notice, keys: Keys, now: float) -> Outgoing:
    """One alert for each group; it has its own grouping, silences and routes."""
    alerts = [_alert(notice, group, keys, now) for group in notice.groups]
    path = keys.address.target.rstrip("/") + "/api/v2/alerts"
    address = replace(keys.address, target=path)
    return _json(address, orjson.dumps(alerts), *_bearer(keys))


BUILDERS: dict[str, Builder] = {
    "webhook": webhook,
    "slack": slack,
    "telegram": telegram,
    "ntfy": ntfy,
    "alertmanager": alertmanager,
}
"""By `type` of the channel; apprise makes its own requests."""


def _json(address: Address, body: bytes, *headers: tuple[str, str]) -> Outgoing:
    return Outgoing(address, body, (("content-type", "application/json"), *headers))


def _bearer(keys: Keys) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {keys.secret}")] if keys.secret else []


def _signing_key(secret: str) -> bytes:
    """
    The bytes behind `whsec_...`, or those of any text that is long enough.

    Raises:
        SourceError: too short, or not base64 after the prefix.
    """
    try:
        key = (
            b64decode(secret.removeprefix(_KEY_PREFIX), validate=True)
            if secret.startswith(_KEY_PREFIX)
            else secret.encode()
        )
    except Base64Error:
        raise SourceError(f"the key after {_KEY_PREFIX} is not base64") from None
    if len(key) < _KEY_BYTES:
        raise SourceError(f"the key of the signature is under {_KEY_BYTES} bytes")
    return key


def _slack(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _alert(notice: Notice, group: Group, keys: Keys, now: float) -> dict[str, object]:
    alert = group.alert
    labels = {
        "alertname": f"Dlp{alert.kind.capitalize()}",
        "source": "agent-dlp",
        "instance": keys.proxy,
        "route": notice.route,
        "severity": alert.severity,
        "kind": alert.kind,
        "agent": alert.agent,
        "host": alert.host,
        "secret": alert.secret,
        "rule": alert.rule,
    }
    return {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {
            "summary": alert.title,
            "description": text.lines(replace(notice, groups=(group,), more=0))[0],
            "reference": alert.reference,
            "count": str(group.count),
        },
        "startsAt": text.stamp(min(alert.at, now)),
        "endsAt": text.stamp(now if alert.resolved else now + FIRING_S),
    }
