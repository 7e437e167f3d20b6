"""A view that decoders read, and the making of its children."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlp.decode.budget import Budget
from dlp.decode.pieces import Inner, Pieces, Span, whole
from dlp.model import Trace, View


@dataclass(slots=True)
class Source:
    """What a decoder is given: a view, and what is known about it."""

    view: View
    budget: Budget

    @property
    def data(self) -> bytes:
        """The bytes to decode."""
        return self.view.data

    def child(self, step: str, data: bytes, span: Span | None = None) -> View:
        """A view decoded from `span` of this one; span None: not from one place."""
        view = self.view
        return View(data, view.part, step, view, span, depth=view.depth + 1)

    def slice(self, step: str, span: Span) -> View:
        """A view that is a stretch of this one."""
        view = self.view
        data = view.data[span[0] : span[1]]
        return View(data, view.part, step, view, span, exact=True, depth=view.depth + 1)

    def traced(
        self, step: str, data: bytes, trace: Trace, *, joined: bool = False
    ) -> View:
        """A view whose origin `trace` knows."""
        view = self.view
        return View(
            data,
            view.part,
            step,
            view,
            depth=view.depth + 1,
            joined=joined,
            trace=trace,
        )

    def found(
        self,
        step: str,
        found: Sequence[tuple[Span, bytes]],
        separator: int = 1,
        inner: Inner = whole,
    ) -> Iterator[View]:
        """One view of texts, each made of its span as `inner` says; none of no text."""
        if found:
            spans, texts = [span for span, _ in found], [text for _, text in found]
            trace = Pieces(spans, list(map(len, texts)), separator, inner)
            yield self.gather(step, texts, trace)

    def gather(self, step: str, pieces: list[bytes], trace: Pieces) -> View:
        """One view of many pieces; `trace` tells them apart again."""
        separator = b"\n" * trace.separator
        joined = not trace.separator
        return self.traced(step, separator.join(pieces), trace, joined=joined)
