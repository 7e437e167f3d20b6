"""
Sending the log somewhere, all of it, in order, however often that place is away.

The segments on disk are the spool: nothing is read further than what was accepted, and
how far that is stands in `STATE/audit/ship/NAME`. A batch whose acceptance was not
noted is sent again, so a line may arrive twice and never not at all: retention leaves
what was not taken, until the place has taken nothing for a week (`retention.py`).
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from dlp.audit.read import Line, since
from dlp.audit.sinks import Row, Sink, SinkError
from dlp.errors import StateError
from dlp.state.folder import write_private
from dlp.state.locks import claim

BATCH = 500
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
POLL_S = 1.0

Form = Callable[[Line], Iterator[bytes]]


class Shipper:
    """Sends one log to one sink, and remembers how far it is."""

    def __init__(self, folder: Path, name: str, sink: Sink, form: Form) -> None:
        self._folder = folder
        self._sink = sink
        self._form = form
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        self._place = folder / "ship" / f"{digest}.json"
        self.sent = 0
        """Lines accepted so far."""

    def drain(self) -> None:
        """
        Send everything that is there now; ask `pending` for what came meanwhile.

        Raises:
            SinkError: the sink did not take a batch; call again to go on.
            StateError: the place in the log cannot be kept.
        """
        reached = self._reached()
        while True:
            lines, after = since(self._folder, reached, BATCH)
            rows = [(line, text) for line in lines for text in self._form(line)]
            if rows:
                self._send(rows)
            if after != reached:
                self._keep(after)
            if not lines:
                return
            reached = after
            self.sent += len(lines)

    def _send(self, rows: list[Row]) -> None:
        """All rows, in as many pieces as the sink wants them."""
        try:
            self._sink.send(rows)
        except SinkError as error:
            if not error.too_large or len(rows) == 1:
                raise
            half = len(rows) // 2
            self._send(rows[:half])
            self._send(rows[half:])

    def follow(self, stop: Callable[[float], bool]) -> None:
        """
        Send for ever, until `stop`, which waits some seconds and says whether to end.

        Raises:
            SinkError: the sink refused for good.
            StateError: the place in the log cannot be kept.
        """
        wait = FIRST_WAIT_S
        while True:
            try:
                self.drain()
                wait, pause = FIRST_WAIT_S, POLL_S
            except SinkError as error:
                if error.final:
                    raise
                pause, wait = wait, min(wait * 2, LONGEST_WAIT_S)
            if stop(pause):
                return

    @contextmanager
    def alone(self) -> Iterator[None]:
        """
        Keep a second shipper to the same place out.

        Raises:
            StateError: there is one, or the folder cannot be written.
        """
        try:
            self._place.parent.mkdir(mode=0o700, exist_ok=True)
            guard = claim(self._place.with_suffix(".lock"))
        except OSError as error:
            raise StateError(
                f"cannot write {self._place.parent}: {error.strerror}"
            ) from error
        if guard is None:
            raise StateError("another process sends the log there already")
        try:
            yield
        finally:
            os.close(guard)

    def _reached(self) -> dict[str, int]:
        try:
            reached: dict[str, int] = orjson.loads(self._place.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise StateError(
                f"{self._place} cannot be read; remove it to send all again"
            ) from error
        return reached

    def _keep(self, reached: dict[str, int]) -> None:
        try:
            self._place.parent.mkdir(mode=0o700, exist_ok=True)
            write_private(self._place, orjson.dumps(reached))
        except OSError as error:
            raise StateError(
                f"{self._place} cannot be written: {error.strerror}"
            ) from error


def sleeper() -> Callable[[float], bool]:
    """A `stop` for `follow` that never ends by itself."""

    def sleep(seconds: float) -> bool:
        time.sleep(seconds)
        return False

    return sleep
