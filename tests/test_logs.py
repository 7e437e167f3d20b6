import io
import json
import logging
import subprocess
import sys
import threading
import warnings

import pytest

from dlp import logs
from dlp.model import Action, Agent, Destination, Reason, Verdict
from dlp.record import Facts, make_record

PAYLOAD = "hunter2-payload"


@pytest.fixture
def out():
    root = logging.getLogger()
    before = (root.handlers, root.level, logging.raiseExceptions)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    stream = io.StringIO()
    logs.configure(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.captureWarnings(False)
    root.handlers, root.level, logging.raiseExceptions = before
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


@pytest.mark.parametrize("name", ["mitmproxy.proxy.server", "asyncio", "hpack.hpack"])
def test_a_library_is_heard_but_not_quoted(out, name):
    logging.getLogger(name).warning("GET https://h/%s", PAYLOAD)
    (line,) = out()
    assert line["event"] == logs.FOREIGN
    assert line["logger"] == name
    assert line["where"].startswith("test_logs.py:")
    assert PAYLOAD not in str(line)


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO])
def test_below_warning_a_library_is_silent(out, level):
    logging.getLogger("mitmproxy").log(level, "x")
    assert out() == []


def test_a_logged_exception_keeps_its_type_and_places_only(out):
    try:
        raise ValueError(PAYLOAD)
    except ValueError:
        logging.getLogger("asyncio").exception("in %s", PAYLOAD)
    (line,) = out()
    assert line["exception"] == "ValueError"
    assert line["frames"][0].startswith("test_logs.py:")
    assert PAYLOAD not in str(line)


def test_a_message_that_cannot_be_formatted_is_no_matter(out):
    logging.getLogger("mitmproxy").error("%d", PAYLOAD)
    assert PAYLOAD not in str(out())


def test_an_uncaught_exception_in_a_thread(out):
    def explode():
        raise ValueError(PAYLOAD)

    thread = threading.Thread(target=explode, name="t1")
    thread.start()
    thread.join()
    (line,) = out()
    assert (line["event"], line["exception"], line["thread"]) == (
        logs.UNCAUGHT, "ValueError", "t1",
    )  # fmt: skip
    assert PAYLOAD not in str(line)


def test_an_uncaught_exception_of_a_process():
    code = f"from dlp import logs\nlogs.configure()\nraise ValueError('{PAYLOAD}')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert PAYLOAD not in done.stderr
    assert json.loads(done.stderr)["exception"] == "ValueError"


def test_warnings_are_tamed(out):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(PAYLOAD, stacklevel=1)
        logging.captureWarnings(False)
    assert PAYLOAD not in str(out())


def test_our_own_lines_are_escaped(out):
    logs.get().warning("starting", name="a\x1b[2J\n\u202eb")
    (line,) = out()
    assert line["name"] == "a\\u001b[2J\\u000a\\u202eb"
    assert line["level"] == "warning"


@pytest.mark.parametrize(
    ("action", "would", "told"),
    [
        (Action.ALLOW, None, 0),
        (Action.ALLOW, Action.BLOCK, 1),
        (Action.REDACT, None, 1),
        (Action.HOLD, None, 1),
        (Action.BLOCK, None, 1),
    ],
)
def test_decisions_that_stop_something_have_a_line(out, action, would, told):
    verdict = Verdict(action, Reason.CONTENT, "r", would=would)
    facts = Facts(Agent("a"), Destination("https", "h.example", 443))
    logs.decision(make_record("dlp-ref", 1.0, verdict, facts))
    lines = out()
    assert len(lines) == told
    assert all(line["reference"] == "dlp-ref" for line in lines)


def test_a_terminal_gets_readable_lines(out):
    stream = io.StringIO()
    logs.configure(stream, as_json=False)
    logs.get().warning("starting", name="x")
    assert "starting" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
