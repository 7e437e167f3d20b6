"""The audit log: whether it is whole, and would outlive who holds this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dlp.audit import verify
from dlp.audit.read import segments
from dlp.doctor.check import Check, Severity
from dlp.doctor.picture import CannotTellError, Picture

_DAY_S = 86400.0


def _folder(picture: Picture) -> Path:
    folder = picture.kept() / "audit"
    if not folder.is_dir() or not list(segments(folder)):
        raise CannotTellError("there is no audit log yet")
    return folder


def _broken(picture: Picture) -> Iterator[str]:
    yield from map(str, verify(_folder(picture)).faults)


def _not_shipped(picture: Picture) -> Iterator[str]:
    places = list((_folder(picture) / "ship").glob("*.json"))
    if not places:
        yield "the audit log is sent nowhere"
        return
    last = max(path.stat().st_mtime for path in places)
    newest = max(path.stat().st_mtime for path in segments(_folder(picture)))
    if newest - last > _DAY_S:
        yield f"nothing was sent for {(newest - last) / _DAY_S:.0f} days"


CHECKS = (
    Check(
        "audit-intact", Severity.CRITICAL,
        "No line of the audit log was changed, dropped or reordered",
        "Somebody hides what was done, and can write in the state folder.",
        "Compare with what was sent elsewhere; look at who could write there",
        ("ASI10", "T8"), _broken,
    ),
    Check(
        "audit-shipped", Severity.LOW,
        "The audit log is sent to another machine",
        "Who holds the keys of the state can forge the log.",
        "dlp audit export --to URL --follow",
        ("ASI10", "T8"), _not_shipped,
    ),
)  # fmt: skip
