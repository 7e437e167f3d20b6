"""
A process that inspects messages, and the pipe to it.

Why not in `offload`: that says where an inspection runs; this owns one process, what it
was told last, and how it ends. Why no executor: those pass each call on through two
threads, which wait for a busy loop to let go of the GIL (5 ms each).

What was found quiet goes along both ways, so that a conversation that is judged here
and there is not read anew here and there.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import field, replace
from multiprocessing.connection import Connection
from threading import Thread

from dlp.detect.learned import NONE, LearnedIndex
from dlp.errors import DLPError, StateError
from dlp.inspector import Examination, Inspector
from dlp.model import Message, noun

_HELD_OVER = 64 << 10
"""Bytes of an order that may fill the pipe: a thread writes them, not the loop."""
_MOST_NEWS = 4096


@noun
class Source:
    """What a process needs to look at a message as this one would."""

    rules: str | None
    state: str
    generation: str
    learned: LearnedIndex = NONE

    def says(self, other: Source | None) -> bool:
        """Whether the other is the same; what was issued is compared by identity."""
        return other is self or (
            other is not None
            and other.learned is self.learned
            and other.generation == self.generation
        )


@noun
class Order:
    """What a process is to do."""

    source: Source | None
    """Where it is another than before."""
    message: Message | None
    quiet: list[bytes]
    """What is quiet by now."""


@noun
class Answer:
    """What a process did."""

    is_loaded: bool
    """Whether the files say what the source says: if not, it can inspect nothing."""
    seen: Examination | None = None
    quiet: list[bytes] = field(default_factory=list)


class Inside:
    """What runs in the process: an inspector, loaded once per generation."""

    def __init__(self) -> None:
        self._source: Source | None = None
        self._inspector: Inspector | None = None

    def answer(self, order: Order) -> Answer:
        """Examine a message under the generation that asks, or not at all."""
        if order.source is not None:
            self._load(order.source)
        inspector, source, message = self._inspector, self._source, order.message
        if inspector is None or source is None:
            return Answer(is_loaded=False)
        inspector.quiet.join(source.learned, order.quiet)
        if message is None:
            return Answer(is_loaded=True)
        seen = inspector.examine(message, source.learned)
        # Who asks has the message.
        seen = replace(seen, message=replace(message, parts=()))
        return Answer(True, seen, inspector.quiet.news(source.learned))  # noqa: FBT003

    def _load(self, source: Source) -> None:
        self._source = source
        if self._inspector and self._inspector.generation == source.generation:
            return
        self._inspector = None
        with suppress(DLPError):  # who asks reads the same files, and says so
            loaded = Inspector.load(source.rules, source.state)
            if loaded.generation == source.generation:
                self._inspector = loaded
                gc.collect()
                gc.freeze()


def _serve(pipe: Connection) -> None:
    inside = Inside()
    Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            pipe.send_bytes(pickle.dumps(inside.answer(pipe.recv()), -1))


def _end_with_parent() -> None:
    """End this process when the one that made it is gone, in the middle of its work."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


class Inspecting:
    """One process, seen from the loop that gives it orders. One order at a time."""

    def __init__(self, freed: Callable[[], None]) -> None:
        """`freed` is called when it is idle again, and when it died."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._freed = freed
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pipe.fileno(), self._heard)
        self._waiting: asyncio.Future[Answer] | None = None
        self._told: Source | None = None
        self._quiet: deque[bytes] = deque(maxlen=_MOST_NEWS)
        self._loaded = ""
        self.is_idle = True
        self.is_alive = True

    def is_loaded(self, source: Source) -> bool:
        """Whether it has what the source names, but for what was issued lately."""
        return self._loaded == source.generation

    def tell(self, quiet: Iterable[bytes]) -> None:
        """What it is to know with the next order."""
        self._quiet.extend(quiet)

    async def load(self, source: Source) -> None:
        """
        Make it ready for messages.

        Raises:
            StateError: it died.
        """
        self._told = None  # the files may have changed
        await self._ask(source, None)

    async def examine(self, source: Source, message: Message) -> Answer:
        """
        What it finds; nothing, if the files say something else than the source.

        Raises:
            StateError: it died.
        """
        return await self._ask(source, message)

    def close(self) -> None:
        """End it without waiting for what it does."""
        if self.is_alive:
            self.is_alive = self.is_idle = False
            self._loop.remove_reader(self._pipe.fileno())
            self._pipe.close()
            self._process.kill()
            self._fail()
            self._freed()

    def _future(self) -> asyncio.Future[Answer]:
        return self._loop.create_future()

    def _fail(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(StateError("the inspection process died"))

    async def _ask(self, source: Source, message: Message | None) -> Answer:
        assert self.is_idle
        self.is_idle = False
        self._waiting = waiting = self._future()
        news = [] if source.says(self._told) else [source]
        order = Order(next(iter(news), None), message, list(self._quiet))
        self._quiet.clear()
        self._told = source
        data = pickle.dumps(order, -1)
        try:
            if len(data) > _HELD_OVER:
                await asyncio.to_thread(self._pipe.send_bytes, data)
            else:
                self._pipe.send_bytes(data)
        except OSError:
            self.close()
        return await waiting

    def _heard(self) -> None:
        try:
            answer: Answer = self._pipe.recv()
        except (EOFError, OSError):
            self.close()
            return
        self.is_idle = True
        self._loaded = self._told.generation if self._told and answer.is_loaded else ""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)
        self._freed()
