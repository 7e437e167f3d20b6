"""
One message whose body is judged window by window while it goes on.

Pure, like `examine`: who drives it examines `message(window)` wherever examinations
run, gives back what was seen, and is told what to conclude from. What was found in one
window counts in all later ones: pieces of a secret, over the whole body.

Why not in `decode.flow`: that cuts bytes and knows of no message; nor in the gate: what
windows have in common is no side effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dlp.decode.flow import Flow, Judged, Span, Window, Windows
from dlp.detect.opaque import Opaque
from dlp.inspector import Examination
from dlp.model import Finding, Limits, Message, Part, PartKind


@dataclass(slots=True)
class FlowScan:
    """The windows of one body, in the message that they belong to."""

    head: Message
    """The message without a body."""
    media_type: str
    flow: Flow
    partials: dict[str, int] = field(default_factory=dict)
    """Of known secrets, over all windows until now."""
    inspected: int = 0
    last: Examination | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls, head: Message, body: Part, limits: Limits, cut: Span | None = None
    ) -> FlowScan:
        """For a body that is described by `body`, whose data is not looked at."""
        return cls(head, body.media_type, Flow(limits, body.encodings, cut))

    def feed(self, data: bytes) -> Windows:
        """The windows that are full with these bytes."""
        return self.flow.feed(data)

    def end(self) -> Windows:
        """The windows that are left when nothing follows."""
        return self.flow.end()

    def message(self, window: Window) -> Message:
        """What is to be examined of a window: all that leaves with it."""
        first = window.begins and window.step == "body"
        body = Part(
            PartKind.BODY, window.data, media_type=self.media_type if first else ""
        )
        return replace(self.head, parts=(*self.head.parts, body))

    def weighed(self, window: Window, seen: Examination) -> Examination:
        """
        What is to be concluded from: a window, with the pieces of all before. That it
        was too much for one window is not in it; `judged` has it cut again.
        """
        for name, bits in seen.partials.items():
            self.partials[name] = self.partials.get(name, 0) | bits
        self.inspected += seen.inspected
        self.last = seen
        return replace(
            seen,
            findings=tuple(self._placed(window, one) for one in seen.findings),
            partials=dict(self.partials) if seen.partials else {},
            truncated="",
            opaque=_fresh(window, seen.opaque),
        )

    def _placed(self, window: Window, finding: Finding) -> Finding:
        """As if the body had been decoded whole: its path leads to the window."""
        if finding.part != len(self.head.parts):
            return finding
        inside = finding.path.removeprefix(PartKind.BODY)
        return replace(finding, path=window.step + inside)

    def judged(self, seen: Examination) -> Judged:
        """What decides how the next window is cut."""
        return Judged(seen.truncated, seen.cut)

    def unread(self) -> Examination | None:
        """An examination that says what cannot be read of the body, if that is so."""
        if not self.flow.unread:
            return None
        assert self.last is not None  # nothing is followed before it was looked at
        return replace(
            self.last,
            truncated=self.flow.truncated,
            undecodable=tuple(self.flow.undecodable),
        )


def _fresh(window: Window, opaque: tuple[Opaque, ...]) -> tuple[Opaque, ...]:
    """What nobody can read, without what the window before had already."""
    if not window.counts:
        return ()
    return tuple(Opaque(o.digest, min(o.size, window.fresh)) for o in opaque)
