"""
Finding spans -> rewritten bytes. Byte-deterministic, so prompt caches stay warm.

A placeholder is `redacted-RULE-DIGEST`: letters, digits and hyphens only, so that it is
valid inside JSON, a form, a URL, multipart and XML alike. The digest is keyed
(`Finding.digest`): equal secrets get equal placeholders on every turn and replica that
share the key, and none can be turned back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from dlp.decode import uncoded
from dlp.model import Finding, Limits, Part, PartKind

REDACTABLE = frozenset({PartKind.BODY, PartKind.FRAME})
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")


def placeholder(finding: Finding) -> bytes:
    """What stands in a finding's place."""
    rule = _UNSAFE.sub("-", finding.rule).strip("-")
    return f"redacted-{rule}-{finding.digest}".encode()


def redact(
    parts: Sequence[Part], findings: Iterable[Finding]
) -> tuple[Part, ...] | None:
    """
    The parts with every finding replaced that has a raw span; None when one cannot be.

    In a part that is no body, or under a content coding (the span is in the coded
    bytes: see `in_plain`), nothing can be rewritten.
    """
    edits: dict[int, list[tuple[int, int, bytes]]] = {}
    for finding in findings:
        part = parts[finding.part]
        if part.kind not in REDACTABLE or part.encodings:
            return None
        if finding.span is None:
            continue
        edits.setdefault(finding.part, []).append((*finding.span, placeholder(finding)))
    if not edits:
        return None
    return tuple(
        replace(part, data=_apply(part.data, edits[index])) if index in edits else part
        for index, part in enumerate(parts)
    )


def in_plain(parts: Sequence[Part], limits: Limits) -> tuple[Part, ...] | None:
    """The parts without content codings; None when one cannot be undone in full."""
    out = []
    for part in parts:
        data = uncoded(part.data, part.encodings, limits)
        if data is None:
            return None
        out.append(replace(part, data=data, encodings=()) if part.encodings else part)
    return tuple(out)


def _apply(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Replace spans from the left; spans that overlap become one."""
    out: list[bytes] = []
    done = 0
    for start, stop, filler in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
        if start >= done:
            out += [data[done:start], filler]
        done = max(done, stop)
    out.append(data[done:])
    return b"".join(out)
