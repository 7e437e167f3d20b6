"""
Rule files of gitleaks, betterleaks, kingfisher, titus and nosey parker, as they are.

Strategy: one reader per format yields `Foreign` rules; what a rule asks of its secret
beside the expression (allowlists, stop words, numbers of digits) becomes expressions
that the secret must not hold. Stands apart from `imports`, which makes rules of ours
of them, because a further format is one more reader here and nothing there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from dlp.detect.imported.exclusions import read_filter
from dlp.errors import UsageError


@dataclass(frozen=True, slots=True)
class Foreign:
    """A rule as the other scanner states it."""

    id: str
    description: str
    expression: str
    group: int = 0
    entropy: float = 0.0
    keywords: tuple[str, ...] = ()
    """Of which one must stand near, whether the expression has it or not."""
    unless: tuple[str, ...] = ()
    """Expressions that a secret must not hold."""
    helper: bool = False
    """It reports nothing itself; other rules use what it finds."""
    beyond: tuple[str, ...] = ()
    """What it has that our rules do not do."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one file."""

    rules: tuple[Foreign, ...]
    beyond: tuple[str, ...]
    """What the file says of all of them and our rules do not do."""


def read(data: bytes, name: str) -> Rules:
    """
    The rules of a file; `name` tells TOML from YAML by its ending.

    Raises:
        UsageError: not a file of rules that we can read.
    """
    try:
        if name.endswith(".toml"):
            content: Any = tomllib.loads(data.decode())
        else:
            content = YAML(typ="safe", pure=True).load(data)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        why = error.problem or "it is no YAML"
        raise UsageError(f"{name}{where} cannot be read: {why}") from error
    except (ValueError, TypeError, YAMLError) as error:  # a mapping as a key is one
        why = str(error).partition("\n")[0]
        raise UsageError(f"{name} cannot be read: {why}") from error
    rules = content.get("rules") if isinstance(content, Mapping) else None
    if not isinstance(rules, list) or not all(isinstance(r, Mapping) for r in rules):
        raise UsageError(
            f"{name} has no list `rules`, as gitleaks and kingfisher files have one"
        )
    reader = _gitleaks if name.endswith(".toml") else _kingfisher
    try:
        taken = tuple(reader(rules))
    except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise UsageError(
            f"{name} has a field of a kind that no such scanner takes: {error}"
        ) from error
    beyond = tuple(what for key, what in _FILE_BEYOND.items() if content.get(key))
    return Rules(taken, beyond)


_FILE_BEYOND = {
    "extend": "the rules of the file it extends",
    "allowlist": "the allowlist of the whole file",
    "allowlists": "the allowlists of the whole file",
    "prefilter": "its prefilter",
    "filter": "its filter",
}


_GITLEAKS_BEYOND = {
    "path": "the path condition",
    "validate": "validation over the network",
    "required": "rules it requires nearby",
    "components": "rules it requires nearby",
}
_KINGFISHER_BEYOND = {
    "validation": "validation over the network",
    "revocation": "revocation",
    "depends_on_rule": "rules it depends on",
}


def _gitleaks(rules: Iterable[Mapping[str, Any]]) -> Iterator[Foreign]:
    for rule in rules:
        single = rule.get("allowlist")
        lists = [*([single] if single else []), *rule.get("allowlists", ())]
        kept = [each for each in lists if _is_of_secrets(each)]
        lost = (
            [] if len(kept) == len(lists) else ["allowlists of paths, lines or commits"]
        )
        asked = read_filter(str(rule.get("filter", "")))
        if not asked.whole:
            lost.append("a part of its filter")
        yield Foreign(
            str(rule.get("id", "rule")),
            str(rule.get("description", "")),
            str(rule.get("regex", "")),
            int(rule.get("valueGroup", rule.get("secretGroup", 0))),
            max(float(rule.get("entropy", 0)), asked.entropy),
            keywords=tuple(rule.get("keywords", ())),
            unless=(
                *(text for each in kept for text in _allowed(each)),
                *asked.unless,
            ),
            helper=bool(rule.get("skipReport")),
            beyond=(
                *lost,
                *(what for key, what in _GITLEAKS_BEYOND.items() if key in rule),
            ),
        )


def _is_of_secrets(allowlist: Mapping[str, Any]) -> bool:
    """Whether it asks for nothing but what stands in the secret."""
    beside = {"paths", "commits"} & {key for key, value in allowlist.items() if value}
    target = allowlist.get("regexTarget", "secret")
    return not beside and (target == "secret" or not allowlist.get("regexes"))


def _allowed(allowlist: Mapping[str, Any]) -> Iterator[str]:
    yield from allowlist.get("regexes", ())
    for word in allowlist.get("stopwords", ()):
        yield f"(?i:{re.escape(word)})"


def _kingfisher(rules: Iterable[Mapping[str, Any]]) -> Iterator[Foreign]:
    for rule in rules:
        asked = rule.get("pattern_requirements") or {}
        checksum = ("its checksum",) if asked.get("checksum") else ()
        yield Foreign(
            str(rule.get("id", "rule")),
            str(rule.get("name", "")),
            str(rule.get("pattern", "")),
            entropy=float(rule.get("min_entropy") or 0),
            unless=tuple(_refused(asked)),
            helper=rule.get("visible") is False,
            beyond=(
                *checksum,
                *(what for key, what in _KINGFISHER_BEYOND.items() if rule.get(key)),
            ),
        )


_CLASSES = {
    "min_digits": "0-9",
    "min_uppercase": "A-Z",
    "min_lowercase": "a-z",
    "min_special_chars": r"!-/:-@\[-`{-~",
}
"""A requirement of kingfisher -> the characters it counts."""


def _refused(asked: Mapping[str, Any]) -> Iterator[str]:
    """Expressions of secrets that do not meet the requirements."""
    for key, members in _CLASSES.items():
        if least := int(asked.get(key) or 0):
            yield rf"\A(?:[^{members}]*[{members}]){{0,{least - 1}}}[^{members}]*\Z"
    for word in asked.get("ignore_if_contains") or ():
        yield f"(?i:{re.escape(word)})"
