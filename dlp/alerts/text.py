"""
A notice in words: a title, lines, and the JSON that programs read.

Hosts and ids stand in back quotes, so that no chat makes a link of them or fetches a
preview from a host that an agent chose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from dlp.alerts.nouns import Alert, Group, Notice

MAX_BYTES = 3500
"""Of the lines together: Telegram takes 4096 characters, ntfy 4096 bytes."""

_DONE = {
    "allow": "let pass: the policy only observes",
    "redact": "cut out, the rest went on",
    "hold": "held",
    "block": "stopped",
}
Quote = Callable[[str], str]


def quoted(text: str) -> str:
    """A name as it stands in plain text."""
    return f"`{text.replace('`', "'")}`"


def title(notice: Notice, proxy: str) -> str:
    """One line; `proxy` names the machine that tells."""
    told_by = f"agent-dlp {proxy}".strip()
    first = notice.groups[0].alert
    if len(notice.groups) == 1 and not notice.more:
        return f"{told_by}, {notice.severity}: {first.title}"
    kinds = Counter[str]()
    for group in notice.groups:
        kinds[group.alert.kind] += group.count
    told = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    return f"{told_by}, {notice.severity}: {notice.count} alerts ({told})"


def lines(notice: Notice, quote: Quote = quoted) -> list[str]:
    """One line for each group, as many as fit, and what is left."""
    found: list[str] = []
    room = MAX_BYTES
    for place, group in enumerate(notice.groups):
        line = _line(group, quote)
        room -= len(line.encode()) + 1
        if room < 0:
            left = sum(one.count for one in notice.groups[place:]) + notice.more
            return [*found, f"and {left} more: dlp audit tail"]
        found.append(line)
    if notice.more:
        found.append(f"and {notice.more} more: dlp audit tail")
    return found


def _line(group: Group, quote: Quote) -> str:
    alert = group.alert
    parts = [alert.title]
    parts += [
        f"{name} {quote(value)}"
        for name, value in (
            ("agent", alert.agent),
            ("host", alert.host),
            ("secret", alert.secret),
            ("by", "" if alert.secret else alert.rule),
        )
        if value
    ]
    if alert.done:
        parts.append(_DONE.get(alert.done, alert.done))
    if alert.reference:
        parts.append(quote(alert.reference))
    if group.count > 1:
        parts.append(f"{group.count} times until {stamp(group.last_at)}")
    return f"{alert.severity}, {stamp(alert.at)}: " + ", ".join(parts)


def stamp(at: float) -> str:
    """RFC 3339, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def document(notice: Notice, proxy: str) -> dict[str, Any]:
    """The body of a webhook. Field names are a contract."""
    return {
        "version": 1,
        "id": notice.id,
        "at": stamp(notice.at),
        "proxy": proxy,
        "route": notice.route,
        "severity": notice.severity,
        "title": title(notice, proxy),
        "text": "\n".join(lines(notice)),
        "count": notice.count,
        "more": notice.more,
        "alerts": [_fields(group.alert, group) for group in notice.groups],
    }


def _fields(alert: Alert, group: Group) -> dict[str, Any]:
    return {
        "kind": alert.kind,
        "severity": alert.severity,
        "title": alert.title,
        "agent": alert.agent,
        "host": alert.host,
        "secret": alert.secret,
        "rule": alert.rule,
        "action": alert.done,
        "reference": alert.reference,
        "resolved": alert.resolved,
        "count": group.count,
        "first_at": stamp(alert.at),
        "last_at": stamp(group.last_at),
    }
