"""
Rules of other scanners as rules of ours.

Strategy: `scanners` reads the file; `take` rewrites the expression, makes a sample from
it, runs the sample and gives the rule as our files state it, or says why it cannot.
Whatever a rule had and ours will not do is named in the report. Examples are not
copied: they look like secrets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import regex

from dlp.detect import samples
from dlp.detect.database import refused
from dlp.detect.imported.exemplar import exemplars
from dlp.detect.imported.foreign import adapt
from dlp.detect.imported.scanners import Foreign, read
from dlp.detect.pattern import PatternError, prepare
from dlp.detect.rule import Rule
from dlp.model import Tier


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
    renamed: Mapping[str, str]
    """Rule id -> the id of a rule of ours, which it had and would have replaced."""
    beyond: tuple[str, ...] = ()
    """What the file says of all its rules and ours will not do."""

    def text(self, family: str) -> str:
        """A detector file of the rules that were taken over."""
        lines = ["version: 1", f"family: {family}", "imported: true", "rules:"]
        for rule in self.rules:
            lines += [
                f"  - id: {rule.id}",
                f"    description: {json.dumps(rule.description)}",
                f"    tier: {rule.tier}",
                f"    pattern: {_quoted(self.sources[rule.id])}",
                *(f"    checks: [{{{name}: {n:g}}}]" for name, n in rule.checks if n),
                *_listed("hosts", rule.hosts),
                *_listed("slots", rule.slots),
                *_listed("unless", rule.unless),
                *_listed("keywords", [word.decode() for word in rule.keywords]),
                *([f"    context: {rule.context}"] if rule.context else []),
                f"    matches: [{json.dumps(rule.matches[0])}]",
            ]
        return "\n".join(lines) + "\n"


def import_rules(data: bytes, name: str, ours: Collection[str] = ()) -> Imported:
    """
    Take over a file; `name` tells TOML from YAML by its ending.

    `ours` are ids that no rule gets: it would replace the one that has it.

    Raises:
        UsageError: not a file of rules that we can read.
    """
    taken: dict[str, Rule] = {}
    sources: dict[str, str] = {}
    partly: dict[str, tuple[str, ...]] = {}
    left: dict[str, str] = {}
    renamed: dict[str, str] = {}
    file = read(data, name)
    for foreign in file.rules:
        wanted = _kebab(foreign.id)
        key = _free(wanted, {*taken, *ours})
        try:
            taken[key], sources[key] = take(foreign, key)
        except PatternError as error:
            left[foreign.id] = f"{error}; {error.remedy}"
            continue
        if wanted in ours:
            renamed[key] = wanted
        if foreign.beyond:
            partly[key] = foreign.beyond
    rules = tuple(taken.values())
    return Imported(rules, sources, partly, left, renamed, file.beyond)


def take(foreign: Foreign, name: str) -> tuple[Rule, str]:
    """
    A foreign rule as one of ours under `name`, and its expression.

    Raises:
        PatternError: it cannot be rewritten, or no sample of it can be made.
    """
    if foreign.helper:
        raise PatternError("it only helps other rules", "write the rule by hand")
    source = adapt(foreign.expression, group=foreign.group)
    low = _HEX.sub(lambda found: chr(int(found[1], 16)), source).lower()
    keywords = [word.lower() for word in foreign.keywords]
    near = () if any(word in low for word in keywords) else tuple(keywords)
    rule = Rule(
        id=name,
        family="",
        description=" ".join(foreign.description.split()),
        tier=_tier(source),
        pattern=prepare(source),
        keywords=tuple(word.encode() for word in near),
        context=_NEAR if near else 0,
        checks=(("entropy", foreign.entropy),) if foreign.entropy else (),
        unless=_valid(foreign.unless),
    )
    for problem in refused([rule]):
        raise PatternError(problem.what, problem.remedy)
    for template in _cases(exemplars(source), source):
        text = f"{near[0]} {template}" if near else template
        with_sample = replace(rule, matches=(text,))
        if not any(samples.faults(with_sample)):
            return with_sample, source
    raise PatternError("no sample could be made", "write the rule by hand")


def _cases(templates: Iterable[str], source: str) -> Iterator[str]:
    """The templates, of a caseless expression also with capitals."""
    for template in templates:
        yield template
        if source.startswith("(?i)"):
            yield template.replace("{loweralnum:", "{alnum:").replace(
                "{lower:", "{alpha:"
            )


_HEX = re.compile(r"\\x([0-9a-f]{2})")
"""How `adapt` writes a sign that is no letter."""
_NEAR = 200
"""Bytes after a keyword in which a rule counts that names one: elsewhere, the file."""


def _valid(expressions: Iterable[str]) -> tuple[str, ...]:
    """
    The expressions, as our dialect writes them.

    Raises:
        PatternError: one is none.
    """
    try:
        for expression in expressions:
            regex.compile(expression.encode())
    except regex.error as error:
        raise PatternError(f"an allowlist holds no expression: {error}", "") from error
    return tuple(expressions)


_PREFIXED = re.compile(
    r"(?:\(\?i\)|\\b|\(\?P<secret>|\(\?:|\^)*(?:\w|\\x[0-9a-f]{2}){4}"
)


def _tier(source: str) -> Tier:
    """Strong when the secret itself begins with four fixed characters."""
    start = source.find("(?P<secret>")
    return Tier.STRONG if _PREFIXED.match(source[max(start, 0) :]) else Tier.LIKELY


def _kebab(text: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", text.lower())) or "rule"


def _free(name: str, taken: Collection[str]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _listed(key: str, values: Iterable[str]) -> list[str]:
    texts = ", ".join(_quoted(value) for value in values)
    return [f"    {key}: [{texts}]"] if texts else []
