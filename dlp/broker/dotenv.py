"""
Dotenv files: `KEY=value` lines.

The common subset that python-dotenv, Node's dotenv and docker agree on: comments,
`export`, single quotes (literal), double quotes (escapes; may span lines), bare values
up to ` #`. Interpolation (`${X}`) is left as it stands: a reference is no secret.

Why not in `sources.py`: a parser with a grammar of its own.
"""

from __future__ import annotations

import re

_ENTRY = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*
    (?: '(?P<literal>[^']*)' | "(?P<quoted>(?:[^"\\]|\\.)*)" | (?P<bare>[^\r\n]*?) )
    [ \t]*(?:(?<=[\s'"=])\#[^\r\n]*)?$""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_NOTHING = re.compile(r"[ \t]*(?:#.*)?")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def parse(text: str) -> dict[str, str]:
    """The keys and values in order; of a key that is set twice the last."""
    values: dict[str, str] = {}
    for match in _ENTRY.finditer(_lines(text)):
        value = match["literal"] if match["literal"] is not None else match["bare"]
        if match["quoted"] is not None:
            value = _ESCAPE.sub(lambda m: _ESCAPES.get(m[1], m[1]), match["quoted"])
        values[match["key"]] = value or ""
    return values


def unread(text: str) -> tuple[int, ...]:
    """The numbers of the lines that are neither entry, comment nor blank, from 1."""
    left = _ENTRY.sub(lambda match: "\n" * match[0].count("\n"), _lines(text))
    return tuple(
        number
        for number, line in enumerate(left.split("\n"), 1)
        if not _NOTHING.fullmatch(line)
    )


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")
