"""
Findings: made of what was seen, told apart, placed.

Why not in the inspector: that is the order of the steps; these are values.
"""

from __future__ import annotations

from collections.abc import Iterable

from dlp.decode.places import word
from dlp.detect.fetches import Fetch
from dlp.model import Finding, Kind, Tier


def unread(why: str) -> Finding:
    """Something that could not be decoded."""
    return Finding("unreadable", Kind.STRUCTURE, Tier.LIKELY, why)


def a_fetch(fetch: Fetch) -> Finding:
    """A URL that the other side would fetch."""
    view = fetch.view
    path = f"{view.path} > {word(fetch.key.encode())}"
    return Finding(
        "fetch", Kind.DESTINATION, Tier.CERTAIN, path, view.part, family="fetch"
    )


def spans(findings: Iterable[Finding]) -> dict[int, list[tuple[int, int]]]:
    """Where they stand in each part."""
    found: dict[int, list[tuple[int, int]]] = {}
    for finding in findings:
        if finding.span:
            found.setdefault(finding.part, []).append(finding.span)
    return found


def distinct(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding per rule and raw span: views overlap, messages do not."""
    kept: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        where = finding.span or finding.path
        kept.setdefault((finding.rule, finding.part, where), finding)
    return tuple(kept.values())
