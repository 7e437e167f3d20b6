"""
One pattern, two forms: the exact one that captures, and the scan form that only finds.

The scan form goes to hyperscan. It matches at least wherever the exact form does, but
earlier and cheaper: what an optional or repeated tail could add is cut off, because
hyperscan reports every end of every match and `x{20,4000}` alone would report 3,981 of
them; a large bound in the middle becomes no bound, which costs an automaton nothing;
look-around, which hyperscan cannot do, is left out. The exact form, run by `regex` on a
window round the reported end, decides. Patterns are bytes; line anchors are of lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

import regex

from dlp.detect.syntax import (
    Node,
    Nodes,
    PatternError,
    beginnings,
    bounds,
    children,
    is_anchor,
    is_look,
    mapped,
    parse,
    repeat,
    scannable,
    width,
    with_children,
    write,
)

__all__ = ["WIDEST", "Pattern", "PatternError", "prepare"]

WIDEST = 16 << 10
"""Bytes one match may span. Keys in PEM armour (8 KiB for RSA-16384) fit twice."""

_REMEMBERED = 4096
"""Patterns that are kept read and compiled, for the rules of the next reload."""

_LOOSE = 64
"""A bound above this is no bound in the scan form."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A checked pattern."""

    exact: bytes
    scan: bytes
    """What hyperscan compiles."""
    reach: int
    """Bytes before the end hyperscan reports within which the match must start."""
    tail: int
    """Bytes after the reported end that the match may still take or look at."""
    most: int
    """Bytes the whole match can take."""
    heads: frozenset[bytes] = field(default=frozenset(), repr=False)
    """Lower-case literals: each match begins with one, or has it behind `lead` bytes.
    None: it may begin anyhow."""
    lead: int = 0
    """Bytes, at most, that may stand before them."""


@lru_cache(_REMEMBERED)
def prepare(source: str) -> Pattern:
    """
    Check a pattern and derive its scan form.

    Remembered: a reload brings the same again, and to read them all takes a second.

    Raises:
        PatternError: not a pattern, unbounded, matches nothing or everything.
    """
    exact = source.encode()
    nodes, flags = parse(exact, re.MULTILINE)
    if flags & ~(re.MULTILINE | re.IGNORECASE):
        remedy = r"write the effect out, as [\s\S]"
        raise PatternError("pattern sets a flag other than (?i)", remedy)
    _refuse_unbounded(nodes)
    least, most = width(nodes)
    if least == 0:
        raise PatternError("pattern can match nothing", "make some part of it required")
    if most > WIDEST:
        raise PatternError(
            f"pattern can span {most} bytes, the limit is {WIDEST}",
            "lower the upper bounds of its repeats",
        )
    _refuse_vacuous(exact)
    cut = _cut_tail(mapped(nodes, scannable))
    caseless = b"(?i)" if flags & re.IGNORECASE else b""
    cut_least, reach = width(cut)
    tail = most - cut_least + _looked_at(nodes)
    heads, lead = beginnings(nodes)
    scan = caseless + write(mapped(cut, _loose))
    return Pattern(exact, scan, reach, tail, most, heads, lead)


@lru_cache(_REMEMBERED)
def searcher(exact: bytes) -> regex.Pattern[bytes]:
    """What searches for the exact form, compiled when first needed: takes some ms."""
    return regex.compile(exact, regex.MULTILINE, cache_pattern=False)


_ORDINARY = (
    b"The quick brown fox jumps over 13 lazy dogs; see https://a.example/b?c=d\n"
)


def _refuse_vacuous(exact: bytes) -> None:
    if re.search(exact, _ORDINARY, re.MULTILINE):
        raise PatternError(
            "pattern matches ordinary text", "give it a prefix, a key name or a length"
        )


def _refuse_unbounded(nodes: Nodes) -> None:
    for node in nodes:
        repeats = bounds(node)
        if repeats and repeats[1] == float("inf"):
            raise PatternError(
                "pattern has an unbounded repeat",
                f"write {{{repeats[0]},N}} instead of * + or {{{repeats[0]},}}",
            )
        for inside in children(node):
            _refuse_unbounded(inside)


def _loose(node: Node) -> Node:
    repeats = bounds(node)
    if repeats and repeats[1] > max(_LOOSE, repeats[0]):
        return repeat(node, repeats[0], float("inf"))
    return node


def _looked_at(nodes: Nodes) -> int:
    """Bytes the look-arounds of a pattern can see, at most."""
    return sum(
        _looked_at(inside) + (width(inside)[1] if is_look(node) else 0)
        for node in nodes
        for inside in children(node)
    )


def _cut_tail(nodes: Nodes) -> Nodes:
    """Drop what the end of a match may or may not have, and assertions after it."""
    kept = list(nodes)
    while kept:
        node = kept[-1]
        repeats, inside = bounds(node), children(node)
        if repeats and repeats[1] > repeats[0]:
            kept.pop()
            if repeats[0]:
                return [*kept, repeat(node, repeats[0], repeats[0])]
        elif not repeats and len(inside) == 1:
            kept.pop()
            if shorter := _cut_tail(inside[0]):
                return [*kept, with_children(node, [shorter])]
        elif is_anchor(node) and _ends_variably(kept[:-1]):
            kept.pop()
        else:
            return kept
    return kept


def _ends_variably(nodes: Nodes) -> bool:
    """Whether `_cut_tail` would shorten it; what follows cannot then be kept."""
    return bool(nodes) and _cut_tail(nodes) != nodes
