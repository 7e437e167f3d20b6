"""
Patterns of secrets that only the name beside them gives away.

Thirty-two hex digits are a key after `DATADOG_API_KEY=` and a checksum elsewhere. A
rule states such a family as `names` (the vendor's) and `value` (the shape); `compose`
writes the pattern. Between the two may stand a word for a secret with what belongs to
it (`_API_KEY`, ` access token is`, a key one level down), then what separates a name
from its value in code, configuration, JSON, XML, headers and prose. Without such a word
the value must follow the name directly, after an assignment or a blank.

Stands apart from `pattern` so that the shape of an assignment is written once, and a
form of it that is missed is added for all families at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_NOUN = (
    "key|token|secret|pass|pwd|psw|auth|cred|access|private|bearer|jwt|sid|signature"
    "|webhook|licen[sc]e|hmac|salt|api|login"
)
_SEPARATOR = r"""(?:\s{0,3}\?=)?[^0-9A-Za-z/@#?&%\x80-\xff]{1,12}"""
_DIRECT = (
    r"""(?:\\?["'\])>]){0,2}(?:\s{0,3}(?:[=:,]{1,2}>?|[>(])\s{0,3}|[ \t]{1,7})"""
    r"""(?:\\?["'`<]){0,2}"""
)
_BETWEEN = (
    r"""(?:[\w .-]{0,24}(?:\(\s{0,4}["']?[\w-]{0,16})?"""
    r"""|["']?\s{0,2}[:=]{1,2}>?\s{0,3}[{(]?\s{0,12}["']?[\w.-]{0,16})"""
)
_END = r"(?:[^\w+/=-]|$)"
_SHORT = 6
"""A name whose first word has fewer letters must stand at the start of a word."""


def compose(names: Iterable[str], value: str) -> str:
    """
    The pattern of a value of shape `value` (an expression) that stands under a name.

    A blank in a name matches a blank, `_`, `-`, `.` or nothing.
    """
    long: list[str] = []
    short: list[str] = []
    for name in names:
        words = name.split()
        text = "[ _.-]?".join(map(re.escape, words))
        (short if len(words[0]) < _SHORT else long).append(text)
    starts = []
    if long:
        starts.append("|".join(long))
    if short:
        starts.append("(?:^|[^0-9A-Za-z])(?:" + "|".join(short) + ")")
    noun = rf"{_BETWEEN}(?i:{_NOUN})[\w .-]{{0,20}}?{_SEPARATOR}"
    return rf"(?i:{'|'.join(starts)})(?:{noun}|{_DIRECT})(?P<secret>{value}){_END}"
