"""
Detector files -> rules.

Strategy: `load_rules` reads the built-in folder and then the operator's, where a rule
of the same id replaces a built-in one and one line switches a family on or off. What a
file may hold and what is wrong with a rule: `rulespec`; its samples are run by
`samples`. All faults of all files are reported at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from dlp.detect import rulespec, samples
from dlp.detect.database import refused
from dlp.detect.prepared import Prepared
from dlp.detect.rule import Rule
from dlp.detect.rulespec import SLOTS, DetectorFile
from dlp.errors import Problem, RuleError
from dlp.rulefile import Located, builtin_folder, load_model, unread

__all__ = ["SLOTS", "DetectorFile", "Rule", "load_rules"]


@dataclass(slots=True)
class _Loading:
    """What is known half-way."""

    rules: dict[str, Rule | None] = field(default_factory=dict)
    """None: switched off by id."""
    families: dict[str, bool] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    plugins: list[tuple[Located[DetectorFile], int, str]] = field(default_factory=list)
    """File, place in it and family of each plugin."""
    patterns: Prepared = field(default_factory=Prepared)

    def switch(self, located: Located[DetectorFile], key: str, *, on: bool) -> None:
        """Turn families on or off as a file's `enable` or `disable` says."""
        for index, family in enumerate(getattr(located.value, key)):
            if family not in self.families:
                what, remedy = f"no family {family}", f"use {', '.join(self.families)}"
                self.problems.append(located.problem((key, index), what, remedy))
            self.families[family] = on


def load_rules(
    folder: Path | None = None,
    *,
    builtin: Path | None = None,
    cache: Path | None = None,
) -> tuple[Rule, ...]:
    """
    The built-in rules and those under `folder`/detectors, in order of their ids.

    The samples of rules that the operator wrote are run; those of the built-in ones are
    run by the project's tests, those of imported ones by `dlp rules check`. `builtin`
    is another folder in the place of the built-in one, `cache` one that keeps patterns
    as they were prepared.

    Raises:
        RuleError: every fault of every file.
    """
    loading = _Loading(patterns=Prepared.open(cache))
    folders = [builtin or builtin_folder()]
    if folder is not None and folder.resolve() != folders[0].resolve():
        folders.append(folder)
    for each in folders:
        seen: dict[str, str] = {}
        for path in _files(each / "detectors", loading.problems):
            _read(path, loading, seen)
        if each is folder:
            own = [rule for name in seen if (rule := loading.rules.get(name))]
            written = (rule for rule in own if not rule.imported)
            loading.problems += chain.from_iterable(map(samples.faults, written))
            loading.problems += refused(own)
    _take_plugins(loading)
    if loading.problems:
        raise RuleError(*loading.problems)
    rules = (rule for rule in loading.rules.values() if rule is not None)
    on = [rule for rule in rules if loading.families.get(rule.family, True)]
    if not on:
        raise RuleError(
            Problem(str(folders[-1]), 0, 0, "no rule is on", "enable at least one")
        )
    loading.patterns.keep()
    return tuple(sorted(on, key=lambda rule: rule.id))


def _files(folder: Path, problems: list[Problem]) -> list[Path]:
    """
    Its detector files. What cannot be read or is not looked at is a fault: its rules
    would be missing, and nobody would know.
    """
    try:
        present = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        problems.append(unread(folder, error))
        return []
    for path in present:
        if path.suffix.lower() in _NEARLY and path.suffix != ".yaml":
            remedy = f"rename it to {path.stem}.yaml"
            problems.append(Problem(str(path), 0, 0, "is not read", remedy))
    return [path for path in present if path.suffix == ".yaml"]


_NEARLY = (".yaml", ".yml")


def _read(path: Path, loading: _Loading, seen: dict[str, str]) -> None:
    try:
        located = load_model(path, DetectorFile)
    except RuleError as error:
        loading.problems += error.problems
        return
    content = located.value
    family = content.family or path.stem
    loading.families.setdefault(family, content.enabled)
    loading.switch(located, "enable", on=True)
    loading.switch(located, "disable", on=False)
    for index in range(len(content.rules)):
        _take(located, index, family, (loading, seen))
    loading.plugins += [(located, i, family) for i in range(len(content.plugins))]


def _take(
    located: Located[DetectorFile],
    index: int,
    family: str,
    into: tuple[_Loading, dict[str, str]],
) -> None:
    loading, seen = into
    spec = located.value.rules[index]

    def fault(what: str, remedy: str) -> None:
        keys = ("rules", index, "id")
        loading.problems.append(located.problem(keys, what, remedy))

    if spec.id in seen:
        fault(f"{spec.id} is also in {seen[spec.id]}", "rename one")
    seen[spec.id] = Path(located.file).name
    if not spec.enabled:
        if spec.id not in loading.rules:
            fault(f"no rule {spec.id}", "remove it")
        loading.rules[spec.id] = None
        return
    rule = rulespec.read_rule(located, index, family, loading.patterns.pattern)
    if isinstance(rule, Rule):
        if rule.imported and rule.id in loading.rules:
            rule = replace(rule, id=f"{rule.id}-imported")
            seen[rule.id] = seen[spec.id]
        loading.rules[rule.id] = rule
    else:
        loading.problems += rule


def _take_plugins(loading: _Loading) -> None:
    """Last, when it is known which families are on: detect-secrets loads slowly."""
    for located, index, family in loading.plugins:
        if not loading.families.get(family, True):
            continue
        made = rulespec.read_plugin(located, index, family)
        if isinstance(made, Problem):
            loading.problems.append(made)
        else:
            loading.rules |= {rule.id: rule for rule in made}
