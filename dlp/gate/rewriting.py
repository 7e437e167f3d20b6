"""
Redaction with a second look. Why not in `redact`: that rewrites bytes and is pure; this
has what it wrote examined again, wherever examinations run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from dlp.inspector import Examination, Inspector
from dlp.model import Finding, Message, Part
from dlp.redact import in_plain, placeholder, redact

type Examine = Callable[[Message], Awaitable[Examination]]


async def rewritten(
    inspector: Inspector, seen: Examination, examine: Examine
) -> Examination | None:
    """
    The message without what may not leave, as it was examined again; None when
    something cannot be cut out, or is still found. A body under a content coding goes
    on without it.
    """
    message = seen.message
    if any(part.encodings for part in message.parts):
        plain = in_plain(message.parts, inspector.policy.limits)
        if plain is None:
            return None
        message = replace(message, parts=plain)
        seen = await examine(message)
    leaks = inspector.leaks(seen)
    parts = redact(message.parts, leaks)
    if parts is None:
        return None
    again = await examine(replace(message, parts=parts))
    ours = {placeholder(finding) for finding in leaks}
    left = (_text(parts, finding) for finding in inspector.leaks(again))
    if any(not any(text in one for one in ours) for text in left):
        return None
    return None if again.truncated or again.undecodable else again


def _text(parts: tuple[Part, ...], finding: Finding) -> bytes:
    """The raw bytes of a finding; what no placeholder holds when it has no span."""
    start, stop = finding.span or (0, 0)
    return parts[finding.part].data[start:stop] or b"\0"
