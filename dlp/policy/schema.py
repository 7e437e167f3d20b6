"""
The shape of `policy.yaml`, and what is wrong with a value whatever the others say.

The docstrings below are what an editor shows (`rules/schema/policy.schema.json`).
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from dlp.model import Deadlines, Limits, Retention
from dlp.policy.paths import path_glob
from dlp.policy.reach import Caps
from dlp.rulefile import RuleModel, Wrong

_SIZE = re.compile(r"([0-9]+) ?(B|KiB|MiB|GiB)")
_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_METHOD = re.compile(r"[A-Z][A-Z-]{0,31}")
_AGENT = re.compile(r"[A-Za-z0-9._@*-]{1,64}")


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    matched = _SIZE.fullmatch(value)
    if not matched:
        raise Wrong(f"`{value}` is not a size", "write bytes, or as in `32MiB`")
    return int(matched[1]) * _UNITS[matched[2]]


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise Wrong(
            f"`{text}` is not an id", "use lower-case letters, digits, `-`, `_`, `.`"
        )
    return text


def _method(text: str) -> str:
    if text == "*":
        raise Wrong("`*` is not a method", "leave `methods` out for any")
    if text == "CONNECT":
        raise Wrong("`CONNECT` opens every tunnel", "name what may be sent in it")
    if not _METHOD.fullmatch(text):
        upper = text.upper()
        right = f"write `{upper}`" if _METHOD.fullmatch(upper) else "write as in `POST`"
        raise Wrong(f"`{text}` is not a method", right)
    return text


def agent_pattern(text: str) -> str:
    """One entry of `agents`, or of a group of agents."""
    if not _AGENT.fullmatch(text):
        raise Wrong(f"`{text}` is not an agent", 'write an id, `ci-*`, "@group" or "*"')
    return text


def _network(text: str) -> str:
    try:
        normal = ip_network(text, strict=False)
    except ValueError:
        raise Wrong(
            f"`{text}` is not a network", "write as in 10.0.0.0/8 or fd00::/8"
        ) from None
    if str(normal.network_address) != text.partition("/")[0].lower():
        raise Wrong(f"`{text}` has bits beyond its mask", f"write `{normal}`")
    return str(normal)


def _path(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise Wrong("is no path", "name a file or a folder")
    return text


def _variable(text: str) -> str:
    if not text or "=" in text or "\0" in text:
        raise Wrong(f"`{text}` names no variable", "write a name, as in MY_FLAG")
    return text


Size = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": f"^{_SIZE.pattern}$"},
            ]
        }
    ),
]
Id = Annotated[str, AfterValidator(_id)]
Method = Annotated[str, AfterValidator(_method)]
AgentPattern = Annotated[str, AfterValidator(agent_pattern)]
Path = Annotated[str, AfterValidator(path_glob)]
LocalPath = Annotated[str, AfterValidator(_path)]
Variable = Annotated[str, AfterValidator(_variable)]
Port = Annotated[int, Field(ge=1, le=65535)]
Network = Annotated[str, AfterValidator(_network)]


class StatementModel(RuleModel):
    """Who may send what where. Explicit deny wins, then approve, then allow."""

    id: Id
    """Names the statement in records, metrics and `dlp rules explain`."""
    effect: Literal["allow", "deny", "approve"]
    """allow; deny; or approve: a person says yes first."""
    kind: Literal["plain", "open"] = "plain"
    """open: GET and HEAD only, no body, no credentials, a short URL."""
    agents: tuple[AgentPattern, ...] = Field(default=("*",), min_length=1)
    """Agent ids, patterns such as `ci-*`, "@group", or "*" (the default)."""
    hosts: tuple[str, ...] = Field(min_length=1)
    """Names, "*.name", addresses, "@group", or "*" for every public name."""
    ports: tuple[Port | Literal["*"], ...] = Field(default=(), min_length=1)
    """Left out: 443 and 80; in a deny, every port. "*" is every port."""
    methods: tuple[Method, ...] = Field(default=(), min_length=1)
    """Left out: any. A list lets WebSockets pass only if it has WEBSOCKET."""
    paths: tuple[Path, ...] = Field(default=(), min_length=1)
    """Globs over the path: `*` in one segment, `**` over many. Left out: any."""
    on_secret: Literal["block", "redact"] = "block"  # noqa: S105
    """redact: a secret is cut out and the rest goes on."""
    restore: bool = False
    """true: what was cut out of a request is put back where its answer names it."""
    inspect: Literal["full", "none"] = "full"
    """none: TLS is not opened and nothing is read. For apps that pin certificates."""
    shared: bool = False
    """Says that a wildcard over a suffix open to everybody is meant."""


class UpstreamModel(RuleModel):
    """How the proxy itself connects."""

    allow_private: tuple[Network, ...] = ()
    """Networks outside the public internet that may be reached."""
    trusted_ca: tuple[str, ...] = ()
    """PEM files with further roots for upstream TLS; relative to the rules folder."""


class InspectionModel(RuleModel):
    """Bounds on the work one message may cause; beyond them it is refused."""

    buffer: Size = Field(default=Limits().buffer, ge=64 << 10)
    """Largest body that is held and inspected whole."""
    depth: int = Field(default=Limits().depth, ge=1, le=32)
    """Encodings within encodings."""
    expansions: int = Field(default=Limits().expansions, ge=1)
    """Decoder runs that produce something; one more for each 128 bytes sent."""
    decoded: Size = Field(default=Limits().decoded, ge=64 << 10)
    """Bytes that all decoders of a message produce together."""
    ratio: int = Field(default=Limits().ratio, ge=2)
    """Expansion of one compressed stream beyond its first MiB."""
    seconds: float = Field(default=Limits().seconds, ge=1)
    """Processor time to read a message, and as much again for each MiB of it."""
    opaque: Size = Field(default=Limits().opaque, ge=1)
    """Bytes nobody can read that one agent may send to one host within a day."""
    stream: Size = Field(default=Limits().stream, ge=0)
    """Largest body that is inspected as it flows; 0B: none over `buffer` passes."""


class OpenModel(RuleModel):
    """
    What one request to an `open` destination may carry: in path and query, and again
    in headers beyond what every client says.
    """

    url: Size = Field(default=Caps().url, ge=1)
    """Bytes."""
    entropy: int = Field(default=Caps().entropy, ge=1)
    """Bits: Shannon entropy per byte, times the length."""


class CageModel(RuleModel):
    """What `dlp run` lets the command it contains see, write and know."""

    hide: tuple[LocalPath, ...] = ()
    """Files and folders to hide besides the usual ones; `~` is the user's home."""
    writable: tuple[LocalPath, ...] = ()
    """Files and folders to write besides the working folder, as ~/.claude."""
    environment: tuple[Variable, ...] = ()
    """Names of variables that go in besides the usual ones."""


class AuditModel(RuleModel):
    """How much of the audit log stays; what was let go of is signed for."""

    bytes: Size = Field(default=Retention().bytes, ge=16 << 20)
    """Of all workers together; the oldest goes first."""
    days: int = Field(default=Retention().days, ge=0)
    """Older lines go within a day more. 0: however old."""


Seconds = Annotated[float, Field(gt=0, le=3600)]


class DeadlinesModel(RuleModel):
    """How long a peer may keep the proxy waiting, in seconds."""

    handshake: Seconds = Deadlines().handshake
    """For a TLS handshake, with a client and with an origin."""
    connect: Seconds = Deadlines().connect
    """For a look-up of a name, and for each address that is tried."""
    head: Seconds = Deadlines().head
    """For a request head, from its first byte."""
    body: Seconds = Deadlines().body
    """In this time 16 KiB of a body must come, and its origin take them."""


class PolicyModel(RuleModel):
    """rules/policy.yaml"""

    version: Literal[1]
    """Of this format."""
    mode: Literal["enforce", "observe"] = "enforce"
    """observe: record what would be refused, and let most of it pass."""
    groups: dict[Id, tuple[str, ...]] = Field(default_factory=dict)
    """Names for lists of hosts or of agents, used as "@name"."""
    statements: tuple[StatementModel, ...]
    """Nothing is allowed that no statement allows."""
    pinned: tuple[str, ...] = ()
    """Hosts that accept only registered credentials, and cookies that they set."""
    upstream: UpstreamModel = UpstreamModel()
    inspection: InspectionModel = InspectionModel()
    open: OpenModel = OpenModel()
    examples: Literal["ignore", "block"] = "ignore"
    """Credentials known from documentation: not secrets, or secrets all the same."""
    cage: CageModel = CageModel()
    audit: AuditModel = AuditModel()
    deadlines: DeadlinesModel = DeadlinesModel()
