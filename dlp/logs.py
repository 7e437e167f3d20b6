"""
Logging on stderr: our own lines in full, a library's only as "where, and what kind".

mitmproxy and what it stands on log URLs, header fragments, WebSocket payloads, the
bytes that a decoder choked on, and tracebacks whose messages quote all of these. None
of that text is ever rendered: of a foreign log record its logger, its place in the
source and the type of its exception remain, and only from WARNING up. The same goes
for exceptions nobody caught, in any thread, and for warnings.

Why not in `metrics` or `audit`: it configures a process, they are told what happened.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, TextIO

import orjson
import structlog

from dlp.model import Action
from dlp.record import Record
from dlp.record.mask import printable

FOREIGN = "a library reported a problem"
UNCAUGHT = "an exception nobody caught"

_FRAMES = 8

Event = MutableMapping[str, Any]


def configure(stream: TextIO | None = None, *, as_json: bool | None = None) -> None:
    """
    Set logging up for this process: call it first, in every process.

    `as_json` defaults to whether the stream is not a terminal.
    """
    target = stream or sys.stderr
    plain = not target.isatty() if as_json is None else as_json
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(serializer=_dump)
        if plain
        else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            escape,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [TamedHandler()]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def get() -> structlog.typing.FilteringBoundLogger:
    """Our logger. Events are constant sentences; what varies goes into fields."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


def decision(record: Record) -> None:
    """One line for a decision that stopped or changed a message."""
    if record.action is Action.ALLOW and record.would is None:
        return
    get().warning(
        "decision",
        reference=record.reference,
        agent=record.agent,
        action=record.action,
        would=record.would,
        reason=record.reason,
        rule=record.rule,
        method=record.method,
        host=record.host,
        port=record.port,
        findings=len(record.findings) + record.more_findings,
    )


def escape(_logger: object, _name: str, event: Event) -> Event:
    """Escape what could fool a terminal or a log viewer, in every text."""
    return {
        key: printable(value) if isinstance(value, str) else value
        for key, value in event.items()
    }


class TamedHandler(logging.Handler):
    """Turns a foreign log record into a line without its text."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell where it came from."""
        kind, _, trace = record.exc_info or (None, None, None)
        get().log(
            min(record.levelno, logging.ERROR),
            FOREIGN,
            logger=record.name if record.name.isascii() else "",
            where=f"{record.filename}:{record.lineno}",
            exception=kind.__name__ if kind else "",
            frames=_frames(trace),
        )


def _dump(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=lambda value: type(value).__name__).decode()


def _frames(trace: TracebackType | None) -> list[str]:
    """The innermost frames, as places in source files: none of their values."""
    frames = []
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
        frames.append(f"{name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[-_FRAMES:]


def _tell(kind: type[BaseException], trace: TracebackType | None, thread: str) -> None:
    get().error(UNCAUGHT, exception=kind.__name__, frames=_frames(trace), thread=thread)


def _uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            _uncaught(type(each), each, each.__traceback__)
    elif not issubclass(kind, KeyboardInterrupt):
        _tell(kind, trace, "main")


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if not issubclass(args.exc_type, SystemExit):
        name = args.thread.name if args.thread else ""
        _tell(args.exc_type, args.exc_traceback, name)


def _unraisable(args: Any) -> None:
    _tell(args.exc_type, args.exc_traceback, "")
