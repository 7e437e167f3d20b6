"""
What came out of archives and streams, texts and all else apart.

Side by side, one picture among pages would have the pages read as bytes, or noise read
as text, by every decoder. Why not in `source`: what text is, it does not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlp.decode.pieces import Pieces, Span, whole
from dlp.decode.printable import is_text
from dlp.decode.source import Source
from dlp.model import View


def unpacked(
    source: Source,
    step: str,
    spans: Sequence[Span],
    texts: Sequence[bytes],
    names: Sequence[str] = (),
) -> Iterator[View]:
    """A view of the texts and one of all else, each in order; `names`: of members."""
    kinds = list(map(is_text, texts))
    for kind in (True, False):
        some = [index for index, other in enumerate(kinds) if other is kind]
        if some:
            pieces = [texts[index] for index in some]
            trace = Pieces(
                [spans[index] for index in some],
                list(map(len, pieces)),
                inner=whole,
                opaque=True,
            )
            if names:
                labels = [f"{step}:{names[index]}" for index in some]
                trace.names = labels.__getitem__
            yield source.gather(step, pieces, trace)
