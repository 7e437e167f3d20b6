"""
One channel's thread: takes what waits for it, one after the other, until told to stop.

Strategy: what fails is tried again after a pause that doubles, up to `LONGEST_S`, with
full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/),
so that many proxies do not come back at once. A channel that is away holds up nobody
but itself. A message that the other side refuses for what it is goes after
`REFUSALS` tries, so that it does not hold up the rest.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from threading import Event, Thread

from dlp import logs
from dlp.alerts.compile import Channel
from dlp.alerts.delivery import Outcome, deliver
from dlp.alerts.nouns import Notice
from dlp.alerts.spool import Spool

FIRST_S, LONGEST_S = 1.0, 300.0
REFUSALS = 5
_LOOK_S = 5.0

Count = Callable[[str, str], None]
"""Called with a channel and `sent`, `failed` or `refused`."""
Deliver = Callable[[Channel, Notice, float], Outcome]


def pause(failures: int, chance: float, asked: float) -> float:
    """
    Seconds to wait after that many failures in a row; `chance` is from 0 to 1.

    What the other side asked for is waited at least.
    """
    most = min(LONGEST_S, FIRST_S * 2.0 ** min(failures, 30))
    return asked + chance * most


class Sender:
    """Sends what waits for one channel."""

    def __init__(
        self, channel: Channel, spool: Spool, count: Count, deliver: Deliver = deliver
    ) -> None:
        self.channel = channel
        self._spool = spool
        self._count = count
        self._deliver = deliver
        self.failures = 0
        """In a row, until now."""
        self._stop = Event()
        self._thread = Thread(
            target=self._run, name=f"alerts-{channel.id}", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more; what is under way may finish: see `join`."""
        self._stop.set()
        self._spool.wake()

    def join(self, seconds: float) -> None:
        """Wait for what is under way."""
        self._thread.join(max(0.0, seconds))

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        refusals = 0
        while not self._stop.is_set():
            notice = self._spool.next(self.channel.id, _LOOK_S, self._stop.is_set)
            if notice is None or self._stop.is_set():
                continue
            outcome = self._deliver(self.channel, notice, time.time())
            if not outcome.why:
                self.failures = refusals = 0
                self._spool.done(self.channel.id, notice)
                self._count(self.channel.id, "sent")
                continue
            self.failures += 1
            refusals = refusals + 1 if outcome.final else 0
            self._failed(notice, outcome)
            if refusals >= REFUSALS:
                refusals = 0
                self._spool.done(self.channel.id, notice)
                self._count(self.channel.id, "refused")
            # Jitter, not a secret.
            chance = random.random()  # noqa: S311
            self._stop.wait(pause(self.failures, chance, outcome.retry_after))

    def _failed(self, notice: Notice, outcome: Outcome) -> None:
        self._count(self.channel.id, "failed")
        logs.get().warning(
            "an alert was not delivered; it waits",
            channel=self.channel.id,
            notice=notice.id,
            why=outcome.why,
            failures=self.failures,
        )
