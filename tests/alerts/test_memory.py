"""What routes remember is the same after a restart."""

from datetime import UTC, time

from dlp.alerts.conditions import Failure
from dlp.alerts.memory import Memory, memory_from
from dlp.alerts.nouns import Alert, Severity
from dlp.alerts.quiet import Quiet
from dlp.alerts.routing import Route, advance
from dlp.policy.statement import Agents

LEAK = Alert(1.0, "secret", Severity.WARNING, "a", "h", "s", "r", "block", "dlp-1")


def test_it_comes_back_as_it_was():
    night = Quiet(
        time(0), time(0), UTC, frozenset(range(7)), frozenset({Severity.CRITICAL})
    )
    routes = [
        Route("a", frozenset(Severity), frozenset({"secret"}), Agents.of("*"), ("x",), 60.0, go_on=True),
        Route("b", frozenset(Severity), frozenset({"secret"}), Agents.of("*"), ("x",), quiet=night),
    ]  # fmt: skip
    state, _ = advance(routes, {}, [LEAK, LEAK], 5.0)
    memory = Memory({"w0.000001.jsonl": 7}, state, {"audit": Failure(1.0, told=True)})
    again = memory_from(memory.rows())
    assert again == memory
    assert advance(routes, again.routes, [LEAK], 6.0) == advance(
        routes, state, [LEAK], 6.0
    )


def test_what_fails_but_was_not_told_begins_anew():
    """While a proxy is stopped its workers do not run, and that is no failure."""
    memory = Memory({}, {}, {"worker": Failure(1.0), "audit": Failure(1.0, told=True)})
    assert set(memory_from(memory.rows()).failing) == {"audit"}


def test_nothing_is_remembered_at_first():
    assert memory_from({}) == Memory()
