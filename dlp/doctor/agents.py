"""Agents: whether they can be told apart, and their tokens."""

from __future__ import annotations

from collections.abc import Iterator

from dlp.doctor.check import Check, Severity
from dlp.doctor.picture import CannotTellError, Picture
from dlp.errors import StateError
from dlp.state.agents import Registration

_OLD_S = 365 * 86400.0


def _unreadable(picture: Picture) -> Iterator[str]:
    path = picture.kept() / "agents.json"
    if not path.exists():
        raise CannotTellError("no agent was ever registered")
    key = picture.kept() / "keys" / "agents"
    if not key.exists():
        yield f"{key} is missing: no token fits any more"
        return
    try:
        _ = picture.agents
    except StateError as error:
        yield str(error)


def _everybody(picture: Picture) -> Iterator[str]:
    picture.kept()
    if not picture.agents:
        yield "no agent is registered: every local program is the agent `default`"


def _present(picture: Picture) -> list[Registration]:
    found = [one for one in picture.agents if not one.revoked_at]
    if not found:
        raise CannotTellError("no agent is registered")
    return found


def _old(picture: Picture) -> Iterator[str]:
    for one in _present(picture):
        age = picture.now - one.created_at
        if age > _OLD_S:
            yield f"the token of {one.id} is {age / 86400:.0f} days old"


def _without_rights(picture: Picture) -> Iterator[str]:
    allowing = [s for s in picture.policy.statements if s.effect != "deny"]
    for one in _present(picture):
        if not any(one.id in statement.agents for statement in allowing):
            yield f"no statement lets {one.id} do anything"


CHECKS = (
    Check(
        "agents-file", Severity.HIGH,
        "The register of agents can be read",
        "While it cannot every agent is refused.",
        "Restore STATE/agents.json and STATE/keys/agents from the same backup",
        ("ASI08", "ASI03", "T9"), _unreadable,
    ),
    Check(
        "agents-registered", Severity.MEDIUM,
        "Agents are registered",
        "What any of them does cannot be told from what others do, nor revoked.",
        "dlp agents add ID, and give the token to that agent alone",
        ("ASI03", "ASI10", "T9"), _everybody,
    ),
    Check(
        "agent-token-age", Severity.LOW,
        "The tokens of agents are renewed",
        "The older a token, the more places know it.",
        "dlp agents revoke ID, then add",
        ("ASI03", "T9"), _old,
    ),
    Check(
        "agents-without-rights", Severity.LOW,
        "Every agent may do something",
        "A token that nobody needs is only there to be stolen.",
        "dlp agents revoke ID, or name it in a statement",
        ("ASI03", "T3"), _without_rights,
    ),
)  # fmt: skip
