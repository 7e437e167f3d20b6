import json
from base64 import b64encode

import pytest

from dlp.errors import StateError, UsageError
from dlp.model import Agent
from dlp.state import lockout
from dlp.state.agents import DEFAULT, RELOAD_S, AgentRegistry, Challenge

LOOPBACK, FAR = "127.0.0.1", "10.1.2.3"


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def registry(tmp_path, clock):
    return AgentRegistry(tmp_path, clock)


def basic(agent, token):
    return "Basic " + b64encode(f"{agent}:{token}".encode()).decode()


@pytest.mark.parametrize("peer", [LOOPBACK, "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_without_agents_loopback_is_the_default_agent(registry, peer):
    assert registry.authenticate(peer, None) == Agent(DEFAULT)
    assert registry.authenticate(peer, basic("x", "y")) == Agent(DEFAULT)


@pytest.mark.parametrize("peer", [FAR, "192.168.0.1", "fe80::1%lo", "", "localhost"])
def test_without_agents_any_other_client_is_challenged(registry, peer):
    assert registry.authenticate(peer, None) == Challenge("missing")


def test_a_registered_agent_is_known_by_its_token(registry):
    token = registry.add("builder")
    expected = Agent("builder")
    assert registry.authenticate(FAR, basic("builder", token)) == expected
    assert registry.authenticate(FAR, basic(token, "")) == expected
    assert registry.authenticate(FAR, f"Bearer {token}") == expected


def test_with_agents_loopback_needs_credentials_too(registry):
    registry.add("builder")
    assert registry.authenticate(LOOPBACK, None) == Challenge("missing")


def test_a_token_is_good_for_its_own_agent_only(registry):
    token = registry.add("builder")
    registry.add("reader")
    challenge = registry.authenticate(FAR, basic("reader", token))
    assert challenge == Challenge("invalid", "reader")


def test_what_the_client_claimed_to_be_is_not_repeated(registry):
    registry.add("builder")
    challenge = registry.authenticate(FAR, basic("hunter2", "x"))
    assert challenge == Challenge("invalid", "")


def test_a_revoked_token_is_worthless_and_credentials_stay_required(registry):
    token = registry.add("builder")
    registry.revoke("builder")
    challenge = registry.authenticate(LOOPBACK, basic("builder", token))
    assert challenge == Challenge("revoked", "builder")
    assert registry.authenticate(LOOPBACK, None) == Challenge("missing")


def test_a_revoked_agent_can_be_registered_again(registry):
    old = registry.add("builder")
    registry.revoke("builder")
    new = registry.add("builder")
    assert registry.authenticate(FAR, f"Bearer {new}") == Agent("builder")
    assert isinstance(registry.authenticate(FAR, f"Bearer {old}"), Challenge)


def test_failures_lock_the_pair_out_even_with_the_right_token(registry, clock):
    token = registry.add("builder")
    for _ in range(lockout.FREE_TRIES):
        last = registry.authenticate(FAR, basic("builder", "wrong"))
    assert last == Challenge("invalid", "builder", 1)
    locked = registry.authenticate(FAR, basic("builder", token))
    assert locked == Challenge("locked", "builder", 1)
    assert (locked.status, last.status) == (429, 407)
    assert registry.locked() == 1
    assert registry.authenticate(LOOPBACK, basic("builder", token)) == Agent("builder")
    clock.now += 1
    assert registry.authenticate(FAR, basic("builder", token)) == Agent("builder")


def test_a_locked_neighbour_does_not_keep_another_agent_out(registry):
    registry.add("builder")
    token = registry.add("reader")
    for _ in range(20):
        registry.authenticate(FAR, basic("builder", "wrong"))
        registry.authenticate(FAR, "Bearer wrong")
    assert registry.authenticate(FAR, f"Bearer {token}") == Agent("reader")


def test_a_running_proxy_learns_of_a_new_agent(registry, tmp_path, clock):
    registry.authenticate(LOOPBACK, None)
    token = AgentRegistry(tmp_path).add("builder")
    clock.now += RELOAD_S
    assert registry.authenticate(FAR, f"Bearer {token}") == Agent("builder")


def test_a_running_proxy_learns_of_a_revocation(registry, tmp_path, clock):
    token = registry.add("builder")
    AgentRegistry(tmp_path).revoke("builder")
    clock.now += RELOAD_S
    assert isinstance(registry.authenticate(FAR, f"Bearer {token}"), Challenge)


def test_two_writers_do_not_lose_each_other(tmp_path):
    one, two = AgentRegistry(tmp_path), AgentRegistry(tmp_path)
    one.add("a")
    two.add("b")
    one.add("c")
    assert [agent.id for agent in one.registered()] == ["a", "b", "c"]


def test_the_token_is_not_in_the_state_folder(registry, tmp_path):
    token = registry.add("builder").encode()
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or token not in path.read_bytes()
    assert (tmp_path / "agents.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "agent", ["", "default", "UPPER", "-x", "a b", "a" * 64, "a\n", "caf\u00e9", "a/b"]
)
def test_odd_ids_are_refused(registry, agent):
    with pytest.raises(UsageError, match="cannot be an agent id"):
        registry.add(agent)


def test_an_id_is_taken_once(registry):
    registry.add("builder")
    with pytest.raises(UsageError, match="exists"):
        registry.add("builder")
    with pytest.raises(UsageError, match="no agent"):
        registry.revoke("other")


@pytest.mark.parametrize("content", [b"", b"{}", b'[{"id":"a"}]', b"[1]"])
def test_a_damaged_file_fails_closed(registry, tmp_path, clock, content):
    registry.add("builder")
    (tmp_path / "agents.json").write_bytes(content)
    for _ in range(2):
        clock.now += RELOAD_S
        with pytest.raises(StateError):
            registry.authenticate(LOOPBACK, None)


def test_a_deleted_file_fails_closed(registry, tmp_path, clock):
    registry.add("builder")
    (tmp_path / "agents.json").unlink()
    clock.now += RELOAD_S
    with pytest.raises(StateError, match="is gone"):
        registry.authenticate(LOOPBACK, None)


def test_agents_of_the_first_form_are_taken_over(registry, tmp_path, clock):
    """Before versions the file was the bare list."""
    token = registry.add("builder")
    path = tmp_path / "agents.json"
    bare = json.dumps(json.loads(path.read_bytes())["content"])
    path.write_text(bare)
    clock.now += RELOAD_S
    assert registry.authenticate(LOOPBACK, f"Bearer {token}") == Agent("builder")
    registry.add("other")
    assert (tmp_path / "agents.json.v0").read_text() == bare
    assert registry.authenticate(LOOPBACK, f"Bearer {token}") == Agent("builder")


def test_agents_of_a_newer_program_are_refused(registry, tmp_path, clock):
    registry.add("builder")
    (tmp_path / "agents.json").write_text('{"version": 9, "content": {}}')
    clock.now += RELOAD_S
    with pytest.raises(StateError, match="newer version"):
        registry.authenticate(LOOPBACK, None)
