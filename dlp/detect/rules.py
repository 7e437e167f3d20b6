"""
Detector files -> rules.

Strategy: `DetectorFile` says what a file may hold; `load_rules` reads the built-in
folder and then the operator's, where a rule of the same id replaces a built-in one.
Whatever cannot work is refused with its place: a pattern no engine takes, a check that
does not exist, samples that do not do what they claim. All faults of all files are
reported at once. A rule's samples are run by `dlp.detect.samples`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from dlp.detect.checks import CHECKS, MEASURED, resolve
from dlp.detect.named import compose
from dlp.detect.pattern import Pattern, PatternError, prepare
from dlp.errors import Problem, RuleError
from dlp.model import Tier
from dlp.rulefile import Located, RuleModel, builtin_folder, load_model

SLOTS = ("header:", "query:", "form:", "json:", "basic", "path", "ws", "any")
"""Credential slots a rule may name; those that end in a colon take a name."""


class RuleSpec(RuleModel):
    """One rule as a file states it; docs of the fields: rules/README.md."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    enabled: bool = True
    description: str = ""
    tier: Tier = Tier.STRONG
    pattern: str = ""
    names: tuple[str, ...] = ()
    """Instead of a pattern: names beside which a `value` is a secret."""
    value: str = ""
    keywords: tuple[str, ...] = ()
    context: int = Field(default=0, ge=0, le=200)
    hosts: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    checks: tuple[str | dict[str, float], ...] = ()
    matches: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()

    @property
    def expression(self) -> str:
        """The pattern, composed when the rule gives names and a value."""
        return compose(self.names, self.value) if self.names else self.pattern

    @property
    def stated(self) -> str:
        """The key that holds the expression."""
        return "value" if self.names else "pattern"


class DetectorFile(RuleModel):
    """rules/detectors/FAMILY.yaml."""

    version: int = Field(ge=1, le=1)
    family: str = ""
    enabled: bool = True
    """Whether the family is on; an operator's file can say otherwise."""
    enable: tuple[str, ...] = ()
    """Families to turn on."""
    disable: tuple[str, ...] = ()
    """Families to turn off."""
    rules: tuple[RuleSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to look for. Plain data, so that it can cross a process border."""

    id: str
    family: str
    description: str
    tier: Tier
    pattern: Pattern
    keywords: tuple[bytes, ...] = ()
    """Lower case."""
    context: int = 0
    """Bytes before the match in which a keyword must stand; 0: inside the match."""
    hosts: tuple[str, ...] = ()
    """The vendor's own; `*.x` means names under x."""
    slots: tuple[str, ...] = ()
    checks: tuple[tuple[str, float | None], ...] = ()
    matches: tuple[str, ...] = field(default=(), repr=False)
    ignores: tuple[str, ...] = field(default=(), repr=False)
    place: tuple[str, int, int] = ("", 0, 0)
    """File, line and column of the pattern."""

    def problem(self, what: str, remedy: str) -> Problem:
        """A fault of this rule, at its pattern."""
        return Problem(*self.place, f"rule {self.id}: {what}", remedy)


@dataclass(slots=True)
class _Loading:
    """What is known half-way."""

    rules: dict[str, Rule | None] = field(default_factory=dict)
    """None: switched off by id."""
    families: dict[str, bool] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def load_rules(folder: Path | None = None) -> tuple[Rule, ...]:
    """
    The built-in rules and those under `folder`/detectors, in order of their ids.

    Samples are not run here: see `dlp.detect.samples.verify`.

    Raises:
        RuleError: every fault of every file.
    """
    loading = _Loading()
    folders = [builtin_folder()]
    if folder is not None and folder.resolve() != folders[0].resolve():
        folders.append(folder)
    for each in folders:
        seen: dict[str, str] = {}
        for path in sorted((each / "detectors").glob("*.yaml")):
            _read(path, loading, seen)
    if loading.problems:
        raise RuleError(*loading.problems)
    rules = (rule for rule in loading.rules.values() if rule is not None)
    kept = [rule for rule in rules if loading.families.get(rule.family, True)]
    if not kept:
        raise RuleError(
            Problem(str(folders[-1]), 0, 0, "no rule is on", "enable at least one")
        )
    return tuple(sorted(kept, key=lambda rule: rule.id))


def _read(path: Path, loading: _Loading, seen: dict[str, str]) -> None:
    try:
        located = load_model(path, DetectorFile)
    except RuleError as error:
        loading.problems += error.problems
        return
    content = located.value
    family = content.family or path.stem
    loading.families.setdefault(family, content.enabled)
    loading.families |= dict.fromkeys(content.enable, True)
    loading.families |= dict.fromkeys(content.disable, False)
    for index, spec in enumerate(content.rules):
        keys = ("rules", index)
        if spec.id in seen:
            loading.problems.append(
                located.problem(
                    (*keys, "id"), f"{spec.id} is also in {seen[spec.id]}", "rename one"
                )
            )
        seen[spec.id] = path.name
        if not spec.enabled:
            loading.rules[spec.id] = None
            continue
        faults = list(_faults(located, keys, spec))
        loading.problems += faults
        if not faults:
            loading.rules[spec.id] = _rule(located, keys, spec, family)


def _rule(
    located: Located[DetectorFile],
    keys: tuple[str | int, ...],
    spec: RuleSpec,
    family: str,
) -> Rule:
    return Rule(
        id=spec.id,
        family=family,
        description=spec.description,
        tier=spec.tier,
        pattern=prepare(spec.expression),
        keywords=tuple(word.lower().encode() for word in spec.keywords),
        context=spec.context,
        hosts=spec.hosts,
        slots=spec.slots,
        checks=tuple(pair for check in spec.checks for pair in _named(check)),
        matches=spec.matches,
        ignores=spec.ignores,
        place=(located.file, *located.at(*keys, spec.stated)),
    )


def _named(check: str | dict[str, float]) -> Iterable[tuple[str, float | None]]:
    return [(check, None)] if isinstance(check, str) else check.items()


def _faults(
    located: Located[DetectorFile], keys: tuple[str | int, ...], spec: RuleSpec
) -> Iterator[Problem]:
    def fault(what: str, remedy: str, *inside: str | int) -> Problem:
        return located.problem((*keys, *inside), f"rule {spec.id}: {what}", remedy)

    if unusable := _unusable(spec):
        yield fault(*unusable, spec.stated)
    if not spec.matches:
        yield fault("has no sample", "add a template that must fire it", "matches")
    if spec.context and not spec.keywords:
        yield fault("context without keywords", "name the keywords", "context")
    for index, check in enumerate(spec.checks):
        for name, number in _named(check):
            if resolve(name, number) is None:
                yield fault(*_bad_check(name), "checks", index)
    for index, slot in enumerate(spec.slots):
        if not _is_slot(slot):
            remedy = f"use {', '.join(SLOTS)}"
            yield fault(f"unknown slot {slot}", remedy, "slots", index)


def _unusable(spec: RuleSpec) -> tuple[str, str] | None:
    """What is wrong with the expression and what to do; None when it works."""
    if bool(spec.names) != bool(spec.value) or bool(spec.names) == bool(spec.pattern):
        return "states no shape, or two", "give a pattern, or names and a value"
    try:
        prepare(spec.expression)
    except PatternError as error:
        return str(error), error.remedy
    return None


def _bad_check(name: str) -> tuple[str, str]:
    if name in MEASURED:
        return f"check {name} needs a number", f"write {{{name}: 3}}"
    if name in CHECKS:
        return f"check {name} takes no number", f"write {name}"
    return f"unknown check {name}", f"use {', '.join([*CHECKS, *MEASURED])}"


def _is_slot(slot: str) -> bool:
    return any(
        slot.startswith(known) and len(slot) > len(known)
        if known.endswith(":")
        else slot == known
        for known in SLOTS
    )
