"""
One decision, by how many statements there are and what tells them apart.

`python -m tests.bench.policy` prints the table. Target (design, section 13): 20 us with
10,000 statements and 1,000 agents.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dlp.model import Destination
from dlp.policy import Policy
from dlp.policy.compile import compile_policy
from dlp.policy.schema import PolicyModel
from dlp.rulefile import Located
from dlp.rulefile.tree import Places

STATEMENTS = 10_000
AGENTS = 1_000
_ROUNDS = 20_000

_EVERY = tuple(f"agent-{n}" for n in range(AGENTS))

SHAPES: dict[str, Callable[[int], dict[str, object]]] = {
    "a host each": lambda n: {"hosts": (f"api-{n}.example",)},
    "a suffix each": lambda n: {"hosts": (f"*.team-{n}.corp.example",)},
    "a host each, 1,000 agents each": lambda n: {
        "hosts": (f"api-{n}.example",),
        "agents": ("@everyone",),
    },
    "one host, an agent each": lambda n: {
        "hosts": ("api-0.example",),
        "agents": (f"agent-{n % AGENTS}",),
        "paths": (f"/team/{n}/**",),
    },
    "one host, a path each": lambda n: {
        "hosts": ("api-0.example",),
        "paths": (f"/team/repo-{n}/**",),
    },
}


@dataclass(frozen=True)
class Row:
    """Microseconds of one `Policy.reach`, and of one `Policy.reach_host`."""

    shape: str
    statements: int
    reach: float
    reach_host: float
    load_s: float


def build(shape: str, count: int) -> Policy:
    """A policy of `count` statements, a deny and an approve among them."""
    more = SHAPES[shape]
    statements = [
        {"id": f"s{n}", "effect": "allow", "methods": ("GET", "POST")} | more(n)
        for n in range(count)
    ]
    statements += [
        {"id": "no-dns", "effect": "deny", "hosts": ("*",), "paths": ("/dns-query",)},
        {
            "id": "web",
            "effect": "allow",
            "kind": "open",
            "hosts": ("*",),
        },
    ]
    model = PolicyModel.model_validate(
        {
            "version": 1,
            "groups": {"everyone": _EVERY},
            "statements": tuple(statements),
        },
        strict=True,
    )
    return compile_policy(Located(model, "bench", Places({}, {})))


def requests(shape: str, count: int) -> list[tuple[str, Destination]]:
    """Requests that hit, spread over the statements."""
    found = []
    for n in range(0, count, max(1, count // 100)):
        more = SHAPES[shape](n)
        host = str(more["hosts"][0]).replace("*", "www")
        path = str(more.get("paths", ("/v1/messages",))[0]).replace("**", "issues/7")
        agent = str(more.get("agents", ("agent-0",))[0]).replace("@everyone", "agent-7")
        found.append((agent, Destination("https", host, 443, "POST", path)))
    return found


def rows() -> Iterator[Row]:
    """Each shape small and large."""
    for shape in SHAPES:
        for count in (10, STATEMENTS):
            started = time.perf_counter()
            policy = build(shape, count)
            load_s = time.perf_counter() - started
            asked = requests(shape, count)
            assert all(policy.reach(*one).effect == "allow" for one in asked)
            yield Row(
                shape,
                count,
                _microseconds(policy.reach, asked),
                _microseconds(
                    policy.reach_host, [(a, d.host, d.port) for a, d in asked]
                ),
                load_s,
            )


def _microseconds(
    call: Callable[..., object], asked: list[tuple[object, ...]]
) -> float:
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(_ROUNDS // 5 // len(asked)):
            for one in asked:
                call(*one)
        done = _ROUNDS // 5 // len(asked) * len(asked)
        best = min(best, (time.perf_counter() - started) / done * 1e6)
    return best


if __name__ == "__main__":
    print("| statements | told apart by | request us | CONNECT us | build s |")
    print("|---|---|---|---|---|")
    for row in rows():
        print(
            f"| {row.statements} | {row.shape} | {row.reach:.1f} "
            f"| {row.reach_host:.1f} | {row.load_s:.2f} |"
        )
