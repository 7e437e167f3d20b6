"""
The one secret-free account of a decision, and the answer a refused agent sees.

Rule 1: only `make_record` sees findings and destinations; every output (audit, log,
metric, alert, console) is made from the `Record` it returns.
Rule 2: a `Record` holds words of closed vocabularies, ids the operator chose, numbers,
and masked names. It never holds text that a sender could choose freely.
"""

from __future__ import annotations

from dlp.record.account import Facts, Operation, Record, Trace, make_record
from dlp.record.problem import problem
from dlp.record.reference import reference, reference_at
from dlp.record.volume import Volume

__all__ = [
    "Facts",
    "Operation",
    "Record",
    "Trace",
    "Volume",
    "make_record",
    "problem",
    "reference",
    "reference_at",
]
