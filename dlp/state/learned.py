"""
What hosts issued: kept for its lifetime, in memory and sealed in the store.

A token is bound to the host that issued it, the rest of that host's domain where the
domain belongs to one party, and the hosts that the answer named. Not learned is what a
host could use to make trouble: anything under 64 bits, anything the agent sent before,
anything that overlaps a registered secret. No host may have more than `MOST_PER_HOST`;
its oldest give way.

Workers learn from each other through the store, with `refresh`. All of the state here
is touched in the store's thread only; `index` is swapped whole.

Why not in `dlp.detect.learned`: that matches; this remembers, and forgets.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import orjson
import publicsuffix2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dlp.detect.enrol import Fingerprint, digest
from dlp.detect.fingerprint import SecretIndex, SecretInfo
from dlp.detect.issued import Issued
from dlp.detect.learned import LearnedIndex, learnable
from dlp.errors import StateError
from dlp.model import View
from dlp.policy.suffixes import shared_suffix
from dlp.state.folder import read_or_make_key
from dlp.state.prints import pack, unpack
from dlp.state.sqlite import Store, writing

MOST_PER_HOST = 64
MOST = 2000
_FRESH = 64
"""Tokens in the small index before the large one is built again."""
_REMEMBERED = 4096
"""Credentials that the agents sent, by digest."""
_NONCE = 12


@dataclass(frozen=True, slots=True)
class _Token:
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
        self._tokens: OrderedDict[str, _Token] = OrderedDict()
        self._settled: frozenset[str] = frozenset()
        self._seen = 0
        self._sent: OrderedDict[bytes, None] = OrderedDict()
        self.index = LearnedIndex()

    def sent(self, credentials: Iterable[bytes]) -> None:
        """Remember what an agent sent in credential slots: no host can issue that."""
        for value in credentials:
            self._sent[digest(value, self._key)] = None
            self._sent.move_to_end(digest(value, self._key))
        while len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)

    async def learn(
        self, issuer: str, tokens: Iterable[Issued], request: Sequence[bytes]
    ) -> int:
        """
        Take over what `issuer` handed out in answer to `request` (its raw parts).

        Returns how many tokens were new.

        Raises:
            StateError: the store failed.
        """
        fresh = [
            token
            for token in tokens
            if digest(token.value, self._key) not in self._sent
            and not any(token.value in part for part in request)
        ]
        if not fresh:
            return 0
        return await self._store.run(lambda c: self._learn(c, issuer, fresh))

    async def refresh(self) -> None:
        """
        Forget what expired and take over what other workers learned.

        Raises:
            StateError: the store failed.
        """
        await self._store.run(self._refresh)

    # -- in the store's thread ----------------------------------------------------

    def _learn(
        self, connection: sqlite3.Connection, issuer: str, tokens: list[Issued]
    ) -> int:
        known = self._known()
        learned = [
            token
            for issue in tokens
            if not known.scan([View(issue.value, 0)])
            and (token := self._token(issuer, issue))
        ]
        new = [token for token in learned if token.info.name not in self._tokens]
        with writing(connection):
            for token in learned:
                self._write(connection, token)
            _trim(connection, issuer, self._now())
        self._refresh(connection)
        return len(new)

    def _token(self, issuer: str, issue: Issued) -> _Token | None:
        taken = learnable(issue.value, self._key)
        if taken is None:
            return None
        hosts = (*_domain(issuer), *filter(None, issue.hosts))
        name = f"issued:{issuer}:{taken.digest.hex()[:12]}"
        info = SecretInfo(name, tuple(dict.fromkeys(hosts)), ("any",))
        return _Token(info, taken, issuer, self._now() + issue.ttl_s)

    def _write(self, connection: sqlite3.Connection, token: _Token) -> None:
        name = token.info.name
        nonce = secrets.token_bytes(_NONCE)
        plain = orjson.dumps(token.info.hosts) + b"\0" + pack(token.taken)
        sealed = nonce + AESGCM(self._key).encrypt(nonce, plain, name.encode())
        connection.execute(
            "INSERT OR REPLACE INTO learned (name, issuer, sealed, expires_at)"
            " VALUES (?, ?, ?, ?)",
            (name, token.issuer, sealed, token.expires_at),
        )

    def _read(self, name: str, issuer: str, sealed: bytes, expires_at: float) -> _Token:
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
        return _Token(info, taken, issuer, expires_at)

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
        self.index = LearnedIndex.build(*groups, key=self._key)


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


def _beyond(tokens: Iterable[_Token]) -> Iterator[str]:
    """The names of the oldest tokens over the bounds; `tokens` is oldest first."""
    newest_first = list(tokens)[::-1]
    per_host: dict[str, int] = {}
    for count, token in enumerate(newest_first):
        per_host[token.issuer] = per_host.get(token.issuer, 0) + 1
        if count >= MOST or per_host[token.issuer] > MOST_PER_HOST:
            yield token.info.name


def _domain(host: str) -> tuple[str, ...]:
    """The names that belong to the party behind `host`, as host patterns."""
    try:
        ip_address(host)
    except ValueError:
        domain = publicsuffix2.get_sld(host, strict=True)
        if domain and not shared_suffix(domain):
            return (domain, f"*.{domain}")
    return (host,)
