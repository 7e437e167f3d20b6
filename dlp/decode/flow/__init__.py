"""
A body too large to be held, cut into windows that can be judged one by one.

Every window goes through the whole worklist (`work.py`), so every decoder applies in
it, wherever chunks or windows end. Windows overlap by more than anything that is to be
found is long; what begins in one and ends in the next stands whole in the next. Beyond
that, three things are carried from window to window: the document that is open
(`contexts.py`), compressed streams (`inflating.py`) and coded runs (`runs.py`), whose
content is cut into windows in the same way.

Rule 1: a byte goes on when it stands in no window that is still to come, and all that
was decoded from it has been judged.
Rule 2: what began before the overlap, goes on behind the window and is not followed
makes the body undecodable.
Rule 3: memory is some windows, whatever the body becomes.

Why not in `work.py`: that decodes what it is given whole.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from dlp.decode.flow.contexts import Context, context
from dlp.decode.flow.inflating import CODECS, Inflating, Unchunking
from dlp.decode.flow.runs import Run, run_at_end
from dlp.model import Cut, Limits, noun

STEP_BYTES = 1 << 20
"""How much further each window goes."""
OVERLAP_BYTES = 128 << 10
"""What two windows share: an 8192-bit key in PEM, each bit written as a digit."""
_SLACK_BYTES = 1024
"""What may stand behind a coded run that goes on: part of a group, a line end."""
_PIECES = 4
"""How many times as long as what it holds a text in pieces may be."""
_DIVISIBLE = frozenset({"expansions", "candidates"})
"""Limits that a smaller window may keep."""
_WIDENED_AFTER = 8
"""Windows that were not too much, after which they grow again."""
_CODINGS = {
    "gzip": "gzip", "x-gzip": "gzip", "br": "br", "zstd": "zstd", "xz": "xz",
    "bzip2": "bz2", "x-bzip2": "bz2",
}  # fmt: skip

type Follower = Inflating | Unchunking | Run


@noun
class Span:
    """How a body is cut."""

    step: int = STEP_BYTES
    overlap: int = OVERLAP_BYTES

    @classmethod
    def within(cls, buffer: int) -> Span:
        """For bodies of which no more than `buffer` may be held."""
        step = min(STEP_BYTES, buffer)
        return cls(step, min(OVERLAP_BYTES, step // 2))


@noun
class Window:
    """What is to be judged next."""

    data: bytes
    lead: int
    """Bytes before the window itself: the document that is open."""
    fresh: int
    """Bytes at the end that stood in no window before."""
    step: str
    """How the content was made, `body` or `body > gzip`."""
    counts: bool
    """As it leaves, its content codings undone: the ledger of opaque bytes applies."""
    begins: bool
    """The first of its stream."""


@noun
class Judged:
    """What was seen of a window."""

    truncated: str = ""
    cut: Sequence[Cut] = ()


type Windows = Generator[Window, Judged, None]


class Flow:
    """One body. `feed`, then judge each window; `released` says what may go on."""

    def __init__(
        self, limits: Limits, codings: tuple[str, ...] = (), cut: Span | None = None
    ) -> None:
        self.truncated = ""
        self.undecodable: list[str] = []
        self._limits = limits
        self._decoded = 0
        self._cut = cut or Span.within(limits.buffer)
        self._body = _Stream(self, "body", 0, codings, counts=not codings)

    def feed(self, data: bytes) -> Windows:
        """The windows that are full now."""
        self._body.append(data)
        yield from self._body.advance(flush=False)

    def end(self) -> Windows:
        """The windows that are left when nothing follows."""
        yield from self._body.end()

    @property
    def released(self) -> int:
        """Bytes of the body that may go on."""
        return self._body.released

    @property
    def unread(self) -> bool:
        """Whether something cannot be followed: nothing more may go on."""
        return bool(self.truncated or self.undecodable)

    # -- for its streams ----------------------------------------------------------

    def spend(self, size: int) -> None:
        """So much was decoded."""
        self._decoded += size
        if self._decoded > max(self._limits.decoded, self._limits.stream):
            self.truncated = self.truncated or "decoded"

    def deepen(self, depth: int) -> None:
        """So many streams hold each other."""
        if depth > self._limits.depth:
            self.truncated = self.truncated or "depth"

    @property
    def cut(self) -> Span:
        """How it is cut."""
        return self._cut

    @property
    def ratio(self) -> int:
        """How much a compressed stream may expand."""
        return self._limits.ratio


@dataclass(slots=True)
class _Followed:
    """A follower, and the stream of what it decodes."""

    follower: Follower
    child: _Stream
    at: int
    """Offset of the next byte it reads."""


class _Stream:
    """The body, or what a follower makes of a part of it."""

    def __init__(
        self,
        flow: Flow,
        path: str,
        depth: int,
        codings: tuple[str, ...] = (),
        *,
        counts: bool = False,
    ) -> None:
        self._flow = flow
        self._path = path
        self._depth = depth
        self._codings = codings
        self._data = bytearray()
        self._at = 0
        """Offset of the first byte of `_data`."""
        self._seen = 0
        """Offset up to which windows were judged."""
        self._step = flow.cut.step
        self._well = 0
        self._context: Context | None = None
        self._followed: list[_Followed] = []
        self._counts = counts
        self._lead = 0
        """Bytes that the window has before its own."""
        self._final = False
        self.released = 0
        """Bytes that stand in no window that is to come."""

    @property
    def following(self) -> bool:
        """Whether something in it goes on."""
        return any(not one.follower.done for one in self._followed)

    def append(self, data: bytes) -> None:
        """More of the stream."""
        self._data += data

    def advance(self, *, flush: bool) -> Windows:
        """The windows that are due; with `flush` also one that is not full."""
        while not self._flow.unread and self._is_due(flush=flush):
            if self._context is None:
                self._begin()
            start = self._at
            stop = min(self._end, self._seen + self._step)
            judged = yield self._window(start, stop)
            if judged.truncated:
                self._narrow(stop - self._seen, judged.truncated)
                continue
            self._widen()
            self._seen = stop
            yield from self._follow(start, stop, judged.cut)
            self._forget()
            self.released = self._at

    def end(self) -> Windows:
        """Nothing follows: the windows that are left."""
        self._final = True
        yield from self.advance(flush=True)
        for one in self._followed:
            one.follower.close()
            self._check(one)
            yield from one.child.end()
        self._followed.clear()
        if not self._flow.unread:
            self.released = self._seen

    # -- inside -------------------------------------------------------------------

    @property
    def _end(self) -> int:
        return self._at + len(self._data)

    def _is_due(self, *, flush: bool) -> bool:
        left = self._end - self._seen
        return left > self._step or (flush and left > 0)

    def _begin(self) -> None:
        head = bytes(self._data)
        self._context = context(head)
        if not self._codings:
            return
        *rest, coding = self._codings
        follower: Follower | None = None
        ratio = self._flow.ratio
        if coding in _CODINGS:
            follower = Inflating(_CODINGS[coding], 0, ratio, lasting=True)
        elif coding == "deflate":
            follower = Inflating(_deflate(head), 0, ratio, lasting=True)
        elif coding == "aws-chunked":
            follower = Unchunking(0)
        if follower is None:
            self._flow.undecodable.append(f"{self._path} > {coding[:40]}")
        else:
            self._add(follower, coding, tuple(rest), counts=not rest)

    def _window(self, start: int, stop: int) -> Window:
        assert self._context is not None
        lead = self._context.prefix() if start else b""
        data = bytes(self._data[start - self._at : stop - self._at])
        self._lead = len(lead)
        return Window(
            lead + data,
            len(lead),
            stop - self._seen,
            self._path,
            self._counts,
            begins=not start,
        )

    def _narrow(self, size: int, why: str) -> None:
        """Too much for one window: half of it."""
        if why not in _DIVISIBLE or size <= self._flow.cut.overlap:
            self._flow.truncated = self._flow.truncated or why
        self._step = max(1, size // 2)
        self._well = 0

    def _widen(self) -> None:
        self._well += 1
        if self._well >= _WIDENED_AFTER and self._step < self._flow.cut.step:
            self._step = min(self._flow.cut.step, self._step * 2)
            self._well = 0

    def _follow(self, start: int, stop: int, cut: Sequence[Cut]) -> Windows:
        """What goes on behind the window, and the windows of what it decodes to."""
        before = stop - self._flow.cut.overlap
        if not self._final:
            self._find_exact(start, before, cut)
            self._find_run(start, stop, before)
        for one in self._followed:
            data = bytes(self._data[one.at - self._at : stop - self._at])
            one.at = stop
            yield from self._feed(one, data)
        if not self._final:
            self._refuse_others(start, stop, cut)
        self._followed = [one for one in self._followed if not one.follower.done]

    def _feed(self, one: _Followed, data: bytes) -> Windows:
        for piece in one.follower.read(data):
            self._flow.spend(len(piece))
            one.child.append(piece)
            yield from one.child.advance(flush=False)
            if self._flow.unread:
                return
        yield from one.child.advance(flush=True)
        if one.follower.done:
            yield from one.child.end()
        self._check(one)

    def _check(self, one: _Followed) -> None:
        why = one.follower.failed
        if why in {"ratio", "decoded"}:
            self._flow.truncated = self._flow.truncated or why
        elif why:
            self._flow.undecodable.append(f"{self._path} > {why}")

    def _find_exact(self, start: int, before: int, cut: Sequence[Cut]) -> None:
        for stream in cut:
            if not stream.exact or stream.span is None:
                continue
            at = stream.span[0] + start - self._lead
            known = any(one.follower.start == at for one in self._followed)
            if not start <= at < before or known:
                continue
            if stream.codec in CODECS:
                ratio = self._flow.ratio
                follower = Inflating(stream.codec, at, ratio, lasting=False)
                self._add(follower, stream.codec, (), counts=False)
            else:
                self._flow.undecodable.append(f"{self._path} > {stream.codec}")

    def _find_run(self, start: int, stop: int, before: int) -> None:
        if any(isinstance(one.follower, Run) for one in self._followed):
            return
        data = bytes(self._data[start - self._at : stop - self._at])
        at = run_at_end(data, stop - before)
        if at is not None:
            self._add(Run(start + at), "base64", (), counts=False)

    def _add(
        self, follower: Follower, step: str, codings: tuple[str, ...], *, counts: bool
    ) -> None:
        path = f"{self._path} > {step}"
        depth = self._depth + 1
        self._flow.deepen(depth)
        child = _Stream(self._flow, path, depth, codings, counts=counts)
        self._followed.append(_Followed(follower, child, follower.start))

    def _refuse_others(self, start: int, stop: int, cut: Sequence[Cut]) -> None:
        """What goes on in a coding that is not followed."""
        overlap = self._flow.cut.overlap
        run = next((f for f in self._followed if isinstance(f.follower, Run)), None)
        for stream in cut:
            if stream.exact:
                continue
            if stream.span is None:  # in another stream, which is whole or followed
                if stream.joined and stream.size > overlap // _PIECES:
                    self._flow.undecodable.append(f"{self._path} > {stream.codec}")
                continue
            begin, end = (at + start - self._lead for at in stream.span)
            if end < stop - _SLACK_BYTES or not start <= begin < stop - overlap:
                continue
            if any(one.follower.start == begin for one in self._followed):
                continue
            if run is not None and run.follower.start <= begin:
                followed = run.child.following or begin >= stop - 2 * overlap
                if followed:
                    continue
            self._flow.undecodable.append(f"{self._path} > {stream.codec}")

    def _forget(self) -> None:
        """Drop what no window needs any more; the context reads it."""
        assert self._context is not None
        keep = max(self._at, self._seen - self._flow.cut.overlap)
        gone = bytes(self._data[: keep - self._at])
        self._context.read(gone)
        del self._data[: len(gone)]
        self._at = keep


def _deflate(head: bytes) -> str:
    """Which of the two things a recipient takes for `deflate` (RFC 9110, 8.4.1.2)."""
    if len(head) > 1 and head[0] & 15 == 8 and int.from_bytes(head[:2]) % 31 == 0:
        return "zlib"
    return "deflate"
