"""The nouns of the doctor: a check, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from dlp.doctor.picture import Picture

Look = Callable[[Picture], Iterable[str]]


class Severity(StrEnum):
    """How bad it is when a check finds something; the worst stands first."""

    CRITICAL = "critical"
    """The proxy can be gone round or impersonated."""
    HIGH = "high"
    """A secret is within reach, or a protection is off."""
    MEDIUM = "medium"
    """A second line of defence is missing."""
    LOW = "low"
    """Worth knowing."""

    def reaches(self, threshold: Severity) -> bool:
        """Whether it is as bad as `threshold`, or worse."""
        order = list(Severity)
        return order.index(self) <= order.index(threshold)


class Status(StrEnum):
    """What came of a check."""

    OK = "ok"
    FINDING = "finding"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table."""

    id: str
    severity: Severity
    title: str
    """What holds when nothing is found."""
    why: str
    """Why it matters."""
    remedy: str
    owasp: tuple[str, ...]
    """Ids of `owasp.NAMES`."""
    look: Look
    """Yields a sentence for each thing that is wrong."""
    repair: Look | None = None
    """Puts right what is safe to put right; yields what it changed."""

    @property
    def area(self) -> str:
        """The module it stands in."""
        return self.look.__module__.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one check."""

    check: Check
    status: Status
    seen: tuple[str, ...] = ()
    """What is wrong, or the one reason why the check was not made."""
    changed: tuple[str, ...] = ()
    """What a repair did before this was seen."""
