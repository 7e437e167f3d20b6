import os

import pytest

from dlp.detect.known.fingerprint import SecretInfo
from dlp.doctor.examine import examine
from dlp.state.agents import AgentRegistry
from dlp.state.secrets import Registration, SecretStore
from tests.doctor.conftest import BY_ID, OTHER

GOOD = """\
version: 1
statements:
  - {id: llm, effect: allow, hosts: [api.example.com], ports: [443]}
"""
ALLOW = "version: 1\nstatements:\n  - {id: x, effect: allow, "
UPSTREAM = GOOD + "upstream: {allow_private: [%s]}\n"
INSPECTION = GOOD + "inspection: {%s}\n"


@pytest.fixture
def rules(place):
    """A rules folder that only its owner may write, with a policy."""
    folder = place / "rules"
    (folder / "detectors").mkdir(parents=True, mode=0o755)

    def write(policy=GOOD):
        (folder / "policy.yaml").write_text(policy)
        return folder

    return write


@pytest.mark.parametrize(
    ("check", "policy", "told"),
    [
        ("rules-load", "version: 1\nstatements: [{id: x}]\n", "effect"),
        ("policy-observe", "mode: observe\n" + GOOD, "observe"),
        ("policy-empty", "version: 1\nstatements: []\n", "nothing is allowed"),
        ("policy-everywhere", ALLOW + "hosts: ['*']}\n", "every public host"),
        (
            "policy-shared-wildcard",
            ALLOW + "hosts: ['*.github.io'], shared: true}\n",
            "*.github.io",
        ),
        ("policy-tenants", ALLOW + "hosts: [storage.googleapis.com]}\n", "tenant"),
        ("policy-uninspected", ALLOW + "hosts: [a.com], inspect: none}\n", "not seen"),
        ("policy-private", UPSTREAM % "127.0.0.0/8", "own services"),
        ("policy-private", UPSTREAM % "169.254.169.254/32", "metadata"),
        ("policy-private", UPSTREAM % "10.0.0.0/8", "all of 10.0.0.0/8"),
        ("policy-private", UPSTREAM % "192.168.0.0/16", "all of 192.168.0.0/16"),
        ("policy-private", UPSTREAM % '"fd00::/8"', "all of fd00::/8"),
        ("policy-any-port", ALLOW + "hosts: [a.com], ports: ['*']}\n", "every port"),
        ("policy-plain-http", ALLOW + "hosts: [a.com]}\n", "open in x"),
        ("policy-limits", INSPECTION % "opaque: 1GiB", "inspection.opaque"),
        ("policy-limits", INSPECTION % "buffer: 512MiB", "inspection.buffer"),
        ("policy-loose-ends", GOOD + "pinned: [api.other.com]\n", "api.other.com"),
        (
            "policy-loose-ends",
            ALLOW + "hosts: [a.com], agents: [stranger]}\n",
            "stranger",
        ),
    ],
)
def test_a_weak_policy_is_seen_and_a_good_one_is_not(rules, seen, check, policy, told):
    assert seen(check, rules=rules()) == ()
    found = seen(check, rules=rules(policy))
    assert told in " ".join(found)


def test_a_narrow_private_network_is_fine(rules, seen):
    assert seen("policy-private", rules=rules(UPSTREAM % "10.1.2.0/24")) == ()


def test_a_policy_that_does_not_load_is_not_said_to_be_strong(rules, skipped):
    bad = rules("version: 1\nstatements: [{id: x}]\n")
    assert "does not load" in skipped("policy-observe", rules=bad)


def register(state, name, *hosts):
    value = os.urandom(24).hex().encode()
    SecretStore(state).add([Registration(SecretInfo(name, hosts), value)])


def test_a_host_with_a_secret_that_is_not_pinned_is_seen(rules, state, seen, skipped):
    assert "no secret" in skipped("policy-unpinned", rules=rules())
    register(state, "key", "api.example.com")
    assert "api.example.com" in seen("policy-unpinned", rules=rules())[0]
    pinned = rules(GOOD + "pinned: [api.example.com]\n")
    assert seen("policy-unpinned", rules=pinned) == ()


def test_agents_with_the_same_rights_are_seen(rules, state, seen, skipped):
    assert "several" in skipped("policy-one-for-all", rules=rules())
    for name in ("a", "b"):
        AgentRegistry(state).add(name)
    assert "2 agents" in seen("policy-one-for-all", rules=rules())[0]
    apart = rules(GOOD.replace("ports:", "agents: [a], ports:"))
    assert seen("policy-one-for-all", rules=apart) == ()


def test_a_detector_that_is_switched_off_is_seen(rules, seen):
    folder = rules()
    assert seen("detectors-off", rules=folder) == ()
    (folder / "detectors/own.yaml").write_text(
        "version: 1\nrules:\n  - {id: github-token, enabled: false}\n"
    )
    assert seen("detectors-off", rules=folder) == ("the detector github-token is off",)


def test_rules_that_others_may_write_are_seen(rules, seen):
    folder = rules()
    assert seen("rules-writable", rules=folder) == ()
    (folder / "policy.yaml").chmod(0o646)
    assert (
        "policy.yaml can be written by others"
        in seen("rules-writable", rules=folder)[0]
    )


def test_the_write_permission_of_others_is_taken_away(rules, picture):
    folder = rules()
    file = folder / "policy.yaml"
    folder.chmod(0o777)
    file.chmod(0o664)
    drawn = picture(rules=folder)
    (result,) = examine(drawn, [BY_ID["rules-writable"]], repair=True).results
    assert (result.status, len(result.changed)) == ("ok", 2)
    assert [path.stat().st_mode & 0o777 for path in (folder, file)] == [0o755, 0o644]


def test_a_folder_above_the_rules_that_others_may_write_is_seen(rules, place, seen):
    folder = rules()
    place.chmod(0o777)
    assert f"through {place}" in seen("rules-writable", rules=folder)[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a file away")
def test_rules_of_the_agents_are_seen(rules, seen):
    folder = rules()
    os.chown(folder / "policy.yaml", OTHER, -1)
    assert "written by agent" in seen("rules-writable", rules=folder)[0]


def test_rules_of_a_shared_user_are_safe_in_the_cage_alone(rules, seen, ourselves):
    folder = rules()
    assert seen("rules-writable", rules=folder, agent=ourselves)
    assert seen("rules-writable", rules=folder, agent=ourselves, caged=True) == ()
