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
from dlp.model import Action, Message, Part, PartKind, Reason, Verdict
from dlp.policy import override
from dlp.record import Volume
from dlp.record.volume import Flowed

TOO_LARGE = Verdict(
    Action.BLOCK, Reason.LIMIT, "stream", status=413, detail="over inspection.stream"
)
CUT_SHORT = "the body did not come to its end"
_UNREAD_TAIL = 8 << 10
"""Bytes of an uninspected body that are shown again: a field may ask for a method."""


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
        self._known = gate.inspector.index
        self._begun: tuple[Examination, Verdict] | None = None
        """What the record of its end repeats if nothing else is to be said."""
        self._over = False
        self._unread = not override.reach(gate.inspector.policy, head).inspect
        self._tail = b""

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
            self._finish(Flowed.WHOLE)
        return out

    def extend(self, trailers: tuple[Part, ...]) -> None:
        """Trailers came, before the last bytes: they are judged with them."""
        head = self._scan.head
        self._scan.head = replace(head, parts=(*head.parts, *trailers))

    def abandon(self) -> None:
        """
        It will not come to its end: a peer went away, or it cannot be judged.

        Raises:
            StateError: it cannot be recorded.
        """
        if not self._over and self._sent:
            self._finish(Flowed.CUT)

    # -- inside -------------------------------------------------------------------

    async def _read(self, data: bytes, *, last: bool) -> Judgement | None:
        if self._unread:
            return await self._pass_over(data)
        refusal = await self._judge(self._scan.feed(data))
        if refusal is None and last:
            refusal = await self._judge(self._scan.end())
        return refusal

    async def _pass_over(self, data: bytes) -> Judgement | None:
        """What is not to be inspected; policy is asked again with every piece."""
        inspector = self._gate.inspector
        head, shown = self._scan.head, self._tail + data
        self._tail = shown[-_UNREAD_TAIL:]
        parts = (*head.parts, Part(PartKind.BODY, shown))
        seen = await self._gate.examine(inspector, replace(head, parts=parts))
        if seen.reach.inspect:  # what went before was not read, and cannot be now
            seen = replace(seen, truncated="stream")
        verdict = await self._weigh(inspector, seen)
        return self._refuse(verdict, seen) if verdict.action in REFUSED else None

    async def _judge(self, windows: Windows) -> Judgement | None:
        """Every window that is due; a refusal ends it."""
        window = await asyncio.to_thread(_next, windows, None)
        while window is not None:
            inspector = self._gate.inspector
            self._forget_others(inspector)
            message = self._scan.message(window)
            seen = await self._gate.examine(inspector, message)
            judged = self._scan.judged(seen)
            seen = self._scan.weighed(window, seen)
            verdict = await self._weigh(inspector, seen)
            if verdict.action in REFUSED:
                return self._refuse(verdict, seen)
            window = await asyncio.to_thread(_next, windows, judged)
        unread = self._scan.unread()
        if unread is None:
            return None
        return self._refuse(self._gate.inspector.conclude(unread), unread)

    def _forget_others(self, inspector: Inspector) -> None:
        """Pieces of secrets that were known before a reload; the store keeps them."""
        if inspector.index is not self._known:
            self._known = inspector.index
            self._scan.partials.clear()

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
        if verdict.action not in REFUSED:
            self._note(seen, verdict)
        return verdict

    def _note(self, seen: Examination, verdict: Verdict) -> None:
        """Nothing goes on before a record says so."""
        if self._begun is None:
            self._gate.learned.sent(seen.credentials)
            self._record(seen, verdict, Volume(flow=Flowed.BEGUN))
        if self._begun is None or (verdict.would and not self._begun[1].would):
            self._begun = seen, verdict

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
            gone = f"broken off after {self._sent} bytes"
            told = filter(None, (verdict.detail, gone))
            verdict = replace(verdict, detail="; ".join(told))
        seen = seen or self._scan.last or self._unseen()
        volume = self._volume(self._arrived, Flowed.REFUSED)
        return self._record(seen, verdict, volume)

    def _finish(self, how: Flowed) -> None:
        assert self._begun is not None  # nothing goes on before
        self._over = True
        seen, verdict = self._begun
        if how is Flowed.CUT:
            verdict = replace(verdict, detail=CUT_SHORT)
        self._record(seen, verdict, self._volume(self._sent, how))

    def _unseen(self) -> Examination:
        message = self._scan.head
        reach = self._gate.reach(message.agent, message.destination)
        return Examination(message, reach)

    def _volume(self, out: int, how: Flowed) -> Volume:
        volume = Volume(out=out, flow=how, streamed=self._sent)
        if self._unread:
            return replace(volume, skipped=out, why_skipped="inspect-none")
        read = self._scan.inspected
        return replace(volume, inspected=read, opaque=self._charged)

    def _record(self, seen: Examination, verdict: Verdict, volume: Volume) -> Judgement:
        gate = self._gate
        return gate.recorder.record(gate.inspector, seen, verdict, volume)


def _next(windows: Windows, judged: Judged | None) -> Window | None:
    """The next window, or None when no more is due."""
    try:
        return next(windows) if judged is None else windows.send(judged)
    except StopIteration:
        return None
