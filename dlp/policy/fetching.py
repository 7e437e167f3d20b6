"""
What policy says of a URL that somebody else would fetch for an agent.

Strategy: such a URL is an own request of the agent, a GET or, for a hook, a POST. URLs
are read as browsers read them (WHATWG URL, 4.4); one that parsers could read in two
ways goes nowhere.

Why not in `ruleset`: that is asked about destinations in normal form, this about text.
"""

from __future__ import annotations

import re

from dlp.model import Agent, Destination, Message, Part, PartKind
from dlp.policy.names import normal_authority, normal_path
from dlp.policy.opened import breach
from dlp.policy.ruleset import Policy

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_OURS = frozenset(
    {"gs", "s3", "az", "abfs", "file", "data", "blob", "attachment", "cid"}
)
"""Names of things the other side has already; nothing is asked of a host."""
_URL = re.compile(r"(?:([a-z][a-z0-9+.-]*):)?/*([^/?#]*)([^#]*)", re.IGNORECASE)
_DROPPED = str.maketrans("", "", "\t\r\n")


def may_fetch(policy: Policy, agent: Agent, url: str) -> bool:
    """Whether the agent itself could ask for the URL, by GET or POST."""
    text = url.strip().translate(_DROPPED)
    found = _URL.match(text)
    assert found is not None
    scheme = (found[1] or "https").lower()
    if scheme in _OURS:
        return True
    try:
        host, port = normal_authority(found[2].rpartition("@")[2])
    except (ValueError, UnicodeError):
        return False
    if "\\" in text:
        return False
    if scheme not in _PORTS:
        return policy.reach_host(agent.id, host, port or 443).effect == "allow"
    target = found[3] or "/"
    path, ambiguous = normal_path(target if target[0] == "/" else f"/{target}")
    return any(
        _allows(policy, Message(agent, to, (Part(PartKind.TARGET, target.encode()),)))
        for to in (
            Destination(
                scheme, host, port or _PORTS[scheme], method, path, ambiguous=ambiguous
            )
            for method in ("GET", "POST")
        )
    )


def _allows(policy: Policy, message: Message) -> bool:
    reach = policy.reach(message.agent.id, message.destination)
    return reach.effect == "allow" and not breach(message, reach.caps)
