"""
What `policy.yaml` says -> `Policy`, or everything that cannot be meant as written.

Strategy: each check looks at the loaded model, names the keys it is about and leaves
the place to `Located`. Beyond the values: unknown groups, wildcards over suffixes that
are open to everybody, options without meaning, statements that can never match.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

from dlp.errors import Problem, RuleError
from dlp.model import Deadlines, Limits, Retention
from dlp.policy.hosts import HostIndex, host_pattern
from dlp.policy.index import index_statements
from dlp.policy.reach import Caps
from dlp.policy.ruleset import Cage, Policy, Upstream
from dlp.policy.schema import PolicyModel, StatementModel, agent_pattern
from dlp.policy.sense import shadows, without_meaning
from dlp.policy.statement import (
    COMMON_METHODS,
    DEFAULT_PORTS,
    READING,
    WEBSOCKET,
    Agents,
    Statement,
    compile_paths,
)
from dlp.policy.suffixes import shared_suffix
from dlp.rulefile import Located, Wrong, builtin_folder, load_model
from dlp.rulefile.tree import Keys

FILE = "policy.yaml"


def load_policy(folder: Path | None = None) -> Policy:
    """
    Read `policy.yaml` of a rules folder; None is the set that ships with the program.

    Raises:
        RuleError: it is missing or wrong; holds every problem with line and column.
    """
    return compile_policy(read_policy(folder))


def read_policy(folder: Path | None = None) -> Located[PolicyModel]:
    """
    The file as written, with places. `compile_policy` makes a `Policy` of it.

    Raises:
        RuleError: it is missing, or its shape is wrong.
    """
    path = (folder or builtin_folder()) / FILE
    if folder and not path.exists():
        remedy = f"copy {builtin_folder() / FILE} there to start from"
        raise RuleError(Problem(str(path), 0, 0, "is missing", remedy))
    return load_model(path, PolicyModel)


def compile_policy(located: Located[PolicyModel]) -> Policy:
    """
    Judge the whole of it and make it fast to ask.

    Raises:
        RuleError: it cannot be meant as written.
    """
    model = located.value
    work = _Compiler(located)
    statements = tuple(
        work.statement(number, one) for number, one in enumerate(model.statements)
    )
    pinned = work.hosts(("pinned",), model.pinned)
    upstream = Upstream(
        tuple(map(ip_network, model.upstream.allow_private)),
        tuple(work.trusted_ca(model.upstream.trusted_ca)),
    )
    work.unused_groups()
    if not work.problems:
        work.problems += shadows(located, statements)
    if work.problems:
        raise RuleError(*sorted(work.problems, key=lambda p: (p.line, p.column)))
    named = {m for s in statements for m in s.methods or () if s.effect != "deny"}
    return Policy(
        statements,
        index_statements(statements),
        HostIndex((pattern, True) for pattern in pinned),
        frozenset(named - COMMON_METHODS - {WEBSOCKET}),
        model.mode,
        upstream,
        Limits(**model.inspection.model_dump()),
        Caps(**model.open.model_dump()),
        model.examples,
        Cage(**model.cage.model_dump()),
        Retention(**model.audit.model_dump()),
        Deadlines(**model.deadlines.model_dump()),
        model.groups,
        hashlib.sha256(model.model_dump_json().encode()).hexdigest()[:16],
    )


@dataclass(slots=True)
class _Compiler:
    located: Located[PolicyModel]
    problems: list[Problem] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    known_agents: dict[tuple[str, ...], Agents] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    """Groups that something names."""

    def statement(self, number: int, one: StatementModel) -> Statement:
        keys: Keys = ("statements", number)
        self._identify(keys, one)
        for key, what, remedy in without_meaning(one):
            self._note((*keys, key), what, remedy)
        plain = one.effect == "allow" and one.kind == "plain"
        normal = _owned_pattern if plain and not one.shared else host_pattern
        hosts = self.hosts((*keys, "hosts"), one.hosts, normal)
        ports: frozenset[int] | None = frozenset(p for p in one.ports if p != "*")
        if "*" in one.ports or (not one.ports and one.effect == "deny"):
            ports = None
        methods = frozenset(one.methods) or (READING if one.kind == "open" else None)
        return Statement(
            one.id,
            number,
            one.effect,
            one.kind,
            self.agents((*keys, "agents"), one.agents),
            hosts,
            ports if ports or ports is None else DEFAULT_PORTS,
            methods,
            one.paths,
            one.on_secret,
            one.inspect == "full",
            compile_paths(one.paths, one.effect),
            one.restore,
        )

    def agents(self, keys: Keys, written: tuple[str, ...]) -> Agents:
        """Made once for each way it is written: groups of agents can be large."""
        if written not in self.known_agents:
            members = self.expand(keys, written, agent_pattern)
            self.known_agents[written] = Agents.of(members)
        return self.known_agents[written]

    def hosts(
        self,
        keys: Keys,
        written: tuple[str, ...],
        normal: Callable[[str], str] = host_pattern,
    ) -> tuple[str, ...]:
        """Host patterns in normal form, groups written out, each once."""
        return tuple(dict.fromkeys(self.expand(keys, written, normal)))

    def expand(
        self, keys: Keys, written: tuple[str, ...], normal: Callable[[str], str]
    ) -> Iterator[str]:
        """The members of a list, `@group` replaced by its own."""
        for number, text in enumerate(written):
            if text.startswith("@"):
                yield from self._group((*keys, number), text[1:], normal)
            else:
                yield from self._normal((*keys, number), text, normal)

    def _group(
        self, keys: Keys, name: str, normal: Callable[[str], str]
    ) -> Iterator[str]:
        groups = self.located.value.groups
        if name not in groups:
            known = ", ".join(sorted(groups)) or "none yet"
            self._note(
                keys, f"there is no group `{name}`", f"add it to `groups`: {known}"
            )
            return
        self.used.add(name)
        if not groups[name]:
            what = f"the group `{name}` is empty"
            self._note(("groups", name), what, "fill it, or remove it")
        for number, text in enumerate(groups[name]):
            yield from self._normal(("groups", name, number), text, normal)

    def _normal(
        self, keys: Keys, text: str, normal: Callable[[str], str]
    ) -> Iterator[str]:
        try:
            if text.startswith("@"):
                raise Wrong("a group cannot hold a group", "write its members out")
            yield normal(text)
        except Wrong as wrong:
            self._note(keys, wrong.what, wrong.remedy)

    def unused_groups(self) -> None:
        """Nobody asks for their members yet, which are hosts or agents."""
        for name, members in self.located.value.groups.items():
            if name not in self.used and members:
                list(self._group(("groups", name), name, _member))

    def trusted_ca(self, written: tuple[str, ...]) -> Iterator[str]:
        """Absolute paths; a file that is not there is a problem now, not later."""
        folder = Path(self.located.file).parent
        for number, text in enumerate(written):
            path = (folder / Path(text).expanduser()).absolute()
            keys = ("upstream", "trusted_ca", number)
            if not path.is_file():
                self._note(keys, f"there is no file {path}", "correct the path")
            elif not _holds_roots(path):
                what = f"no certificate can be read from {path}"
                self._note(keys, what, "name a PEM file that the proxy may read")
            yield str(path)

    def _identify(self, keys: Keys, one: StatementModel) -> None:
        if one.id in self.ids:
            line, _ = self.located.at("statements", self.ids[one.id], "id")
            what = f"the id `{one.id}` is taken, in line {line}"
            self._note((*keys, "id"), what, "choose another")
        self.ids.setdefault(one.id, int(keys[-1]))

    def _note(self, keys: Keys, what: str, remedy: str) -> None:
        problem = self.located.problem(keys, what, remedy)
        if problem not in self.problems:
            self.problems.append(problem)


def _holds_roots(path: Path) -> bool:
    """Whether OpenSSL, which will use them, finds certificates in a file."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError:
        return False
    return True


def _member(text: str) -> str:
    try:
        return agent_pattern(text)
    except Wrong:
        return host_pattern(text)


def _owned_pattern(text: str) -> str:
    pattern = host_pattern(text)
    suffix = pattern.startswith("*.") and shared_suffix(pattern[2:])
    if suffix:
        raise Wrong(
            f"`{pattern}` is everybody's: anyone can get a host in `{suffix}`",
            "name the hosts, or write `shared: true` if that is meant",
        )
    return pattern
