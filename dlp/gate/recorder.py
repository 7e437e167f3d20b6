"""
A decision as it is written down, before anybody acts on it.

Why not in the gate: that says what is decided, and in which order; this gives each
decision its reference, its record and its place in the counts.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import field, replace

from dlp import logs
from dlp.audit import AuditLog
from dlp.errors import StateError
from dlp.gate.laps import Laps
from dlp.gate.rewriting import Rewritten
from dlp.inspector import Examination, Inspector
from dlp.metrics import Metrics
from dlp.model import Action, Part, Verdict, noun
from dlp.record import Facts, Volume, make_record, reference
from dlp.record.reference import ENTROPY_BYTES
from dlp.record.volume import Flowed

REFUSED = frozenset({Action.BLOCK, Action.HOLD})


@noun
class Judgement:
    """A recorded decision, ready to be carried out."""

    verdict: Verdict
    reference: str
    parts: tuple[Part, ...] | None = None
    """The rewritten parts when the verdict is `redact`, in the message's order."""
    stands_for: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What is put back in the answer, by placeholder; only its own agent may see it."""

    @property
    def refused(self) -> bool:
        """Whether nothing may go on."""
        return self.verdict.action in REFUSED

    def rewritten(self, cut: Rewritten | None, *, restore: bool) -> Judgement:
        """The same decision with what goes on in the place of what came."""
        if cut is None:
            return self
        stands_for = cut.stands_for if restore else {}
        return replace(self, parts=cut.seen.message.parts, stands_for=stands_for)


class Recorder:
    """Writes the decisions of one worker."""

    def __init__(self, audit: AuditLog, counted: Metrics) -> None:
        self._audit = audit
        self._metrics = counted

    def record(
        self,
        inspector: Inspector,
        seen: Examination,
        verdict: Verdict,
        volume: Volume,
        timings: tuple[tuple[str, float], ...] = (),
    ) -> Judgement:
        """
        Write down what `inspector` decided, and count it where it is final.

        Raises:
            StateError: it cannot be recorded; the message must not go on.
        """
        at = time.time()
        ref = reference(at, secrets.token_bytes(ENTROPY_BYTES))
        reach = seen.reach
        record = make_record(
            ref,
            at,
            verdict,
            Facts(
                seen.message.agent,
                seen.message.destination,
                seen.message.parts,
                statement=reach.statement,
                named=reach.effect != "none" and not reach.wildcard,
                volume=volume,
                timings=timings,
                truncated=seen.truncated,
                undecodable=seen.undecodable,
                generation=inspector.generation,
            ),
        )
        laps = Laps()
        try:
            self._audit.append(record)
        except StateError:
            self._metrics.count("dlp_audit_errors_total")
            raise
        laps.end("record")
        self._metrics.took(*laps.taken[0])
        if volume.flow is not Flowed.BEGUN:
            self._metrics.observe(record)
        logs.decision(record)
        return Judgement(verdict, ref)
