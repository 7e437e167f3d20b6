"""
The audit log: append-only, hash-chained, signed, one chain per writer.

Layout of `STATE/audit`, for a writer `w0` (each worker process is one):

    w0.000001.jsonl   segments; a line is JSON and names the hash of the line before it
    w0.head           the signed end of the chain, renewed with every fsync
    w0.pruned         the signed place up to which retention removed lines
    w0.lock           held by the process that writes the chain
    public.pem        Ed25519 key that verifies the heads (the private one is in keys/)

Rule 1: a line is written before the message it tells of is forwarded. If it cannot be
written, `StateError` says so and the message must be refused.
Rule 2: lines reach the disk within `FLUSH_S`; a power cut may lose that much, a killed
process loses nothing.
Rule 3: who holds the state folder's keys can forge the log. Ship it elsewhere with
`dlp audit export` when that matters.
"""

from __future__ import annotations

from dlp.audit.log import AuditLog, note
from dlp.audit.read import Line, find, lines
from dlp.audit.verify import Fault, Report, verify

__all__ = ["AuditLog", "Fault", "Line", "Report", "find", "lines", "note", "verify"]
