"""
The shape of `alerts.yaml`, and what is wrong with a value whatever the others say.

The docstrings below are what an editor shows (`rules/schema/alerts.schema.json`).
"""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WithJsonSchema,
    model_validator,
)

from dlp.alerts.nouns import KINDS, Severity
from dlp.policy.schema import AgentPattern, Id
from dlp.rulefile import RuleModel, Wrong

_DURATION = re.compile(r"([0-9]+) ?(s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)
WEEK_S = 7 * 86400


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    matched = _DURATION.fullmatch(value)
    if not matched:
        raise Wrong(f"`{value}` is not a duration", "write as in 30s, 10m, 1h or 1d")
    return int(matched[1]) * _UNITS[matched[2]]


def _clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise Wrong(f"`{text}` is not a time of day", 'write as in "22:00"')
    return text


def _variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise Wrong(
            "must be the name of a variable",
            "write the name of the variable, not what it holds",
        )
    return text


Duration = Annotated[
    int,
    BeforeValidator(_duration),
    Field(ge=0, le=WEEK_S),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": WEEK_S},
                {"type": "string", "pattern": f"^{_DURATION.pattern}$"},
            ]
        }
    ),
]
Clock = Annotated[str, AfterValidator(_clock)]
Variable = Annotated[str, AfterValidator(_variable)]


def clock(text: str) -> time:
    """The time of day that `Clock` writes."""
    return time.fromisoformat(text)


class SourceModel(RuleModel):
    """Where a secret comes from. It never stands in this file."""

    env: Variable | None = None
    """Variable of the proxy's environment."""
    file: str | None = Field(default=None, min_length=1)
    """File that holds it; relative to the rules folder. Read again for each message."""

    @model_validator(mode="after")
    def _one(self) -> SourceModel:
        if (self.env is None) == (self.file is None):
            raise Wrong("must have either `env` or `file`", "keep one of them")
        return self


def _outside(value: object) -> object:
    if isinstance(value, str):
        raise Wrong(
            "must not stand in this file, because it is a secret",
            "write {env: NAME} or {file: PATH}",
        )
    return value


Secret = Annotated[SourceModel, BeforeValidator(_outside)]


class _HttpModel(RuleModel):
    ca: str | None = None
    """PEM file of the CA that the other side's certificate comes from; relative to the
    rules folder. Left out: those of the system."""
    plain_http: bool = False
    """Says that http to another machine is meant, on a network of your own."""


class WebhookModel(_HttpModel):
    """POST of JSON, signed as https://www.standardwebhooks.com says."""

    type: Literal["webhook"]
    url: str | SourceModel
    """Where to. If it holds a secret: {env: NAME} or {file: PATH}."""
    secret: Secret
    """The key of the signature: `whsec_` and base64, or at least 24 characters."""


class SlackModel(_HttpModel):
    """A Slack incoming webhook, or one that takes the same (Mattermost)."""

    type: Literal["slack"]
    url: Secret
    """The webhook's URL, which is a secret."""


class TelegramModel(_HttpModel):
    """A Telegram bot."""

    type: Literal["telegram"]
    token: Secret
    """The bot's token."""
    chat: str | int
    """Chat id, or @channel."""
    url: str = "https://api.telegram.org"
    """Of the Bot API."""


class NtfyModel(_HttpModel):
    """A topic of ntfy.sh, or of a server of your own."""

    type: Literal["ntfy"]
    url: str | SourceModel
    """The topic's URL, as in https://ntfy.sh/TOPIC."""
    token: Secret | None = None
    """Access token, where the topic needs one."""


class AlertmanagerModel(_HttpModel):
    """A Prometheus Alertmanager (API v2)."""

    type: Literal["alertmanager"]
    url: str
    """As in http://127.0.0.1:9093; with the prefix it is served under, if any."""
    token: Secret | None = None
    """Bearer token, where it needs one."""


class AppriseModel(RuleModel):
    """Any service that Apprise knows. Needs the extra: agent-dlp[alerts]."""

    type: Literal["apprise"]
    url: Secret
    """The Apprise URL, which is a secret."""


ChannelModel = Annotated[
    WebhookModel
    | SlackModel
    | TelegramModel
    | NtfyModel
    | AlertmanagerModel
    | AppriseModel,
    Field(discriminator="type"),
]


class LimitModel(RuleModel):
    """At most so many messages in any such time; what is beyond comes as a digest."""

    count: int = Field(default=30, ge=1, le=1000)
    """Messages. Those of a lower severity never use up what a higher one may send."""
    per: Duration = 3600
    """The time they are counted over."""


class QuietModel(RuleModel):
    """Hours in which nobody is disturbed; what came is sent as a digest afterwards."""

    start: Clock = Field(alias="from")
    """As in "22:00"."""
    until: Clock
    """As in "07:00", of the next day if that is earlier than `from`."""
    zone: str = "UTC"
    """Time zone, as in Europe/Berlin."""
    days: tuple[Day, ...] = Field(default=DAYS, min_length=1)
    """Days on which such hours begin. Left out: all."""
    exempt: tuple[Severity, ...] = Field(default=(Severity.CRITICAL,), alias="except")
    """Severities that are sent all the same."""


class RouteModel(RuleModel):
    """Which alerts go where, and how often. The first route that matches takes one."""

    id: Id
    """Names the route in messages and for `dlp alerts test --route`."""
    severity: tuple[Severity, ...] = Field(default=tuple(Severity), min_length=1)
    """Left out: any."""
    kinds: tuple[Literal[KINDS], ...] = Field(default=KINDS, min_length=1)  # type: ignore[valid-type]
    """Left out: any."""
    agents: tuple[AgentPattern, ...] = Field(default=("*",), min_length=1)
    """Agent ids or patterns such as `ci-*`. Left out: any, and what has no agent."""
    to: tuple[str, ...] = Field(min_length=1)
    """Channels."""
    repeat: Duration = 3600
    """The same (kind, agent, host, secret) is told once in this time; how often it came
    is told at its end. 0s: each time."""
    limit: LimitModel = LimitModel()
    digest: Duration = 0
    """Gather for so long and send one message. Left out: each at once."""
    quiet: QuietModel | None = None
    go_on: bool = Field(default=False, alias="continue")
    """Let the routes below see what this one takes."""


class AlertsModel(RuleModel):
    """rules/alerts.yaml"""

    version: Literal[1]
    """Of this format."""
    channels: dict[Id, ChannelModel] = Field(default_factory=dict)
    """Where messages can go."""
    routes: tuple[RouteModel, ...] = ()
    """Tried in order. Nothing is sent that no route takes."""
