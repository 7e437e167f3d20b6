"""
Redaction with a second look. Why not in `redact`: that rewrites bytes and is pure; this
has what it wrote examined again, wherever examinations run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field, replace

from dlp.inspector import Examination, Inspector
from dlp.model import Message, noun
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
    leaks = inspector.leaks(seen)
    for narrow in (True, False):
        cut = await asyncio.to_thread(
            redact,
            message.parts,
            leaks,
            inspector.digest,
            everywhere=seen.reach.restore,
            narrow=narrow,
        )
        if cut is None:
            continue
        again = await examine(replace(message, parts=cut.parts))
        if not (inspector.leaks(again) or again.truncated or again.undecodable):
            return Rewritten(again, cut.stands_for)
    return None
