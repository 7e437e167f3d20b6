"""Log and gauges in, messages out: one herald, a real audit log, a recording server."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dlp.alerts import herald as module
from dlp.alerts.herald import Herald
from dlp.audit import AuditLog
from dlp.errors import StateError
from dlp.metrics import Metrics, cells
from dlp.metrics.counting import folder_of
from dlp.metrics.table import COMPONENTS
from dlp.model import (
    Action,
    Agent,
    Destination,
    Finding,
    Kind,
    Part,
    PartKind,
    Reason,
    Settings,
    Tier,
    Verdict,
)
from dlp.record import Facts, make_record

FILE = """\
version: 1
channels:
  hook: {{type: webhook, url: "{url}", secret: {{env: ALERT_KEY}}}}
routes:
  - {{id: all, kinds: [secret], to: [hook]}}
"""


def decision(host="evil.example", at=None, name="dlp-1"):
    leak = Finding("github", Kind.FINGERPRINT, Tier.CERTAIN, "body", family="secret")
    facts = Facts(
        Agent("builder"),
        Destination("https", host, 443),
        (Part(PartKind.BODY, b"x"),),
        named=True,
    )
    verdict = Verdict(Action.BLOCK, Reason.CONTENT, "github", (leak,))
    return make_record(name, at or time.time(), verdict, facts)


@pytest.fixture
def place(tmp_path, receiver, monkeypatch):
    """A rules folder, a state folder, and an audit log to write to."""
    monkeypatch.setenv("ALERT_KEY", "k" * 32)
    rules, state = tmp_path / "rules", tmp_path / "state"
    rules.mkdir()
    state.mkdir()
    (rules / "alerts.yaml").write_text(FILE.format(url=receiver.url("/hook")))
    return Settings(rules=str(rules), state=str(state), metrics=("127.0.0.1", 1))


@pytest.fixture
def log(place):
    log = AuditLog.open(Path(place.state))
    yield log
    log.close()


@pytest.fixture
def made(place):
    """`made()` is a herald whose steps the test takes; all are closed at the end."""
    heralds = []

    def make(settings=place) -> Herald:
        heralds.append(Herald(settings))
        return heralds[-1]

    yield make
    for herald in heralds:
        herald.close()


def alerts(file, text):
    """Write the rules so that the change shows whatever the clock's grain."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def rules_of(place):
    return Path(place.rules) / "alerts.yaml"


def every(place):
    """Alerts of every kind, also of what does not work."""
    text = rules_of(place).read_text()
    alerts(rules_of(place), text.replace("kinds: [secret], ", ""))


def hosts(receiver):
    return [json.loads(r.body)["alerts"][0]["host"] for r in receiver.requests]


def counted(herald, name, *labels):
    return herald._cells.values[herald._cells.index(name, labels)]


def test_what_was_recorded_before_the_first_start_is_not_told(receiver, log, made):
    log.append(decision("before.example"))
    herald = made()
    herald.step(time.time())
    log.append(decision("after.example"))
    herald.step(time.time())
    receiver.wait(1)
    herald.close()
    assert hosts(receiver) == ["after.example"]


def test_what_was_recorded_while_nobody_told_is_told_once(receiver, log, made):
    first = made()
    first.step(time.time())
    first.close()
    log.append(decision("meanwhile.example"))
    second = made()
    second.step(time.time())
    receiver.wait(1)
    second.close()
    third = made()
    third.step(time.time())
    third.close()
    assert hosts(receiver) == ["meanwhile.example"]


def test_what_counts_as_the_same_does_so_over_a_restart(receiver, log, made):
    first = made()
    now = time.time()
    first.step(now)
    log.append(decision())
    first.step(now)
    receiver.wait(1)
    first.close()
    log.append(decision(name="dlp-2"))
    second = made()
    second.step(now + 60)
    second.step(now + 3601)
    receiver.wait(2)
    second.close()
    told = [json.loads(request.body) for request in receiver.requests]
    assert [one["alerts"][0]["reference"] for one in told] == ["dlp-1", "dlp-2"]


def test_only_one_of_two_proxies_on_a_state_folder_tells(receiver, log, made, place):
    one, other = made(), made(replace(place, metrics=("127.0.0.1", 2)))
    for herald in (one, other):
        herald.step(time.time())
    log.append(decision())
    for herald in (other, one):
        herald.step(time.time())
    receiver.wait(1)
    one.close()
    log.append(decision("next.example"))
    other.step(time.time())
    receiver.wait(2)
    other.close()
    assert hosts(receiver) == ["evil.example", "next.example"]


def test_a_channel_that_is_taken_away_drops_what_waits_for_it(
    receiver, log, made, place
):
    receiver.answers = [(503, {}, b"")]
    herald = made()
    herald.step(time.time())
    log.append(decision())
    herald.step(time.time())
    receiver.wait(1)
    alerts(rules_of(place), "version: 1\n")
    herald.step(time.time())
    assert counted(herald, "dlp_alerts_dropped_total", "removed") == 1
    assert counted(herald, "dlp_alerts_spooled", "hook") == 0
    log.append(decision("unheard.example"))
    herald.step(time.time())
    receiver.answers = [(200, {}, b"")]
    alerts(rules_of(place), FILE.format(url=receiver.url("/new")))
    herald.step(time.time())
    log.append(decision("heard.example"))
    herald.step(time.time())
    with receiver.came:
        assert receiver.came.wait_for(lambda: receiver.requests[-1].path == "/new", 30)
    assert hosts(receiver)[-1] == "heard.example"


def test_a_bad_file_leaves_the_good_one_in_force_and_is_told(
    receiver, log, made, place
):
    every(place)
    herald = made()
    now = time.time()
    herald.step(now)
    alerts(rules_of(place), "version: 1\nroutes: 3\n")
    herald.step(now + 10)
    assert counted(herald, "dlp_alerts_reload_success") == 0
    herald.step(now + 30)
    receiver.wait(1)
    kinds = {a["kind"] for a in json.loads(receiver.requests[0].body)["alerts"]}
    assert kinds <= {"reload", "worker"}


def test_a_reload_looks_again_though_the_file_is_the_same(
    receiver, log, made, monkeypatch
):
    """As SIGHUP asks for: what is wrong may be the environment, not the file."""
    monkeypatch.delenv("ALERT_KEY")
    herald = made()
    herald.step(time.time())
    assert counted(herald, "dlp_alerts_reload_success") == 0
    monkeypatch.setenv("ALERT_KEY", "k" * 32)
    herald.step(time.time())
    assert counted(herald, "dlp_alerts_reload_success") == 0
    herald.reload()
    herald.step(time.time())
    assert counted(herald, "dlp_alerts_reload_success") == 1


def test_what_is_too_old_is_not_told(receiver, log, made):
    herald = made()
    herald.step(time.time())
    log.append(decision("old.example", at=time.time() - 4 * 86400))
    log.append(decision("new.example"))
    herald.step(time.time())
    receiver.wait(1)
    herald.close()
    assert hosts(receiver) == ["new.example"]


def test_a_line_of_another_version_holds_up_nothing(receiver, log, made):
    herald = made()
    herald.step(time.time())
    odd = replace(decision(), action="dance")
    log.append(odd)
    log.append(decision())
    herald.step(time.time())
    receiver.wait(1)
    assert hosts(receiver) == ["evil.example"]


def test_gauges_are_told_too(receiver, log, made, place):
    every(place)
    metrics = Metrics.open(Path(place.state), place.metrics)
    now = time.time()
    for part in COMPONENTS:
        metrics.set("dlp_component_up", float(part != "audit"), part)
    metrics.beat(now + 20)
    herald = made()
    herald.step(now)
    metrics.count("dlp_worker_starts_total")
    herald.step(now + 20)
    receiver.wait(2)
    herald.close()
    metrics.close()
    told = {
        a["kind"]: a["rule"]
        for r in receiver.requests
        for a in json.loads(r.body)["alerts"]
    }
    assert told == {"audit": "", "worker": "restarted"}


def test_a_log_that_was_removed_and_began_anew_is_read_from_its_start(
    receiver, made, place
):
    state = Path(place.state)
    log = AuditLog.open(state)
    herald = made()
    for number in range(5):
        log.append(decision(f"h{number}.example", name=f"dlp-{number}"))
    herald.step(time.time())
    receiver.wait(5)
    log.close()
    for path in (state / "audit").iterdir():
        path.unlink()
    log = AuditLog.open(state)
    log.append(decision("anew.example"))
    herald.step(time.time())
    receiver.wait(6)
    log.close()
    assert hosts(receiver)[-1] == "anew.example"


def test_without_routes_nothing_is_made(made, place):
    rules_of(place).unlink()
    herald = made()
    herald.step(time.time())
    assert not (Path(place.state) / "alerts").exists()


def test_what_came_before_the_first_route_is_not_told(receiver, log, made, place):
    text = rules_of(place).read_text()
    rules_of(place).unlink()
    herald = made()
    herald.step(time.time())
    log.append(decision("before.example"))
    herald.step(time.time())
    rules_of(place).write_text(text)
    herald.step(time.time())
    log.append(decision("after.example"))
    herald.step(time.time())
    receiver.wait(1)
    herald.close()
    assert hosts(receiver) == ["after.example"]


def test_the_thread_reads_sends_and_ends(receiver, log, place):
    herald = Herald(place)
    herald.start()
    log.append(decision())
    receiver.wait(1)
    log.append(decision("last.example"))
    herald.close()
    assert hosts(receiver) == ["evil.example", "last.example"]
    assert not herald._thread.is_alive()


def test_whatever_ends_the_thread_does_not_end_the_telling(
    receiver, log, place, monkeypatch
):
    monkeypatch.setattr(module, "_PAUSE_S", 0.01)
    monkeypatch.setattr(module, "POLL_S", 0.01)
    herald = Herald(place)
    step, broken = herald.step, [StateError("no disk"), StateError("no disk")]

    def stumbling(now):
        if broken:
            raise broken.pop()
        step(now)

    herald.step = stumbling
    herald.start()
    log.append(decision())
    receiver.wait(1)
    herald.close()
    assert hosts(receiver) == ["evil.example"]


def test_what_it_counts_is_told_beside_the_workers(receiver, log, made, place):
    herald = made()
    herald.step(time.time())
    log.append(decision())
    herald.step(time.time())
    receiver.wait(1)
    herald.close()
    folder = folder_of(Path(place.state), place.metrics) / "supervisor"
    (snapshot,) = cells.read(folder)
    assert snapshot.values["dlp_alerts_total", ("critical",)] == (1.0,)
    assert snapshot.values["dlp_alerts_sent_total", ("hook",)] == (1.0,)
