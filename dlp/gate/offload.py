"""
Where an inspection runs: on the loop, in a thread, or in a process.

Strategy: a short message is read on the loop. What takes longer than a `turn` there (a
few KB can cost seconds) is given up, nothing of it is kept, and it goes the way of a
long message: alone into a process or a thread.

Why not in `gate`: it owns the processes and their failures, and nothing of policy.
Hyperscan releases the GIL and Python decoding does not, so a body over `PROCESS_OVER`
goes to a process, which keeps the loop free for everybody else. So does any message of
a busy loop for which a process is idle: one core reads and writes, the others inspect.
A process with nothing to do for minutes goes away, and is made again when it is needed.
What stores know stays with the one that asks.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from dataclasses import replace
from operator import attrgetter

from dlp.errors import StateError, UnfinishedError
from dlp.gate.process import Inspecting, Source, turn
from dlp.inspector import Examination, Inspector
from dlp.model import Message

__all__ = ["PROCESS_OVER", "THREAD_OVER", "Offload", "Source", "spare_cores"]

THREAD_OVER = 64 << 10
PROCESS_OVER = 1 << 20
"""Bytes of a message beyond which its inspection leaves the loop, then the process."""
_MOST = 3
"""Processes of one worker. Each takes as much memory as the worker."""
LATE = 16
_WINDOW_S = 0.5
"""So many messages that waited for another in so many seconds: the loop is busy."""
_CROWD = 4
"""Messages that wait for the process that has least to do."""
_THREADS = 2
"""Inspections that share this process with the loop; more would only share the GIL."""
_RETRY_S = 30.0
"""Before files that said something else than the rules in force are loaded again."""


def spare_cores(workers: int) -> int:
    """How many cores each of `workers` may have besides its own."""
    cores = os.process_cpu_count() or 1
    return max(0, min(_MOST, cores // workers - 1))


class _Load:
    """Whether messages wait for each other."""

    def __init__(self) -> None:
        self._since = self._busy_until = 0.0
        self._late = 0

    def late(self) -> None:
        """One waited."""
        now = time.monotonic()
        if now - self._since > _WINDOW_S:
            self._since, self._late = now, 0
        self._late += 1
        if self._late >= LATE:
            self._busy_until = now + _WINDOW_S

    def is_heavy(self) -> bool:
        """Whether many did, lately."""
        return time.monotonic() < self._busy_until


class Offload:
    """Runs inspections; a process that dies costs the message that it was reading."""

    def __init__(self, spare: int = 0) -> None:
        """`spare`: cores that nobody else is meant to use."""
        self._spare = spare
        self._processes: list[Inspecting] = []
        self._freed = asyncio.Event()
        self._load = _Load()
        self._on_loop = self._in_threads = 0
        """Inspections: until now, and at this moment."""
        self._loading: asyncio.Future[None] | None = None
        self._retry_at = 0.0
        self._wanted = 0
        """Large messages that wait for a process."""

    async def examine(
        self, inspector: Inspector, source: Source, message: Message
    ) -> Examination:
        """
        Examine a message without holding the loop for long.

        Raises:
            StateError: the process that examined it died.
        """
        size = sum(len(part.data) for part in message.parts)
        if size <= THREAD_OVER:
            seen = await self._briefly(inspector, source, message, size)
            if seen is not None:
                return seen
        process = await self._one(source, max(size, THREAD_OVER))
        if process is not None:
            seen = await self._asked(process, inspector, source, message)
            if seen is not None:
                return seen
        return await self._in_thread(inspector, source, message)

    def close(self) -> None:
        """End the processes without waiting for what they do."""
        for process in self._processes.copy():
            process.close()

    # -- inside -----------------------------------------------------------------

    async def _briefly(
        self, inspector: Inspector, source: Source, message: Message, size: int
    ) -> Examination | None:
        """Where others wait; None: it takes too long for that."""
        process = self._spared(source, size) if self._load.is_heavy() else None
        if process is not None:
            return await self._asked(process, inspector, source, message, briefly=True)
        try:
            return inspector.examine(message, source.learned, turn())
        except UnfinishedError:
            return None
        finally:
            self._on_loop += 1
            if self._spare:
                asyncio.get_running_loop().call_soon(self._back, self._on_loop)

    async def _in_thread(
        self, inspector: Inspector, source: Source, message: Message
    ) -> Examination:
        self._in_threads += 1
        try:
            return await asyncio.to_thread(inspector.examine, message, source.learned)
        finally:
            self._in_threads -= 1
            self._freed.set()

    def _back(self, count: int) -> None:
        """The loop has dealt with all that waited when inspection `count` was over."""
        if self._on_loop > count:
            self._load.late()

    async def _one(self, source: Source, size: int) -> Inspecting | None:
        """The process to ask; None: this one inspects."""
        if size > PROCESS_OVER:
            return await self._free()
        while True:
            chosen = self._spared(source, size)
            if chosen is not None or self._in_threads < _THREADS:
                return chosen
            self._load.late()
            self._freed.clear()
            await self._freed.wait()

    def _spared(self, source: Source, size: int) -> Inspecting | None:
        """The process that has least to do, of those that can take a message."""
        able = [p for p in self._processes if p.may_take(source, size)]
        chosen = min(able, key=attrgetter("orders"), default=None)
        if self._load.is_heavy() and (chosen is None or chosen.orders >= _CROWD):
            self._grow(source)
        return None if self._wanted or not self._spare else chosen

    def _grow(self, source: Source) -> None:
        """Make one more process ready, if there may be one and none is on its way."""
        if self._loading is not None or time.monotonic() < self._retry_at:
            return
        idle = [p for p in self._processes if p.is_idle and not p.is_loaded(source)]
        if not idle and len(self._processes) < self._spare:
            idle = [self._start()]
        if idle:
            self._loading = asyncio.ensure_future(self._ready(idle[0], source))

    async def _ready(self, process: Inspecting, source: Source) -> None:
        """Load it while others work; that it died costs nobody's message."""
        with suppress(StateError):
            await process.load(source)
        if not process.is_loaded(source):
            self._retry_at = time.monotonic() + _RETRY_S
        self._loading = None

    async def _asked(
        self,
        process: Inspecting,
        inspector: Inspector,
        source: Source,
        message: Message,
        *,
        briefly: bool = False,
    ) -> Examination | None:
        """What a process finds; None: see `Inspecting.examine`."""
        self._tell(inspector.quiet.news(source.learned))
        answer = await process.examine(source, message, briefly=briefly)
        if answer.seen is None:
            return None
        inspector.quiet.join(source.learned, answer.quiet)
        self._tell(answer.quiet, process)
        return replace(answer.seen, message=message)

    def _tell(self, quiet: list[bytes], by: Inspecting | None = None) -> None:
        for process in self._processes:
            if process is not by:
                process.tell(quiet)

    async def _free(self) -> Inspecting:
        """One that is idle, when there is one."""
        self._wanted += 1  # until then none is given anything else to do
        try:
            while True:
                for process in self._processes:
                    if process.is_idle:
                        return process
                if len(self._processes) < max(1, self._spare):
                    return self._start()
                self._freed.clear()
                await self._freed.wait()
        finally:
            self._wanted -= 1

    def _start(self) -> Inspecting:
        process = Inspecting(self._changed)
        self._processes.append(process)
        return process

    def _changed(self) -> None:
        self._processes = [one for one in self._processes if one.is_alive]
        self._freed.set()
