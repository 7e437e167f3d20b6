"""
Who may use the proxy: agent ids and their tokens (`STATE/agents.json`).

A token is 256 random bits, so there is nothing to guess and a slow password hash would
only slow the proxy: what is stored is HMAC-SHA256 of it under a key of its own. Digests
are compared in constant time; a token that comes without an id is found by its digest,
which tells no more, for nobody can choose the digest of a guess.

Revoked agents stay in the file. Once an agent was registered the proxy asks for
credentials for good; it never falls back to `default` because the last one was revoked.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path

from dlp.errors import StateError, UsageError
from dlp.model import Agent
from dlp.state.credentials import Claim, claim
from dlp.state.document import Document
from dlp.state.folder import read_or_make_key
from dlp.state.lockout import Lockout
from dlp.state.locks import awaited

DEFAULT = "default"
"""The agent that loopback clients are while none is registered."""
RELOAD_S = 0.5
"""How long a registration may be unknown to a running proxy."""
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Registration:
    """An agent as it is stored."""

    id: str
    digest: str
    """HMAC-SHA256 of the token, hex."""
    created_at: float
    revoked_at: float = 0.0
    """0 while the token is good."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """Why a client was not accepted."""

    kind: str
    """`missing`, `invalid`, `revoked` or `locked`."""
    agent: str = ""
    """The registered agent it claimed to be, or empty: never what the client sent."""
    retry_after: int = 0
    """Seconds until another try is looked at; 0 for at once."""

    @property
    def status(self) -> int:
        """The HTTP status to answer with: 407, or 429 during a lockout."""
        return 429 if self.kind == "locked" else 407


CHALLENGES = ("missing", "invalid", "revoked", "locked")
AUTHENTICATE = 'Basic realm="agent-dlp", charset="UTF-8"'
"""The `Proxy-Authenticate` header of a 407."""


class AgentRegistry:
    """The registered agents. Reads the file again when it changes."""

    def __init__(
        self, state: Path, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """
        Read the agents of a state folder.

        Raises:
            StateError: the file is there and cannot be read.
        """
        self._path = state / "agents.json"
        self._document = Document(self._path)
        self._key = read_or_make_key(state, "agents")
        self._now = monotonic
        self._lockout = Lockout()
        self._agents: dict[str, Registration] = {}
        self._by_digest: dict[str, Registration] = {}
        self._stamp: tuple[int, ...] = ()
        self._looked_at = float("-inf")
        self._refresh()

    def authenticate(self, peer: str, header: str | None) -> Agent | Challenge:
        """
        The agent behind a connection from address `peer`.

        `header` is the value of Proxy-Authorization, if one was sent: Basic (RFC 7617)
        with the id as user and the token as password, or the token as user alone, or
        Bearer (RFC 6750).

        Raises:
            StateError: the agents can no longer be read.
        """
        self._refresh()
        if not self._agents:
            return Agent(DEFAULT) if _is_loopback(peer) else Challenge("missing")
        asked = claim(header)
        if asked is None:
            return Challenge("missing")
        found = self._find(asked)
        known = asked.id if asked.id in self._agents else ""
        who = (found.id if found else known, peer)
        wait = self._lockout.wait(who, self._now())
        if wait:
            return Challenge("locked", who[0], wait)
        if found is None:
            wait = self._lockout.fail(who, self._now())
            return Challenge("invalid", who[0], wait)
        if found.revoked_at:
            return Challenge("revoked", found.id)
        self._lockout.forgive(who)
        return Agent(found.id)

    def add(self, agent: str) -> str:
        """
        Register an agent and return its token, which is kept nowhere.

        Raises:
            UsageError: the id cannot be used, or is taken.
            StateError: the file cannot be written.
        """
        token = secrets.token_urlsafe(32)
        with self._changing():
            self.admissible(agent)
            entry = Registration(agent, self._digest(token.encode()), time.time())
            self._store({**self._agents, agent: entry})
        return token

    def admissible(self, agent: str) -> None:
        """
        Whether `add` would accept this id.

        Raises:
            UsageError: it would not, and why.
        """
        if not _ID.fullmatch(agent) or agent == DEFAULT:
            raise UsageError(
                f"{agent[:64]!a} cannot be an agent id: use up to 63 of a-z, 0-9, "
                "'.', '_' and '-', beginning with a letter or digit, and not 'default'"
            )
        present = self._agents.get(agent)
        if present and not present.revoked_at:
            raise UsageError(f"the agent {agent} exists; revoke it for a new token")

    def revoke(self, agent: str) -> None:
        """
        Make an agent's token worthless.

        Raises:
            UsageError: there is no such agent.
            StateError: the file cannot be written.
        """
        with self._changing():
            present = self._agents.get(agent)
            if present is None or present.revoked_at:
                raise UsageError(f"there is no agent {agent[:64]!a} to revoke")
            gone = replace(present, revoked_at=time.time())
            self._store({**self._agents, agent: gone})

    def registered(self) -> tuple[Registration, ...]:
        """Every agent, revoked ones too, by id."""
        self._refresh()
        return tuple(sorted(self._agents.values(), key=lambda agent: agent.id))

    def locked(self) -> int:
        """How many (agent, address) pairs are locked out now."""
        return self._lockout.locked(self._now())

    def _find(self, asked: Claim) -> Registration | None:
        digest = self._digest(asked.token)
        if not asked.id:
            return self._by_digest.get(digest)
        named = self._agents.get(asked.id)
        same = named and hmac.compare_digest(named.digest, digest)
        return named if same else None

    def _digest(self, token: bytes) -> str:
        return hmac.digest(self._key, token, "sha256").hex()

    def _refresh(self) -> None:
        now = self._now()
        if now - self._looked_at >= RELOAD_S:
            self._looked_at = now
            self._load()

    def _load(self) -> None:
        try:
            status = self._path.stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
            if stamp == self._stamp:
                return
            rows = self._document.read()
            agents = {row["id"]: Registration(**row) for row in list(rows)}
            if not agents:
                raise ValueError("an agents file is never empty")
        except FileNotFoundError:
            if self._agents:
                raise StateError(f"the agents file {self._path} is gone") from None
            return
        except (OSError, ValueError, TypeError, KeyError) as error:
            self._stamp = ()
            raise StateError(
                f"the agents file {self._path} cannot be read: restore it"
            ) from error
        self._stamp = stamp
        self._agents = agents
        self._by_digest = {entry.digest: entry for entry in agents.values()}

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the lock between processes, with the newest file loaded."""
        with awaited(self._path.with_suffix(".lock")):
            self._load()
            yield

    def _store(self, agents: dict[str, Registration]) -> None:
        rows = [asdict(entry) for entry in agents.values()]
        try:
            self._document.write(rows)
        except OSError as error:
            raise StateError(
                f"the agents file {self._path} cannot be written: {error.strerror}"
            ) from error
        self._load()


@lru_cache(1024)
def _is_loopback(peer: str) -> bool:
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
