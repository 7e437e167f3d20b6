"""
What hosts answer, as far as it holds tokens: heard while it flows by, never held.

A token is known before the last byte of the answer that brings it has gone on, so it
cannot be sent elsewhere first. Writing it down comes after.

Why not in the gate: that judges what leaves; this listens to what comes in.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import structlog

from dlp.decode.budget import Budget
from dlp.decode.compressed.transfer import CODINGS
from dlp.detect.known.issued import MOST_BYTES, Issued, issued
from dlp.errors import StateError
from dlp.model import Limits
from dlp.policy.credentials import host_matches
from dlp.state.learned import LearnedTokens, Taken

log = structlog.get_logger(__name__)

_READ = ("json", "xml", "x-www-form-urlencoded", "text/plain")
"""Kinds of bodies that bring tokens."""

type Groups = Mapping[str, tuple[str, ...]]


class Observer:
    """Hears the answers of one worker."""

    def __init__(self, learned: LearnedTokens, groups: Callable[[], Groups]) -> None:
        """`groups`: the groups of hosts of the policy in force."""
        self._learned = learned
        self._groups = groups
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(
        self,
        host: str,
        headers: Iterable[tuple[str, bytes]],
        request: Sequence[bytes],
    ) -> Answer | None:
        """
        The head of an answer of `host` to `request` (its raw parts).

        Returns what is to hear the body; None when no token can be in it.
        """
        fields = list(headers)
        onward = [field for field in fields if field[0] == "location"]
        if any(name == "set-cookie" for name, _ in fields):
            self.take(host, issued(fields, b"", time.time()), request)
        named = dict(fields)
        kind = named.get("content-type", b"").decode("latin-1").lower()
        size = named.get("content-length", b"")
        if not any(word in kind for word in _READ):
            return None
        if size.isdigit() and not 0 < int(size[:12]) <= MOST_BYTES:
            return None
        coding = named.get("content-encoding", b"").decode("latin-1").strip().lower()
        length = int(size) if size.isdigit() else MOST_BYTES + 1

        def learn(body: bytes) -> None:
            self.take(host, issued(onward, _plain(body, coding), time.time()), request)

        return Answer(learn, length)

    def take(
        self, host: str, tokens: Iterable[Issued], request: Sequence[bytes]
    ) -> None:
        """Know the tokens from now on, and have them written down."""
        groups = [g for g in self._groups().values() if host_matches(host, g)]
        theirs = tuple(name for group in groups for name in group)
        bound = [replace(token, hosts=(*token.hosts, *theirs)) for token in tokens]
        taken = self._learned.take(host, bound, request)
        if taken:
            task = asyncio.ensure_future(self._keep(taken))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _keep(self, taken: Sequence[Taken]) -> None:
        try:
            await self._learned.keep(taken)
        except StateError as error:
            log.warning("what a host issued could not be stored", why=str(error))


class Answer:
    """The body of one answer; each piece passes as it came."""

    def __init__(self, learn: Callable[[bytes], None], length: int) -> None:
        self._learn = learn
        self._length = length
        self._heard: bytearray | None = bytearray()

    def __call__(self, piece: bytes) -> bytes:
        """Hear one piece; the empty one is the end."""
        heard = self._heard
        if heard is None:
            return piece
        heard += piece
        if len(heard) > MOST_BYTES:
            self._heard = None
        elif not piece or len(heard) >= self._length:
            self._heard = None
            self._learn(bytes(heard))
        return piece


def _plain(body: bytes, coding: str) -> bytes:
    """Without its content coding; empty when that cannot be undone."""
    if coding in ("", "identity"):
        return body
    undo = CODINGS.get(coding)
    return (undo(body, Budget(Limits())) if undo else None) or b""
