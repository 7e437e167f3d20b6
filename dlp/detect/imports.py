"""
Rules of gitleaks, betterleaks, kingfisher, titus and nosey parker as rules of ours.

Strategy: a reader per file format yields `Foreign` rules; `take` rewrites the
expression, makes a sample from it, runs the sample and gives the rule as our files
state it, or says why it cannot. Whatever a rule had and ours will not do is named in
the report. Examples are not copied: they look like secrets.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from dlp.detect import samples
from dlp.detect.database import refused
from dlp.detect.exemplar import exemplars
from dlp.detect.foreign import adapt
from dlp.detect.pattern import PatternError, prepare
from dlp.detect.rule import Rule
from dlp.errors import UsageError
from dlp.model import Tier


@dataclass(frozen=True, slots=True)
class Foreign:
    """A rule as the other scanner states it."""

    id: str
    description: str
    expression: str
    group: int = 0
    entropy: float = 0.0
    beyond: tuple[str, ...] = ()
    """What it has that our rules do not do."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file."""

    rules: tuple[Rule, ...]
    sources: Mapping[str, str]
    """Rule id -> its expression as our files write it."""
    partly: Mapping[str, tuple[str, ...]]
    """Rule id -> what of the rule was not taken over."""
    left: Mapping[str, str]
    """Id of a rule that was not taken over -> why."""

    def text(self, family: str) -> str:
        """A detector file of the rules that were taken over."""
        lines = ["version: 1", f"family: {family}", "rules:"]
        for rule in self.rules:
            lines += [
                f"  - id: {rule.id}",
                f"    description: {json.dumps(rule.description)}",
                f"    tier: {rule.tier}",
                f"    pattern: {_quoted(self.sources[rule.id])}",
                *(f"    checks: [{{{name}: {n:g}}}]" for name, n in rule.checks if n),
                f"    matches: [{json.dumps(rule.matches[0])}]",
            ]
        return "\n".join(lines) + "\n"


def import_rules(data: bytes, name: str) -> Imported:
    """
    Take over a file; `name` tells TOML from YAML by its ending.

    Raises:
        UsageError: not a file of rules that we can read.
    """
    taken: dict[str, Rule] = {}
    sources: dict[str, str] = {}
    partly: dict[str, tuple[str, ...]] = {}
    left: dict[str, str] = {}
    for foreign in _read(data, name):
        key = _free(_kebab(foreign.id), taken)
        try:
            taken[key], sources[key] = take(foreign, key)
        except PatternError as error:
            left[foreign.id] = f"{error}; {error.remedy}"
            continue
        if foreign.beyond:
            partly[key] = foreign.beyond
    return Imported(tuple(taken.values()), sources, partly, left)


def take(foreign: Foreign, name: str) -> tuple[Rule, str]:
    """
    A foreign rule as one of ours under `name`, and its expression.

    Raises:
        PatternError: it cannot be rewritten, or no sample of it can be made.
    """
    source = adapt(foreign.expression, group=foreign.group)
    rule = Rule(
        id=name,
        family="",
        description=" ".join(foreign.description.split()),
        tier=_tier(source),
        pattern=prepare(source),
        checks=(("entropy", foreign.entropy),) if foreign.entropy else (),
    )
    for problem in refused([rule]):
        raise PatternError(problem.what, problem.remedy)
    for template in exemplars(source):
        with_sample = replace(rule, matches=(template,))
        if not any(samples.faults(with_sample)):
            return with_sample, source
    raise PatternError("no sample could be made", "write the rule by hand")


_PREFIXED = re.compile(
    r"(?:\(\?i\)|\\b|\(\?P<secret>|\(\?:|\^)*(?:\w|\\x[0-9a-f]{2}){4}"
)


def _tier(source: str) -> Tier:
    """Strong when the secret itself begins with four fixed characters."""
    start = source.find("(?P<secret>")
    return Tier.STRONG if _PREFIXED.match(source[max(start, 0) :]) else Tier.LIKELY


def _kebab(text: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", text.lower())) or "rule"


def _free(name: str, taken: Mapping[str, object]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _read(data: bytes, name: str) -> Iterator[Foreign]:
    try:
        if name.endswith(".toml"):
            return _gitleaks(tomllib.loads(data.decode()))
        return _kingfisher(YAML(typ="safe", pure=True).load(data))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, YAMLError) as error:
        raise UsageError(f"{name} cannot be read: {error}") from error


def _rules_of(content: Any) -> Iterable[Mapping[str, Any]]:
    rules = content.get("rules") if isinstance(content, Mapping) else None
    if not isinstance(rules, list) or not all(isinstance(r, Mapping) for r in rules):
        raise UsageError("no list `rules`, as gitleaks and kingfisher files have one")
    return rules


_GITLEAKS_BEYOND = {
    "path": "the path condition",
    "allowlist": "its allowlist",
    "allowlists": "its allowlists",
    "filter": "its filter",
    "validate": "validation over the network",
    "required": "rules it requires nearby",
}
_KINGFISHER_BEYOND = {
    "validation": "validation over the network",
    "revocation": "revocation",
    "depends_on_rule": "rules it depends on",
    "pattern_requirements": "its pattern requirements",
}


def _gitleaks(content: Any) -> Iterator[Foreign]:
    for rule in _rules_of(content):
        yield Foreign(
            str(rule.get("id", "rule")),
            str(rule.get("description", "")),
            str(rule.get("regex", "")),
            int(rule.get("secretGroup", 0)),
            float(rule.get("entropy", 0)),
            tuple(what for key, what in _GITLEAKS_BEYOND.items() if key in rule),
        )


def _kingfisher(content: Any) -> Iterator[Foreign]:
    for rule in _rules_of(content):
        yield Foreign(
            str(rule.get("id", "rule")),
            str(rule.get("name", "")),
            str(rule.get("pattern", "")),
            0,
            float(rule.get("min_entropy") or 0),
            tuple(what for key, what in _KINGFISHER_BEYOND.items() if rule.get(key)),
        )
