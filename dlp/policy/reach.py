"""What a policy says about one destination, as a value. Carried out elsewhere."""

from __future__ import annotations

from typing import Literal

from dlp.model import noun

type Effect = Literal["allow", "deny", "approve", "none"]
type Kind = Literal["plain", "open"]
type OnSecret = Literal["block", "redact"]
type Mode = Literal["enforce", "observe"]


@noun
class Caps:
    """
    What one request to an `open` destination may carry beside its method and host.

    Bodies and credentials are not among it.
    """

    url: int = 2048
    """Bytes of the request target, and of what headers say beyond the usual."""
    entropy: int = 4096
    """Bits of each: Shannon entropy per byte, times the length."""


@noun
class Reach:
    """Whether an agent may reach a destination, which statement says so, and how."""

    effect: Effect
    """`none`: no statement speaks of it, so it is refused (default deny)."""
    statement: str = ""
    """Id of the statement that decides; empty when none does."""
    kind: Kind = "plain"
    """`open`: GET and HEAD, no body, no credentials, within `caps`."""
    on_secret: OnSecret = "block"  # noqa: S105
    inspect: bool = True
    """False: what goes there is not read. At CONNECT: TLS is not opened."""
    mode: Mode = "enforce"
    pinned: bool = False
    """Only registered credentials are accepted there."""
    wildcard: bool = False
    """No statement that lets it pass names the host otherwise than by `*`."""
    path_rules: bool = False
    """A statement that would speak of it has `paths`; an ambiguous path is denied."""
    caps: Caps | None = None
    """Set when `kind` is `open`."""
    why: str = ""
    """For the operator; never sent to the agent."""
    restore: bool = False
    """What was cut out of a request is put back in its answer."""
