"""
One attempt to deliver one notice, and what became of it. The only place that connects.

Rule 1: an outcome never holds a URL, a header or what the other side answered, because
all of these may hold the channel's secret. Rule 2: no redirect is followed, and no
proxy of the environment is used: it may be this very one.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

from dlp.alerts import text
from dlp.alerts.address import address
from dlp.alerts.compile import Channel
from dlp.alerts.nouns import Notice, Severity
from dlp.alerts.sources import SourceError
from dlp.alerts.wire import BUILDERS, Keys, Outgoing
from dlp.model import noun
from dlp.rulefile import Wrong

TIMEOUT_S = 10.0
"""Of each step of a connection."""
APPRISE_S = 60.0
"""Of a whole attempt by apprise."""
_MOST_WAIT_S = 3600.0
_ANSWER_BYTES = 64 << 10
_FINAL = frozenset({400, 413, 422})
"""Answers about the message: the same will be answered again."""
_PROGRAM = Path(__file__).with_name("by_apprise.py")
"""Run as a file, so that it need not load this package."""
_APPRISE_TYPES = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.CRITICAL: "failure",
}


@noun
class Outcome:
    """What became of an attempt."""

    why: str = ""
    """Why it was not accepted; empty when it was."""
    final: bool = False
    """The message itself was refused."""
    retry_after: float = 0.0
    """Seconds that the other side asks to be left alone."""


def deliver(channel: Channel, notice: Notice, now: float) -> Outcome:
    """Send it once; blocks for as long as the other side takes, within bounds."""
    try:
        url = channel.url.read()
        if channel.type == "apprise":
            return _apprise(url, notice)
        keys = Keys(
            address(url, plain_http=channel.plain_http),
            channel.secret.read() if channel.secret else "",
            channel.chat,
            socket.gethostname(),
        )
        return _post(BUILDERS[channel.type](notice, keys, now), channel.ca)
    except SourceError as error:
        return Outcome(str(error))
    except Wrong as wrong:
        return Outcome(f"its URL {wrong.what}")


def _post(outgoing: Outgoing, ca: str) -> Outcome:
    try:
        connection = _connection(outgoing, ca)
        try:
            headers = {"user-agent": "agent-dlp", "connection": "close"}
            headers |= dict(outgoing.headers)
            target = outgoing.address.target
            connection.request("POST", target, outgoing.body, headers)
            answer = connection.getresponse()
            content = answer.read(_ANSWER_BYTES)
        finally:
            connection.close()
    except ssl.SSLCertVerificationError as error:
        return Outcome(f"its certificate is not good: {error.verify_message}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        return Outcome(f"cannot be reached: {why or type(error).__name__}")
    if 200 <= answer.status < 300:
        return Outcome()
    asked = _retry_after(answer.getheader("retry-after", ""), content)
    final = answer.status in _FINAL
    return Outcome(f"answered {answer.status}", final=final, retry_after=asked)


def _connection(outgoing: Outgoing, ca: str) -> http.client.HTTPConnection:
    where = outgoing.address
    if not where.secure:
        return http.client.HTTPConnection(where.host, where.port, timeout=TIMEOUT_S)
    context = ssl.create_default_context(cafile=ca or None)
    return http.client.HTTPSConnection(
        where.host, where.port, timeout=TIMEOUT_S, context=context
    )


def _retry_after(header: str, content: bytes) -> float:
    """Seconds by RFC 9110, 10.2.3, or as Telegram says it in the body."""
    if header.isdecimal():
        return min(float(header), _MOST_WAIT_S)
    try:
        asked = orjson.loads(content)["parameters"]["retry_after"]
        return max(0.0, min(float(asked), _MOST_WAIT_S))
    except (ValueError, KeyError, TypeError):
        return 0.0


def _apprise(url: str, notice: Notice) -> Outcome:
    """
    In a process of its own: it has no deadline, loads a hundred modules, and takes its
    proxies from the environment.
    """
    told: dict[str, Any] = {
        "url": url,
        "title": text.title(notice, socket.gethostname()),
        "body": "\n".join(text.lines(notice)),
        "type": _APPRISE_TYPES[notice.severity],
    }
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy")
    }
    try:
        done = subprocess.run(  # noqa: S603  # ourselves
            [sys.executable, "-P", str(_PROGRAM)],
            input=orjson.dumps(told),
            capture_output=True,
            timeout=APPRISE_S,
            check=False,
            env=clean,
        )
    except subprocess.TimeoutExpired:
        return Outcome(f"apprise took over {APPRISE_S:.0f} s")
    except OSError as error:
        return Outcome(f"apprise cannot be run: {error.strerror}")
    return Outcome(_SAID.get(done.returncode, "apprise failed"))


_SAID = {
    0: "",
    3: "apprise could not deliver it",
    4: "apprise does not know what its URL names",
    5: "apprise is not installed: pip install 'agent-dlp[alerts]'",
}
"""Exit code of `by_apprise` -> why."""
