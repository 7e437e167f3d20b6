"""
Which alerts are sent, when, and as what: alerts and the time go in, notices come out.

    alert -> routes (the first that matches, or on with `continue`)
          -> seen within `repeat`? counted, and told at the end of that time
          -> quiet hours, `digest` or `limit`? gathered, and told together later
          -> else a notice of its own

Rule 1: nothing is lost on the way: over all notices of a route, counts add up to the
alerts it took. Rule 2: the state is bounded whatever comes: beyond the bounds alerts
are told with less detail. Rule 3: what is less severe, or another agent's, never
crowds out what is more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from dlp.alerts.nouns import RANK, Alert, Group, Notice, Severity
from dlp.alerts.quiet import Quiet
from dlp.model import noun
from dlp.policy.statement import Agents

MAX_GROUPS = 50
"""Things one notice tells apart."""
MAX_SEEN = 2000
"""Things one route remembers, to tell what is the same again."""
SEVERAL = "several"
"""In place of a host or secret where more than one is meant."""


@noun
class Route:
    """One route, as it is asked."""

    id: str
    severities: frozenset[Severity]
    kinds: frozenset[str]
    agents: Agents
    to: tuple[str, ...]
    repeat: float = 0.0
    count: int = 30
    per: float = 3600.0
    digest: float = 0.0
    quiet: Quiet | None = None
    go_on: bool = False

    def takes(self, alert: Alert) -> bool:
        """Whether it is meant."""
        return (
            alert.severity in self.severities
            and alert.kind in self.kinds
            and (alert.agent in self.agents if alert.agent else self.agents.everyone)
        )


@noun
class Seen:
    """Something was told, and until when the same is only counted."""

    until: float
    again: Group | None = None


@noun
class Waiting:
    """What is told together later."""

    since: float
    groups: tuple[Group, ...]
    more: int = 0


@noun
class RouteState:
    """What one route remembers from one step to the next."""

    seen: Mapping[str, Seen] = field(default_factory=dict)
    waiting: Waiting | None = None
    sent: tuple[tuple[float, int], ...] = ()
    """When each notice of the last `per` seconds was sent, and its rank."""


State = Mapping[str, RouteState]
"""By id of the route."""


def routes_for(routes: Iterable[Route], alert: Alert) -> Iterator[Route]:
    """The routes that take an alert."""
    for route in routes:
        if route.takes(alert):
            yield route
            if not route.go_on:
                return


def advance(
    routes: Sequence[Route], state: State, alerts: Iterable[Alert], now: float
) -> tuple[State, list[tuple[Route, Notice]]]:
    """What is sent now, and what to hand in next time; call it again and again."""
    taken: dict[str, list[Alert]] = {route.id: [] for route in routes}
    for alert in alerts:
        for route in routes_for(routes, alert):
            taken[route.id].append(alert)
    after: dict[str, RouteState] = {}
    notices: list[tuple[Route, Notice]] = []
    for route in routes:
        before = state.get(route.id, RouteState())
        after[route.id], made = _step(route, before, taken[route.id], now)
        notices += ((route, notice) for notice in made)
    return after, notices


def _step(
    route: Route, state: RouteState, alerts: list[Alert], now: float
) -> tuple[RouteState, list[Notice]]:
    seen, fresh = _distinct(route, state.seen, alerts, now)
    sent = tuple(one for one in state.sent if 0 <= now - one[0] < route.per)
    ready, held = _split(route, fresh, now)
    notices: list[Notice] = []
    if route.digest:
        waiting, due = _due(route, _gather(state.waiting, [*ready, *held], now), now)
        ready = []
    else:
        waiting, due = _due(route, state.waiting, now)
        waiting = _gather(waiting, held, now)
    if due is not None and _may_send(route, sent, due.groups):
        notices.append(_notice(route, 0, due.groups, now, due.more))
        sent = (*sent, (now, _rank(due.groups)))
    elif due is not None:
        waiting = _gather(waiting, due.groups, due.since, due.more)
    for group in sorted(ready, key=lambda group: -_rank([group])):
        if _may_send(route, sent, [group]):
            notices.append(_notice(route, len(notices), [group], now))
            sent = (*sent, (now, _rank([group])))
        else:
            waiting = _gather(waiting, [group], now)
    return RouteState(seen, waiting, sent), notices


def _distinct(
    route: Route, before: Mapping[str, Seen], alerts: list[Alert], now: float
) -> tuple[Mapping[str, Seen], list[Group]]:
    """What is new, or new again; the rest is counted."""
    if not route.repeat:
        left = [one.again for one in before.values() if one.again]
        return {}, [*left, *(Group(alert, 1, alert.at) for alert in alerts)]
    seen = dict(before)
    fresh: list[Group] = []
    for key, one in before.items():
        # A window that ends later than `repeat` allows was made by another clock.
        if not now < one.until <= now + route.repeat:
            del seen[key]
            if one.again:
                fresh.append(one.again)
                seen[key] = Seen(now + route.repeat)
    for came in alerts:
        full = came.key not in seen and len(seen) >= MAX_SEEN
        alert = _coarse(came) if full else came
        key = alert.key
        if key in seen:
            seen[key] = replace(seen[key], again=_add(seen[key].again, alert))
        else:
            seen[key] = Seen(now + route.repeat)
            fresh.append(Group(alert, 1, alert.at))
    return seen, fresh


def _split(
    route: Route, groups: Iterable[Group], now: float
) -> tuple[list[Group], list[Group]]:
    """What may be told now, and what waits for the end of quiet hours."""
    quiet = route.quiet if route.quiet and route.quiet.covers(now) else None
    ready: list[Group] = []
    held: list[Group] = []
    for group in groups:
        waits = quiet is not None and group.alert.severity not in quiet.exempt
        (held if waits else ready).append(group)
    return ready, held


def _due(
    route: Route, waiting: Waiting | None, now: float
) -> tuple[Waiting | None, Waiting | None]:
    """What goes on waiting, and what has waited long enough."""
    if waiting is None or 0 <= now - waiting.since < route.digest:
        return waiting, None
    ready, held = _split(route, waiting.groups, now)
    if not ready:
        return waiting, None
    if not held:
        return None, waiting
    return replace(waiting, groups=tuple(held)), Waiting(waiting.since, tuple(ready))


def _gather(
    waiting: Waiting | None, groups: Iterable[Group], since: float, more: int = 0
) -> Waiting | None:
    """Add groups to what waits, with less detail when there are too many."""
    known = list(waiting.groups) if waiting else []
    more += waiting.more if waiting else 0
    for group in groups:
        more += _put(known, group)
    if not known:
        return None
    return Waiting(waiting.since if waiting else since, tuple(known), more)


def _put(known: list[Group], group: Group) -> int:
    """Put a group among others; how many alerts lost their detail over it."""
    places = {one.alert.key: place for place, one in enumerate(known)}
    if group.alert.key in places:
        place = places[group.alert.key]
        known[place] = _both(known[place], group)
        return 0
    if len(known) < MAX_GROUPS:
        known.append(group)
        return 0
    coarse = replace(group, alert=_coarse(group.alert))
    for place, one in enumerate(known):
        if _coarse(one.alert).key == coarse.alert.key:
            known[place] = _both(replace(one, alert=_coarse(one.alert)), group)
            return 0
    mildest = min(range(len(known)), key=lambda place: _rank([known[place]]))
    if _rank([known[mildest]]) < _rank([group]):
        group, known[mildest] = known[mildest], group
    return group.count


def _both(one: Group, other: Group) -> Group:
    first, second = sorted((one, other), key=lambda group: group.alert.at)
    alert = replace(
        first.alert,
        host=one.alert.host,
        secret=one.alert.secret,
        rule=one.alert.rule,
        severity=max(one.alert.severity, other.alert.severity, key=RANK.__getitem__),
    )
    last = max(one.last_at, second.last_at, first.last_at)
    return Group(alert, one.count + other.count, last)


def _add(group: Group | None, alert: Alert) -> Group:
    single = Group(alert, 1, alert.at)
    return _both(group, single) if group else single


def _coarse(alert: Alert) -> Alert:
    """Who and what, without where: these the operator chose, so they are few."""
    host, secret = alert.host and SEVERAL, alert.secret and SEVERAL
    return replace(alert, host=host, secret=secret, rule=alert.rule and SEVERAL)


def _rank(groups: Iterable[Group]) -> int:
    return max(RANK[group.alert.severity] for group in groups)


def _may_send(
    route: Route, sent: tuple[tuple[float, int], ...], groups: Iterable[Group]
) -> bool:
    rank = _rank(groups)
    return sum(other >= rank for _, other in sent) < route.count


def _notice(
    route: Route, number: int, groups: Iterable[Group], now: float, more: int = 0
) -> Notice:
    """`number`: which of this step's notices it is."""
    ordered = tuple(sorted(groups, key=lambda g: (-_rank([g]), g.alert.at)))
    text = f"{route.id}\0{number}\0{now!r}\0{ordered!r}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Notice(f"dlpn-{digest[:24]}", route.id, now, ordered, more)
