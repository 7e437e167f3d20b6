"""
Where the log can be sent: standard output, a file, syslog over TLS, Splunk, Loki,
Elasticsearch, OpenTelemetry.

Strategy: a sink takes a batch and returns when the other side has accepted all of it,
or raises `SinkError`; it never drops and never retries. Retrying is the shipper's.
TLS is verified; plain HTTP is for loopback alone.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from dlp.audit.sinks.collectors import Elastic, Loki, Splunk
from dlp.audit.sinks.delivery import Row, Sink, SinkError, Target
from dlp.audit.sinks.local import File, Stdout
from dlp.audit.sinks.otlp import Otlp
from dlp.audit.sinks.syslog import Syslog
from dlp.errors import UsageError

__all__ = ["SINKS", "Row", "Sink", "SinkError", "sink"]

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

SINKS: dict[str, tuple[Callable[[Target], Sink], int]] = {
    "syslog+tls": (Syslog, 6514),
    "splunk": (Splunk, 8088),
    "loki": (Loki, 3100),
    "elastic": (Elastic, 9200),
    "otlp": (Otlp, 4318),
}


def sink(url: str, token: str, authority: str | None = None) -> Sink:
    """
    The sink behind `syslog+tls://HOST`, or `splunk+https:`, `loki+https:`,
    `elastic+https://HOST/INDEX`, `otlp+https:`, `file:///PATH`, `stdout:`; `authority`
    is a file of CA certificates.

    Raises:
        UsageError: the URL names no sink, or plain HTTP to another machine.
    """
    if url == "stdout:":
        return Stdout()
    if url.startswith("file:///"):
        return File(Path(url.removeprefix("file://")))
    try:
        parts = urlsplit(url)
        kind, _, protocol = parts.scheme.partition("+")
        name = parts.scheme if parts.scheme in SINKS else kind
        make, port = SINKS[name]
        target = Target(
            host=parts.hostname or "",
            port=parts.port or port,
            path=parts.path,
            secure=protocol in {"https", "tls"},
            token=token,
            context=ssl.create_default_context(cafile=authority),
        )
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            "--to takes syslog+tls://HOST, splunk+https://HOST, loki+https://HOST, "
            "elastic+https://HOST/INDEX, otlp+https://HOST, file:///PATH or stdout:, "
            "and --ca a file of certificates"
        ) from error
    if not target.host or (not target.secure and target.host not in _LOOPBACK):
        raise UsageError("the log is sent over TLS; plain http is for loopback alone")
    return make(target)
