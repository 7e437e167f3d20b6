import pytest

from dlp.model import Agent
from dlp.policy.compile import compile_policy
from dlp.policy.fetching import may_fetch
from dlp.policy.schema import PolicyModel
from dlp.rulefile import parse_model

POLICY = """
version: 1
statements:
  - {id: cdn, effect: allow, hosts: [cdn.example.com, "*.img.example.com"]}
  - {id: ours, effect: allow, hosts: [code.example.com], paths: [/ours/**]}
  - {id: calls, effect: allow, hosts: [hooks.example.com], methods: [POST]}
  - {id: web, effect: allow, kind: open, hosts: [wiki.example.com]}
  - {id: ask, effect: approve, hosts: [ask.example.com]}
  - {id: reader, effect: allow, hosts: [only.example.com], agents: [reader]}
open: {url: 100B, entropy: 300}
"""

MAY = [
    "https://cdn.example.com/a.png",
    "HTTPS://CDN.example.com./a.png",
    "//cdn.example.com/a.png",
    "http://cdn.example.com/",
    "wss://cdn.example.com/",
    "https://a.img.example.com",
    "https://user:word@cdn.example.com/r.git",
    "git://cdn.example.com/r.git",
    "https://code.example.com/ours/r.git",
    "https://hooks.example.com/x",
    "https://wiki.example.com/Page",
    "gs://bucket/object",
    "data://text",
]
MAY_NOT = [
    "https://elsewhere.example.net/a.png",
    "https:elsewhere.example.net",
    "https://cdn.example.com:8443/a.png",
    "https://cdn.example.com.evil.example.net/",
    "https://cdn.example.com@evil.example.net/",
    "https://evil.example.net\\@cdn.example.com/",
    "https:\\\\cdn.example.com\\a",
    "https://ev\til.example.net/",
    "https://code.example.com/others/r.git",
    "https://code.example.com/ours/../others/r.git",
    "https://code.example.com/ours/%2e%2e/others",
    "https://wiki.example.com/Page?" + "a" * 100,
    "https://ask.example.com/",
    "https://only.example.com/",
    "git://elsewhere.example.net/r.git",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://",
    "https://a b/",
    "https://xn--\u00e4/",
]


@pytest.fixture(scope="module")
def policy():
    return compile_policy(parse_model(POLICY.encode(), "policy.yaml", PolicyModel))


@pytest.mark.parametrize("url", MAY)
def test_what_the_agent_may_ask_for_others_may_fetch_for_it(policy, url):
    assert may_fetch(policy, Agent("default"), url)


@pytest.mark.parametrize("url", MAY_NOT)
def test_what_it_may_not_ask_for_nobody_fetches_for_it(policy, url):
    assert not may_fetch(policy, Agent("default"), url)


def test_another_agent_may_be_allowed_more(policy):
    assert may_fetch(policy, Agent("reader"), "https://only.example.com/")
