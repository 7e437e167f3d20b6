"""
The one that tells: reads the log and the gauges, asks the routes, feeds the spool.

A thread of the supervising process; `dlp.alerts` says why there. Each step is
`log and gauges -> alerts -> advance -> spool`, and what it remembers is committed with
what it decided to send.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from dlp import logs
from dlp.alerts import conditions
from dlp.alerts.compile import FILE, Channel, Routing, load_alerts
from dlp.alerts.delivery import TIMEOUT_S
from dlp.alerts.events import SEVERITIES, alert_of
from dlp.alerts.memory import Memory, memory_from
from dlp.alerts.nouns import Alert
from dlp.alerts.routing import advance
from dlp.alerts.sender import Sender
from dlp.alerts.spool import MAX_AGE_S, Spool
from dlp.audit.read import segments, since
from dlp.errors import DLPError, RuleError, StateError
from dlp.metrics import supervisor
from dlp.metrics.cells import Cells
from dlp.metrics.counting import folder_of
from dlp.model import Settings
from dlp.rulefile import builtin_folder
from dlp.rulefile.stamp import FileStamp, file_stamp
from dlp.state.locks import claim

POLL_S = 0.5
DRAIN_S = 3.0
"""How long the end waits for messages that are on their way."""
_GAUGES_S = 2.0
_PAUSE_S = 5.0
_BATCH, _BATCHES = 500, 20


class Herald:
    """Watches, decides and sends, from `start` to `close`."""

    def __init__(self, settings: Settings) -> None:
        """Note where the log ends now: what comes after that is told."""
        self._settings = settings
        self._state = Path(settings.state)
        self._rules = Path(settings.rules) if settings.rules else None
        self._memory = Memory(_ends(self._state))
        self._routing = Routing()
        self._stamp: FileStamp | None = None
        self._broken = False
        self._spool: Spool | None = None
        self._guard = -1
        self._cells: Cells | None = None
        self._senders: dict[str, Sender] = {}
        self._looked = self._starts = 0.0
        self._began, self._stop, self._again = Event(), Event(), Event()
        self._thread = self._made()

    def start(self) -> None:
        """Begin; when this returns, it has looked once, or that takes its time."""
        self._thread.start()
        self._began.wait(POLL_S)

    def reload(self) -> None:
        """Read the rules file again, changed or not."""
        self._again.set()

    def close(self) -> None:
        """Tell what is left to tell, as far as that is possible soon, and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(DRAIN_S)
        deadline = time.monotonic() + DRAIN_S
        while self._on_their_way() and time.monotonic() < deadline:
            time.sleep(0.02)
        for sender in self._senders.values():
            sender.stop()
        for sender in self._senders.values():
            sender.join(deadline - time.monotonic())
        self._senders.clear()
        if self._spool is not None:
            self._spool.close()
            os.close(self._guard)
            self._spool = None
        if self._cells is not None:
            self._cells.close()
            self._cells = None

    def _on_their_way(self) -> bool:
        waiting = self._spool.counts() if self._spool else {}
        return any(
            waiting.get(name) and not sender.failures
            for name, sender in self._senders.items()
        )

    # -- in its own thread ------------------------------------------------------

    def _made(self) -> Thread:
        return Thread(target=self._run, name="alerts", daemon=True)

    def _run(self) -> None:
        try:
            self.step(time.time())
            self._began.set()
            while not self._stop.wait(POLL_S):
                self.step(time.time())
            self.step(time.time())
        except DLPError as error:
            logs.get().error("alerts are not sent", why=str(error))
        finally:
            # Whatever ended it is in the log; telling must go on.
            if not self._stop.wait(_PAUSE_S):
                self._thread = self._made()
                self._thread.start()

    def step(self, now: float) -> None:
        """
        Look once, and hand over what is to be sent.

        Raises:
            StateError: the state folder cannot be used.
        """
        if self._cells is None:
            self._cells = supervisor(self._state, self._settings.metrics)
        self._follow_rules()
        if not self._routing.routes:
            self._memory.place = _ends(self._state)
            if self._spool is None:
                return
        spool = self._open()
        if spool is None:
            return
        alerts = [*self._read(now), *self._conditions(now)]
        for alert in alerts:
            self._count("dlp_alerts_total", alert.severity)
        routes, made = advance(self._routing.routes, self._memory.routes, alerts, now)
        self._memory.routes = routes
        deliveries = [(name, notice) for route, notice in made for name in route.to]
        dropped = spool.commit(deliveries, self._memory.rows())
        self._count("dlp_alerts_dropped_total", "full", by=dropped)
        self._keep_order(spool, now)

    def _open(self) -> Spool | None:
        """The spool, or None while another proxy on this state folder tells."""
        if self._spool is not None:
            return self._spool
        folder = self._state / "alerts"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            guard = claim(folder / "spool.lock")
        except OSError as error:
            raise StateError(f"cannot write {folder}: {error.strerror}") from error
        if guard is None:
            return None
        try:
            self._spool = Spool.open(folder)
        finally:
            if self._spool is None:
                os.close(guard)
        self._guard = guard
        if self._spool.memory:
            self._memory = memory_from(self._spool.memory)
        return self._spool

    def _follow_rules(self) -> None:
        stamp = None
        with suppress(OSError):
            stamp = file_stamp((self._rules or builtin_folder()) / FILE)
        if stamp == self._stamp and not self._again.is_set():
            return
        self._again.clear()
        self._stamp = stamp
        try:
            self._routing = load_alerts(self._rules)
            self._broken = False
        except RuleError as error:
            self._broken = True
            logs.get().warning(
                "alerts.yaml is wrong; what is in force stays", why=str(error)
            )
        self._set("dlp_alerts_reload_success", float(not self._broken))

    def _read(self, now: float) -> Iterator[Alert]:
        """What the workers wrote down since the last time."""
        ends, place = _ends(self._state), self._memory.place or {}
        # A segment that is shorter than what was read of it is another one.
        self._memory.place = {n: at for n, at in place.items() if at <= ends.get(n, 0)}
        for _ in range(_BATCHES):
            try:
                lines, place = since(self._state / "audit", self._memory.place, _BATCH)
            except OSError:  # a segment that retention removed meanwhile
                return
            self._memory.place = place
            for line in lines:
                if line.at < now - MAX_AGE_S:
                    self._count("dlp_alerts_dropped_total", "old")
                    continue
                try:
                    alert = alert_of(line)
                except (KeyError, ValueError, TypeError):
                    continue  # of another version; `dlp audit verify` speaks of damage
                if alert is not None:
                    yield alert
            if len(lines) < _BATCH:
                return

    def _conditions(self, now: float) -> Iterator[Alert]:
        """What does not work, and what works again."""
        if 0 <= now - self._looked < _GAUGES_S:
            return
        self._looked = now
        folder = folder_of(self._state, self._settings.metrics)
        readings = conditions.read(folder, now, self._settings.workers)
        failing = readings.failing | ({"reload"} if self._broken else set())
        self._memory.failing, told = conditions.changes(
            self._memory.failing, failing, now
        )
        yield from told
        if 0 < self._starts < readings.starts:
            yield Alert(now, "worker", SEVERITIES["worker"], rule="restarted")
        self._starts = readings.starts

    def _keep_order(self, spool: Spool, now: float) -> None:
        """One sender for each channel, and nothing in the spool that nobody sends."""
        channels = self._routing.channels
        for name, sender in list(self._senders.items()):
            if channels.get(name) != sender.channel or not sender.alive:
                sender.stop()
                sender.join(TIMEOUT_S)
                del self._senders[name]
                self._set("dlp_alerts_spooled", 0.0, name)
        removed = spool.forget(lambda name, _: name in channels)
        self._count("dlp_alerts_dropped_total", "removed", by=removed)
        old = spool.forget(lambda _, notice: notice.at >= now - MAX_AGE_S)
        self._count("dlp_alerts_dropped_total", "old", by=old)
        for name, channel in channels.items():
            if name not in self._senders:
                self._send_for(channel, spool)
        for name, number in spool.counts().items():
            self._set("dlp_alerts_spooled", number, name)

    def _send_for(self, channel: Channel, spool: Spool) -> None:
        for outcome in ("sent", "failed"):
            self._count(f"dlp_alerts_{outcome}_total", channel.id, by=0.0)
        self._set("dlp_alerts_spooled", 0.0, channel.id)
        sender = Sender(channel, spool, self._came_to)
        self._senders[channel.id] = sender
        sender.start()

    def _came_to(self, channel: str, outcome: str) -> None:
        if outcome == "refused":
            self._count("dlp_alerts_dropped_total", outcome)
        else:
            self._count(f"dlp_alerts_{outcome}_total", channel)

    def _count(self, name: str, label: str, by: float = 1.0) -> None:
        if self._cells is not None:
            self._cells.cell(name, label).inc(by)

    def _set(self, name: str, value: float, *labels: str) -> None:
        if self._cells is not None:
            self._cells.cell(name, *labels).set(value)


def _ends(state: Path) -> dict[str, int]:
    """Where the segments of the log end now."""
    return {path.name: path.stat().st_size for path in segments(state / "audit")}
