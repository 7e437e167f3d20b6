"""
The nouns. Everything that crosses a module border is one of these.

Rules of this file: frozen and slotted; no I/O, no behaviour beyond derived properties;
spans are half-open ``(start, stop)`` byte offsets; sizes are bytes; times are UTC
epoch seconds. `repr` of anything that may hold payload omits it.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from enum import StrEnum
from typing import dataclass_transform


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def noun[T](cls: type[T]) -> type[T]:
    """
    A frozen, slotted dataclass. That it is frozen, mypy holds.

    `dataclass(frozen=True)` holds it at run time, by assigning each field through
    `object.__setattr__`: six times the cost (measured: 3.0 us for seven fields), and a
    message makes a hundred of them.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


class Action(StrEnum):
    """What is done with a message; mildest first."""

    ALLOW = "allow"
    REDACT = "redact"
    HOLD = "hold"
    BLOCK = "block"


class Reason(StrEnum):
    """
    The coarse public reason of a refusal: the `type` of the problem+json an agent sees.
    """

    OK = "ok"
    DESTINATION = "destination"
    CONTENT = "content"
    APPROVAL_REQUIRED = "approval-required"
    APPROVAL_DENIED = "approval-denied"
    LIMIT = "limit"
    QUARANTINED = "quarantined"
    UNREADABLE = "unreadable"
    PROTOCOL = "protocol"
    UNAVAILABLE = "unavailable"


class Kind(StrEnum):
    """How a finding was made."""

    PATTERN = "pattern"
    FINGERPRINT = "fingerprint"
    STRUCTURE = "structure"
    DESTINATION = "destination"


class Tier(StrEnum):
    """How sure a pattern is; strongest first."""

    CERTAIN = "certain"
    STRONG = "strong"
    LIKELY = "likely"
    WEAK = "weak"


class Place(StrEnum):
    """Where a finding stands relative to the credentials the destination expects."""

    BOUND = "bound"
    """A registered secret in its own slot at its own host: not a leak."""
    VENDOR_SLOT = "vendor-slot"
    """In a credential slot at a host of the credential's own vendor."""
    OTHER_SLOT = "other-slot"
    """In a credential slot at another allowed host."""
    ELSEWHERE = "elsewhere"


class PartKind(StrEnum):
    """Which piece of a message a `Part` is."""

    HOST = "host"
    TARGET = "target"
    METHOD = "method"
    HEADER = "header"
    BODY = "body"
    TRAILER = "trailer"
    FRAME = "frame"


class Channel(StrEnum):
    """How a message travels."""

    HTTP = "http"
    CONNECT = "connect"
    WEBSOCKET = "websocket"


@noun
class Agent:
    """Who asked."""

    id: str
    labels: tuple[str, ...] = ()
    quarantined: bool = False


@noun
class Destination:
    """Where a message goes, in normal form."""

    scheme: str
    """`http`, `https`, `ws` or `wss`."""
    host: str
    """Lower-case A-label without trailing dot, or a canonical address literal."""
    port: int
    method: str = "GET"
    path: str = "/"
    """Percent-decoded and dot-normalised, without query."""
    channel: Channel = Channel.HTTP
    ambiguous: bool = False
    """Servers could disagree about which path was asked for (`normal_path`)."""


@noun
class Part:
    """One piece of a message exactly as it would leave."""

    kind: PartKind
    data: bytes = field(repr=False)
    name: str = ""
    """Lower-case header or trailer name; empty otherwise."""
    media_type: str = ""
    """Declared Content-Type of a body, as sent; a hint only."""
    encodings: tuple[str, ...] = ()
    """Declared content codings in the order they were applied (RFC 9110, 8.4)."""


@noun
class Message:
    """One outbound unit: an HTTP request, a CONNECT, a WebSocket message."""

    agent: Agent
    destination: Destination
    parts: tuple[Part, ...] = field(repr=False)
    before: tuple[bytes, ...] = field(default=(), repr=False)
    """Short messages that went the same way just before, over one connection."""


@noun
class Origin:
    """Where some bytes of a view come from: what a finding in them is reported as."""

    part: int
    path: str
    """The steps from the part, as in `body > gzip > $.messages[3].content > base64`."""
    span: tuple[int, int] | None
    """The bytes of the raw part that encode them, or None (a join, a gzip)."""


Trace = Callable[["View", int, int], Origin]
"""Finds the origin of `view.data[start:stop]`; called for findings only, so it may
parse again what decoding did not keep."""


@noun
class View:
    """
    One text or byte string a recipient could recover from a part.

    Cheap to make: paths and raw spans are worked out when asked for, by `origin`.
    """

    data: bytes = field(repr=False)
    part: int
    """Index of the part it came from; for a join, of the first part."""
    step: str = ""
    """How it was made from its parent: `gzip`, `json`, `base64`."""
    parent: View | None = field(default=None, repr=False)
    span: tuple[int, int] | None = None
    """The bytes of the parent (without one: of the part) that encode this view."""
    exact: bool = False
    """True when `data` equals the bytes at `span`, so offsets map one to one."""
    depth: int = 0
    joined: bool = False
    """Pieces stand side by side that were apart: a word boundary means nothing here."""
    trace: Trace | None = field(default=None, repr=False, compare=False)
    """Knows the origin of parts of `data` better than `span` does."""

    @property
    def path(self) -> str:
        """The steps from the part to this view, as in `body > gzip > base64`."""
        return self.origin(0, len(self.data)).path

    def raw_span(self, start: int, stop: int) -> tuple[int, int] | None:
        """The bytes of the raw part that encode `data[start:stop]`, or None."""
        return self.origin(start, stop).span

    def origin(self, start: int, stop: int) -> Origin:
        """Where `data[start:stop]` comes from, as exactly as can be said."""
        return (self.trace or View.mapped)(self, start, stop)

    def came_of(self, steps: Container[str]) -> bool:
        """Whether it, or what it was made from, was made in one of these steps."""
        view: View | None = self
        while view is not None:
            if view.step in steps:
                return True
            view = view.parent
        return False

    def mapped(self, start: int, stop: int) -> Origin:
        """Where `data[start:stop]` comes from by `span` alone."""
        here = self.span
        if here is not None and self.exact:
            here = here[0] + start, here[0] + stop
        if self.parent is None:
            return Origin(self.part, self.step, here)
        where = here or (0, len(self.parent.data))
        above = self.parent.origin(*where)
        path = f"{above.path} > {self.step}" if self.step else above.path
        return Origin(above.part, path, above.span if here else None)


@noun
class Cut:
    """A compressed stream that goes on where its part, or a window of it, ends."""

    codec: str
    span: tuple[int, int] | None
    """The bytes of the raw part that hold it, or None when that cannot be said."""
    exact: bool = False
    """It stands in the raw bytes themselves and begins where `span` does."""
    joined: bool = False
    """It is made of pieces that were apart."""
    size: int = 0
    """Compressed bytes of it."""


@dataclass(slots=True)
class Names:
    """What texts are called in memory, each with the part that it is in."""

    views: list[tuple[bytes, int]] = field(default_factory=list)
    """Short texts."""
    strings: list[tuple[bytes, int]] = field(default_factory=list)
    """Strings of JSON, as they stand there."""
    sections: list[tuple[bytes, int]] = field(default_factory=list)
    """Sections of joins of such strings."""
    prose: list[tuple[bytes, int, tuple[int, int]]] = field(default_factory=list)
    """Long strings of raw documents, and their spans."""


@noun
class Decoded:
    """Every view of a message, and whether that is all of them."""

    views: tuple[View, ...]
    """The raw parts first, in order: `views[i].part == i` for `i < len(parts)`."""
    truncated: str = ""
    """The limit hit (`depth`, `expansions`, `decoded`, `ratio`, `time`), or empty."""
    undecodable: tuple[str, ...] = ()
    """Paths of declared encodings that could not be undone in full."""
    residue: tuple[View, ...] = ()
    """
    What came out of a decoder and is no text. No shape of a secret can stand there, but
    a known one can: XOR and shifts make bytes unreadable and keep their differences.
    """
    names: Names = field(default_factory=Names)
    """What was decoded and not known from before."""
    direct: frozenset[int] = frozenset()
    """
    Identities of views that are made also of what is known: raw parts and joins, what
    content codings hide, and in that the strings of documents.
    """
    repeated: frozenset[bytes] = field(default=frozenset(), repr=False)
    """Texts that came out again; only the first place of each is a view."""
    cut: tuple[Cut, ...] = ()
    """Streams that do not end in it."""
    covered: frozenset[int] = frozenset()
    """Identities of raw parts that need no search: another view has what is new."""

    @property
    def searched(self) -> tuple[View, ...]:
        """The views to look for secrets in."""
        if not self.covered:
            return self.views
        return tuple(view for view in self.views if id(view) not in self.covered)


@noun
class Limits:
    """Bounds on the work one message may cause (`inspection:` in policy.yaml)."""

    buffer: int = 32 << 20
    depth: int = 6
    expansions: int = 2000
    """Decoder runs that gave something, but for one to 128 bytes; leaves are free."""
    decoded: int = 128 << 20
    """Bytes all decoders together may produce."""
    ratio: int = 200
    """Expansion of one compressed stream beyond its first MiB of output."""
    seconds: float = 60.0
    """Of processor time for a message, and as much again for each MiB of it."""
    opaque: int = 64 << 20
    """Bytes nobody can read that one agent may send to one host within a day."""
    stream: int = 16 << 30
    """Largest body that is inspected while it goes on; 0: none over `buffer` passes."""


@noun
class Retention:
    """How much of the audit log stays (`audit:` in policy.yaml)."""

    bytes: int = 8 << 30
    """Of all writers together; the oldest goes first."""
    days: int = 0
    """0: however old."""
    segment: int = 0
    """Bytes at which a segment is full; 0 for what suits `bytes`."""

    @property
    def full(self) -> int:
        """Bytes at which a segment is full."""
        return self.segment or min(64 << 20, max(1 << 20, self.bytes // 16))


@noun
class Deadlines:
    """How long a peer may keep the proxy waiting (`deadlines:`), in seconds."""

    handshake: float = 10.0
    """For a TLS handshake, with a client and with an origin."""
    connect: float = 10.0
    """For a look-up of a name, and for each address that is tried."""
    head: float = 30.0
    """For a request head, from its first byte; for the first one, from the start."""
    body: float = 60.0
    """In this time 16 KiB of a body must come, and its origin take them."""


@noun
class Finding:
    """Something that should not leave. Never holds the match."""

    rule: str
    """Rule id, or the registered name of a known secret."""
    kind: Kind
    tier: Tier
    path: str
    """View path: `body > gzip > $.messages[3].content`."""
    part: int = 0
    span: tuple[int, int] | None = None
    """Half-open span in the raw bytes of the part, or None when it has none."""
    digest: str = ""
    """Keyed digest of the match: equal matches can be told, none can be recovered."""
    family: str = ""
    slot: str = ""
    """Credential slot it stands in (`header:authorization`), or empty."""
    place: Place = Place.ELSEWHERE
    on_secret: str = ""
    """`block` or `redact` where its rule says so; empty: as the statement says."""


@noun
class Verdict:
    """A decision as a value. Carrying it out is somebody else's job."""

    action: Action
    reason: Reason
    rule: str
    """What decided: a statement id, a guard, a limit or a rule id."""
    findings: tuple[Finding, ...] = ()
    would: Action | None = None
    """What enforce mode would do, where observe mode does less."""
    status: int = 403
    """HTTP status of the refusal."""
    detail: str = ""
    """Why, for the operator; never sent to the agent, never holds payload."""


@noun
class Settings:
    """What `dlp up` was told; everything else is in the rules folder."""

    rules: str | None = None
    """Rules folder; None means the built-in set."""
    state: str = ""
    """State folder, absolute."""
    listen: tuple[str, int] = ("127.0.0.1", 8080)
    metrics: tuple[str, int] = ("127.0.0.1", 9464)
    console: tuple[str, int] = ("127.0.0.1", 8081)
    workers: int = 1
