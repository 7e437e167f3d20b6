import asyncio
import time
from random import Random

import pytest

from dlp.detect.known.enrol import fingerprint
from dlp.detect.known.fingerprint import SecretIndex, SecretInfo
from dlp.detect.known.issued import Issued
from dlp.errors import StateError
from dlp.model import View
from dlp.state.learned import MOST, MOST_PER_HOST, LearnedTokens
from dlp.state.sqlite import Store

KEY = bytes(32)
REGISTERED = "".join(
    Random("mine").choices("abcdefghkmnprstuvwxyz23456789", k=40)
).encode()
KNOWN = SecretIndex.build([(SecretInfo("mine"), fingerprint(REGISTERED, KEY))], KEY)


def value(seed: object, size: int = 40) -> bytes:
    alphabet = "abcdefghkmnprstuvwxyzABCDEFGH23456789"
    return "".join(Random(str(seed)).choices(alphabet, k=size)).encode()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path):
    opened = Store.open(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def learned(store, tmp_path, clock):
    return LearnedTokens(store, tmp_path, lambda: KNOWN, clock)


def hosts(learned: LearnedTokens, text: bytes) -> tuple[str, ...]:
    """Where the one token that stands in a text may go."""
    names = {hit.name for hit in learned.index.scan([View(b"x " + text + b" y", 0)])}
    if not names:
        return ()
    (name,) = names
    return learned.index.info(name).hosts


async def test_a_token_is_bound_to_the_domain_of_its_issuer(learned):
    assert await learned.learn("auth.shop.example.com", [Issued(value(1), 60)], []) == 1
    assert hosts(learned, value(1)) == ("example.com", "*.example.com")
    (name,) = learned.index.named(value(1))
    assert name.startswith("issued:auth.shop.example.com:")


OF_ONE_PARTY = {
    "someone.github.io": ("someone.github.io", "*.someone.github.io"),
    "api.example.co.uk": ("example.co.uk", "*.example.co.uk"),
    "github.io": ("github.io",),
    "192.0.2.7": ("192.0.2.7",),
    "localhost": ("localhost",),
}


@pytest.mark.parametrize(("host", "party"), OF_ONE_PARTY.items())
async def test_a_token_stays_with_one_party(learned, host, party):
    await learned.learn(host, [Issued(value(1), 60)], [])
    assert hosts(learned, value(1)) == party


async def test_the_hosts_that_an_answer_names_are_bound_too(learned):
    await learned.learn(
        "a.example.com", [Issued(value(1), 60, ("media.example.net", ""))], []
    )
    assert hosts(learned, value(1))[-1] == "media.example.net"


async def test_a_piece_of_a_token_is_found(learned):
    await learned.learn("a.example.com", [Issued(value(1), 60)], [])
    (hit,) = learned.index.scan([View(value(1)[5:30], 0)])
    assert hit.complete


async def test_a_token_is_forgotten_when_it_expires(learned, clock):
    await learned.learn(
        "a.example.com", [Issued(value(1), 60), Issued(value(2), 600)], []
    )
    clock.now += 61
    await learned.refresh()
    assert hosts(learned, value(1)) == ()
    assert hosts(learned, value(2))


async def test_a_token_that_is_issued_again_lives_longer(learned, clock):
    await learned.learn("a.example.com", [Issued(value(1), 60)], [])
    clock.now += 50
    assert await learned.learn("a.example.com", [Issued(value(1), 60)], []) == 0
    clock.now += 50
    await learned.refresh()
    assert hosts(learned, value(1))


REFUSED = {
    "short": b"dark-mode",
    "few bits": b"preferences=dark&language=english&currency=euro",
    "long": value("long", 5000),
    "a registered secret": REGISTERED,
    "holding a registered secret": b"id." + REGISTERED + b".x",
    "holding half of one": value("h", 20) + REGISTERED[:25],
}


@pytest.mark.parametrize("token", REFUSED.values(), ids=REFUSED)
async def test_what_could_make_trouble_is_not_learned(learned, token):
    assert await learned.learn("a.example.com", [Issued(token, 60)], []) == 0
    assert learned.index.parts == ()


async def test_what_the_agent_sent_is_not_learned(learned):
    learned.sent([value(1)])
    assert await learned.learn("a.example.com", [Issued(value(1), 60)], []) == 0
    request = [b"GET /", b"cookie: a=" + value(2)]
    assert await learned.learn("a.example.com", [Issued(value(2), 60)], request) == 0


async def rows_of(store):
    (count,) = await store.run(
        lambda c: c.execute("SELECT count(*) FROM learned").fetchone()
    )
    return count


async def test_a_host_cannot_fill_the_memory(learned, store):
    await learned.learn("good.example.com", [Issued(value("good"), 600)], [])
    for start in range(0, 200, 50):
        tokens = [Issued(value(n), 600) for n in range(start, start + 50)]
        await learned.learn("bad.example.net", tokens, [])
    held = [info for part in learned.index.parts for info in part.infos]
    assert len(held) == MOST_PER_HOST + 1
    assert await rows_of(store) == MOST_PER_HOST + 1
    assert hosts(learned, value("good"))
    assert hosts(learned, value(0)) == ()
    assert hosts(learned, value(199))


async def test_all_hosts_together_cannot_either(learned, store):
    await learned.learn("a.example.com", [Issued(value(1), 600)], [])
    rows = [(f"n{n}", f"h{n}.example.com", b"", 5000.0) for n in range(MOST + 5)]
    await store.run(
        lambda c: c.executemany(
            "INSERT INTO learned (name, issuer, sealed, expires_at) VALUES (?, ?, ?, ?)",
            rows,
        )
    )
    with pytest.raises(StateError, match="another key"):
        await learned.learn("b.example.com", [Issued(value(2), 600)], [])
    assert await rows_of(store) == MOST


async def test_a_restart_and_another_worker_know_it(learned, store, tmp_path, clock):
    await learned.learn("a.example.com", [Issued(value(1), 60)], [])
    other = LearnedTokens(store, tmp_path, lambda: KNOWN, clock)
    assert hosts(other, value(1)) == ()
    await other.refresh()
    assert hosts(other, value(1)) == ("example.com", "*.example.com")
    await learned.learn("a.example.com", [Issued(value(2), 60)], [])
    await other.refresh()
    assert hosts(other, value(2))


async def test_what_another_worker_took_is_known_once_it_is_written(
    learned, store, tmp_path, clock
):
    """What it took a moment ago is waited for; what is known costs no look again."""
    other = LearnedTokens(store, tmp_path, lambda: KNOWN, clock)
    await other.catch_up()
    assert not other.is_behind()
    taken = learned.take("a.example.com", [Issued(value(1), 60)], [])
    assert other.is_behind()
    behind = asyncio.ensure_future(other.catch_up())
    await asyncio.sleep(0.02)
    assert not behind.done()
    await learned.keep(taken)
    await behind
    assert hosts(other, value(1)) == ("example.com", "*.example.com")
    assert not other.is_behind()


async def test_a_worker_that_died_is_not_waited_for_again(
    learned, store, tmp_path, clock
):
    dead = LearnedTokens(store, tmp_path, lambda: KNOWN, clock)
    await learned.catch_up()
    dead.take("a.example.com", [Issued(value(1), 60)], [])
    before = time.monotonic()
    await learned.catch_up()
    assert time.monotonic() - before < 5
    assert not learned.is_behind()


async def test_what_cannot_be_written_is_not_waited_for(tmp_path, clock):
    store = Store.open(tmp_path)
    one, other = (LearnedTokens(store, tmp_path, lambda: KNOWN, clock) for _ in "ab")
    await other.catch_up()
    taken = one.take("a.example.com", [Issued(value(1), 60)], [])
    store.close()
    with pytest.raises(StateError):
        await one.keep(taken)
    with pytest.raises(StateError):
        await asyncio.wait_for(other.catch_up(), 0.5)
    assert not other.is_behind()


async def test_no_file_holds_a_token(learned, store, tmp_path):
    await learned.learn("a.example.com", [Issued(value(1), 60)], [])
    await store.run(lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            assert not any(value(1).lower()[i : i + 8] in content for i in range(32))


async def test_many_tokens_stay_found(learned):
    for host in range(5):
        tokens = [Issued(value((host, n)), 600) for n in range(40)]
        await learned.learn(f"h{host}.example{host}.com", tokens, [])
    assert len(learned.index.parts) <= 2
    for host in range(5):
        for n in range(40):
            assert hosts(learned, value((host, n)))[0] == f"example{host}.com"
