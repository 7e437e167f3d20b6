"""What holds for every policy, shown on random ones."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dlp.errors import RuleError
from dlp.model import Channel, Destination
from dlp.policy.compile import compile_policy
from dlp.policy.schema import PolicyModel
from dlp.policy.statement import COMMON_METHODS
from dlp.rulefile import Located
from dlp.rulefile.tree import Places

HOSTS = ["a.x", "b.a.x", "c.b.a.x", "y.z", "localhost", "10.0.0.1"]
PATTERNS = [*HOSTS, "*.x", "*.a.x", "*.b.a.x", "*"]
AGENTS = ["ann", "bob", "ci-1", "ci-2"]
METHODS = ["GET", "POST", "PUT", "PROPFIND"]
PATHS = ["/", "/a", "/a/b", "/A/b/", "/b/a"]
GLOBS = ["/**", "/a", "/a/**", "/*", "/**/b", "/*/b", "/A*"]


def some(values, most=3):
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)


@st.composite
def statements(draw, effects=("allow", "deny", "approve")):
    effect = draw(st.sampled_from(effects))
    kind = draw(st.sampled_from(["plain", "plain", "open"]))
    one = {"effect": effect, "hosts": draw(some(PATTERNS))}
    if effect != "deny":
        one["shared"] = True
        one["kind"] = kind
    for key, values in {
        "agents": ["ann", "bob", "ci-*", "*", "*-1"],
        "ports": [443, 80, 8443, "*"],
        "methods": ["GET", "HEAD"] if kind == "open" else [*METHODS, "WEBSOCKET"],
        "paths": GLOBS,
    }.items():
        if draw(st.booleans()):
            one[key] = draw(some(values))
    return one


REQUESTS = st.builds(
    Destination,
    st.just("https"),
    st.sampled_from(HOSTS),
    st.sampled_from([443, 80, 8443, 22]),
    st.sampled_from(METHODS),
    st.sampled_from(PATHS),
    st.sampled_from([Channel.HTTP, Channel.HTTP, Channel.WEBSOCKET]),
)


def build(written):
    """A policy, without the checks that would refuse most random ones."""
    model = PolicyModel.model_validate(
        {
            "version": 1,
            "statements": tuple(
                {"id": f"s{n}"}
                | {k: tuple(v) if isinstance(v, list) else v for k, v in one.items()}
                for n, one in enumerate(written)
            ),
        },
        strict=True,
    )
    return compile_policy(Located(model, "p.yaml", Places({}, {})))


def matches(one, agent, to):
    """What the fields of a statement mean, one after the other."""
    allow, deny = one["effect"] == "allow", one["effect"] == "deny"
    ports = one.get("ports") or (["*"] if deny else [443, 80])
    socket = to.channel is Channel.WEBSOCKET
    method = "WEBSOCKET" if socket else to.method
    usual = [*METHODS, "WEBSOCKET"] if deny else ["GET", "POST", "PUT", "WEBSOCKET"]
    methods = one.get("methods") or (
        ["GET", "HEAD"] if one.get("kind") == "open" else usual
    )
    return (
        any(wild(agent, p) for p in one.get("agents", ["*"]))
        and any(host_means(to.host, p, deny) for p in one["hosts"])
        and ("*" in ports or to.port in ports)
        and (method in methods or (socket and not allow and "GET" in methods))
        and any(path_means(to.path, g, allow) for g in one.get("paths", ["/**"]))
    )


def wild(text, pattern):
    return bool(re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text))


def host_means(host, pattern, deny):
    if pattern == "*":
        return deny or ("." in host and not host[-1].isdigit())
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and not host[-1].isdigit()
    return host == pattern


def path_means(path, glob, exactly):
    source = re.escape(glob.rstrip("/")).replace(r"/\*\*", "(/.*)?")
    source = re.sub(r"/\\\*(?=/|$)", "/[^/]+", source).replace(r"\*", "[^/]*")
    flags = 0 if exactly else re.IGNORECASE
    return bool(re.fullmatch(source + "/?", path, flags))


def closeness(one, host, deny):
    meant = [p for p in one["hosts"] if host_means(host, p, deny)]
    return min((p != host, p == "*", -len(p)) for p in meant)


def slowly(written, agent, to):
    """Effect and statement by looking at every statement in turn."""
    found = [
        (
            ["deny", "approve", "allow"].index(one["effect"]),
            closeness(one, to.host, one["effect"] == "deny"),
            n,
        )
        for n, one in enumerate(written)
        if matches(one, agent, to)
    ]
    if not found:
        return "none", ""
    rank, _, n = min(found)
    return ["deny", "approve", "allow"][rank], f"s{n}"


def checked(written):
    try:
        return build(written)
    except RuleError as error:
        text = str(error)
        assert (
            "can never match" in text or "allows anything" in text or "nothing" in text
        )
        return None


@settings(max_examples=400)
@given(
    st.lists(statements(), min_size=1, max_size=8),
    st.lists(REQUESTS, min_size=1, max_size=6),
)
def test_the_index_finds_what_looking_at_every_statement_finds(written, requests):
    policy = checked(written)
    if policy is None:
        return
    for to in requests:
        for agent in AGENTS:
            reach = policy.reach(agent, to)
            assert (reach.effect, reach.statement) == slowly(written, agent, to)


MILDNESS = {"deny": 0, "none": 1, "approve": 2, "allow": 3}


@given(
    st.lists(statements(), min_size=1, max_size=6),
    statements(effects=("deny",)),
    st.lists(REQUESTS, min_size=1, max_size=6),
)
def test_one_more_deny_never_makes_an_effect_milder(written, more, requests):
    before, after = checked(written), checked([*written, more])
    if before is None or after is None:
        return
    for to in requests:
        for agent in AGENTS:
            old, new = before.reach(agent, to), after.reach(agent, to)
            assert MILDNESS[new.effect] <= MILDNESS[old.effect]
            assert old.path_rules <= new.path_rules
            old, new = (p.reach_host(agent, to.host, to.port) for p in (before, after))
            assert MILDNESS[new.effect] <= MILDNESS[old.effect]
            assert old.inspect <= new.inspect


@settings(max_examples=300)
@given(
    st.lists(statements(), min_size=1, max_size=6), REQUESTS, st.sampled_from(AGENTS)
)
@example(
    [
        {"effect": "approve", "hosts": ["a.x"]},
        {"effect": "allow", "hosts": ["a.x"], "methods": ["PROPFIND"]},
    ],
    Destination("https", "a.x", 443, "PROPFIND", "/"),
    "ann",
)
def test_connect_is_let_pass_when_some_request_would_be(written, to, agent):
    policy = checked(written)
    if policy is None:
        return
    effect = policy.reach(agent, to).effect
    at_connect = policy.reach_host(agent, to.host, to.port).effect
    if effect in ("allow", "approve"):
        assert at_connect in ("allow", "approve")
    if at_connect == "deny":
        assert effect == "deny"
    if at_connect == "none":
        assert effect in ("none", "deny")
    if at_connect == "approve" and to.method in COMMON_METHODS:
        assert effect != "allow"  # one that no `methods` names is meant by no approval


@given(
    st.lists(statements(), min_size=2, max_size=6), REQUESTS, st.sampled_from(AGENTS)
)
def test_a_statement_that_is_refused_as_shadowed_decides_nothing(written, to, agent):
    """What loading calls unreachable is indeed never the one that decides."""
    try:
        build(written)
    except RuleError as error:
        dead = set(re.findall(r"`(s\d+)` can never match", str(error)))
        assert slowly(written, agent, to)[1] not in dead
