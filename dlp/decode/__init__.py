"""bytes -> views: every text a recipient could recover."""

from __future__ import annotations

from collections.abc import Sequence

from dlp.model import Decoded, Limits, Part, View


def decode(parts: Sequence[Part], limits: Limits) -> Decoded:  # noqa: ARG001
    """The raw parts as views."""
    return Decoded(
        tuple(
            View(p.data, i, p.kind, None, (0, len(p.data)), exact=True)
            for i, p in enumerate(parts)
        )
    )
