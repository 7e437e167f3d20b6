"""
What leaves is counted before it goes: pieces of a secret, and what nobody can read.

An agent sends its conversation again with every turn; the same stretch to the same host
counts once.

Why not in the gate: that owns the order of the steps; this owns what the stores must
know of a message that is about to leave.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from dlp.detect.opaque import Opaque
from dlp.inspector import Examination, Inspector
from dlp.model import Action, Verdict
from dlp.record import Volume
from dlp.state.coverage import Coverage, Fragment
from dlp.state.ledger import Ledger
from dlp.state.sqlite import Store

LIMIT = "opaque-bytes"
"""What a verdict calls the bound on what nobody can read."""
type Charged = tuple[Opaque, ...]
_REMEMBERED = 1 << 16
"""Stretches that were counted."""


class Tally:
    """The counts of one worker."""

    def __init__(self, store: Store) -> None:
        self.coverage = Coverage(store)
        self.ledger = Ledger(store)
        self._counted: OrderedDict[tuple[str, str, bytes], None] = OrderedDict()

    async def cover(
        self, inspector: Inspector, seen: Examination, verdict: Verdict
    ) -> Verdict:
        """
        Count the pieces of known secrets; block a message that completes one.

        Raises:
            StateError: the store failed; the message must not go on.
        """
        index = inspector.index
        pieces = {
            index.info(name).id: Fragment(bits, index.info(name).threshold)
            for name, bits in seen.partials.items()
        }
        names = {index.info(name).id: name for name in seen.partials}
        taken = await self.coverage.reserve(seen.message.agent.id, pieces)
        if taken.completed:
            whole = {names[identity] for identity in taken.completed}
            return inspector.conclude(seen, whole)
        await self.coverage.commit(taken)
        return verdict

    async def charge(
        self, inspector: Inspector, seen: Examination, verdict: Verdict
    ) -> tuple[Verdict, Charged]:
        """
        Count what nobody can read; block a message that is over the bound of a day.

        Raises:
            StateError: the store failed; the message must not go on.
        """
        fresh = self._fresh(seen)
        if not fresh:
            return verdict, ()
        most = inspector.policy.limits.opaque
        agent, host = _account(seen)
        taken = await self.ledger.charge(agent, host, _sum(fresh), most)
        if not taken.accepted:
            over = inspector.conclude(seen, limit=LIMIT)
            if over.action is Action.REDACT:
                over = replace(over, action=Action.BLOCK)
            return over, ()
        for stretch in fresh:
            self._counted[agent, host, stretch.digest] = None
        while len(self._counted) > _REMEMBERED:
            self._counted.popitem(last=False)
        return verdict, fresh

    async def refund(self, seen: Examination, charged: Charged) -> None:
        """
        A message did not leave after it was charged.

        Raises:
            StateError: the store failed; the bytes stay counted.
        """
        agent, host = _account(seen)
        for stretch in charged:
            self._counted.pop((agent, host, stretch.digest), None)
        if charged:
            await self.ledger.refund(agent, host, _sum(charged))

    def _fresh(self, seen: Examination) -> Charged:
        if not seen.opaque:
            return ()
        agent, host = _account(seen)
        return tuple(
            stretch
            for stretch in seen.opaque
            if (agent, host, stretch.digest) not in self._counted
        )


def _account(seen: Examination) -> tuple[str, str]:
    return seen.message.agent.id, seen.message.destination.host


def _sum(stretches: Charged) -> int:
    return sum(stretch.size for stretch in stretches)


def volume_of(seen: Examination, charged: Charged = ()) -> Volume:
    """How much of a message there was, was read, and was charged to the ledger."""
    out = sum(len(part.data) for part in seen.message.parts)
    if not seen.reach.inspect:
        return Volume(out=out, skipped=out, why_skipped="inspect-none")
    return Volume(out=out, inspected=seen.inspected, opaque=_sum(charged))
