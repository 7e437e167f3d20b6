"""
A detector file as text states it, and what must be true of a rule before it is one.

Stands apart from `rules`, which decides which files and which of their rules count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import regex
from pydantic import AfterValidator, Field

from dlp.detect.context.named import compose
from dlp.detect.imported.plugins import PluginError, plugin_rules
from dlp.detect.pattern import Pattern, PatternError, prepare
from dlp.detect.proof.checks import CHECKS, MEASURED, resolve
from dlp.detect.rule import SURE, Rule, in_words
from dlp.errors import Problem
from dlp.model import Tier
from dlp.policy.hosts import host_pattern
from dlp.rulefile import Located, RuleModel, Wrong

SLOTS = ("header:", "query:", "form:", "json:", "basic", "path", "ws", "any")
"""Credential slots a rule may name; those that end in a colon take a name."""


def _word(text: str) -> str:
    if not text.strip():
        raise Wrong("is blank, which stands beside everything", "name a word")
    return text


def _host(text: str) -> str:
    pattern = host_pattern(text)
    if pattern == "*":
        raise Wrong("`*` is nobody's home", "name the vendor's hosts")
    return pattern


Word = Annotated[str, AfterValidator(_word)]
Host = Annotated[str, AfterValidator(_host)]


class RuleSpec(RuleModel):
    """One rule as a file states it; docs of the fields: rules/README.md."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    enabled: bool = True
    description: str = ""
    tier: Tier = Tier.STRONG
    pattern: str = ""
    names: tuple[Word, ...] = ()
    """
    Instead of a pattern: names beside which a `value` is a secret. With a `context` of
    1 only the names are looked for at first: cheaper to compile, for names so rare that
    text hardly has them.
    """
    value: str = ""
    aside: tuple[Word, ...] = ()
    """
    Names beside which this rule judges nothing but passwords: their vendors' tokens
    have one shape, which the vendor's own rule knows.
    """
    prefixed: tuple[Word, ...] = ()
    """
    Names beside which this rule judges nothing that has a prefix: their vendors' tokens
    have one, and a value without is another secret.
    """
    keywords: tuple[Word, ...] = ()
    context: int = Field(default=0, ge=0, le=200)
    hosts: tuple[Host, ...] = ()
    slots: tuple[str, ...] = ()
    checks: tuple[str | dict[str, float], ...] = ()
    on_secret: Literal["", "block", "redact"] = ""
    """What a finding does, whatever the statement says; not at open destinations."""
    unless: tuple[str, ...] = ()
    """Expressions: a secret in which one is found does not count."""
    glued: bool = True
    """
    Whether a word, a number or EXAMPLE glued to what a strong pattern matches hides
    nothing, whatever borders it has.
    """
    matches: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()

    @property
    def expression(self) -> str:
        """The pattern, composed when the rule gives names and a value."""
        return compose(self.names, self.value) if self.names else self.pattern

    @property
    def anchors(self) -> tuple[str, ...]:
        """The keywords, lower case; of a rule of rare names, those."""
        first = (name.split()[0] for name in self.names if self.context)
        return tuple(word.lower() for word in self.keywords or dict.fromkeys(first))

    @property
    def stated(self) -> str:
        """The key that holds the expression."""
        return "value" if self.names else "pattern"


class PluginSpec(RuleModel):
    """A plugin of detect-secrets whose denylist counts as rules."""

    name: str
    """Class name."""
    file: str = ""
    """The operator's own plugin file, relative to this one; else the package's."""
    slow: bool = False
    """Run the plugin's code on every line, which any other kind of plugin needs."""
    tier: Tier = Tier.LIKELY
    checks: tuple[str | dict[str, float], ...] = ()


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
    imported: bool = False
    """
    Its rules and samples were made of another tool's. They add to the built-in rules
    and replace none; a sample that a later version reads otherwise is a warning.
    """
    rules: tuple[RuleSpec, ...] = ()
    plugins: tuple[PluginSpec, ...] = ()


def read_rule(
    located: Located[DetectorFile],
    index: int,
    family: str,
    prepared: Callable[..., Pattern] = prepare,
) -> Rule | list[Problem]:
    """
    The rule that stands at `index` of a file, or all that is wrong with it.

    `prepared`: in the place of `pattern.prepare`, one that remembers.
    """
    spec = located.value.rules[index]
    problems = list(_faults(located, index, spec))
    try:
        glued = spec.glued and spec.tier in SURE and not located.value.imported
        pattern = prepared(_expression(spec), glued=glued)
    except PatternError as error:
        what = f"rule {spec.id}: {error}"
        keys = ("rules", index, spec.stated)
        return [located.problem(keys, what, error.remedy), *problems]
    if problems:
        return problems
    return Rule(
        id=spec.id,
        family=family,
        description=spec.description,
        tier=spec.tier,
        pattern=pattern,
        keywords=tuple(word.encode() for word in spec.anchors),
        context=spec.context,
        aside=_spelled(spec.aside),
        prefixed=_spelled(spec.prefixed),
        hosts=spec.hosts,
        slots=spec.slots,
        checks=tuple(pair for check in spec.checks for pair in _named(check)),
        on_secret=spec.on_secret,
        unless=spec.unless,
        matches=spec.matches,
        ignores=spec.ignores,
        place=(located.file, *located.at("rules", index, spec.stated)),
        imported=located.value.imported,
    )


def read_plugin(
    located: Located[DetectorFile], index: int, family: str
) -> list[Rule] | Problem:
    """The rules of the plugin at `index` of a file, or what is wrong with it."""
    spec = located.value.plugins[index]
    file = str(Path(located.file).parent / spec.file) if spec.file else ""
    try:
        rules = plugin_rules(spec.name, file, slow=spec.slow)
    except PluginError as error:
        return located.problem(("plugins", index, "name"), str(error), error.remedy)
    checks = tuple(pair for check in spec.checks for pair in _named(check))
    for name, number in checks:
        if resolve(name, number) is None:
            return located.problem(("plugins", index, "checks"), *_bad_check(name))
    place = (located.file, *located.at("plugins", index))
    return [
        replace(rule, family=family, tier=spec.tier, checks=checks, place=place)
        for rule in rules
    ]


def _expression(spec: RuleSpec) -> str:
    if bool(spec.names) != bool(spec.value) or bool(spec.names) == bool(spec.pattern):
        raise PatternError(
            "states no shape, or two", "give a pattern, or names and value"
        )
    return spec.expression


def _spelled(names: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(in_words(name.encode()) for name in names)


def _named(check: str | dict[str, float]) -> Iterable[tuple[str, float | None]]:
    return [(check, None)] if isinstance(check, str) else check.items() or [("", None)]


def _faults(
    located: Located[DetectorFile], position: int, spec: RuleSpec
) -> Iterator[Problem]:
    def fault(what: str, remedy: str, *inside: str | int) -> Problem:
        keys = ("rules", position, *inside)
        return located.problem(keys, f"rule {spec.id}: {what}", remedy)

    if not spec.matches:
        yield fault("has no sample", "add a template that must fire it", "matches")
    if spec.context and not spec.anchors:
        yield fault("context without keywords", "name the keywords", "context")
    for index, check in enumerate(spec.checks):
        for name, number in _named(check):
            if resolve(name, number) is None:
                yield fault(*_bad_check(name), "checks", index)
    for index, error in _unreadable(spec.unless):
        yield fault(f"unless: {error}", "correct the expression", "unless", index)
    for index, slot in enumerate(spec.slots):
        if not _is_slot(slot):
            remedy = f"use {', '.join(SLOTS)}"
            yield fault(f"unknown slot {slot}", remedy, "slots", index)


def _unreadable(expressions: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Place and fault of each that is no expression."""
    for index, expression in enumerate(expressions):
        try:
            regex.compile(expression.encode())
        except regex.error as error:
            yield index, str(error)


def _bad_check(name: str) -> tuple[str, str]:
    if not name:
        return "a check without a name", "name one"
    if name in MEASURED:
        return f"check {name} needs a number", f"write {{{name}: 3}}"
    if name in CHECKS:
        return f"check {name} takes no number", f"write {name}"
    return (
        f"unknown check {name}",
        f"use {', '.join([*CHECKS, *MEASURED])} or ds:FILTER",
    )


def _is_slot(slot: str) -> bool:
    return any(
        slot.startswith(known) and len(slot) > len(known)
        if known.endswith(":")
        else slot == known
        for known in SLOTS
    )
