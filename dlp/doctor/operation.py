"""The running proxy: whether it works and holds."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from socket import create_connection

import orjson

from dlp.doctor.check import Check, Severity
from dlp.doctor.picture import PATIENCE_S, CannotTellError, Picture
from dlp.rulefile import builtin_folder

SLACK_S = 60.0
"""Between a change of the rules and the reload that follows it at once."""
_MANY = 0.1
"""Share of forwarded messages that nobody read, from which it is remarked on."""


def _silent(picture: Picture) -> Iterator[str]:
    host, port = picture.listen
    try:
        create_connection(picture.listen, PATIENCE_S).close()
    except OSError:
        yield f"nobody answers at {host}:{port}"


def _unprotected(picture: Picture) -> Iterator[str]:
    host, port = picture.metrics
    status, _ = picture.ask(f"http://{host}:{port}/healthz", through=picture.listen)
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        raise CannotTellError("the proxy asks for an agent's token, as it should")
    if status in {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}:
        yield f"an agent reaches {host}:{port} through the proxy"


def _unhealthy(picture: Picture) -> Iterator[str]:
    status, body = picture.health()
    if status == HTTPStatus.OK:
        return
    try:
        failing = orjson.loads(body)["failing"]
    except (ValueError, KeyError, TypeError):
        failing = [f"/healthz answers {status}"]
    yield from (f"{name} does not work" for name in failing)


def _restarts(picture: Picture) -> Iterator[str]:
    started = picture.number("dlp_worker_starts_total")
    running = picture.number("dlp_workers")
    if started > running:
        yield f"{started:.0f} workers were started for {running:.0f} that run"


def _reload_failed(picture: Picture) -> Iterator[str]:
    if picture.number("dlp_reload_success") != 1:
        yield "the last reload failed; older rules are in force"


def _reload_late(picture: Picture) -> Iterator[str]:
    at = picture.number("dlp_reload_timestamp_seconds")
    folder = picture.rules or builtin_folder()
    changed = max((path.stat().st_mtime for path in folder.rglob("*.yaml")), default=0)
    if changed > at + SLACK_S:
        yield f"the rules changed {(changed - at) / 60:.0f} min after they were loaded"


def _secrets_missing(picture: Picture) -> Iterator[str]:
    loaded = picture.number("dlp_secrets_loaded")
    known = len(picture.secrets.infos)
    if loaded != known:
        yield f"{known} secrets are registered, {loaded:.0f} are in force"


def _observing(picture: Picture) -> Iterator[str]:
    if picture.number("dlp_observe_mode"):
        yield "the running proxy only observes"


def _not_written(picture: Picture) -> Iterator[str]:
    failed = picture.number("dlp_audit_errors_total")
    if failed:
        yield f"{failed:.0f} lines of the audit log could not be written"


def _closed(picture: Picture) -> Iterator[str]:
    for why in ("unavailable", "internal"):
        times = picture.number("dlp_fail_closed_total", why)
        if times:
            yield f"{times:.0f} messages were refused: {why}"


def _guessing(picture: Picture) -> Iterator[str]:
    locked = picture.number("dlp_auth_locked")
    if locked:
        yield f"{locked:.0f} agents or addresses are locked out now"


def _unread(picture: Picture) -> Iterator[str]:
    shares = {
        share: picture.number("dlp_coverage_messages_total", share)
        for share in ("full", "part", "none")
    }
    total = sum(shares.values())
    if not total:
        raise CannotTellError("no message was forwarded yet")
    if shares["none"] / total > _MANY:
        yield f"{shares['none'] / total:.0%} of what was forwarded was not read"


def _evaluation(picture: Picture) -> Iterator[str]:
    if not picture.processes:
        raise CannotTellError("no process is to be seen")
    for one in picture.processes:
        names = {Path(word).name for word in one.command}
        tool = names & {"mitmdump", "mitmproxy", "mitmweb"}
        if tool and any(name.startswith(("egress", "evaluation")) for name in names):
            yield f"process {one.pid} is {min(tool)}"


CHECKS = (
    Check(
        "proxy-answers", Severity.MEDIUM,
        "The proxy answers",
        "Agents have no way out without it, and somebody may give them another.",
        "dlp up, or name its address with --listen",
        ("ASI08", "T4"), _silent,
    ),
    Check(
        "proxy-guards-itself", Severity.CRITICAL,
        "Nothing of the proxy can be reached through the proxy",
        "The same guard keeps agents from the metadata service and the neighbours.",
        "Narrow `upstream.allow_private`; if it is empty, report this",
        ("ASI03", "T3"), _unprotected,
    ),
    Check(
        "evaluation-mode", Severity.HIGH,
        "The addon runs in `dlp up`, not in mitmdump",
        "mitmdump lets everything pass when a script breaks: it is for evaluation.",
        "Stop it and run `dlp up`",
        ("ASI02", "ASI04", "T17"), _evaluation,
    ),
    Check(
        "health", Severity.HIGH,
        "Inspection, state, audit and every worker work",
        "What does not work refuses everything.",
        "See the section of the part in dashboards/RUNBOOK.md",
        ("ASI08", "T4"), _unhealthy,
    ),
    Check(
        "worker-restarts", Severity.MEDIUM,
        "No worker had to be started again",
        "Each death cuts its connections; often it is memory.",
        "Look for `a worker died` in the log",
        ("ASI08", "T4"), _restarts,
    ),
    Check(
        "reload-good", Severity.HIGH,
        "The rules on disk are the rules in force",
        "What was tightened since is not in force.",
        "Correct what `dlp rules check` names",
        ("ASI02", "T2"), _reload_failed,
    ),
    Check(
        "reload-late", Severity.MEDIUM,
        "The rules were loaded after they last changed",
        "The proxy may run with another folder than the one that is edited.",
        "Compare --rules of `dlp up` with that of this command",
        ("ASI02", "T2"), _reload_late,
    ),
    Check(
        "secrets-in-force", Severity.HIGH,
        "The proxy knows every registered secret",
        "The rest is found only where it looks like a vendor's.",
        "Compare --state of `dlp up` with that of this command; look for a failed "
        "reload in the log",
        ("ASI03", "T3"), _secrets_missing,
    ),
    Check(
        "enforcing", Severity.HIGH,
        "The running proxy enforces the policy",
        "In observe mode most of what would be refused passes.",
        "Write `mode: enforce` once the record looks right",
        ("ASI02", "T2"), _observing,
    ),
    Check(
        "audit-written", Severity.HIGH,
        "Every line of the audit log could be written",
        "What cannot be recorded is refused.",
        "Free space, or repair the file system of the state folder",
        ("ASI10", "T8"), _not_written,
    ),
    Check(
        "fail-closed", Severity.MEDIUM,
        "Nothing was refused because something did not work",
        "Refusals without a reason in the request teach people to go round the proxy.",
        "`dlp audit tail`, then `dlp explain REFERENCE`",
        ("ASI08", "T4"), _closed,
    ),
    Check(
        "token-guessing", Severity.MEDIUM,
        "Nobody is locked out for wrong tokens",
        "Somebody guesses, or an agent has an old token.",
        "dlp audit tail tells who; dlp agents revoke, then add",
        ("ASI03", "T9"), _guessing,
    ),
    Check(
        "coverage", Severity.MEDIUM,
        "What is forwarded was read",
        "What nobody reads can hold anything.",
        "Look at `inspect: none` and at dlp_skipped_bytes_total",
        ("ASI02", "T2"), _unread,
    ),
)  # fmt: skip
