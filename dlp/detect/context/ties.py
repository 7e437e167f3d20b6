"""
How a name holds a value: what stands between them, in any notation.

Why not in `assignment.py`: that weighs name, tie and value; here nobody looks at what
the value says.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import NamedTuple


class Tie(IntEnum):
    """How a name holds its value."""

    NONE = 0
    PROSE = 1
    """Only space, `is`, or a table's bar stands between them."""
    BARE = 2
    """Assigned, without quotation marks."""
    QUOTED = 3
    """Assigned or handed over between quotation marks, or alone in an element."""


class Assignment(NamedTuple):
    """A name, a value, and what stands between and after them."""

    name: str
    separator: str
    value: bytes
    before: bytes
    """Up to two characters before the name, none at the beginning."""
    after: bytes
    """Up to three characters after the value."""


_WHAT_FOR = (
    r"(?i)\b(?:for|of|in|on|from|to|i|we|you|that|which|with)\s[\w .'/-]*(?=[:=]|->)"
)
_FILLINGS = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        # a type: `: &'static str =`, `As String =`, `[] =`
        (r"(?i)(^[\s\"'`*)\]}\\]*)(?::|\[|\bas\b)[&'*\w<>\[\]?., ]*=(?!=)", r"\1="),
        # what it is for: `token for production:`
        (_WHAT_FOR, ""),
        (r"\([^()]*\)(?=\s?[:=])", ""),  # an aside: `token (of the stage):`
        # a call round the value: `String::from(`
        (r"[A-Za-z][\w.:<>$]*\((?=[\s\"'`\\a-z]*$)", "("),
        (r"[&!]{1,2}\w[\w/!]*\s", ""),  # an anchor or a tag of YAML
        (r"(?i)\bor\b", "||"),
        (r"\n\s*(?:#+|//|>|\*|-)\s", "\n"),  # what begins a line of a comment or list
        (r"[A-Za-z_&]+", ""),
    )
)
"""What may stand in a separator and ties nothing, and what it is read as."""

_PART_HEAD = re.compile(r"\"(?:\r?\n){2}")
"""Between the name of a part of multipart/form-data and its value."""

_TIES: tuple[tuple[re.Pattern[str], bool, Tie], ...] = tuple(
    (re.compile(pattern), quoted, tie)
    for pattern, quoted, tie in (
        (r"[\])}{]*[?|+~!:=<.]*[:=]+>?[>\[({]*:?", True, Tie.QUOTED),
        (r"[\])}]*[|?+:.]*[:=]>?[>|]*[-+]?", False, Tie.BARE),
        (r"[(,>\[{]+(?:=|<<)?|[\])}]*(?:\|\||\?\?)\(*|<{1,2}-", True, Tie.QUOTED),
        (r"[,{(]+:|[\])}]*[=:]>?[!@(\[\]{]+", True, Tie.QUOTED),
        (r"->|<{1,2}-|[;|]|--?=?", False, Tie.BARE),
        (r"\|{0,2}", False, Tie.PROSE),
    )
)
"""What a separator is without space, quotes and filler words; whether the value must
stand in quotes; what that makes it. The first row that fits."""


def tie(found: Assignment) -> Tie:
    """How the name holds the value."""
    mark = found.separator[-1:]
    quoted = mark in {'"', "'", "`"} and found.after[:1] in {mark.encode(), b"\\"}
    text = _plain(found.separator)
    for filling, instead in _FILLINGS:
        text = filling.sub(instead, text)
    core = re.sub(r"[\s\"'`\\*]+", "", text)
    if found.name.startswith("-") and not core:
        return Tie.BARE
    if core in _ELEMENTS and found.after.startswith(b"</") and _in_element(found):
        return Tie.QUOTED
    if found.before[-1:] == b"/" or _in_next_line(found.separator, core):
        return Tie.NONE
    if found.before == b"::" and found.separator[:1] in {'"', "'"}:
        return Tie.NONE  # what a type is mapped to, as in CloudFormation
    if _PART_HEAD.fullmatch(found.separator):
        return Tie.BARE
    return _written(core, quoted=quoted, found=found)


def _written(core: str, *, quoted: bool, found: Assignment) -> Tie:
    for pattern, needs_quotes, kind in _TIES:
        if (quoted or not needs_quotes) and pattern.fullmatch(core):
            return kind
    row, aside = found.separator == ",", core == "(" and found.separator[0] == " "
    return Tie.PROSE if row or aside else Tie.NONE


_ELEMENTS = {">", "</><>"}
"""Between a name and a value that stands alone in an element, or in the next one."""


def _in_element(found: Assignment) -> bool:
    """The name is an element, stands quoted in one, or is the text of one."""
    return found.before[-1:] in {b"<", b":"} or found.separator[:1] in {'"', "'", "<"}


_COLONS = "→➔➜⇒\u2013\u2014\uff1a「『“\u2018\uff1b\uff5c"
_SIGNS = str.maketrans(dict.fromkeys(_COLONS, ":") | dict.fromkeys("éè", " "))
"""What stands for a colon in other scripts, and verbs that are no ASCII letters."""


def _plain(separator: str) -> str:
    if separator.isascii():
        return separator
    return separator.encode("latin-1").decode("utf-8", "replace").translate(_SIGNS)


def _in_next_line(separator: str, core: str) -> bool:
    """Of a list; a pair of `name` and `value` may stand on two lines."""
    lines = "\n" in separator or "\\n" in separator
    return "," in core and lines and "value" not in separator.lower()


_REST_OF_NAME = re.compile(rb"[A-Za-z_]{2,24}%3[Dd]")
"""Of `password.file=...`, percent-encoded: that is read decoded as well."""
_REST_OF_LETTERS = re.compile(rb"[89A-F][0-9A-F](?:=[89A-F][0-9A-F]){2}")
"""Of a text in another script than ours in mail: `passwd =D0=B7=D0=B0=D0=B9`."""


def goes_on(found: Assignment) -> bool:
    """The value is the rest of a name, or of letters that mail writes as digits."""
    if found.separator.endswith("="):
        return bool(_REST_OF_LETTERS.match(found.value))
    return found.name.endswith(".") and bool(_REST_OF_NAME.match(found.value))


_BREAK = re.compile(r"\n|\\n")
_NEXT = re.compile(rb"n?(?:[A-Z][A-Z0-9_]*|[a-z_]+)=(?!=?\Z)")
"""On the line below a name without a value: the next assignment."""


def is_next(found: Assignment) -> bool:
    """Whether what stands below a name without a value is the next assignment."""
    broken = _BREAK.search(found.separator + found.value[:1].decode("latin-1"))
    return bool(broken and _NEXT.match(found.value))
