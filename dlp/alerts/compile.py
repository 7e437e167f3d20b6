"""
What `alerts.yaml` says -> `Routing`, or everything that cannot be meant as written.

Strategy as in `dlp.policy.compile`: each check names the keys it is about. Beyond the
values: channels nobody has, routes that can never match, secrets in the file itself.
Whether secrets can be read is asked apart (`unreadable`): another process may be able.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dlp.alerts.address import address, written_address
from dlp.alerts.nouns import Severity
from dlp.alerts.quiet import Quiet
from dlp.alerts.routing import Route
from dlp.alerts.schema import (
    DAYS,
    AlertsModel,
    AppriseModel,
    QuietModel,
    RouteModel,
    SourceModel,
    TelegramModel,
    clock,
)
from dlp.alerts.sources import Source, SourceError
from dlp.errors import Problem, RuleError
from dlp.model import noun
from dlp.policy.statement import Agents
from dlp.rulefile import Located, Wrong, builtin_folder, load_model
from dlp.rulefile.faults import did_you_mean
from dlp.rulefile.tree import Keys

FILE = "alerts.yaml"


@noun
class Channel:
    """Where messages go, and how."""

    id: str
    type: str
    url: Source
    secret: Source | None = None
    """Key of the signature, token of a bot, access token."""
    chat: str = ""
    ca: str = ""
    """Absolute path of a PEM file, or empty."""
    plain_http: bool = False


@noun
class Routing:
    """One generation of `alerts.yaml`. Immutable; swapped whole on reload."""

    channels: dict[str, Channel] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    generation: str = ""


def load_alerts(folder: Path | None = None) -> Routing:
    """
    Read `alerts.yaml` of a rules folder; without one, nothing is ever sent.

    Raises:
        RuleError: it is wrong, or a secret that it names cannot be read.
    """
    located = read_alerts(folder)
    if located is None:
        return Routing()
    routing = compile_alerts(located)
    if problems := list(unreadable(located)):
        raise RuleError(*problems)
    return routing


def read_alerts(folder: Path | None = None) -> Located[AlertsModel] | None:
    """
    The file as written, with places, or None where there is none.

    Raises:
        RuleError: its shape is wrong, or its name nearly right.
    """
    path = (folder or builtin_folder()) / FILE
    if path.exists():
        return load_model(path, AlertsModel)
    nearly = path.with_suffix(".yml")
    if nearly.exists():
        raise RuleError(
            Problem(str(nearly), 0, 0, "is not read", f"rename it to {FILE}")
        )
    return None


def compile_alerts(located: Located[AlertsModel]) -> Routing:
    """
    Judge the whole of it.

    Raises:
        RuleError: it cannot be meant as written.
    """
    work = _Compiler(located)
    model = located.value
    channels = {name: work.channel(name) for name in model.channels}
    routes = tuple(work.route(place, one) for place, one in enumerate(model.routes))
    if not work.problems:
        work.shadows(routes)
    if work.problems:
        raise RuleError(*sorted(work.problems, key=lambda p: (p.line, p.column)))
    generation = hashlib.sha256(model.model_dump_json().encode()).hexdigest()[:16]
    return Routing(channels, routes, generation)


def unreadable(located: Located[AlertsModel]) -> Iterator[Problem]:
    """Secrets and URLs that cannot be read here and now, or not be used."""
    for name, model in located.value.channels.items():
        for key, value in model:
            if not isinstance(value, SourceModel):
                continue
            try:
                text = source(located.file, value).read()
                if key == "url" and not isinstance(model, AppriseModel):
                    address(text, plain_http=model.plain_http)
            except SourceError as error:
                what, remedy = str(error), "set it, or correct the name"
            except Wrong as wrong:
                what, remedy = f"what it names {wrong.what}", wrong.remedy
            else:
                continue
            yield located.problem(("channels", name, key), what, remedy)


def advise(located: Located[AlertsModel]) -> list[Problem]:
    """What is legal and should still make somebody look twice."""
    found = list(unreadable(located))
    model = located.value
    used = {name for route in model.routes for name in route.to}
    for name in model.channels:
        if name not in used:
            what = f"no route sends to `{name}`"
            found.append(
                located.problem(("channels", name), what, "name it in a route's `to`")
            )
    lost = [kind for kind in ("canary", "secret") if not _told(model, kind)]
    if model.routes and lost:
        what = f"no route takes every critical alert of {' and '.join(lost)}"
        remedy = "add a route with `severity: [critical]`"
        found.append(located.problem(("routes",), what, remedy))
    return sorted(found, key=lambda problem: (problem.line, problem.column))


def source(file: str, model: SourceModel | str) -> Source:
    """Where a secret of the rules file `file` comes from."""
    if isinstance(model, str):
        return Source(text=model)
    if model.env:
        return Source(env=model.env)
    assert model.file is not None
    return Source(file=_absolute(file, model.file))


def _absolute(file: str, path: str) -> str:
    return str((Path(file).parent / Path(path).expanduser()).absolute())


def _told(model: AlertsModel, kind: str) -> bool:
    return any(
        kind in route.kinds
        and Severity.CRITICAL in route.severity
        and "*" in route.agents
        for route in model.routes
    )


@dataclass(slots=True)
class _Compiler:
    located: Located[AlertsModel]
    problems: list[Problem] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)

    def channel(self, name: str) -> Channel:
        keys: Keys = ("channels", name)
        model = self.located.value.channels[name]
        file = self.located.file
        url = source(file, model.url)
        if isinstance(model, AppriseModel):
            if find_spec("apprise") is None:
                remedy = "pip install 'agent-dlp[alerts]'"
                self._note((*keys, "type"), "apprise is not installed", remedy)
            return Channel(name, model.type, url)
        if isinstance(model.url, str):
            self._written((*keys, "url"), url.text, plain_http=model.plain_http)
        ca = _absolute(file, model.ca) if model.ca else ""
        if ca and not Path(ca).is_file():
            self._note((*keys, "ca"), f"there is no file {ca}", "correct the path")
        secret = getattr(model, "secret", None) or getattr(model, "token", None)
        return Channel(
            name,
            model.type,
            url,
            source(file, secret) if secret else None,
            str(model.chat) if isinstance(model, TelegramModel) else "",
            ca,
            model.plain_http,
        )

    def route(self, place: int, one: RouteModel) -> Route:
        keys: Keys = ("routes", place)
        self._identify(keys, one.id)
        known = list(self.located.value.channels)
        for number, name in enumerate(one.to):
            here: Keys = (*keys, "to", number)
            if name not in known:
                remedy = did_you_mean(name, known) if known else "add it to `channels`"
                self._note(here, f"there is no channel `{name}`", remedy)
            elif name in one.to[:number]:
                self._note(here, f"`{name}` is named twice", "keep one of them")
        for number, pattern in enumerate(one.agents):
            if pattern.startswith("@"):
                here = (*keys, "agents", number)
                self._note(here, "groups are not known here", "write ids or `ci-*`")
        if not one.limit.per:
            self._note((*keys, "limit", "per"), "is no time", "write as in 1h")
        return Route(
            one.id,
            frozenset(one.severity),
            frozenset(one.kinds),
            Agents.of(one.agents),
            one.to,
            one.repeat,
            one.limit.count,
            one.limit.per,
            one.digest,
            self.quiet((*keys, "quiet"), one.quiet) if one.quiet else None,
            one.go_on,
        )

    def quiet(self, keys: Keys, model: QuietModel) -> Quiet | None:
        try:
            zone = ZoneInfo(model.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            what = f"there is no time zone `{model.zone}`"
            self._note((*keys, "zone"), what, "write as in Europe/Berlin")
            return None
        return Quiet(
            clock(model.start),
            clock(model.until),
            zone,
            frozenset(map(DAYS.index, model.days)),
            frozenset(model.exempt),
        )

    def shadows(self, routes: tuple[Route, ...]) -> None:
        """Routes behind one that takes all they would."""
        for place, one in enumerate(routes):
            for before in routes[:place]:
                if not before.go_on and _covers(before, one):
                    what = f"`{before.id}` takes everything that this route would"
                    remedy = "put it above, or write `continue: true` there"
                    self._note(("routes", place, "id"), what, remedy)
                    break

    def _written(self, keys: Keys, url: str, *, plain_http: bool) -> None:
        try:
            written_address(url, plain_http=plain_http)
        except Wrong as wrong:
            self._note(keys, wrong.what, wrong.remedy)

    def _identify(self, keys: Keys, name: str) -> None:
        if name in self.ids:
            line, _ = self.located.at("routes", self.ids[name], "id")
            self._note(
                (*keys, "id"), f"the id `{name}` is taken, in line {line}", "rename it"
            )
        self.ids.setdefault(name, int(keys[-1]))

    def _note(self, keys: Keys, what: str, remedy: str) -> None:
        self.problems.append(self.located.problem(keys, what, remedy))


def _covers(before: Route, one: Route) -> bool:
    return (
        before.severities >= one.severities
        and before.kinds >= one.kinds
        and (before.agents.everyone or before.agents.written >= one.agents.written)
    )
