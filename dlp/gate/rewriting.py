"""
Redaction with a second look. Why not in `redact`: that rewrites bytes and is pure; this
has what it wrote examined again, wherever examinations run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field, replace

from dlp.inspector import Examination, Inspector
from dlp.model import Finding, Message, Part, noun
from dlp.redact import in_plain, redact

type Examine = Callable[[Message], Awaitable[Examination]]


@noun
class Rewritten:
    """A message without what may not leave."""

    seen: Examination
    """As it was examined again."""
    stands_for: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What its placeholders can be turned back into."""


async def rewritten(
    inspector: Inspector, seen: Examination, examine: Examine
) -> Rewritten | None:
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
    cut = redact(
        message.parts,
        inspector.leaks(seen),
        inspector.digest,
        everywhere=seen.reach.restore,
    )
    if cut is None:
        return None
    again = await examine(replace(message, parts=cut.parts))
    left = (_text(cut.parts, finding) for finding in inspector.leaks(again))
    if any(not any(text in one for one in cut.placeholders) for text in left):
        return None
    if again.truncated or again.undecodable:
        return None
    return Rewritten(again, cut.stands_for)


def _text(parts: tuple[Part, ...], finding: Finding) -> bytes:
    """The raw bytes of a finding; what no placeholder holds when it has no span."""
    start, stop = finding.span or (0, 0)
    return parts[finding.part].data[start:stop] or b"\0"
