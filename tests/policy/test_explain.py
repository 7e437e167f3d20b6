"""Why a request is answered as it is: what decides, what else matches, what nearly does."""

import pytest

from dlp.model import Channel, Destination
from dlp.policy.compile import compile_policy
from dlp.policy.explain import Miss, explain, parse_request
from dlp.policy.schema import PolicyModel
from dlp.rulefile import parse_model

POLICY = """
version: 1
statements:
  - {id: all, effect: allow, hosts: [api.a.example, far.example]}
  - {id: ask, effect: approve, hosts: [api.a.example], methods: [PUT, POST]}
  - {id: no, effect: deny, hosts: ['*.a.example'], paths: [/x, /y/**]}
  - {id: hers, effect: allow, agents: [ann, eve-*], hosts: [b.example]}
  - {id: odd, effect: allow, hosts: [c.example], ports: [8443, 99]}
  - {id: socket, effect: allow, hosts: [c.example], methods: [WEBSOCKET]}
"""


def story(method, url, agent="bob"):
    policy = compile_policy(parse_model(POLICY.encode(), "p.yaml", PolicyModel))
    return explain(policy, agent, parse_request(method, url))


def test_overruled_statements_are_named():
    told = story("POST", "https://api.a.example/y/z")
    assert told.reach.statement == "no"
    assert told.overruled == ("all", "ask")
    assert told.connect.statement == "all"


LACKS = {
    "a method": ("GET", "https://api.a.example/", "ask", "methods", ("POST", "PUT")),
    "a path": ("GET", "https://api.a.example/", "no", "paths", ("/x", "/y/**")),
    "an agent": ("GET", "https://b.example/", "hers", "agents", ("ann", "eve-*")),
    "a port": ("GET", "https://c.example/", "odd", "ports", ("99", "8443")),
    "a host, nearly": (
        "GET",
        "https://apl.a.example/",
        "all",
        "hosts",
        ("api.a.example", "far.example"),
    ),
    "a host, its parent": (
        "GET",
        "https://x.far.example/",
        "all",
        "hosts",
        ("api.a.example", "far.example"),
    ),
    "a WebSocket": ("GET", "https://c.example/", "socket", "methods", ("WEBSOCKET",)),
}


@pytest.mark.parametrize("name", LACKS)
def test_a_statement_that_lacks_one_thing_is_told(name):
    method, url, statement, lacks, has = LACKS[name]
    effect = {"ask": "approve", "no": "deny"}.get(statement, "allow")
    assert Miss(statement, effect, lacks, has) in story(method, url).misses


def test_a_statement_for_another_host_is_not_told():
    assert story("GET", "https://unrelated.test/").misses == ()


def test_a_statement_that_lacks_two_things_is_not_told():
    told = story("GET", "https://b.example:99/")
    assert "hers" not in [miss.statement for miss in told.misses]


PARSED = {
    "https": ("get", "https://A.example", ("https", "a.example", 443, "GET", "/")),
    "http": ("GET", "http://a.example/x?q=1", ("http", "a.example", 80, "GET", "/x")),
    "port": ("PUT", "https://a.example:99/", ("https", "a.example", 99, "PUT", "/")),
    "address": ("GET", "https://[::1]/", ("https", "::1", 443, "GET", "/")),
    "escapes": ("GET", "https://a.b/%41/../c", ("https", "a.b", 443, "GET", "/c")),
}


@pytest.mark.parametrize("name", PARSED)
def test_a_url_is_read_as_the_proxy_reads_it(name):
    method, url, wanted = PARSED[name]
    to = parse_request(method, url)
    assert (to.scheme, to.host, to.port, to.method, to.path) == wanted
    assert to.channel is Channel.HTTP


def test_a_websocket_url():
    to = parse_request("GET", "wss://a.example/x")
    assert to == Destination("wss", "a.example", 443, "GET", "/x", Channel.WEBSOCKET)


def test_an_ambiguous_path_is_told():
    assert parse_request("GET", "https://a.example/a%2fb").ambiguous


@pytest.mark.parametrize(
    "url", ["a.example/x", "ftp://a.example/", "https://u@a.example/", "https:///x"]
)
def test_anything_else_is_refused(url):
    with pytest.raises(ValueError):
        parse_request("GET", url)
