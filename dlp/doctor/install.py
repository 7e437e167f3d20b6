"""The program itself: who could change it, and what it stands on."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import orjson

from dlp.doctor.access import NOBODY, may_replace
from dlp.doctor.check import Check, Severity
from dlp.doctor.picture import CannotTellError, Picture
from dlp.doctor.policy import written_by_others

PATIENCE_S = 60
MITMPROXY = ((12, 2, 3), (13,))
"""From the first up to, and without, the second: what the guards were proved on."""


def _old(_: Picture) -> Iterator[str]:
    try:
        found = version("mitmproxy")
    except PackageNotFoundError:
        yield "mitmproxy is not installed"
        return
    yield from wrong_version(found)


def wrong_version(found: str) -> Iterator[str]:
    """What is wrong with a version of mitmproxy."""
    numbers = tuple(int(digits) for digits in re.findall(r"\d+", found)[:3])
    first, after = MITMPROXY
    if not first <= numbers < after:
        yield f"mitmproxy {found} is installed"


def _options(_: Picture) -> Iterator[str]:
    words = [sys.executable, "-P", "-m", "addons.assess"]
    done = subprocess.run(  # noqa: S603
        words, cwd="/", capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    try:
        missing = orjson.loads(done.stdout)
    except ValueError:
        raise CannotTellError("mitmproxy cannot be loaded") from None
    yield from (f"mitmproxy does not know the option {name}" for name in missing)


def _code_writable(picture: Picture) -> Iterator[str]:
    here = Path(__file__).resolve().parents[1]
    addons = importlib.util.find_spec("addons")
    places = [here, Path(sys.executable)]
    if addons and addons.submodule_search_locations:
        places += map(Path, addons.submodule_search_locations)
    as_a_whole = tuple(written_by_others(picture, places))
    inside = [] if as_a_whole else [p for p in here.rglob("*.py") if not p.is_symlink()]
    yield from (*as_a_whole, *written_by_others(picture, inside))


def _path_writable(picture: Picture) -> Iterator[str]:
    names = picture.environment.get("PATH", "").split(":")
    if not any(names):
        raise CannotTellError("PATH is not set")
    for name in dict.fromkeys(names):
        path = Path(name)
        if not path.is_absolute():
            yield f"PATH holds {name or 'the current folder'}"
        elif path.is_dir() and (found := may_replace(NOBODY, path)):
            yield f"PATH holds {name}; {found} can be written by others"


CHECKS = (
    Check(
        "mitmproxy-version", Severity.HIGH,
        "mitmproxy has a version that the guards were proved on",
        "Older ones have known holes; in newer ones an option may mean something else.",
        "pip install 'mitmproxy>=12.2.3,<13'",
        ("ASI04", "T17"), _old,
    ),
    Check(
        "mitmproxy-options", Severity.HIGH,
        "mitmproxy knows every option that a guard rests on",
        "What it does not know is not set, and the guard is not there.",
        "pip install 'mitmproxy>=12.2.3,<13'",
        ("ASI04", "T17"), _options,
    ),
    Check(
        "code-writable", Severity.CRITICAL,
        "Only the operator can change the program",
        "Who writes it decides what it stops.",
        "Install it as another user than the agent's, or start agents with `dlp run` "
        "and say --caged",
        ("ASI04", "ASI03", "T17"), _code_writable,
    ),
    Check(
        "path-writable", Severity.HIGH,
        "No folder of PATH can be written by others",
        "They put their own `dlp`, `bwrap` or `git` there.",
        "Take the folder out of PATH, or the write permission from it",
        ("ASI05", "ASI04", "T11"), _path_writable,
    ),
)  # fmt: skip
