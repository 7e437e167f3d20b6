"""The thread of one channel, with a stand-in for the attempt itself."""

import threading

import pytest

from dlp.alerts import sender as module
from dlp.alerts.compile import Channel
from dlp.alerts.delivery import Outcome
from dlp.alerts.nouns import Alert, Group, Notice, Severity
from dlp.alerts.sender import FIRST_S, LONGEST_S, REFUSALS, Sender, pause
from dlp.alerts.sources import Source
from dlp.alerts.spool import Spool

CHANNEL = Channel("hook", "slack", Source(text="http://127.0.0.1/"))


def notice(name: str, at=1.0) -> Notice:
    alert = Alert(at, "secret", Severity.CRITICAL)
    return Notice(name, "r", at, (Group(alert, 1, at),))


class Attempts:
    """Answers in turn, the last for ever, and says when so many were made."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = outcomes
        self.made: list[str] = []
        self.counted: list[str] = []
        self.changed = threading.Condition()

    def __call__(self, channel, one, now):
        with self.changed:
            self.made.append(one.id)
            self.changed.notify_all()
            return self.outcomes[min(len(self.made), len(self.outcomes)) - 1]

    def count(self, channel, outcome):
        with self.changed:
            self.counted.append(outcome)
            self.changed.notify_all()

    def until(self, condition):
        with self.changed:
            assert self.changed.wait_for(condition, 30)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "pause", lambda *_: 0.001)
    spool = Spool.open(tmp_path)
    senders = []

    def start(*outcomes: Outcome):
        attempts = Attempts(*outcomes)
        sender = Sender(CHANNEL, spool, attempts.count, attempts)
        senders.append(sender)
        sender.start()
        return attempts, sender

    yield spool, start
    for sender in senders:
        sender.stop()
        sender.join(30)
        assert not sender.alive
    spool.close()


def test_what_is_accepted_is_gone(run):
    spool, start = run
    attempts, _ = start(Outcome())
    spool.commit(
        [("hook", notice("a")), ("hook", notice("b", 2.0)), ("other", notice("a"))], {}
    )
    attempts.until(lambda: attempts.counted == ["sent", "sent"])
    assert attempts.made == ["a", "b"]
    assert spool.counts() == {"hook": 0, "other": 1}


def test_what_fails_is_tried_again_in_order(run):
    spool, start = run
    spool.commit([("hook", notice("a")), ("hook", notice("b", 2.0))], {})
    attempts, sender = start(Outcome("no"), Outcome("no"), Outcome())
    attempts.until(lambda: attempts.counted.count("sent") == 2)
    assert attempts.made == ["a", "a", "a", "b"]
    assert attempts.counted == ["failed", "failed", "sent", "sent"]
    assert sender.failures == 0


def test_what_is_refused_for_what_it_is_holds_up_nothing(run):
    spool, start = run
    spool.commit([("hook", notice("bad"))], {})
    no = Outcome("answered 400", final=True)
    attempts, _ = start(*[no] * REFUSALS, Outcome())
    attempts.until(lambda: "refused" in attempts.counted)
    spool.commit([("hook", notice("good", 2.0))], {})
    attempts.until(lambda: "sent" in attempts.counted)
    assert attempts.made == ["bad"] * REFUSALS + ["good"]


def test_a_failure_of_another_kind_is_never_given_up(run):
    spool, start = run
    spool.commit([("hook", notice("a"))], {})
    attempts, _ = start(Outcome("answered 503"))
    attempts.until(lambda: len(attempts.made) > 4 * REFUSALS)
    assert spool.counts() == {"hook": 1}


def test_the_pause_doubles_is_bounded_and_random():
    assert pause(1, 1.0, 0.0) == 2 * FIRST_S
    assert pause(3, 1.0, 0.0) == 8 * FIRST_S
    assert pause(3, 0.5, 0.0) == 4 * FIRST_S
    assert pause(99, 1.0, 0.0) == LONGEST_S
    assert pause(5, 0.0, 0.0) == 0.0


def test_what_the_other_side_asks_is_waited_at_least():
    assert pause(1, 0.0, 120.0) == 120.0
    assert pause(1, 1.0, 120.0) == 122.0
