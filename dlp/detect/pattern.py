"""
One pattern, two forms: the exact one that captures, and the scan form that only finds.

The scan form goes to hyperscan. It matches at least wherever the exact form does, but
earlier and cheaper: what an optional or repeated tail could add is cut off, because
hyperscan reports every end of every match and `x{20,4000}` alone would report 3,981 of
them; a large bound in the middle becomes no bound, which costs an automaton nothing;
look-around, which hyperscan cannot do, is left out. The exact form, run by `regex` on a
window round the reported end, decides. Patterns are bytes; line anchors are of lines.

Most patterns want a border before and behind: what goes on is another thing. But who
wants a key to pass glues a letter to it. So a pattern whose beginning chance does not
write has a glued form, too, which a few letters before or behind do not disturb.
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
    is_border,
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
    glued: bytes = b""
    """The exact form that also matches what letters are glued to; empty: there is none.
    `scan`, `reach` and `tail` are wide enough for both."""


@lru_cache(_REMEMBERED)
def prepare(source: str, *, glued: bool = False) -> Pattern:
    """
    Check a pattern and derive its scan form, and if asked for its glued form.

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
    caseless = b"(?i)" if flags & re.IGNORECASE else b""
    secret = re.compile(exact).groupindex.get("secret")
    core, form = _glued(nodes, secret) if glued else (nodes, b"")
    cut = _cut_tail(mapped(core, scannable))
    cut_least, reach = width(cut)
    tail = most - cut_least + _looked_at(nodes)
    if form:
        form = caseless + form
        reach, tail = reach + most - width(core)[1], tail + _GLUE + len("__") + 1
    heads, lead = beginnings(nodes)
    scan = caseless + write(mapped(cut, _loose))
    return Pattern(exact, scan, reach, tail, most, heads, lead, form)


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


_GLUE = 24
"""Letters that may be glued to a key, on either side."""
_BEFORE = rb"(?<=(?<![\w-])[\w-]{1,%d})" % _GLUE
_BEFORE_SIGN = rb"(?<=(?<![\w-])[\w-]{0,%d}[_-])" % _GLUE
_WORD = rb"\d{3,%d}|[a-z]{4,%d}|[A-Z]{4,%d}" % ((_GLUE,) * 3)
"""Or a number: a letter or two more are another kind of key, that is too long."""
_SIGN_WORD = rb"[_-]{1,2}[A-Za-z]{2,%d}" % _GLUE
_FILLER = rb"(?i:example|sample|placeholder|changeme|invalid|dummy|redacted|x{6})"
_ANY = rb"(?=(?:%b)(?![0-9A-Za-z]))"
_BEHIND_SIGN = _ANY % b"|".join((_SIGN_WORD, _FILLER))
_BEHIND = _ANY % b"|".join((_SIGN_WORD, _FILLER, _WORD))
_FIXED = 5
"""Bytes of a beginning that chance does not write."""
_ENDS_WORDS = re.compile(rb"[a-z]{1,4}[_-]")
"""Beginnings that words end with: `version_`, `break_live_`."""
_SIGNS = b"_-.:"
_ENDS = frozenset((b"_", b"-", b".", b":"))
_PLAIN = frozenset(
    b"access agent api app dev hook key live mint notify preview private prod project"
    b" secret test token web".split()
)
"""With such words the names of others end: `pk_live_` is nothing that is `live_`."""


def _glued(nodes: Nodes, secret: int | None) -> tuple[Nodes, bytes]:
    """
    A pattern without the borders that it may do without, and the form that is written
    of that. As it was, and empty, where it has none.
    """
    first, stop = 0, len(nodes)
    while first < stop and is_border(nodes[first]):
        first += 1
    while first < stop and is_border(nodes[stop - 1]):
        stop -= 1
    core = nodes[first:stop]
    if len(core) == len(nodes):
        return nodes, b""
    before, behind = write(nodes[:first]), write(nodes[stop:])
    key = b"(?>" + write(core, secret) + b")"
    glue, end = _glue_of(core)
    ways = [write(nodes, secret), before + key + end]
    if glue:
        ways += [glue + key + behind, glue + key + end]
    return core if glue else nodes[:stop], b"|".join(ways)


def _glue_of(core: Nodes) -> tuple[bytes, bytes]:
    """What may be glued before and behind; nothing before what begins like a word."""
    heads, lead = beginnings(core)
    if lead or not heads or not all(head[:1].isalnum() for head in heads):
        return b"", _BEHIND_SIGN
    if any(head.rstrip(_SIGNS) in _PLAIN for head in heads):
        return b"", _BEHIND_SIGN
    short = [head for head in heads if len(head) < _FIXED]
    if any(head[_FIXED - 2 :] not in _ENDS for head in short):
        return b"", _BEHIND_SIGN
    if short or any(map(_ENDS_WORDS.match, heads)):
        return _BEFORE_SIGN, _BEHIND_SIGN if short else _BEHIND
    return _BEFORE, _BEHIND


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
