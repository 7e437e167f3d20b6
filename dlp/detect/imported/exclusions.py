"""
What a filter of betterleaks asks of a secret, as checks of ours.

A filter is an expression in CEL that tells which matches do not count. Its parts that
look at the secret alone, joined by `||` at the outermost level, are read here: bounds
of entropy, expressions and words. Whatever else stands there is not evaluated: then
the rule says that a part of its filter was not taken over, and finds more, never less.

Why not in `scanners.py`: that knows the files of five scanners, this one language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LITERAL = r'(?:`[^`]*`|"(?:[^"\\]|\\.)*")'
_COMMENT = re.compile(rf"({_LITERAL})|//[^\n]*")
_PIECE = re.compile(rf"{_LITERAL}|\|\||[(\[{{]|[)\]}}]|.", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ENTROPY = re.compile(r'entropy\(finding\["secret"\]\)\s*<=?\s*(\d+(?:\.\d+)?)')
_LISTED = re.compile(
    r'(!?)(matchesAny|containsAny)\(\s*finding\["secret"\]\s*,'
    rf"\s*\[\s*((?:{_LITERAL}\s*,?\s*)*)\]\s*\)"
)


@dataclass(frozen=True, slots=True)
class Filter:
    """The part of a filter that our rules do."""

    entropy: float = 0.0
    unless: tuple[str, ...] = ()
    """Expressions that a secret must not hold."""
    whole: bool = True
    """Whether this is all that the filter says."""


def read_filter(text: str) -> Filter:
    """The part of an expression that looks at nothing but the secret."""
    entropy, unless, whole = 0.0, list[str](), True
    for term in _terms(_COMMENT.sub(r"\1", text)):
        if bound := _ENTROPY.fullmatch(term):
            entropy = max(entropy, float(bound[1]))
        elif listed := _LISTED.fullmatch(term):
            unless += _expressions(listed[1], listed[2], _literals(listed[3]))
        else:
            whole = False
    return Filter(entropy, tuple(unless), whole)


def _terms(text: str) -> Iterator[str]:
    """What `||` joins where no bracket is open; nothing of several statements."""
    text = text.strip()
    depth, term = 0, ""
    for piece in _PIECE.findall(text):
        depth += (piece in "([{") - (piece in ")]}") if len(piece) == 1 else 0
        if piece == "||" and not depth:
            yield term.strip()
            term = ""
        else:
            term += piece
    if term.strip():
        yield term.strip()


def _literals(text: str) -> list[str]:
    return [
        literal[1:-1] if literal[0] == "`" else _ESCAPE.sub(_unescaped, literal[1:-1])
        for literal in re.findall(_LITERAL, text)
    ]


def _unescaped(found: re.Match[str]) -> str:
    """What expressions know themselves (a line end, a code) stays as it is."""
    return found[1] if found[1] in '\\"' else found[0]


def _expressions(negated: str, call: str, texts: list[str]) -> list[str]:
    if call == "containsAny":
        texts = [re.escape(text) for text in texts]
    if not negated:
        return texts
    joined = "|".join(f"(?:{text})" for text in texts)
    return [rf"\A(?![\s\S]*(?:{joined}))"]
