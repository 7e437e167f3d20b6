"""
Names that a sender chose, made safe to keep: hosts, paths, view paths, free text.

Strategy: a name survives only when it is a word of a closed vocabulary, or reads like
a word a person would give to a resource. Anything that could be random, encoded or a
fragment of something becomes a mark. Marks are short and fixed, so that they tell
nothing of what stood there.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address

from dlp.record.words import KEYS, STEPS

GAP = "{}"
"""Stands for one path segment or one key that is not kept."""
HIDDEN = "redacted"
"""Stands for the labels of a host name that are not kept."""

_NAME = re.compile(r"[^\s>.\[\]:/]+")
_INDEX = re.compile(r"\d{1,5}")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]{1,5}(?![a-z])|\d+|[^A-Za-z\d]+")
_JOINERS = frozenset("-_.:@~")
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_RANDOM = 0.15
"""Score of `_randomness` from which a name is not kept; stricter than a detector's."""


@lru_cache(maxsize=4096)
def printable(text: str, limit: int = 300) -> str:
    """
    `text` with control, bidirectional and zero-width characters escaped, and cut.

    A log viewer or terminal can then not be made to show something else.
    """
    safe = _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return safe if len(safe) <= limit else safe[:limit] + "..."


@lru_cache(maxsize=4096)
def view_path(path: str) -> str:
    """A view path in which every key that is not a known word is a gap."""
    return _NAME.sub(_known, path)


def _known(match: re.Match[str]) -> str:
    name = match[0]
    if name == "$" or name.lower() in STEPS or name.lower() in KEYS:
        return name
    bracketed = match.string[match.start() - 1 : match.start()] == "["
    return name if bracketed and _INDEX.fullmatch(name) else GAP


@lru_cache(maxsize=4096)
def path_class(path: str, *, strict: bool) -> str:
    """
    The shape of a request path: words stay, ids and anything opaque become gaps.

    `strict` keeps only words of the vocabulary; it is for a path that a finding
    touches.
    """
    segments = path.split("/")[:24]
    return "/".join(_segment(segment, strict=strict) for segment in segments)[:256]


def _segment(segment: str, *, strict: bool) -> str:
    if not segment or segment.lower() in KEYS:
        return segment
    return GAP if strict or not reads_like_words(segment) else segment


def reads_like_words(name: str) -> bool:
    """
    Whether a name is made of a few ordinary words and small numbers.

    A heuristic that may be wrong about a word; it is not what keeps secrets out
    (a finding does that), it keeps fragments below every threshold out.
    """
    if len(name) > 40 or not name.isascii():
        return False
    words = _WORDS.findall(name)
    if "".join(words) != name or len(words) > 9 or sum(map(str.isdigit, words)) > 2:
        return False
    return all(map(_ordinary, words)) and (
        len(name) < 5 or name.lower() in KEYS or _randomness(name) < _RANDOM
    )


def _ordinary(word: str) -> bool:
    if word.isdigit():
        return len(word) <= 4
    if not word.isalpha():
        return word in _JOINERS
    letters = word.lower()
    return (
        len(letters) <= 4
        or letters in KEYS
        or (len(letters) <= 20 and _randomness(letters) < _RANDOM)
    )


def _randomness(text: str) -> float:
    # Here, for it loads numpy: the supervisor and most commands never ask.
    from dlp.detect.proof.bigrams import randomness

    return randomness(text.encode())


@lru_cache(maxsize=4096)
def host_name(host: str, *, touched: bool, named: bool) -> str:
    """
    A host as it may be kept.

    `named`: a statement names this very host, so the name is the operator's own.
    `touched`: a finding lies in the name; then only a top-level domain is left.
    """
    if touched:
        last = host.rpartition(".")[2]
        return f"{HIDDEN}.{last}" if last.isalpha() and len(last) <= 6 else HIDDEN
    if named or _is_address(host):
        return host
    labels = [
        label if label.startswith("xn--") or reads_like_words(label) else HIDDEN
        for label in host.split(".")
    ]
    return ".".join(labels[-8:])


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
