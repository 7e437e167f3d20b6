"""
YAML text -> plain values, and where each of them stands.

Strategy: one loop builds values from parser events; nothing is ever made from a tag,
so a file can create no object and run no code. Plain scalars follow the core schema of
YAML 1.2 (1.2.2, section 10.3.2): `yes`, `on`, `2024-01-01` are text. What JSON cannot
hold (tags, merge keys, `.inf`, keys that are not text) is refused. There is no
recursion: a file may be nested as deep as it likes until it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from dlp.errors import Problem, RuleError
from dlp.rulefile.text import Place, events

MAX_NODES = 400_000
"""Values after every alias is followed: nine lines of aliases to aliases make 10^9."""
MAX_DEPTH = 64

type Keys = tuple[str | int, ...]
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
_LIKE_SCALAR = re.compile(r"[-+.~0-9nNtTfF]|\Z")
"""How those begin: most text needs no further look."""
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


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
    builder = _Builder(file)
    for event in events(data, file):
        builder.take(event)
    if builder.root is None:
        raise RuleError(Problem(file, 1, 1, "is empty", "write at least `version: 1`"))
    return builder.root, builder.places, builder.problems


@dataclass(slots=True)
class _Open:
    """A mapping or list that has begun and not ended."""

    keys: Keys
    value: list[Value] | dict[str, Value]
    anchor: str | None
    before: int
    """Nodes that had been read when it began."""
    kept: bool
    """False below a key that is refused: read, to see what is wrong in it, and lost."""
    key: str | None = None
    """Of a mapping: the key whose value comes next."""
    lost: bool = False
    """Whether that value is one of those."""
    lines: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Builder:
    file: str
    root: Value = None
    places: Places = field(default_factory=lambda: Places({}, {}))
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0
    documents: int = 0
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Value, int]] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """One event; a fault that leaves nothing to go on with raises RuleError."""
        if isinstance(event, NodeEvent):
            top = self.stack[-1] if self.stack else None
            if top and isinstance(top.value, dict) and top.key is None:
                self._key(event, top)
            else:
                self._node(event)
        elif isinstance(event, CollectionEndEvent):
            self._end(self.stack.pop())
        elif isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                what, remedy = "is a second document", "keep one, without `---`"
                raise RuleError(self._problem(event, what, remedy))

    def _key(self, event: Event, top: _Open) -> None:
        plain = isinstance(event, ScalarEvent) and not event.style
        if not isinstance(event, ScalarEvent):
            what, remedy = "is not a plain key", "write the keys out one by one"
            raise RuleError(self._problem(event, what, remedy))
        name: str = event.value
        top.key, top.lost = name, True
        if plain and name == "<<":
            self._note(event, "merges another mapping", "write the keys out one by one")
        elif name in top.lines:
            what = f"`{name}` is given twice, first in line {top.lines[name]}"
            self._note(event, what, "keep one of them")
        else:
            top.lost = False
            top.lines[name] = event.start_mark.line + 1
            if top.kept:
                self.places.keys[(*top.keys, name)] = _place(event)

    def _node(self, event: Event) -> None:
        self._count(event, 1)
        keys, kept = self._here(event)
        if getattr(event, "tag", None):
            self._note(event, f"has the tag `{event.tag}`", "remove the tag")
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            if len(self.stack) >= MAX_DEPTH:
                what = f"is nested more than {MAX_DEPTH} deep"
                raise RuleError(self._problem(event, what, "flatten it"))
            empty: list[Value] | dict[str, Value] = (
                {} if isinstance(event, MappingStartEvent) else []
            )
            self.stack.append(_Open(keys, empty, event.anchor, self.nodes, kept))
        elif isinstance(event, AliasEvent):
            self._alias(event)
        else:
            value = self._scalar(event)
            if event.anchor:
                self.anchors[event.anchor] = (value, 1)
            self._place_value(value)

    def _here(self, event: Event) -> tuple[Keys, bool]:
        """The keys of the value that begins, and whether it is kept."""
        if not self.stack:
            self.places.values[()] = _place(event)
            return (), True
        top = self.stack[-1]
        last = len(top.value) if isinstance(top.value, list) else top.key
        assert last is not None
        keys, kept = (*top.keys, last), top.kept and not top.lost
        if kept:
            written = isinstance(event, ScalarEvent) and event.value
            own = written or isinstance(event, AliasEvent) or last not in top.lines
            self.places.values[keys] = _place(event) if own else self.places.keys[keys]
        return keys, kept

    def _alias(self, event: AliasEvent) -> None:
        if event.anchor not in self.anchors:
            what = f"`*{event.anchor}` names nothing that stands before it"
            remedy = "quote text that begins with `*`"
            raise RuleError(self._problem(event, what, remedy))
        value, size = self.anchors[event.anchor]
        self._count(event, size)
        self._place_value(value)

    def _end(self, ended: _Open) -> None:
        if ended.anchor:
            self.anchors[ended.anchor] = (ended.value, self.nodes - ended.before + 1)
        self._place_value(ended.value)

    def _place_value(self, value: Value) -> None:
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        else:
            assert top.key is not None
            if not top.lost:
                top.value[top.key] = value
            top.key = None
            top.lost = False

    def _scalar(self, event: ScalarEvent) -> Value:
        text: str = event.value
        if event.style or not _LIKE_SCALAR.match(text):
            return text
        for pattern, convert in _SCALARS:
            if pattern.fullmatch(text):
                return convert(text)
        if _NOT_FINITE.fullmatch(text):
            self._note(event, f"`{text}` is not a number", "write a finite number")
        return text

    def _count(self, event: Event, more: int) -> None:
        self.nodes += more
        if self.nodes > MAX_NODES:
            what = f"has more than {MAX_NODES} values once aliases are followed"
            remedy = "write the values out, or remove what is not needed"
            raise RuleError(self._problem(event, what, remedy))

    def _note(self, event: Event, what: str, remedy: str) -> None:
        self.problems.append(self._problem(event, what, remedy))

    def _problem(self, event: Event, what: str, remedy: str) -> Problem:
        return Problem(self.file, *_place(event), what, remedy)


def _place(event: Event) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1
