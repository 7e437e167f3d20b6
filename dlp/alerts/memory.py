"""
What must outlive the process beside the messages: bytes on disk <-> values.

Why not in `spool`: that keeps rows and knows nothing of what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from dlp.alerts.conditions import Failing, Failure
from dlp.alerts.routing import RouteState, Seen, State, Waiting
from dlp.alerts.spool import group_from


@dataclass(slots=True)
class Memory:
    """How far the log was read, what routes remember, what has been failing."""

    place: dict[str, int] | None = None
    """Bytes read of each segment of the log; None before the first time."""
    routes: State = field(default_factory=dict)
    failing: Failing = field(default_factory=dict)

    def rows(self) -> dict[str, bytes]:
        """As it is kept. What fails but was not told yet begins anew."""
        told = {kind: asdict(one) for kind, one in self.failing.items() if one.told}
        return {
            "place": orjson.dumps(self.place),
            "routes": orjson.dumps(self.routes),
            "failing": orjson.dumps(told),
        }


def memory_from(rows: Mapping[str, bytes]) -> Memory:
    """The inverse of `rows`."""
    kept = {name: orjson.loads(row) for name, row in rows.items()}
    return Memory(
        kept.get("place"),
        {name: _route_state(one) for name, one in kept.get("routes", {}).items()},
        {kind: Failure(**one) for kind, one in kept.get("failing", {}).items()},
    )


def _route_state(data: dict[str, Any]) -> RouteState:
    waiting = data["waiting"]
    return RouteState(
        {
            key: Seen(one["until"], group_from(one["again"]) if one["again"] else None)
            for key, one in data["seen"].items()
        },
        waiting
        and Waiting(
            waiting["since"], tuple(map(group_from, waiting["groups"])), waiting["more"]
        ),
        tuple((at, rank) for at, rank in data["sent"]),
    )
