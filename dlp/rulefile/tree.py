"""
YAML text -> plain values, and where each of them stands.

Strategy: ruamel.yaml parses into nodes with marks; nothing is ever constructed from a
tag, so a file can make no object and run no code. Plain scalars are resolved here by
the core schema (YAML 1.2.2, section 10.3.2): `yes`, `on` and `2024-01-01` are text.
What JSON cannot hold (tags, merge keys, `.inf`, keys that are not text) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from dlp.errors import Problem, RuleError

MAX_BYTES = 8 << 20
"""Of one file. 10,000 statements with seven keys each are 1.7 MB."""
MAX_NODES = 400_000
"""Values after every alias is followed: nine lines of aliases to aliases make 10^9."""
MAX_DEPTH = 64

type Keys = tuple[str | int, ...]
type Place = tuple[int, int]
type Value = bool | int | float | str | list[Value] | dict[str, Value] | None

_SCALARS: tuple[tuple[re.Pattern[str], Callable[[str], Value]], ...] = (
    (re.compile(r"(~|null|Null|NULL)?"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
)
"""The core schema's plain scalars; what none of them matches is text."""
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CORE = "tag:yaml.org,2002:"
_IMPLICIT = frozenset(
    _CORE + name
    for name in ["str", "map", "seq", "int", "bool", "float", "null", "timestamp"]
)


@dataclass(frozen=True, slots=True)
class Places:
    """Line and column, 1-based, of everything in a file."""

    values: dict[Keys, Place]
    """A scalar or list item stands where it begins, a collection at its key."""
    keys: dict[Keys, Place]

    def at(self, keys: Keys) -> Place:
        """Where the keys lead, or their nearest parent that the file has."""
        for stop in range(len(keys), 0, -1):
            if keys[:stop] in self.values:
                return self.values[keys[:stop]]
        return self.values.get((), (1, 1))


def read_tree(data: bytes, file: str) -> tuple[Value, Places, list[Problem]]:
    """
    The values of one YAML document, their places, and what is wrong yet readable.

    Raises:
        RuleError: there is nothing to go on with: not UTF-8, not YAML, too large.
    """
    root = _compose(_decode(data, file), file)
    reader = _Reader(file)
    value = reader.read(root, ())
    return value, reader.places, reader.problems


def _decode(data: bytes, file: str) -> str:
    if len(data) > MAX_BYTES:
        raise RuleError(
            Problem(
                file,
                0,
                0,
                f"is larger than {MAX_BYTES >> 20} MiB",
                "split it, or remove what is not needed",
            )
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        raise RuleError(
            Problem(file, *_position(before), "is not UTF-8", "save it as UTF-8")
        ) from error


def _position(before: str) -> Place:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _compose(text: str, file: str) -> Node:
    yaml = YAML(typ="base", pure=True)
    yaml.composer.warn_double_anchors = False
    try:
        root: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        raise RuleError(_syntax(error, file)) from error
    except ReaderError as error:
        place = _position(text[: error.position])
        raise RuleError(
            Problem(file, *place, "a control character", "remove it, or escape it")
        ) from error
    except (RecursionError, YAMLError) as error:
        raise RuleError(Problem(file, 1, 1, *_too_deep())) from error
    if root is None:
        raise RuleError(Problem(file, 1, 1, "is empty", "write at least `version: 1`"))
    return root


def _syntax(error: MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    what = error.problem or "is not YAML"
    if error.context and "another document" not in what:
        what = f"{what} {error.context}"
    remedies = [better for sign, better in _REMEDIES.items() if sign in what]
    remedy = remedies[0] if remedies else "correct the YAML here or just above"
    return Problem(file, mark.line + 1, mark.column + 1, what, remedy)


_REMEDIES = {
    "another document": "keep one document per file, without a second `---`",
    "'\\t'": "indent with spaces",
    "mapping values are not allowed": "quote text that holds `: `",
    "cannot start any token": "quote text that begins with this character",
    "undefined alias": "quote text that begins with `*`",
    "scanning an alias": "quote text that begins with `*`",
}


def _too_deep() -> tuple[str, str]:
    return f"is nested more than {MAX_DEPTH} deep", "flatten it"


@dataclass(slots=True)
class _Reader:
    file: str
    places: Places = field(default_factory=lambda: Places({}, {}))
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0

    def read(self, node: Node, keys: Keys) -> Value:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise RuleError(
                self._problem(
                    node,
                    f"has more than {MAX_NODES} values once aliases are followed",
                    "write the values out, or remove what is not needed",
                )
            )
        if len(keys) > MAX_DEPTH:
            raise RuleError(self._problem(node, *_too_deep()))
        self.places.values.setdefault(keys, _place(node))
        if node.tag not in _IMPLICIT:
            self._note(node, f"has the tag `{node.tag}`", "remove the tag")
        if isinstance(node, MappingNode):
            return self._mapping(node, keys)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*keys, i)) for i, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node)

    def _mapping(self, node: MappingNode, keys: Keys) -> Value:
        first: dict[str, Node] = {}
        result: dict[str, Value] = {}
        for key, value in node.value:
            name = key.value
            if not isinstance(name, str) or (name == "<<" and key.style is None):
                self._note(key, "is not a plain key", "write the keys out one by one")
            elif name in first:
                line = first[name].start_mark.line + 1
                self._note(
                    key,
                    f"`{name}` is given twice, first in line {line}",
                    "keep one of them",
                )
            else:
                first[name] = key
                inner = (*keys, name)
                scalar = isinstance(value, ScalarNode) and value.value
                self.places.keys[inner] = _place(key)
                self.places.values[inner] = _place(value if scalar else key)
                result[name] = self.read(value, inner)
        return result

    def _scalar(self, node: ScalarNode) -> Value:
        text: str = node.value
        if node.style is not None:
            return text
        for pattern, convert in _SCALARS:
            if pattern.fullmatch(text):
                return convert(text)
        if _NOT_FINITE.fullmatch(text):
            self._note(node, f"`{text}` is not a number", "write a finite number")
        return text

    def _note(self, node: Node, what: str, remedy: str) -> None:
        self.problems.append(self._problem(node, what, remedy))

    def _problem(self, node: Node, what: str, remedy: str) -> Problem:
        return Problem(self.file, *_place(node), what, remedy)


def _place(node: Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1
