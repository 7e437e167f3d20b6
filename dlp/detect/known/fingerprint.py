"""
Known secrets in views: `SecretIndex.scan`.

Every gram of the normalised views is looked up; what agrees on where a secret would
have to begin, and is long enough to be no accident, is a hit. See `enrol.py` for what
is kept of a secret and `stretches.py` for the search.

Coverage is an integer whose bit `i` stands for byte `i` of the secret (of the part of
it that its class does not share). Hits that are not complete add up: `reached` tells
when the sum is a leak.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter

import numpy as np

from dlp.detect.acrostic import acrostics
from dlp.detect.known.enrol import Fingerprint, digest
from dlp.detect.known.forms import Domain
from dlp.detect.known.grams import GRAM, Places
from dlp.detect.known.stretches import RUN, Search, Stretch
from dlp.detect.known.variants import VARIANTS
from dlp.detect.known.wholes import Wholes, marked
from dlp.detect.located import Buffer, batches, widened
from dlp.errors import SecretError
from dlp.model import View

AS_IT_IS = ("raw", "visible", "plain")
"""Variants that are the value itself, but for case and separators."""
_MOST = 0.75
"""Of a secret in pieces of which none is evidence alone."""
_LESS_APART = 1.5
"""So many times the letters, where they are words: those stand in many a text."""
_NEAR = 16 << 10
"""Bytes between such pieces: in more some are alike by chance."""
_MOST_PIECES = 64
_UNSHIFTED = (*AS_IT_IS, "base64")
"""Those of which XOR with 0 and a shift by 0 are variants, too."""


@dataclass(frozen=True, slots=True)
class SecretInfo:
    """What is known of a secret by name."""

    name: str
    hosts: tuple[str, ...] = ()
    """Hosts, `*.host` or `@group`; none means nowhere."""
    slots: tuple[str, ...] = ()
    """`header:NAME`, `basic`, `query:NAME`, ...; none means the credential headers."""
    rule: str = ""
    """Id of the vendor's rule it fits, or empty."""
    canary: bool = False
    """A fake that nobody has reason to send anywhere."""
    id: str = ""
    """Names the value, whatever it is called; set by the index."""
    length: int = 0
    """Bits of its coverage; set by the index."""
    threshold: int = 0
    """How many of them make a leak; set by the index."""


@dataclass(frozen=True, slots=True)
class SecretHit:
    """A secret, or a fragment of one, in a view."""

    name: str
    view: View
    start: int | None
    """
    Span in `view.data`, half-open; None where it reaches into another view, and of an
    encoded secret that does not stand in one piece. Encoded, it may hold a bit more.
    """
    stop: int | None
    coverage: int = field(repr=False)
    complete: bool
    """At or over the threshold, in this place alone."""
    variant: str
    whole: bool = False
    """`view.data[start:stop]` is the registered value itself."""


@dataclass(frozen=True, slots=True)
class _Value:
    """One registered value, under all of its names."""

    names: tuple[str, ...]
    digest: bytes
    length: int
    threshold: int
    outer: dict[str, tuple[int, int]]
    """For a variant that is the value as it is: what stands round its text."""


@dataclass(frozen=True, slots=True)
class SecretIndex:
    """Every registered secret. Immutable, safe to share between threads."""

    key: bytes = field(repr=False)
    infos: dict[str, SecretInfo]
    _values: tuple[_Value, ...] = field(repr=False)
    _value_runs: np.ndarray[tuple[int], np.dtype[np.int64]] = field(repr=False)
    """First run of each value."""
    _search: Search = field(repr=False)
    _wholes: Wholes = field(repr=False)
    _names: dict[bytes, tuple[str, ...]] = field(repr=False)
    """Names by the keyed digest of the value."""

    @classmethod
    def build(
        cls, secrets: Iterable[tuple[SecretInfo, Fingerprint]], key: bytes
    ) -> SecretIndex:
        """
        Make the index of secrets whose fingerprints were taken under `key`.

        Raises:
            SecretError: two have one name, or there are too many.
        """
        infos: dict[str, SecretInfo] = {}
        prints: dict[bytes, tuple[Fingerprint, list[str]]] = {}
        for info, taken in secrets:
            if info.name in infos:
                raise SecretError(f"two secrets are called {info.name}: remove one")
            infos[info.name] = replace(
                info,
                id=taken.digest.hex(),
                length=taken.length,
                threshold=taken.threshold,
            )
            prints.setdefault(taken.digest, (taken, []))[1].append(info.name)
        values = tuple(
            _Value(tuple(names), p.digest, p.length, p.threshold, _outer(p))
            for p, names in prints.values()
        )
        kept = [p for p, _ in prints.values()]
        # `concatenate` would compare the fields of every one.
        runs = np.frombuffer(b"".join([p.runs.tobytes() for p in kept]), RUN)
        owners = np.repeat(np.arange(len(kept)), [len(p.runs) for p in kept])
        tags = np.concatenate([p.tags for p in kept] or [np.empty(0, np.uint64)])
        strange, its_tags = marked(runs)
        wholes = Wholes.build(runs[strange], tags[its_tags], owners[strange], key)
        runs, tags = runs[~strange], tags[~its_tags]
        sizes = np.bincount(owners[~strange], minlength=len(kept))
        try:
            search = Search.build(runs, tags, key, VARIANTS)
        except ValueError as error:
            raise SecretError(f"too many secrets for one index: {error}") from error
        names = {value.digest: value.names for value in values}
        return cls(key, infos, values, np.cumsum(sizes) - sizes, search, wholes, names)

    def info(self, name: str) -> SecretInfo:
        """What is known of the secret `name`, which a hit gave."""
        return self.infos[name]

    @classmethod
    def empty(cls) -> SecretIndex:
        """The index of no secrets."""
        return cls.build((), b"")

    @property
    def generation(self) -> str:
        """Names what is registered, bindings included; tells no value."""
        if not self._values:
            return "0" * 12
        text = repr((sorted(self.infos.items()), [v.digest for v in self._values]))
        return digest(text.encode(), self.key).hex()

    def named(self, value: bytes) -> tuple[str, ...]:
        """The names under which exactly this value is registered."""
        return self._names.get(digest(value, self.key), ()) if self._names else ()

    def reached(self, name: str, coverage: int) -> bool:
        """Whether so much of a secret, wherever it went, is a leak."""
        return coverage.bit_count() >= self.infos[name].threshold

    def scan(
        self,
        views: Sequence[View],
        residue: Sequence[View] = (),
        *,
        hidden: bool = True,
    ) -> list[SecretHit]:
        """
        Every place in the views, and in what decoded to no text, where a secret, or
        enough of one, stands.

        `hidden`: also look at the first letters of words.
        """
        if not self._values:
            return []
        more = acrostics(views) if hidden else ()
        everything = [*views, *residue, *more]
        found = [hit for batch in batches(everything) for hit in self._scan(batch)]
        return [*found, *self._whole_hits(residue)]

    def _whole_hits(self, residue: Sequence[View]) -> Iterator[SecretHit]:
        """Secrets of which only their letters, or the order of something, is left."""
        for hit in self._wholes.scan(residue):
            value = self._values[hit.value]
            every = (1 << value.length) - 1
            for name in value.names:
                yield SecretHit(
                    name,
                    hit.view,
                    None,
                    None,
                    every,
                    complete=True,
                    variant=hit.variant,
                )

    def _scan(self, buffer: Buffer) -> Iterator[SecretHit]:
        shown: list[tuple[int, int]] = []
        pieces: list[tuple[Stretch, Domain]] = []
        for base, found in self._search.windows(buffer.form):
            for domain, pair in found.items():
                for stretch in self._stretches(buffer, base, domain, pair, shown):
                    if self._search.scattered[self._search.runs[stretch.run]]:
                        pieces.append((stretch, domain))
                    if not stretch.enough:
                        continue
                    for hit in self._hits(buffer, stretch, domain):
                        if hit.variant in _UNSHIFTED and hit.start is not None:
                            shown.append(buffer.raw_span(hit.view, hit.start, hit.stop))
                        yield hit
        if not all(stretch.enough for stretch, _ in pieces):
            yield from self._scattered(buffer, pieces)

    def _scattered(
        self, buffer: Buffer, pieces: Sequence[tuple[Stretch, Domain]]
    ) -> Iterator[SecretHit]:
        """Secrets most of which stands near each other in pieces."""
        of: dict[int, list[tuple[int, int, Domain]]] = {}
        for stretch, domain in pieces:
            which = self._owner(stretch)
            run = self._search.shape(stretch.run)
            coverage = _coverage(stretch, run, self._values[which].length)
            of.setdefault(which, []).append((stretch.start, coverage, domain))
        for which, found in of.items():
            value = self._values[which]
            needed = _needed(value)
            for start, coverage, domain in _near(sorted(found, key=itemgetter(0))):
                if coverage.bit_count() >= needed:
                    view, _ = buffer.locate(start, start + GRAM, domain)
                    for name in value.names:
                        yield SecretHit(
                            name,
                            view,
                            None,
                            None,
                            coverage,
                            complete=True,
                            variant="scattered",
                        )
                    break

    def _owner(self, stretch: Stretch) -> int:
        """The number of the value of which a stretch is a part."""
        return int(np.searchsorted(self._value_runs, stretch.run, "right")) - 1

    def _stretches(
        self,
        buffer: Buffer,
        base: int,
        domain: Domain,
        pair: tuple[Places, Places],
        shown: list[tuple[int, int]],
    ) -> list[Stretch]:
        if domain in self._search.every:
            return self._search.stretches(*pair, base, buffer.form(domain))
        places = pair[0]
        if domain in {Domain.XOR, Domain.ADD}:
            places = _outside(places + base, shown) - base
        if not len(places):
            return []
        data = buffer.form(domain)
        around = self._search.around(data, base, places, domain)
        return self._search.stretches(*around, base, data)

    def _hits(
        self, buffer: Buffer, stretch: Stretch, domain: Domain
    ) -> Iterator[SecretHit]:
        run = self._search.shape(stretch.run)
        variant = VARIANTS[run["variant"]]
        value = self._values[self._owner(stretch)]
        coverage = _coverage(stretch, run, value.length)
        complete = not variant.dense or coverage.bit_count() >= value.threshold
        view, span = buffer.locate(stretch.start, stretch.stop, domain)
        whole = None
        if span and not variant.dense:
            stride, length = int(run["stride"]), int(run["length"])
            before, last = stretch.first * stride, stretch.last * stride + GRAM
            span = widened(view.data, span, before, length - last)
        elif span and stretch.stop - stretch.start == run["length"]:
            whole = self._whole(value, variant.name, view.data, span)
        start, stop = whole or span or (None, None)
        exact = whole is not None
        for name in value.names:
            yield SecretHit(
                name, view, start, stop, coverage, complete, variant.name, exact
            )

    def _whole(
        self, value: _Value, variant: str, data: bytes, span: tuple[int, int]
    ) -> tuple[int, int] | None:
        """The span of the value itself, where the piece at `span` stands inside it."""
        if variant not in value.outer:
            return None
        before, after = value.outer[variant]
        start, stop = span[0] - before, span[1] + after
        if start < 0 or digest(data[start:stop], self.key) != value.digest:
            return None
        return start, stop


def _needed(value: _Value) -> int:
    """
    Bytes of a secret in pieces near each other that are a leak. Where half of it in one
    piece is no evidence, as much of it in several is less.
    """
    length, threshold = value.length, value.threshold
    if 2 * threshold > length + 1:
        threshold = math.ceil(threshold * _LESS_APART)
    return min(max(threshold, math.ceil(length * _MOST)), length)


def _near(
    pieces: Sequence[tuple[int, int, Domain]],
) -> Iterator[tuple[int, int, Domain]]:
    """For each piece, in order, what those near before it and it cover together."""
    first = 0
    for at, (start, _, domain) in enumerate(pieces):
        while pieces[first][0] < start - _NEAR:
            first += 1
        together = 0
        for _, coverage, _ in pieces[max(first, at - _MOST_PIECES) : at + 1]:
            together |= coverage
        yield start, together, domain


def _outside(places: Places, spans: list[tuple[int, int]]) -> Places:
    """
    The places that no span covers: XOR with 0 and a shift by 0 are the plain secret.
    """
    keep = np.ones(len(places), np.bool_)
    for start, stop in spans:
        keep &= (places < start) | (places + GRAM >= stop)
    return places[keep]


def _outer(taken: Fingerprint) -> dict[str, tuple[int, int]]:
    lead, trail = taken.edges
    return {
        "raw": (taken.before, taken.after),
        "visible": (taken.before, taken.after),
        "plain": (taken.before + lead, taken.after + trail),
    }


def _coverage(stretch: Stretch, run: np.void, length: int) -> int:
    """The bytes of a secret that a stretch shows, taking its text as proportional."""
    size, stride = int(run["length"]), int(run["stride"])
    low = stretch.first * stride * length // size
    high = -(-(stretch.last * stride + GRAM) * length // size)
    high = min(high, length)
    if VARIANTS[run["variant"]].backwards:
        low, high = length - high, length - low
    return ((1 << (high - low)) - 1) << low
