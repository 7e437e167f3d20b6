import pytest

from dlp.state.agents import AgentRegistry

POLICY = """\
version: 1
statements:
  - {{id: x, effect: allow, hosts: [api.example.com], agents: [{}]}}
"""


@pytest.fixture
def registry(state):
    found = AgentRegistry(state)
    found.add("builder")
    return found


def test_that_nobody_is_registered_is_seen(seen, skipped):
    assert "default" in seen("agents-registered")[0]
    assert "ever registered" in skipped("agents-file")
    assert "no agent" in skipped("agent-token-age")


def test_a_registered_agent_is_fine(registry, seen):
    assert seen("agents-registered") == ()
    assert seen("agents-file") == ()


def test_a_register_that_cannot_be_read_is_seen(registry, state, seen):
    (state / "agents.json").write_text("[{")
    assert "restore it" in seen("agents-file")[0]


def test_a_register_without_its_key_is_seen_and_gets_no_new_one(registry, state, seen):
    key = state / "keys/agents"
    key.unlink()
    assert "no token fits" in seen("agents-file")[0]
    assert not key.exists()


def test_an_old_token_is_seen(registry, seen):
    (made,) = registry.registered()
    later = made.created_at + 86400 * 400
    assert seen("agent-token-age", now=made.created_at + 60) == ()
    assert seen("agent-token-age", now=later) == (
        "the token of builder is 400 days old",
    )


def test_an_agent_that_may_do_nothing_is_seen(registry, seen, write, place):
    rules = place / "rules"
    write("rules/policy.yaml", POLICY.format("builder"))
    assert seen("agents-without-rights", rules=rules) == ()
    write("rules/policy.yaml", POLICY.format("other"))
    assert "builder" in seen("agents-without-rights", rules=rules)[0]


def test_a_revoked_agent_needs_no_rights(registry, seen, skipped, write, place):
    registry.revoke("builder")
    write("rules/policy.yaml", POLICY.format("other"))
    why = skipped("agents-without-rights", rules=place / "rules")
    assert "no agent" in why
