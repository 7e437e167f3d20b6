"""
Where an inspection runs: on the loop, in a thread, or in a process.

Why not in `gate`: it owns executors and their failures, and nothing of policy.
Hyperscan releases the GIL and Python decoding does not, so a body over `PROCESS_OVER`
goes to a process, which keeps the loop free for everybody else.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Thread

from dlp.detect.learned import NONE, LearnedIndex
from dlp.errors import StateError
from dlp.inspector import Examination, Inspector
from dlp.model import Message, noun

THREAD_OVER = 64 << 10
PROCESS_OVER = 1 << 20
"""Bytes of a message beyond which its inspection leaves the loop, then the process."""


@noun
class Source:
    """What a process needs to look at a message as this one would."""

    rules: str | None
    state: str
    generation: str
    learned: LearnedIndex = NONE


_loaded: dict[str, Inspector] = {}


def _examine(source: Source, message: Message) -> Examination | None:
    """
    Run in the process: load once per generation, then examine. None when the files say
    something else by now: a verdict is given under one generation.
    """
    inspector = _loaded.get(source.generation)
    if inspector is None:
        inspector = Inspector.load(source.rules, source.state)
        if inspector.generation != source.generation:
            return None
        _loaded.clear()
        _loaded[source.generation] = inspector
    seen = inspector.examine(message, source.learned)
    return replace(seen, message=replace(message, parts=()))  # who asked has them


def _end_with_parent() -> None:
    """
    End this process when the one that made it is gone, killed too.

    It would wait for ever: it holds both ends of the pipe that work comes by.
    """
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()


@dataclass(slots=True)
class Offload:
    """Runs inspections; a process that dies costs its own message, which is refused."""

    processes: int = 1
    _pool: ProcessPoolExecutor | None = field(default=None, repr=False)

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
            return inspector.examine(message, source.learned)
        if size <= PROCESS_OVER:
            return await asyncio.to_thread(inspector.examine, message, source.learned)
        loop = asyncio.get_running_loop()
        try:
            seen: Examination | None = await loop.run_in_executor(
                self._executor(), _examine, source, message
            )
        except BrokenExecutor as error:
            self.close()
            raise StateError("the inspection process died") from error
        if seen is None:
            return await asyncio.to_thread(inspector.examine, message, source.learned)
        return replace(seen, message=message)

    def _executor(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_end_with_parent,
            )
        return self._pool

    def close(self) -> None:
        """End the processes without waiting for what they do."""
        if self._pool is not None:
            for process in multiprocessing.active_children():
                process.kill()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
