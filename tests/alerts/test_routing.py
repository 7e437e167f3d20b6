"""Routing: alerts and the time in, notices out. Every row is a rule of `alerts.yaml`."""

from dataclasses import replace
from datetime import UTC, time

from hypothesis import given, settings
from hypothesis import strategies as st

from dlp.alerts.nouns import Alert, Severity
from dlp.alerts.quiet import Quiet
from dlp.alerts.routing import MAX_GROUPS, MAX_SEEN, Route, advance
from dlp.policy.statement import Agents

INFO, WARNING, CRITICAL = Severity
LEAK = Alert(
    0.0, "secret", CRITICAL, "builder", "evil.example", "github", "block", "dlp-1"
)
NIGHT = Quiet(time(22), time(7), UTC, frozenset(range(7)), frozenset({CRITICAL}))
HOUR = 3600.0
DAY = 24 * HOUR


def route(name="r", **changes) -> Route:
    default = Route(
        name, frozenset(Severity), frozenset({"secret", "destination", "audit"}),
        Agents.of(["*"]), ("hook",),
    )  # fmt: skip
    return replace(default, **changes)


class Clock:
    """Steps of a routing, and what came out of each."""

    def __init__(self, *routes: Route) -> None:
        self.routes = routes
        self.state = {}

    def step(self, now: float, *alerts: Alert):
        self.state, made = advance(self.routes, self.state, alerts, now)
        return [notice for _, notice in made]


def counts(notices):
    return [notice.count for notice in notices]


def names(made):
    return [one.id for one, _ in made]


def test_the_first_route_that_matches_takes_an_alert():
    routes = [
        route("loud", severities=frozenset({CRITICAL})), route("rest"), route("never"),
    ]  # fmt: skip
    mild = replace(LEAK, severity=INFO)
    _, made = advance(routes, {}, [LEAK, mild], 0.0)
    assert names(made) == ["loud", "rest"]


def test_continue_lets_the_next_routes_see_it():
    _, made = advance([route("a", go_on=True), route("b"), route("c")], {}, [LEAK], 0.0)
    assert names(made) == ["a", "b"]


def test_severity_kind_and_agent_must_all_fit():
    strict = route(
        severities=frozenset({CRITICAL}), kinds=frozenset({"secret"}), agents=Agents.of(["bui*"]),
    )  # fmt: skip
    assert strict.takes(LEAK)
    assert not strict.takes(replace(LEAK, severity=WARNING))
    assert not strict.takes(replace(LEAK, kind="canary"))
    assert not strict.takes(replace(LEAK, agent="ann"))


def test_what_has_no_agent_goes_to_routes_for_everybody():
    broken = Alert(0.0, "audit", CRITICAL)
    assert route().takes(broken)
    assert not route(agents=Agents.of(["ci-*"])).takes(broken)


def test_the_same_is_told_once_and_its_count_at_the_end():
    clock = Clock(route(repeat=HOUR))
    assert counts(clock.step(0, LEAK)) == [1]
    for second in range(1, 10):
        assert (
            clock.step(second, replace(LEAK, at=float(second), reference="other")) == []
        )
    assert clock.step(HOUR - 1) == []
    (again,) = clock.step(HOUR)
    assert again.count == 9
    (group,) = again.groups
    assert (group.alert.at, group.last_at) == (1.0, 9.0)
    assert clock.step(HOUR + 1, LEAK) == [], "its count was just told"
    assert counts(clock.step(2 * HOUR)) == [1]
    assert clock.step(3 * HOUR) == []
    assert counts(clock.step(3 * HOUR + 1, LEAK)) == [1]


def test_another_agent_host_secret_or_kind_is_something_else():
    clock = Clock(route(repeat=HOUR))
    others = [
        LEAK, replace(LEAK, agent="b"), replace(LEAK, host="h"), replace(LEAK, secret="s"),
        replace(LEAK, kind="destination"), replace(LEAK, resolved=True),
    ]  # fmt: skip
    assert counts(clock.step(0, *others)) == [1] * 6


def test_a_repeat_of_nothing_tells_each():
    clock = Clock(route(repeat=0.0))
    assert counts(clock.step(0, LEAK, replace(LEAK, reference="dlp-2"))) == [1, 1]


def test_what_was_counted_is_told_when_repeat_is_switched_off():
    clock = Clock(route(repeat=HOUR))
    clock.step(0, LEAK, LEAK, LEAK)
    clock.routes = [route(repeat=0.0)]
    assert counts(clock.step(1)) == [2]


def test_beyond_the_limit_comes_one_digest_when_a_place_is_free():
    clock = Clock(route(count=3, per=HOUR))
    many = [replace(LEAK, host=f"h{n}.example", at=float(n)) for n in range(10)]
    assert counts(clock.step(0, *many)) == [1, 1, 1]
    assert clock.step(HOUR - 1) == []
    (rest,) = clock.step(HOUR)
    assert (rest.count, len(rest.groups)) == (7, 7)


def test_what_is_less_severe_never_uses_up_the_limit_of_what_is_more():
    clock = Clock(route(count=2, per=HOUR))
    noise = [replace(LEAK, severity=INFO, host=f"h{n}") for n in range(50)]
    assert counts(clock.step(0, *noise)) == [1, 1]
    (urgent,) = clock.step(1, LEAK)
    assert urgent.severity is CRITICAL


def test_the_most_severe_gets_the_last_place():
    clock = Clock(route(count=1))
    (only,) = clock.step(0, replace(LEAK, severity=INFO, host="a"), LEAK)
    assert only.severity is CRITICAL


def test_a_digest_gathers_from_the_first_alert_on():
    clock = Clock(route(digest=600.0))
    assert clock.step(0, LEAK) == []
    assert clock.step(300, replace(LEAK, host="b.example"), LEAK) == []
    assert clock.step(599) == []
    (digest,) = clock.step(600)
    assert digest.count == 3
    assert [group.count for group in digest.groups] == [2, 1]
    assert clock.step(1300) == []


def test_quiet_hours_hold_what_is_not_exempt_until_they_end():
    clock = Clock(route(quiet=NIGHT))
    mild = replace(LEAK, severity=WARNING)
    assert counts(clock.step(23 * HOUR, mild, LEAK)) == [1]
    assert clock.step(30 * HOUR, replace(mild, host="b")) == []
    (morning,) = clock.step(31 * HOUR)
    assert (morning.count, morning.severity) == (2, WARNING)


def test_a_digest_in_quiet_hours_sends_only_what_is_exempt():
    clock = Clock(route(quiet=NIGHT, digest=60.0))
    clock.step(23 * HOUR, LEAK, replace(LEAK, severity=INFO, host="b"))
    (urgent,) = clock.step(23 * HOUR + 60)
    assert (urgent.count, urgent.severity) == (1, CRITICAL)
    assert counts(clock.step(31 * HOUR)) == [1]


def test_the_most_severe_stands_first():
    clock = Clock(route(digest=1.0))
    clock.step(
        0,
        replace(LEAK, severity=INFO, host="a"),
        LEAK,
        replace(LEAK, severity=WARNING, host="c"),
    )
    (digest,) = clock.step(1)
    assert [g.alert.severity for g in digest.groups] == [CRITICAL, WARNING, INFO]


def test_a_flood_is_told_with_less_detail_and_hides_no_other_agent():
    clock = Clock(route(digest=60.0))
    flood = [replace(LEAK, host=f"h{n}.example") for n in range(1000)]
    clock.step(0, *flood)
    clock.step(1, replace(LEAK, agent="quiet-one", severity=WARNING))
    for _ in range(2):
        clock.step(2, *flood)
    (digest,) = clock.step(60)
    assert digest.count == 3001
    assert len(digest.groups) <= MAX_GROUPS
    assert max(group.count for group in digest.groups) > 2000


def test_another_agent_of_equal_rank_is_told_or_counted():
    clock = Clock(route(digest=60.0))
    agents = [replace(LEAK, agent=f"a{n}") for n in range(MAX_GROUPS + 5)]
    clock.step(0, *agents)
    (digest,) = clock.step(60)
    assert (len(digest.groups), digest.more, digest.count) == (
        MAX_GROUPS,
        5,
        MAX_GROUPS + 5,
    )


def test_a_more_severe_one_takes_the_place_of_a_mild_one():
    clock = Clock(route(digest=60.0))
    clock.step(
        0, *(replace(LEAK, agent=f"a{n}", severity=INFO) for n in range(MAX_GROUPS))
    )
    clock.step(1, LEAK)
    (digest,) = clock.step(60)
    assert digest.groups[0].alert.severity is CRITICAL
    assert (digest.more, digest.count) == (1, MAX_GROUPS + 1)


def test_what_is_remembered_is_bounded():
    clock = Clock(route(repeat=HOUR, count=5))
    for start in range(0, MAX_SEEN + 500, 100):
        clock.step(0, *(replace(LEAK, host=f"h{start + n}") for n in range(100)))
    assert len(clock.state["r"].seen) == MAX_SEEN + 1
    assert len(clock.state["r"].waiting.groups) <= MAX_GROUPS


def test_a_clock_that_is_set_back_does_not_silence():
    clock = Clock(route(repeat=HOUR, count=1, digest=0.0))
    assert counts(clock.step(100 * DAY, LEAK)) == [1]
    assert counts(clock.step(0.0, LEAK)) == [1]
    gathering = Clock(route(digest=60.0))
    gathering.step(100 * DAY, LEAK)
    assert counts(gathering.step(0.0)) == [1]


def test_a_notice_has_an_id_that_only_depends_on_what_it_tells():
    one, other = Clock(route()), Clock(route())
    (first,) = one.step(5.0, LEAK)
    (second,) = other.step(5.0, LEAK)
    (third,) = one.step(6.0, replace(LEAK, host="b"))
    assert first.id == second.id
    assert first.id != third.id


alerts = st.builds(
    Alert, st.just(0.0), st.sampled_from(["secret", "destination", "other"]),
    st.sampled_from(list(Severity)), st.sampled_from(["a", "b", ""]),
    st.sampled_from(["h", "i", "j"]), st.sampled_from(["s", "t"]),
)  # fmt: skip
steps = st.lists(
    st.tuples(st.floats(0, 3 * HOUR), st.lists(alerts, max_size=8)), max_size=12
)


@settings(max_examples=60)
@given(
    steps,
    st.sampled_from([0.0, 60.0, HOUR]),
    st.integers(1, 4),
    st.sampled_from([0.0, 30.0, HOUR]),
    st.sampled_from([None, NIGHT]),
)
def test_counts_add_up_whatever_the_rules(steps, repeat, count, digest, quiet):
    """Nothing is lost, and nothing is told twice."""
    rule = route(repeat=repeat, count=count, digest=digest, quiet=quiet)
    clock, now, came, told = Clock(rule), 20 * HOUR, 0, []
    for pause, drawn in steps:
        now += pause
        batch = [
            replace(one, reference=f"{now}-{n}-{came}") for n, one in enumerate(drawn)
        ]
        came += sum(rule.takes(alert) for alert in batch)
        told += clock.step(now, *batch)
    for _ in range(60):
        now += HOUR
        told += clock.step(now)
    assert sum(counts(told)) == came
    assert len({notice.id for notice in told}) == len(told)
    assert all(notice.groups for notice in told)
