"""
What hosts issued: kept for its lifetime, in memory and sealed in the store.

A token is bound to the host that issued it, the rest of that host's domain where the
domain belongs to one party, and the hosts that the answer named. Not learned is what a
host could use to make trouble: anything under 64 bits, anything the agent sent before,
anything that overlaps a registered secret. No host may have more than `MOST_PER_HOST`;
its oldest give way.

What is taken is known at once, so that no token can be sent on before it is; `keep`
writes it down. Workers learn from each other through the store, with `refresh`; a board
tells them when, so that `catch_up` knows what another took a moment ago.
`_tokens` and what is built from it are made in the store's thread, `index` on the loop.

Why not in `dlp.detect.known.learned`: that matches; this remembers, and forgets.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dlp.detect.known.enrol import Fingerprint
from dlp.detect.known.fingerprint import SecretIndex, SecretInfo
from dlp.detect.known.issued import Issued
from dlp.detect.known.learned import LearnedIndex, learnable, name_of
from dlp.errors import StateError
from dlp.model import View
from dlp.policy.parties import domain, siblings
from dlp.state.board import Board, is_settled
from dlp.state.folder import read_or_make_key
from dlp.state.prints import pack, unpack
from dlp.state.sqlite import Store, writing

MOST_PER_HOST = 64
MOST = 2000
_FRESH = 64
"""Tokens in the small index before the large one is built again."""
_REMEMBERED = 4096
"""Credentials that the agents sent, and tokens that were taken, by hash."""
_NONCE = 12
_SHORTEST = 11
"""Characters; less cannot hold `MIN_BITS`."""
_PATIENCE_S = 1.0
"""How long a message waits for what another process is writing down."""
_LOOK_S = 0.002
_SAME_LIFE = 0.1
"""Part of a token's life by which it must grow to be worth another note."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A token that is known; never its value."""

    info: SecretInfo
    taken: Fingerprint = field(repr=False)
    issuer: str
    expires_at: float


class LearnedTokens:
    """The tokens that are known now."""

    def __init__(
        self,
        store: Store,
        state: Path,
        known: Callable[[], SecretIndex],
        now: Callable[[], float] = time.time,
    ) -> None:
        """
        `known`: the registered secrets as they are now.

        Raises:
            StateError: the key of this table cannot be read or made.
        """
        self._store = store
        self._key = read_or_make_key(state, "learned")
        self._known = known
        self._now = now
        self._tokens: OrderedDict[str, Taken] = OrderedDict()
        self._settled: frozenset[str] = frozenset()
        self._seen = 0
        self._board = Board(state / "run" / "learned")
        self._others = b""
        """What the other processes had counted when their tokens were read."""
        self._sent: OrderedDict[int, None] = OrderedDict()
        self._until: OrderedDict[int, float] = OrderedDict()
        """When what was taken already ends, by issuer and value."""
        self._pending: dict[str, Taken] = {}
        """Taken, not yet in the store."""
        self._stored = LearnedIndex()
        self.index = LearnedIndex()

    def sent(self, credentials: Iterable[bytes]) -> None:
        """Remember what an agent sent in credential slots: no host can issue that."""
        for value in credentials:
            _remember(self._sent, hash(value), None)

    async def learn(
        self, issuer: str, tokens: Iterable[Issued], request: Sequence[bytes]
    ) -> int:
        """
        Take over what `issuer` handed out in answer to `request` (its raw parts).

        Returns how many tokens were new.

        Raises:
            StateError: the store failed.
        """
        known = set(self._tokens)
        taken = self.take(issuer, tokens, request)
        await self.keep(taken)
        return sum(token.info.name not in known for token in taken)

    def take(
        self, issuer: str, tokens: Iterable[Issued], request: Sequence[bytes]
    ) -> tuple[Taken, ...]:
        """Know from now on what `issuer` handed out; `keep` is to follow."""
        made = [
            token
            for issue in tokens
            if self._is_news(issuer, issue, request)
            and (token := self._token(issuer, issue))
        ]
        if made:
            self._pending.update((token.info.name, token) for token in made)
            self._publish()
            self._board.begun()
        return tuple(made)

    async def keep(self, taken: Sequence[Taken]) -> None:
        """
        Write down what was taken.

        Raises:
            StateError: the store failed; it stays known to this process.
        """
        if not taken:
            return
        try:
            await self._store.run(lambda c: self._keep(c, taken))
        finally:
            self._board.done()
        for token in taken:
            self._pending.pop(token.info.name, None)
        self._publish()

    async def refresh(self) -> None:
        """
        Forget what expired and take over what other workers learned.

        Raises:
            StateError: the store failed.
        """
        before = self._stored
        await self._store.run(self._refresh)
        if self._stored is not before:
            self._publish()

    def is_behind(self) -> bool:
        """Whether another process took something over that is not known here."""
        return self._board.others() != self._others

    async def catch_up(self) -> None:
        """
        Know what the other processes took over before now.

        What one of them does not write down in `_PATIENCE_S`, a dead one for instance,
        is not waited for.

        Raises:
            StateError: the store failed.
        """
        until = time.monotonic() + _PATIENCE_S
        seen = self._board.others()
        while not is_settled(seen) and time.monotonic() < until:
            await asyncio.sleep(_LOOK_S)
            seen = self._board.others()
        self._others = seen
        await self.refresh()

    def close(self) -> None:
        """Let the other processes use this one's place."""
        self._board.close()

    def _publish(self) -> None:
        waiting = [(token.info, token.taken) for token in self._pending.values()]
        late = LearnedIndex.build(waiting, key=self._key)
        self.index = LearnedIndex((*self._stored.parts, *late.parts))

    def _is_news(self, issuer: str, issue: Issued, request: Sequence[bytes]) -> bool:
        """Whether to take a token: not the agent's own, nor one as it was taken."""
        if len(issue.value) < _SHORTEST:
            return False
        key, until = hash((issuer, issue.value)), self._now() + issue.ttl_s
        ends = self._until.get(key)
        if ends is None:
            own = hash(issue.value) in self._sent or any(
                issue.value in part for part in request
            )
            if own or self._known().scan([View(issue.value, 0)]):
                return False
        elif until - ends < issue.ttl_s * _SAME_LIFE:
            return False
        _remember(self._until, key, until)
        return True

    # -- in the store's thread ----------------------------------------------------

    def _keep(self, connection: sqlite3.Connection, taken: Sequence[Taken]) -> None:
        issuers = {token.issuer for token in taken}
        with writing(connection):
            for token in taken:
                self._write(connection, token)
            for issuer in issuers:
                _trim(connection, issuer, self._now())
        self._refresh(connection)

    def _token(self, issuer: str, issue: Issued) -> Taken | None:
        taken = learnable(issue.value, self._key)
        if taken is None:
            return None
        hosts = (*domain(issuer), *siblings(issuer), *filter(None, issue.hosts))
        name = name_of(issuer, taken.digest)
        info = SecretInfo(name, tuple(dict.fromkeys(hosts)), ("any",))
        return Taken(info, taken, issuer, self._now() + issue.ttl_s)

    def _write(self, connection: sqlite3.Connection, token: Taken) -> None:
        name = token.info.name
        nonce = secrets.token_bytes(_NONCE)
        plain = orjson.dumps(token.info.hosts) + b"\0" + pack(token.taken)
        sealed = nonce + AESGCM(self._key).encrypt(nonce, plain, name.encode())
        connection.execute(
            "INSERT OR REPLACE INTO learned (name, issuer, sealed, expires_at)"
            " VALUES (?, ?, ?, ?)",
            (name, token.issuer, sealed, token.expires_at),
        )

    def _read(self, name: str, issuer: str, sealed: bytes, expires_at: float) -> Taken:
        try:
            plain = AESGCM(self._key).decrypt(
                sealed[:_NONCE], sealed[_NONCE:], name.encode()
            )
            hosts, _, packed = plain.partition(b"\0")
            taken = unpack(packed)
        except (InvalidTag, ValueError) as error:
            raise StateError(
                "what hosts issued cannot be read: it was sealed with another key, "
                "restore keys/learned or move store.db away"
            ) from error
        info = SecretInfo(name, tuple(orjson.loads(hosts)), ("any",))
        return Taken(info, taken, issuer, expires_at)

    def _refresh(self, connection: sqlite3.Connection) -> None:
        now = self._now()
        rows = connection.execute(
            "SELECT seq, name, issuer, sealed, expires_at FROM learned"
            " WHERE seq > ? AND expires_at > ? ORDER BY seq",
            (self._seen, now),
        ).fetchall()
        for seq, *row in rows:
            token = self._read(*row)
            self._tokens.pop(token.info.name, None)
            self._tokens[token.info.name] = token
            self._seen = seq
        gone = [name for name, token in self._tokens.items() if token.expires_at <= now]
        for name in (*gone, *_beyond(self._tokens.values())):
            self._tokens.pop(name, None)
        if rows or gone:
            self._build()

    def _build(self) -> None:
        late = [name for name in self._tokens if name not in self._settled]
        if len(late) > _FRESH or not self._settled <= self._tokens.keys():
            self._settled, late = frozenset(self._tokens), []
        groups = (
            [
                (token.info, token.taken)
                for token in map(self._tokens.__getitem__, names)
            ]
            for names in (sorted(self._settled), late)
        )
        self._stored = LearnedIndex.build(*groups, key=self._key)


def _trim(connection: sqlite3.Connection, issuer: str, now: float) -> None:
    connection.execute("DELETE FROM learned WHERE expires_at <= ?", (now,))
    connection.execute(
        "DELETE FROM learned WHERE seq IN (SELECT seq FROM learned WHERE issuer = ?"
        " ORDER BY seq DESC LIMIT -1 OFFSET ?)",
        (issuer, MOST_PER_HOST),
    )
    connection.execute(
        "DELETE FROM learned WHERE seq IN"
        " (SELECT seq FROM learned ORDER BY seq DESC LIMIT -1 OFFSET ?)",
        (MOST,),
    )


def _beyond(tokens: Iterable[Taken]) -> Iterator[str]:
    """The names of the oldest tokens over the bounds; `tokens` is oldest first."""
    newest_first = list(tokens)[::-1]
    per_host: dict[str, int] = {}
    for count, token in enumerate(newest_first):
        per_host[token.issuer] = per_host.get(token.issuer, 0) + 1
        if count >= MOST or per_host[token.issuer] > MOST_PER_HOST:
            yield token.info.name


def _remember[V](memory: OrderedDict[int, V], key: int, value: V) -> None:
    """The latest `_REMEMBERED`. Keys are salted hashes, so nothing can be read back."""
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > _REMEMBERED:
        memory.popitem(last=False)
