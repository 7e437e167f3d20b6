"""
Plugins of detect-secrets as rules.

Strategy: the denylist of a regex plugin becomes ordinary rules, so it costs nothing of
its own. A plugin that runs code on each line instead is loaded only with `slow: true`
and is asked line by line (`SlowDetector`). Plugins are the package's, by class name, or
the operator's, by file. Nothing here ever verifies a secret over the network.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from inspect import getmembers, isclass
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from dlp.detect.confirm import Match
from dlp.detect.imported.foreign import adapt
from dlp.detect.pattern import Pattern, PatternError, prepare
from dlp.detect.rule import Rule
from dlp.model import Tier, View

_VERIFYING = "detect_secrets.filters.common.is_ignored_due_to_verification_policies"

_NOTHING = Pattern(rb"[^\s\S]", rb"[^\s\S]", 1, 0, 1)


class PluginError(ValueError):
    """Why a plugin cannot be used, and what to do (`remedy`)."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def plugin_rules(name: str, file: str, *, slow: bool) -> list[Rule]:
    """
    The rules a plugin class amounts to, without family, tier and place.

    Raises:
        PluginError: no such plugin, not one of regexes, or one we cannot run.
    """
    plugin = _plugin_class(name, file)
    if slow:
        return [
            Rule(
                id=_rule_id(name),
                family="",
                description=plugin.secret_type,
                tier=Tier.LIKELY,
                pattern=_NOTHING,
                plugin=(file, name, _digest(file)),
            )
        ]
    return list(_denylist_rules(plugin))


def _denylist_rules(plugin: Any) -> Iterator[Rule]:
    from detect_secrets.plugins.base import RegexBasedDetector

    name = plugin.__name__
    if (
        not issubclass(plugin, RegexBasedDetector)
        or plugin.analyze_string is not RegexBasedDetector.analyze_string
    ):
        what = f"plugin {name} runs code on every line"
        raise PluginError(what, "add `slow: true` if it is worth the time")
    for number, expression in enumerate(plugin.denylist, start=1):
        try:
            pattern = prepare(adapt(expression.pattern, flags=expression.flags))
        except PatternError as error:
            raise PluginError(f"plugin {name}: {error}", error.remedy) from error
        yield Rule(
            id=f"{_rule_id(name)}-{number}",
            family="",
            description=plugin.secret_type,
            tier=Tier.LIKELY,
            pattern=pattern,
        )


def _rule_id(name: str) -> str:
    words = re.findall(
        r"[A-Z]+(?![a-z])|[A-Z][a-z]+|\d+", name.removesuffix("Detector")
    )
    return "-".join(["ds", *map(str.lower, words)])


def _plugin_class(name: str, file: str) -> Any:
    from detect_secrets.plugins.base import BasePlugin

    modules = [_module_of(file)] if file else _own_modules()
    for module in modules:
        for found, kind in getmembers(module, isclass):
            if found == name and issubclass(kind, BasePlugin):
                return kind
    raise PluginError(
        f"no plugin class {name} in {file or 'detect-secrets'}", "correct the name"
    )


def _own_modules() -> Iterator[ModuleType]:
    import detect_secrets.plugins

    for found in iter_modules(detect_secrets.plugins.__path__):
        yield import_module(f"detect_secrets.plugins.{found.name}")


def _module_of(file: str) -> ModuleType:
    """The operator's file as a module; it runs, as any plugin does."""
    name = f"dlp_plugin_{_digest(file)}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None or not Path(file).is_file():
        raise PluginError(f"no plugin file {file}", "correct the path")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (ImportError, SyntaxError, NameError, TypeError, AttributeError) as error:
        raise PluginError(f"plugin file {file}: {error}", "correct it") from error
    sys.modules[name] = module
    return module


def _digest(file: str) -> str:
    path = Path(file)
    return sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""


class SlowDetector:
    """A plugin that is asked about every line."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    @cached_property
    def _plugin(self) -> Any:
        from detect_secrets.settings import get_settings

        get_settings().disable_filters(_VERIFYING)
        file, name, _ = self.rule.plugin or ("", "", "")
        return _plugin_class(name, file)()

    def find(self, views: Sequence[View]) -> Iterator[Match]:
        """What the plugin says of each line, with the place of each secret."""
        for view in views:
            start = 0
            for line in view.data.splitlines(keepends=True):
                for secret in self._secrets(line.decode("latin-1")):
                    place = line.find(secret)
                    if place >= 0:
                        first = start + place
                        last = first + len(secret)
                        yield Match(self.rule, view, first, last, self.rule.tier)
                start += len(line)

    def _secrets(self, line: str) -> list[bytes]:
        found = self._plugin.analyze_line(filename="message", line=line)
        values = (secret.secret_value or "" for secret in found)
        return sorted(value.encode("latin-1") for value in values if value)
