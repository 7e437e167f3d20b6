"""
Patterns of secrets that only the name beside them gives away.

Thirty-two hex digits are a key after `DATADOG_API_KEY=` and a checksum elsewhere. A
rule states such a family as `names` (the vendor's) and `value` (the shape); `compose`
writes the pattern. Between the two may stand a word for a secret with what belongs to
it (`_API_KEY`, ` access token is`, a key one level down), then what separates a name
from its value in code, configuration, JSON, XML, headers and prose. Without such a word
the value must follow the name directly, after an assignment or a blank, and the name be
no ordinary word.

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
_TYPE = (
    r"""["']?\s?:?\s{0,8}(?:&(?:'static\s)?)?(?:[Ss]tr(?:ing)?[?!]?|value|default)"""
    r"""(?=[\s"'=:])"""
)
"""What may stand behind a name besides: a type, or the attribute that has the value."""
_SEPARATOR = rf"""(?:\s{{0,3}}\?=|{_TYPE})?[^0-9A-Za-z/@#?&%\x80-\xff]{{1,12}}"""
_DIRECT = (
    r"""(?:\\?["'\])>]){0,2}(?:\s{0,3}(?:[=:,|]{1,2}>?|[>(])\s{0,3}|[ \t]{1,7})"""
    r"""(?:\\?["'`<]){0,2}"""
)
_BETWEEN = (
    r"""(?:[\w .-]{0,24}(?:\(\s{0,4}["']?[\w-]{0,16})?"""
    r"""|["']?\s{0,2}[:=]{1,2}>?\s{0,3}[{(]?\s{0,12}["']?[\w.-]{0,16}"""
    r"""|["']?\]{1,2}\s{0,3}\n\s{0,8}["']?[\w.-]{0,16})"""
)
_END = r"(?:[^\w+/=-]|$)"
_SHORT = 6
"""A name whose first word has fewer letters must stand at the start of a word."""
_ESCAPES = "bfnrt"
"""The first letter of a short name is no escape's: `"\\nhost": ...` is about a host."""
_NO_NAME = "(?!mple)"
"""What does not stand behind a short name: `exa` begins `EXAMPLE`."""

_WORDS = """
    ably acuity airship alchemy alpaca amplitude anaconda apollo arduino autopilot axiom
    bandwidth bardeen blogger box captivate census chromatic chutes cicero circle civic
    clerk clubhouse cockroach coda cognitive comet commodities confluent copper courier
    coveralls crisp currents cypress dandelion delighted deputy ditto doodle drift drip
    drone duo enigma envoy eraser expo falcon fathom finch fireflies fixer forefront
    fulcrum genius ghost gladly gong greenhouse guardian guru gusto harness harvest heap
    hexpm homebrew honeycomb hospitable humanity hume hunter hyperbolic ideogram impala
    indicative influx invoiced jenkins kafka knock lark launchpad leonardo limelight
    linkup litmus lob loops magnetic majestic medusa melissa mend missive monday
    moonshot motive neutrino nightfall nimble noticeable oracle outreach pantheon
    parabola paradigm particle percy phantom placid plausible plunk podia postcodes
    prospect protocols pusher pushover quip railway ramp raven realtor refiner resemble
    rime rippling riverside roaring sage sanity sardine sauce segment semaphore
    sentiment shake shortcut sigma skylight smooch snowplow sonar springer starling
    stoplight streak superset surge swell tableau teachable teamwork teletype tenable
    tenor termly timber timescale together travis turnstile unleash updown vast vitally
    warmly watson whereby whimsical whoop wise woodpecker workable zoom
"""
ORDINARY = frozenset(_WORDS.split())
"""
Names that are words of English or of the trade as well: `heap: 3f2a...` is a hash, and
only what is said to be a key of theirs is one. By eye, from the names that the rules
have and a dictionary has, too.
"""


def compose(names: Iterable[str], value: str) -> str:
    """
    The pattern of a value of shape `value` (an expression) that stands under a name.

    A blank in a name matches a blank, `_`, `-`, `.` or nothing.
    """
    known = [name.lower().split() for name in names]
    noun = rf"{_BETWEEN}(?i:{_NOUN})[\w .-]{{0,20}}?{_SEPARATOR}"
    ways = [_starts(known) + f"(?:{noun})"]
    own = [words for words in known if not ORDINARY.issuperset(words)]
    if own:
        ways.append(_starts(own) + f"(?:{_DIRECT})")
    return rf"(?:{'|'.join(ways)})(?P<secret>{value}){_END}"


def _starts(names: Iterable[list[str]]) -> str:
    long: list[str] = []
    short: list[str] = []
    for words in names:
        text = "[ _.-]?".join(map(re.escape, words))
        (short if len(words[0]) < _SHORT else long).append(text)
    starts = []
    if long:
        starts.append("|".join(long))
    for before, begins in (("[^0-9A-Za-z]", False), (r"[^0-9A-Za-z\\]", True)):
        some = [text for text in short if (text[0] in _ESCAPES) is begins]
        if some:
            starts.append(rf"(?:^|{before})(?:{'|'.join(some)}){_NO_NAME}")
    return rf"(?i:{'|'.join(starts)})"
