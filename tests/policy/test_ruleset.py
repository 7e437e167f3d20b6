"""What a policy says. The name of a row is the rule it shows."""

import dataclasses

import pytest

from dlp.model import Channel, Destination, Limits
from dlp.policy import Caps
from dlp.policy.compile import compile_policy
from dlp.policy.ruleset import Cage
from dlp.policy.schema import PolicyModel
from dlp.rulefile import parse_model

POLICY = """
version: 1
groups:
  github: [github.com, "*.githost.example"]
  builders: [ci-*, release]
statements:
  - {id: llm, effect: allow, hosts: [api.llm.example], paths: [/v1/**], on_secret: redact}
  - {id: web, effect: allow, kind: open, hosts: ["*"]}
  - {id: forge, effect: allow, hosts: ["@github"]}
  - {id: forge-writes, effect: approve, hosts: ["@github"], methods: [POST, DELETE]}
  - {id: no-gists, effect: deny, hosts: [gist.githost.example]}
  - {id: no-admin, effect: deny, hosts: ["*"], paths: ["/**/admin/**"]}
  - {id: build, effect: allow, agents: ["@builders"], hosts: [build.example], ports: [8443]}
  - {id: any-port, effect: allow, hosts: [dev.example], ports: ["*"]}
  - {id: no-ssh, effect: deny, hosts: [dev.example], ports: [22]}
  - {id: by-address, effect: allow, hosts: [192.0.2.7, "2001:db8::7"]}
  - {id: read-only, effect: allow, hosts: [docs.example], methods: [GET, HEAD]}
  - {id: with-sockets, effect: allow, hosts: [chat.example], methods: [GET, WEBSOCKET]}
  - {id: dav, effect: allow, hosts: [dav.example], methods: [PROPFIND]}
  - {id: app, effect: allow, hosts: [app.example, ruled.example], inspect: none}
  - {id: no-upload, effect: deny, hosts: [ruled.example], methods: [PUT]}
  - {id: ask, effect: approve, hosts: [ask.example]}
pinned: [api.llm.example, "*.pinned.example"]
open: {url: 1KiB, entropy: 1000}
inspection: {buffer: 1MiB, depth: 3, decoded: 2MiB}
examples: block
cage: {hide: [~/.aws], writable: [~/.claude], environment: [MY_FLAG]}
upstream: {allow_private: [10.1.0.0/16]}
"""


def load(text=POLICY):
    return compile_policy(parse_model(text.encode(), "policy.yaml", PolicyModel))


def to(line, scheme="https", channel=Channel.HTTP):
    """`POST host[:port]/path`"""
    method, _, rest = line.partition(" ")
    authority, slash, path = rest.partition("/")
    host, _, port = (
        authority.partition(":")
        if "[" not in authority
        else (authority.strip("[]"), "", "")
    )
    default = 443 if scheme in ("https", "wss") else 80
    return Destination(
        scheme, host, int(port or default), method, slash + path or "/", channel
    )


REACH = {
    # name: (agent, request, effect, statement)
    "no statement allows it": ("a", "POST other.example/", "none", ""),
    "a host that is named": ("a", "POST api.llm.example/v1/chat", "allow", "llm"),
    "a path below the glob": ("a", "POST api.llm.example/v1/a/b", "allow", "llm"),
    "the glob's own folder": ("a", "POST api.llm.example/v1", "allow", "llm"),
    "a path beside the glob": ("a", "POST api.llm.example/v10/x", "none", ""),
    "an allow respects case": ("a", "POST api.llm.example/V1/x", "none", ""),
    "open reads": ("a", "GET any.example/x", "allow", "web"),
    "open heads": ("a", "HEAD any.example/x", "allow", "web"),
    "open never writes": ("a", "POST any.example/x", "none", ""),
    "open never asks for options": ("a", "OPTIONS any.example/x", "none", ""),
    "* is no single label": ("a", "GET localhost/", "none", ""),
    "* is no address": ("a", "GET 192.0.2.1/", "none", ""),
    "* is no IPv6 address": ("a", "GET [2001:db8::1]/", "none", ""),
    "* is no private name": ("a", "GET vault.internal/", "none", ""),
    "the closest statement decides": ("a", "GET api.llm.example/v1/m", "allow", "llm"),
    "a group": ("a", "GET github.com/x", "allow", "forge"),
    "a suffix in a group": ("a", "GET api.githost.example/x", "allow", "forge"),
    "a suffix two labels up": ("a", "PUT a.b.githost.example/x", "allow", "forge"),
    "a suffix is not the host itself": ("a", "PUT githost.example/x", "none", ""),
    "a suffix ends at a dot": ("a", "PUT evilgithost.example/x", "none", ""),
    "approve beats allow": ("a", "POST github.com/x", "approve", "forge-writes"),
    "deny beats allow": ("a", "GET gist.githost.example/", "deny", "no-gists"),
    "deny beats approve": ("a", "POST gist.githost.example/", "deny", "no-gists"),
    "a deny means every port": (
        "a",
        "GET gist.githost.example:8443/",
        "deny",
        "no-gists",
    ),
    "a deny by * means addresses": ("a", "GET 192.0.2.7/admin/x", "deny", "no-admin"),
    "a deny by * means single labels": ("a", "GET wiki/admin", "deny", "no-admin"),
    "a deny by path": ("a", "GET github.com/a/b/admin/c", "deny", "no-admin"),
    "a deny ignores case": ("a", "GET github.com/a/Admin/c", "deny", "no-admin"),
    "a deny ignores a last slash": ("a", "GET github.com/admin/", "deny", "no-admin"),
    "no deny within a segment": ("a", "GET github.com/myadmin", "allow", "forge"),
    "a port that is named": ("release", "POST build.example:8443/", "allow", "build"),
    "a port that is not": ("release", "POST build.example/", "none", ""),
    "an agent by pattern": ("ci-7", "POST build.example:8443/", "allow", "build"),
    "an agent not meant": ("xci-7", "POST build.example:8443/", "none", ""),
    "agents differ by case": ("Release", "POST build.example:8443/", "none", ""),
    "port 80 by default": ("a", "GET github.com:80/", "allow", "forge"),
    "no other port by default": ("a", "PUT github.com:8443/", "none", ""),
    "any port": ("a", "PUT dev.example:9/", "allow", "any-port"),
    "a deny by port": ("a", "PUT dev.example:22/", "deny", "no-ssh"),
    "an address that is named": ("a", "PUT 192.0.2.7/", "allow", "by-address"),
    "an IPv6 address": ("a", "PUT [2001:db8::7]/", "allow", "by-address"),
    "a method that is named": ("a", "GET docs.example/", "allow", "read-only"),
    "a method that is not": ("a", "POST docs.example/", "none", ""),
    "any method is a common one": ("a", "PATCH github.com/x", "allow", "forge"),
    "an odd method must be named": ("a", "PROPFIND github.com/x", "none", ""),
    "an odd method that is named": ("a", "PROPFIND dav.example/x", "allow", "dav"),
    "a deny means odd methods": ("a", "FOO gist.githost.example/", "deny", "no-gists"),
    "approve alone": ("a", "POST ask.example/", "approve", "ask"),
}


@pytest.mark.parametrize("name", REACH)
def test_reach(name):
    agent, line, effect, statement = REACH[name]
    reach = load().reach(agent, to(line))
    assert (reach.effect, reach.statement) == (effect, statement)


SOCKETS = {
    "any method means WebSockets": ("api.llm.example/v1/realtime", "allow", "llm"),
    "a list of methods does not": ("docs.example/", "none", ""),
    "a list with WEBSOCKET does": ("chat.example/", "allow", "with-sockets"),
    "open does not": ("any.example/", "none", ""),
    "a deny does": ("gist.githost.example/", "deny", "no-gists"),
}


@pytest.mark.parametrize("name", SOCKETS)
@pytest.mark.parametrize(
    ("scheme", "channel"), [("https", Channel.WEBSOCKET), ("wss", Channel.HTTP)]
)
def test_reach_of_a_websocket(name, scheme, channel):
    rest, effect, statement = SOCKETS[name]
    reach = load().reach("a", to(f"GET {rest}", scheme, channel))
    assert (reach.effect, reach.statement) == (effect, statement)


def test_a_refusal_by_get_refuses_the_websocket_too():
    policy = load(
        "version: 1\n"
        "statements:\n"
        "  - {id: all, effect: allow, hosts: [a.example]}\n"
        "  - {id: no, effect: deny, hosts: [a.example], methods: [GET]}\n"
    )
    socket = to("GET a.example/", channel=Channel.WEBSOCKET)
    assert policy.reach("a", socket).statement == "no"


HOSTS = {
    # name: (agent, host, port, effect, statement)
    "no statement for the host": ("a", "other.example", 8443, "none", ""),
    "some path may be reached": ("a", "api.llm.example", 443, "allow", "llm"),
    "some request may be read": ("a", "any.example", 443, "allow", "web"),
    "some request needs no approval": ("a", "github.com", 443, "allow", "forge"),
    "each request needs approval": ("a", "ask.example", 443, "approve", "ask"),
    "each request is denied": ("a", "gist.githost.example", 443, "deny", "no-gists"),
    "a port that is denied": ("a", "dev.example", 22, "deny", "no-ssh"),
    "a port that is not named": ("a", "github.com", 22, "none", ""),
    "an agent not meant": ("a", "build.example", 8443, "none", ""),
    "a deny by path is no refusal yet": (
        "a",
        "docs.example",
        443,
        "allow",
        "read-only",
    ),
    "only a deny by path": ("a", "wiki", 443, "none", ""),
    "an address nobody named": ("a", "192.0.2.1", 443, "none", ""),
}


@pytest.mark.parametrize("name", HOSTS)
def test_reach_of_a_host_at_connect(name):
    agent, host, port, effect, statement = HOSTS[name]
    reach = load().reach_host(agent, host, port)
    assert (reach.effect, reach.statement) == (effect, statement)


def test_an_approve_by_method_alone_may_reach():
    policy = load(
        "version: 1\n"
        "statements:\n"
        "  - {id: ask, effect: approve, hosts: [a.example], methods: [POST]}\n"
    )
    assert policy.reach_host("a", "a.example", 443).effect == "approve"


def test_what_a_statement_adds_to_its_effect():
    policy = load()
    llm = policy.reach("a", to("POST api.llm.example/v1/x"))
    assert (llm.on_secret, llm.kind, llm.pinned, llm.wildcard) == (
        "redact",
        "plain",
        True,
        False,
    )
    assert llm.caps is None
    web = policy.reach("a", to("GET x.pinned.example/"))
    assert (web.on_secret, web.kind, web.pinned, web.wildcard) == (
        "block",
        "open",
        True,
        True,
    )
    assert web.caps == Caps(url=1024, entropy=1000)
    assert not policy.reach("a", to("GET pinned.example/")).pinned


def test_every_host_can_be_pinned():
    policy = load(POLICY.replace("pinned: [", "pinned: ['*', "))
    assert policy.reach("a", to("GET any.example/")).pinned is True


def test_wildcard_means_that_nothing_closer_lets_it_pass():
    policy = load(
        "version: 1\n"
        "statements:\n"
        "  - {id: named, effect: allow, hosts: [a.example]}\n"
        "  - {id: all, effect: allow, hosts: ['*'], ports: ['*']}\n"
        "  - {id: ask, effect: approve, hosts: ['*'], methods: [POST]}\n"
        "  - {id: no, effect: deny, hosts: [b.example], methods: [PUT]}\n"
    )
    assert policy.reach("a", to("POST a.example/")).wildcard is False
    assert policy.reach("a", to("POST b.example/")).wildcard is True
    assert policy.reach("a", to("GET b.example/")).wildcard is True
    assert policy.reach_host("a", "a.example", 443).wildcard is False
    assert policy.reach_host("a", "b.example", 443).wildcard is True


def test_of_equals_the_first_in_the_file_decides():
    policy = load(
        "version: 1\n"
        "statements:\n"
        "  - {id: far, effect: allow, hosts: ['*.b.example']}\n"
        "  - {id: one, effect: allow, hosts: ['*.a.b.example']}\n"
        "  - {id: two, effect: allow, hosts: ['*.a.b.example']}\n"
    )
    assert policy.reach("a", to("GET x.a.b.example/")).statement == "one"
    assert policy.reach("a", to("GET x.b.example/")).statement == "far"


RULED = """
version: 1
statements:
  - {id: a, effect: allow, hosts: [a.example]}
  - {id: b, effect: allow, hosts: ['*.b.example'], paths: [/x]}
  - {id: all, effect: allow, hosts: [a.example], paths: [/**], ports: [1]}
  - {id: reads, effect: allow, hosts: [c.example], methods: [GET]}
  - {id: posts, effect: allow, hosts: [c.example], methods: [POST], paths: [/x]}
  - {id: hers, effect: deny, agents: [ann], hosts: [a.example], paths: [/x]}
  - {id: one-port, effect: deny, ports: [80], hosts: [a.example], paths: [/x]}
"""

PATH_RULES = {
    "no statement has paths": ("bob", "GET a.example/y", False),
    "a statement has, for another path": ("bob", "GET q.b.example/y", True),
    "for another agent": ("ann", "GET a.example/y", True),
    "for another port": ("bob", "GET a.example:80/y", True),
    "for another method": ("bob", "GET c.example/y", False),
    "for this method": ("bob", "POST c.example/y", True),
}


@pytest.mark.parametrize("name", PATH_RULES)
def test_an_ambiguous_path_is_denied_where_paths_matter(name):
    agent, line, matter = PATH_RULES[name]
    policy, plain = load(RULED), to(line)
    reach = policy.reach(agent, plain)
    assert reach.path_rules is matter
    doubtful = policy.reach(agent, dataclasses.replace(plain, ambiguous=True))
    if matter:
        assert (doubtful.effect, doubtful.statement) == ("deny", "ambiguous-path")
    else:
        assert doubtful == reach


def test_path_rules_at_connect_are_those_of_any_method():
    policy = load(RULED)
    assert policy.reach_host("bob", "c.example", 443).path_rules is True
    assert policy.reach_host("bob", "a.example", 443).path_rules is False
    assert policy.reach_host("ann", "a.example", 443).path_rules is True
    everywhere = RULED + "  - {id: no, effect: deny, hosts: ['*'], paths: [/q]}\n"
    assert load(everywhere).reach_host("bob", "a.example", 443).path_rules is True


def test_uninspected_unless_a_refusal_needs_to_look():
    policy = load()
    assert policy.reach("a", to("PUT app.example/")).inspect is False
    assert policy.reach_host("a", "github.com", 443).inspect is True
    # `no-admin` is a deny by path for every host.
    assert policy.reach_host("a", "app.example", 443).inspect is True
    bare = load(
        "version: 1\n"
        "statements:\n"
        "  - {id: app, effect: allow, hosts: [a.example, b.example], inspect: none}\n"
        "  - {id: no, effect: deny, hosts: [b.example], methods: [PUT]}\n"
        "  - {id: seen, effect: allow, hosts: ['*.example'], shared: true}\n"
    )
    assert bare.reach_host("a", "a.example", 443).inspect is False
    assert bare.reach_host("a", "b.example", 443).inspect is True


def test_a_refusal_behind_an_inspected_allow_of_others_is_not_overlooked():
    policy = load(
        "version: 1\n"
        "statements:\n"
        "  - {id: app, effect: allow, agents: [a], hosts: [a.example], inspect: none}\n"
        "  - {id: rest, effect: allow, hosts: [a.example]}\n"
        "  - {id: no, effect: deny, hosts: [a.example], methods: [PUT]}\n"
    )
    assert policy.reach_host("a", "a.example", 443).inspect is True


def test_mode_is_that_of_the_file():
    for mode in ("enforce", "observe"):
        policy = load(POLICY + f"mode: {mode}\n")
        assert policy.mode == mode
        assert policy.reach("a", to("PUT nowhere.example/")).mode == mode
        assert policy.reach("a", to("GET github.com/")).mode == mode
        assert policy.reach_host("a", "nowhere.example", 9).mode == mode


def test_why_names_the_statement():
    policy = load()
    said = {
        "GET github.com/": "allowed by `forge`",
        "POST github.com/": "needs the approval that is asked for by `forge-writes`",
        "GET gist.githost.example/": "denied by `no-gists`",
        "PUT other.example/": "no statement allows it",
    }
    assert {line: policy.reach("a", to(line)).why for line in said} == said


def test_the_rest_of_the_file():
    policy = load()
    assert policy.limits == dataclasses.replace(
        Limits(), buffer=1 << 20, depth=3, decoded=2 << 20
    )
    assert policy.examples == "block"
    assert policy.cage == Cage(("~/.aws",), ("~/.claude",), ("MY_FLAG",))
    assert [str(n) for n in policy.upstream.allow_private] == ["10.1.0.0/16"]
    assert policy.methods == {"PROPFIND"}
    assert policy.groups["github"] == ("github.com", "*.githost.example")


def test_generation_changes_with_the_meaning_and_not_with_a_comment():
    assert load().generation == load("# hi\n" + POLICY).generation
    assert load().generation != load(POLICY + "mode: observe\n").generation


def test_nothing_is_reached_when_that_is_said():
    policy = load("version: 1\nstatements: []\n")
    assert policy.reach("a", to("GET a.example/")).effect == "none"
    assert policy.reach_host("a", "a.example", 443).effect == "none"
