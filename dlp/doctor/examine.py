"""
Making the checks, repairing what may be repaired, and the score.

A check that cannot be made is skipped with its reason, whatever the reason is: a file
of somebody else, a proxy that does not run, a store that does not open.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dlp.doctor.check import Check, Look, Result, Severity, Status
from dlp.doctor.picture import CannotTellError, Picture
from dlp.errors import DLPError
from dlp.record.mask import printable

MOST_SEEN = 20
"""Of one check; how many more there are is said."""
WEIGHT = {
    Severity.CRITICAL: 20,
    Severity.HIGH: 10,
    Severity.MEDIUM: 4,
    Severity.LOW: 1,
}
CEILING = {Severity.CRITICAL: 39, Severity.HIGH: 69}
"""The best score while something so bad is found."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all checks."""

    results: tuple[Result, ...]

    @property
    def findings(self) -> tuple[Result, ...]:
        """What was found, the worst first."""
        order = list(Severity)
        found = (one for one in self.results if one.status is Status.FINDING)
        return tuple(sorted(found, key=lambda one: order.index(one.check.severity)))

    @property
    def score(self) -> int:
        """
        0 to 100: the share of the weight of the checks that were made which is fine,
        under the ceiling of the worst finding. 0 when no check could be made.
        """
        made = [one for one in self.results if one.status is not Status.SKIPPED]
        if not made:
            return 0
        fine = sum(_weight(one) for one in made if one.status is Status.OK)
        share = 100 * fine // sum(map(_weight, made))
        found = (one.check.severity for one in self.findings)
        return min([share, *(CEILING.get(severity, 100) for severity in found)])

    def reaches(self, threshold: Severity) -> bool:
        """Whether something at least so bad was found."""
        return any(one.check.severity.reaches(threshold) for one in self.findings)


def examine(
    picture: Picture,
    checks: Iterable[Check],
    *,
    repair: bool = False,
    tell: Callable[[Check], None] = lambda _: None,
) -> Report:
    """Make the checks in order; `tell` hears of each before it is made."""
    return Report(tuple(_results(picture, checks, repair, tell)))


def _results(
    picture: Picture,
    checks: Iterable[Check],
    repair: bool,  # noqa: FBT001
    tell: Callable[[Check], None],
) -> Iterator[Result]:
    for check in checks:
        tell(check)
        result = _make(check, picture)
        if repair and check.repair and result.status is Status.FINDING:
            done, changed = _said(check.repair, picture)
            again = _make(check, picture)
            why = () if done else (f"not repaired: {changed[-1]}",)
            changed = changed if done else changed[:-1]
            yield Result(check, again.status, (*again.seen, *why), changed)
        else:
            yield result


def _make(check: Check, picture: Picture) -> Result:
    made, said = _said(check.look, picture)
    if not made and len(said) > 1:
        rest = f"what else there is could not be looked at: {said[-1]}"
        return Result(check, Status.FINDING, (*said[:-1], rest))
    if not made:
        return Result(check, Status.SKIPPED, said)
    return Result(check, Status.FINDING if said else Status.OK, said)


def _said(look: Look, picture: Picture) -> tuple[bool, tuple[str, ...]]:
    """Whether it could be done, and what it said; paths there are anybody's text."""
    said: list[str] = []
    try:
        said.extend(look(picture))
    except (CannotTellError, DLPError) as error:
        return False, (*said, printable(str(error)))
    except subprocess.TimeoutExpired as error:
        return False, (*said, f"{error.cmd[0]} took longer than {error.timeout:.0f} s")
    except OSError as error:
        why = f"{error.filename or 'something'}: {error.strerror or 'cannot be used'}"
        return False, (*said, printable(why))
    more = len(said) - MOST_SEEN
    kept = [printable(text) for text in said[:MOST_SEEN]]
    return True, (*kept, *([f"and {more} more"] if more > 0 else []))


def _weight(result: Result) -> int:
    return WEIGHT[result.check.severity]
