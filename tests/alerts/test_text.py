from dataclasses import replace

from dlp.alerts.nouns import Alert, Group, Notice, Severity
from dlp.alerts.text import MAX_BYTES, document, lines, title

ALERT = Alert(
    1.7e9, "secret", Severity.CRITICAL, "builder", "evil.example", "github", "rule",
    "block", "dlp-1",
)  # fmt: skip


def notice(*groups: Group, more: int = 0) -> Notice:
    return Notice("dlpn-1", "leaks", 1.7e9, groups, more)


def test_one_alert():
    one = notice(Group(ALERT, 1, ALERT.at))
    assert title(one, "here") == (
        "agent-dlp here, critical: A registered secret was sent where it does not belong"
    )
    assert lines(one) == [
        "critical, 2023-11-14T22:13:20Z: A registered secret was sent where it does not "
        "belong, agent `builder`, host `evil.example`, secret `github`, stopped, `dlp-1`"
    ]


def test_several_times():
    (line,) = lines(notice(Group(ALERT, 7, ALERT.at + 60)))
    assert line.endswith("`dlp-1`, 7 times until 2023-11-14T22:14:20Z")


def test_a_digest_counts_by_kind():
    denied = replace(ALERT, kind="destination", severity=Severity.INFO, secret="")
    digest = notice(Group(ALERT, 2, 0.0), Group(denied, 40, 0.0), more=3)
    assert (
        title(digest, "here")
        == "agent-dlp here, critical: 45 alerts (40 destination, 2 secret)"
    )
    assert "by `rule`" in lines(digest)[1]
    assert lines(digest)[-1] == "and 3 more: dlp audit tail"


def test_what_does_not_fit_is_counted():
    groups = [Group(replace(ALERT, host="h" * 200), 2, 0.0)] * 50
    told = lines(notice(*groups, more=1))
    assert len("\n".join(told).encode()) < MAX_BYTES + 100
    assert told[-1] == f"and {2 * (50 - len(told) + 1) + 1} more: dlp audit tail"


def test_what_is_over():
    over = Alert(1.7e9, "audit", Severity.CRITICAL, resolved=True)
    assert title(notice(Group(over, 1, 0.0)), "").endswith(
        "Over: The audit log cannot be written"
    )


def test_a_back_quote_in_a_name_ends_no_quote():
    (line,) = lines(notice(Group(replace(ALERT, agent="a`b"), 1, 0.0)))
    assert "agent `a'b`," in line


def test_the_document():
    told = document(notice(Group(ALERT, 2, ALERT.at + 1), more=1), "here")
    assert (told["version"], told["id"], told["count"], told["more"]) == (
        1,
        "dlpn-1",
        3,
        1,
    )
    assert told["alerts"] == [{
        "kind": "secret", "severity": "critical",
        "title": "A registered secret was sent where it does not belong",
        "agent": "builder", "host": "evil.example", "secret": "github", "rule": "rule",
        "action": "block", "reference": "dlp-1", "resolved": False, "count": 2,
        "first_at": "2023-11-14T22:13:20Z", "last_at": "2023-11-14T22:13:21Z",
    }]  # fmt: skip
