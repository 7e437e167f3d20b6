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
import select
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import field, replace
from itertools import islice
from multiprocessing.connection import Connection
from threading import Thread

from dlp.decode import Spent
from dlp.detect.known.learned import NONE, LearnedIndex
from dlp.errors import DLPError, StateError, UnfinishedError
from dlp.inspector import Examination, Inspector
from dlp.inspector.quiet import MOST_NEWS
from dlp.model import Message, noun

_PIPE_BYTES = 64 << 10
"""Orders of so much always fit into the pipe; a thread writes more, not the loop."""
_DEEP = 8
"""Small orders that may wait in it: between two looks the loop gets several."""
TURN_S = 0.05
"""Processor time after which a short message is no longer read where others wait: what
64 KiB of an ordinary chat take on a small machine's core."""
IDLE_S = 300.0
"""After that, and before twice that, a process to which nothing is given goes away."""


def turn() -> Spent:
    """For `Inspector.examine`: the time of one message among others begins."""
    end = time.thread_time() + TURN_S
    return lambda: time.thread_time() > end


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
    briefly: bool = False
    """Others may wait behind it: it is given up after its `turn`."""


@noun
class Answer:
    """What a process did."""

    generation: str = ""
    """What it has loaded: nothing if the files say something else than the source."""
    seen: Examination | None = None
    """None: it is yet to be read."""
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
            return Answer()
        inspector.quiet.join(source.learned, order.quiet)
        if message is None:
            return Answer(source.generation)
        try:
            spent = turn() if order.briefly else None
            seen = inspector.examine(message, source.learned, spent)
        except UnfinishedError:
            return Answer(source.generation)
        # Who asks has the message.
        seen = replace(seen, message=replace(message, parts=()))
        news = inspector.quiet.news(source.learned)
        return Answer(source.generation, seen, news)

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
    """One process, as the loop sees it that gives it orders, one after the other."""

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
        self._answers = select.poll()
        self._answers.register(self._pipe.fileno(), select.POLLIN)
        self._waiting: deque[tuple[asyncio.Future[Answer], int]] = deque()
        """Who waits for the next answers, and how many bytes the orders had."""
        self._held = 0
        self._told: Source | None = None
        self._quiet: deque[bytes] = deque(maxlen=MOST_NEWS)
        self._loaded = ""
        self.is_alive = True
        self._is_used = True
        self._look = self._loop.call_later(IDLE_S, self._rest)

    @property
    def orders(self) -> int:
        """How many wait, the one it works on included."""
        return len(self._waiting)

    @property
    def is_idle(self) -> bool:
        """Whether it could begin at once."""
        return self.is_alive and not self._waiting

    def may_take(self, source: Source, size: int) -> bool:
        """
        Whether it has what the source names, but for what was issued lately, and begins
        soon with a message of `size` bytes.
        """
        if not self.is_alive or not self.is_loaded(source):
            return False
        is_short = self._held + size <= _PIPE_BYTES // 2
        return not self._waiting or (len(self._waiting) < _DEEP and is_short)

    def is_loaded(self, source: Source) -> bool:
        """Whether it has what the source names."""
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

    async def examine(
        self, source: Source, message: Message, *, briefly: bool = False
    ) -> Answer:
        """
        What it finds; nothing, if the files say something else than the source, if it
        died before it had begun, or if the message was to be read briefly and is long.

        Raises:
            StateError: it died.
        """
        return await self._ask(source, message, briefly=briefly)

    def close(self) -> None:
        """End it without waiting for what it does."""
        if not self.is_alive:
            return
        self.is_alive = False
        self._look.cancel()
        self._loop.remove_reader(self._pipe.fileno())
        self._pipe.close()
        self._process.kill()
        while self._waiting:
            waiting, _ = self._waiting.popleft()
            if not waiting.done():
                waiting.set_exception(StateError("the inspection process died"))
        self._freed()

    async def _ask(
        self, source: Source, message: Message | None, *, briefly: bool = False
    ) -> Answer:
        waiting: asyncio.Future[Answer] = self._loop.create_future()
        news = None if source.says(self._told) else source
        order = Order(news, message, list(self._quiet), briefly)
        data = pickle.dumps(order, -1)
        self._quiet.clear()
        self._told = source
        is_short = self._held + len(data) <= _PIPE_BYTES
        # Behind what is read at length, nothing waits.
        held = len(data) if briefly else max(len(data), _PIPE_BYTES)
        self._waiting.append((waiting, held))
        self._held += held
        self._is_used = True
        try:
            if is_short:
                self._pipe.send_bytes(data)
            else:
                await asyncio.to_thread(self._pipe.send_bytes, data)
        except OSError:
            if is_short:
                waiting.set_result(Answer())  # nor did this one kill it
            self._heard()
        return await waiting

    def _died(self) -> None:
        """
        It takes an order when the answer to the one before is in the pipe, so it had
        begun with the first that has no answer, which may have killed it, and no other.
        """
        for waiting, _ in islice(self._waiting, 1, None):
            if not waiting.done():
                waiting.set_result(Answer())
        self.close()

    def _rest(self) -> None:
        """Go away, if it was given nothing since the last look."""
        if not self._is_used and self.is_idle:
            self.close()
            return
        self._is_used = False
        self._look = self._loop.call_later(IDLE_S, self._rest)

    def _heard(self) -> None:
        """Take every answer that is there."""
        while self.is_alive and self._answers.poll(0):
            try:
                answer: Answer = self._pipe.recv()
            except (EOFError, OSError):
                self._died()
                return
            waiting, size = self._waiting.popleft()
            self._held -= size
            self._loaded = answer.generation
            if not waiting.done():
                waiting.set_result(answer)
        if self.is_idle:
            self._freed()
