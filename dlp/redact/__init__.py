"""
Finding spans -> rewritten bytes. Byte-deterministic, so prompt caches stay warm.

A placeholder is `redacted-RULE-DIGEST`: letters, digits and hyphens only, so that it is
valid inside JSON, a form, a URL, multipart and XML alike. The digest is keyed and of
what the cut text reads as: equal texts get equal placeholders on every turn and replica
that share the key, different ones different ones, and none can be turned back by who
does not hold the message. `Redaction.stands_for` holds what each stood for: never store
or print it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace

import orjson

from dlp.decode import uncoded
from dlp.model import Finding, Kind, Limits, Part, PartKind, noun
from dlp.redact.cutting import Cutting, Found

REDACTABLE = frozenset({PartKind.BODY, PartKind.FRAME})


@noun
class Redaction:
    """Parts in which nothing is left of what was found."""

    parts: tuple[Part, ...] = field(repr=False)
    stands_for: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What a placeholder can be turned back into, as it reads without any escapes."""


def redact(
    parts: Sequence[Part],
    findings: Iterable[Finding],
    digest: Callable[[bytes], str],
    *,
    everywhere: bool = False,
    narrow: bool = False,
) -> Redaction | None:
    """
    The parts with every finding replaced that has a raw span; None when one cannot be.

    In a part that is no body, or under a content coding (the span is in the coded
    bytes: see `in_plain`), nothing can be rewritten. What was JSON still is.

    `everywhere`: also where the same text stands and nothing was found. A value that
    was put back into an answer comes again with the next turn, in other words.
    `narrow`: see `Cutting.narrowed`; not all that was found may be gone then.
    """
    spans = _spans(parts, findings)
    if not spans:
        return None
    work = Cutting(digest)
    for index in sorted(spans):
        if narrow:
            spans[index] = work.narrowed(parts[index], spans[index])
        work.learn(parts[index], spans[index])
    out = list(parts)
    for index, part in enumerate(parts):
        here = spans.get(index, [])
        if everywhere and part.kind in REDACTABLE and not part.encodings:
            more = work.again(part)
            if more is None:
                return None
            here = [*here, *more]
        data = work.apply(part, here)
        if data is None or (here and _is_json(part.data) and not _is_json(data)):
            return None
        out[index] = replace(part, data=data) if here else part
    return Redaction(tuple(out), work.stands_for)


def _spans(
    parts: Sequence[Part], findings: Iterable[Finding]
) -> dict[int, list[Found]]:
    """By part, what can be cut out; nothing if one stands where nothing can be."""
    spans: dict[int, list[Found]] = {}
    for finding in findings:
        part = parts[finding.part]
        if part.kind not in REDACTABLE or part.encodings:
            return {}
        if finding.span is not None:
            known = finding.kind is Kind.FINGERPRINT
            found = Found(*finding.span, finding.rule, known)
            spans.setdefault(finding.part, []).append(found)
    return spans


def in_plain(parts: Sequence[Part], limits: Limits) -> tuple[Part, ...] | None:
    """The parts without content codings; None when one cannot be undone in full."""
    out = []
    for part in parts:
        data = uncoded(part.data, part.encodings, limits)
        if data is None:
            return None
        out.append(replace(part, data=data, encodings=()) if part.encodings else part)
    return tuple(out)


def _is_json(data: bytes) -> bool:
    """Whether it is a JSON document, or one on each line."""
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        lines = [line for line in data.split(b"\n") if line.strip()]
        if len(lines) < 2:
            return False
        try:
            for line in lines:
                orjson.loads(line)
        except orjson.JSONDecodeError:
            return False
    return True
