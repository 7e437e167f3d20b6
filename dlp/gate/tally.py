"""
What leaves is counted before it goes, so that pieces of a secret add up.

Why not in the gate: that owns the order of the steps; this owns what the stores must
know of a message that is about to leave.
"""

from __future__ import annotations

from dlp.inspector import Examination, Inspector
from dlp.model import Verdict
from dlp.state.coverage import Coverage, Fragment
from dlp.state.sqlite import Store


class Tally:
    """The counts of one worker."""

    def __init__(self, store: Store) -> None:
        self.coverage = Coverage(store)

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
