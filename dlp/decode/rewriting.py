"""
Text that stays text: lines in which something is spelled otherwise, written plainly.

Only lines that hold the mark are copied: what has nothing to undo is in the parent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dlp.decode.pieces import Pieces, Rewrite, lines_with
from dlp.decode.source import Source
from dlp.model import View


def rewritten(
    source: Source,
    step: str,
    mark: bytes,
    rewrite: Rewrite,
    apply: Callable[[bytes], bytes] | None = None,
) -> Iterator[View]:
    """
    The lines with `mark`, rewritten; nothing when that changes nothing.

    `apply` is a faster way to the same bytes as `rewrite.apply`.
    """
    data = source.data
    spans = lines_with(data, mark)
    before = [data[start:stop] for start, stop in spans]
    after = list(map(apply or rewrite.apply, before))
    if after != before:
        trace = Pieces(spans, [len(line) for line in after], inner=rewrite.locate)
        yield source.gather(step, after, trace)
