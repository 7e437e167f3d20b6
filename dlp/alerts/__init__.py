"""
Alerts: telling people, at once or together, what was stopped and what does not work.

    audit log, health --> alerts --> routing --> spool --> channels
    (what happened)      (nouns)    (pure)      (disk)    (one thread each)

Who sends: the supervising process of `dlp up`, and only that one. It reads what the
workers wrote to the audit log, which holds every decision before it is carried out. So
a worker does nothing for an alert, no channel can delay or break a verdict, what was
recorded while nobody sent is still told, and deduplication and limits hold over all
workers. The log is the queue between them, bounded by its own retention.

Rule 1: an alert names agent, host, kind of secret and reference; never content.
Rule 2: what was to be sent and where the log was read to are written in one
transaction, so a restart neither loses nor repeats a message; a process that is killed
while the other side has accepted one and we have not noted it sends it again, under the
same id.
"""

from __future__ import annotations

from dlp.alerts.compile import (
    Channel,
    Routing,
    advise,
    compile_alerts,
    load_alerts,
    read_alerts,
)
from dlp.alerts.nouns import Alert, Group, Notice, Severity

__all__ = [
    "Alert",
    "Channel",
    "Group",
    "Notice",
    "Routing",
    "Severity",
    "advise",
    "compile_alerts",
    "load_alerts",
    "read_alerts",
]
