import pytest

from dlp.doctor.check import Check, Result, Severity, Status
from dlp.doctor.examine import MOST_SEEN, Report, examine
from dlp.doctor.picture import CannotTellError
from dlp.errors import StateError


def check(look, severity=Severity.HIGH, repair=None, name="x"):
    return Check(name, severity, "t", "w", "r", ("ASI03",), look, repair)


def fails(error):
    def look(_):
        raise error
        yield ""

    return look


def only(picture, *words, **other):
    return examine(picture(), [check(*words, **other)]).results[0]


def test_silence_is_fine_and_words_are_findings(picture):
    assert only(picture, lambda _: ()).status is Status.OK
    found = only(picture, lambda _: ["this"])
    assert (found.status, found.seen) == (Status.FINDING, ("this",))


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (CannotTellError("no proxy"), "no proxy"),
        (StateError("locked"), "locked"),
        (PermissionError(13, "Permission denied", "/a"), "/a: Permission denied"),
    ],
)
def test_what_cannot_be_made_is_skipped_with_its_reason(picture, error, why):
    result = only(picture, fails(error))
    assert (result.status, result.seen) == (Status.SKIPPED, (why,))


def test_what_was_seen_before_it_broke_off_is_a_finding(picture):
    def look(_):
        yield "this"
        raise PermissionError(13, "Permission denied", "/a")

    result = only(picture, look)
    assert result.status is Status.FINDING
    assert result.seen[0] == "this"
    assert "/a: Permission denied" in result.seen[1]


def test_a_list_without_end_is_cut_and_counted(picture):
    seen = only(picture, lambda _: map(str, range(MOST_SEEN + 3))).seen
    assert (len(seen), seen[-1]) == (MOST_SEEN + 1, "and 3 more")


def test_names_from_the_machine_cannot_steer_a_terminal(picture):
    assert "\x1b" not in only(picture, lambda _: ["a\x1b[2J"]).seen[0]


def test_a_repair_is_followed_by_a_second_look(picture):
    there = ["bad"]

    def mend(_):
        there.clear()
        yield "mended"

    checks = [check(lambda _: list(there), repair=mend)]
    (before,) = examine(picture(), checks).results
    (after,) = examine(picture(), checks, repair=True).results
    assert (before.status, before.changed) == (Status.FINDING, ())
    assert (after.status, after.changed) == (Status.OK, ("mended",))


def test_a_repair_that_cannot_be_made_says_why(picture):
    def mend(_):
        yield "half"
        raise PermissionError(1, "Operation not permitted", "/a")

    checks = [check(lambda _: ["bad"], repair=mend)]
    (after,) = examine(picture(), checks, repair=True).results
    assert after.status is Status.FINDING
    assert after.changed == ("half",)
    assert after.seen == ("bad", "not repaired: /a: Operation not permitted")


def report(*rows):
    return Report(
        tuple(Result(check(None, severity), status) for severity, status in rows)
    )


FINE, FOUND, SKIPPED = Status.OK, Status.FINDING, Status.SKIPPED


@pytest.mark.parametrize(
    ("rows", "score"),
    [
        ([("high", FINE)], 100),
        ([("high", FINE), ("low", FOUND)], 90),
        ([("low", FINE), ("low", FOUND), ("low", SKIPPED)], 50),
        ([*[("high", FINE)] * 99, ("high", FOUND)], 69),
        ([*[("high", FINE)] * 99, ("critical", FOUND)], 39),
        ([("high", SKIPPED)], 0),
        ([("high", FOUND)], 0),
    ],
)
def test_the_score(rows, score):
    assert report(*[(Severity(s), status) for s, status in rows]).score == score


@pytest.mark.parametrize(
    ("found", "threshold", "reached"),
    [
        ("critical", "high", True),
        ("high", "high", True),
        ("medium", "high", False),
        ("low", "low", True),
    ],
)
def test_the_threshold(found, threshold, reached):
    assert report((Severity(found), FOUND)).reaches(Severity(threshold)) is reached


def test_the_worst_comes_first():
    rows = [(Severity(s), FOUND) for s in ("low", "critical", "medium", "high")]
    order = [one.check.severity for one in report(*rows).findings]
    assert order == ["critical", "high", "medium", "low"]
