"""
One body that goes on while it is judged: examined, counted and recorded by windows.

Why not in `gate`: that judges a message once; this keeps what is held back of one, and
what its windows left in the stores, from its first byte to its last.

Rule 1: nothing is in `out` before the window it stands in was judged, its pieces were
counted, and a record says that the body flows.
Rule 2: a refusal is final; what is held back then never goes on.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from dlp.decode.flow import Judged, Span, Window, Windows
from dlp.errors import StateError
from dlp.gate import Gate
from dlp.gate.recorder import REFUSED, Judgement
from dlp.inspector import Examination, Inspector
from dlp.inspector.flow import FlowScan
from dlp.model import Action, Message, Part, Reason, Verdict
from dlp.record import Volume
from dlp.record.volume import BROKEN_OFF, STREAMING

TOO_LARGE = Verdict(
    Action.BLOCK, Reason.LIMIT, "stream", status=413, detail="over inspection.stream"
)
CUT_SHORT = "the body did not come to its end"


class Upload:
    """The body of one message. One call at a time."""

    def __init__(
        self, gate: Gate, head: Message, body: Part, cut: Span | None = None
    ) -> None:
        """`head` is the message without a body; `body` says what the body is."""
        self._gate = gate
        self._scan = FlowScan.of(head, body, gate.limits, cut)
        self._held = bytearray()
        self._arrived = self._sent = 0
        self._charged = 0
        self._verdict: Verdict | None = None
        self._over = False
        self._unread = not self._unseen().reach.inspect

    @property
    def arrived(self) -> int:
        """Bytes of the body until now."""
        return self._arrived

    async def take(self, data: bytes, *, last: bool = False) -> bytes | Judgement:
        """
        The bytes that may go on now, or the refusal of all that are left.

        Raises:
            StateError: a store or the inspection failed; nothing more may go on.
        """
        if self._over:
            raise StateError("the body was refused, or has come to its end")
        self._arrived += len(data)
        self._held += data
        if self._arrived > self._gate.limits.stream:
            return self._refuse(TOO_LARGE)
        refusal = await self._read(data, last=last)
        if refusal is not None:
            return refusal
        out = self._released()
        if last:
            self._finish("")
        return out

    def extend(self, trailers: tuple[Part, ...]) -> None:
        """Trailers came, before the last bytes: they are judged with them."""
        head = self._scan.head
        self._scan.head = replace(head, parts=(*head.parts, *trailers))

    def abandon(self) -> None:
        """
        A peer went away in the middle.

        Raises:
            StateError: it cannot be recorded.
        """
        if not self._over and self._sent:
            self._finish(CUT_SHORT)

    # -- inside -------------------------------------------------------------------

    async def _read(self, data: bytes, *, last: bool) -> Judgement | None:
        if self._unread:
            if self._verdict is not None:
                return None
            seen = self._unseen()
            verdict = await self._weigh(self._gate.inspector, seen)
            return self._refuse(verdict, seen) if verdict.action in REFUSED else None
        refusal = await self._judge(self._scan.feed(data))
        if refusal is None and last:
            refusal = await self._judge(self._scan.end())
        return refusal

    async def _judge(self, windows: Windows) -> Judgement | None:
        """Every window that is due; a refusal ends it."""
        window = await asyncio.to_thread(_next, windows, None)
        while window is not None:
            inspector = self._gate.inspector
            message = self._scan.message(window)
            seen = await self._gate.examine(inspector, message)
            verdict = await self._weigh(inspector, self._scan.weighed(window, seen))
            if verdict.action in REFUSED:
                return self._refuse(verdict, seen)
            judged = self._scan.judged(seen)
            window = await asyncio.to_thread(_next, windows, judged)
        unread = self._scan.unread()
        if unread is None:
            return None
        return self._refuse(self._gate.inspector.conclude(unread), unread)

    async def _weigh(self, inspector: Inspector, seen: Examination) -> Verdict:
        gate = self._gate
        verdict = inspector.conclude(seen)
        if verdict.action is Action.REDACT:  # what is before it has gone
            verdict = replace(verdict, action=Action.BLOCK)
        if seen.partials and verdict.action not in REFUSED:
            verdict = await gate.tally.cover(inspector, seen, verdict)
        if verdict.action not in REFUSED:
            verdict, charged = await gate.tally.charge(inspector, seen, verdict)
            self._charged += sum(stretch.size for stretch in charged)
        if self._verdict is None and verdict.action not in REFUSED:
            gate.learned.sent(seen.credentials)
            self._record(seen, verdict, Volume(why_skipped=STREAMING))
        if self._verdict is None or (verdict.would and not self._verdict.would):
            self._verdict = verdict
        return verdict

    def _released(self) -> bytes:
        released = self._arrived if self._unread else self._scan.flow.released
        size = released - self._sent
        out = bytes(self._held[:size])
        del self._held[:size]
        self._sent += size
        return out

    def _refuse(self, verdict: Verdict, seen: Examination | None = None) -> Judgement:
        self._over = True
        if self._sent:
            gone = f"{BROKEN_OFF} {self._sent} bytes"
            verdict = replace(verdict, detail="; ".join([*_said(verdict), gone]))
        seen = seen or self._scan.last or self._unseen()
        return self._record(seen, verdict, self._volume(self._arrived))

    def _finish(self, detail: str) -> None:
        assert self._verdict is not None
        self._over = True
        seen = self._scan.last or self._unseen()
        verdict = replace(self._verdict, detail=detail or self._verdict.detail)
        self._record(seen, verdict, self._volume(self._sent))

    def _unseen(self) -> Examination:
        message = self._scan.head
        reach = self._gate.reach(message.agent, message.destination)
        return Examination(message, reach)

    def _volume(self, out: int) -> Volume:
        if self._unread:
            return Volume(out=out, skipped=out, why_skipped="inspect-none")
        return Volume(out=out, inspected=self._scan.inspected, opaque=self._charged)

    def _record(self, seen: Examination, verdict: Verdict, volume: Volume) -> Judgement:
        gate = self._gate
        return gate.recorder.record(gate.inspector, seen, verdict, volume)


def _said(verdict: Verdict) -> tuple[str, ...]:
    return (verdict.detail,) if verdict.detail else ()


def _next(windows: Windows, judged: Judged | None) -> Window | None:
    """The next window, or None when no more is due."""
    try:
        return next(windows) if judged is None else windows.send(judged)
    except StopIteration:
        return None
