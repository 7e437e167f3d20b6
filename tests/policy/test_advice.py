"""Each row is a legal policy and the whole of the advice it gets."""

import pytest

from dlp.policy.advice import advise
from dlp.policy.compile import compile_policy
from dlp.policy.schema import PolicyModel
from dlp.rulefile import parse_model

OK = "{id: ok, effect: allow, hosts: [ok.example]}"


def advice(statements, more="", agents=None):
    lines = "".join(f"  - {one}\n" for one in statements)
    text = f"version: 1\nstatements:\n{lines}{more}"
    if not statements:
        text = f"version: 1\nstatements: []\n{more}"
    located = parse_model(text.encode(), "p.yaml", PolicyModel)
    return [str(p) for p in advise(located, compile_policy(located), agents)]


ADVICE = {
    "nothing to say": ([OK], "", []),
    "observe": (
        [OK],
        "mode: observe\n",
        [
            "4:7: `mode: observe` lets pass what it would refuse; "
            "write `mode: enforce` once the record looks right"
        ],
    ),
    "nothing allowed": (
        [],
        "",
        ["2:1: nothing is allowed; add a statement that allows something"],
    ),
    "every host, writing": (
        ["{id: a, effect: allow, hosts: ['*']}"],
        "",
        [
            "3:28: `a` lets every public host be written to; "
            "name the hosts, or write `kind: open`"
        ],
    ),
    "every host, reading": (
        ["{id: a, effect: allow, hosts: ['*'], methods: [GET]}"],
        "",
        [
            "3:28: `a` lets every public host be read with credentials; "
            "name the hosts, or write `kind: open`"
        ],
    ),
    "every host, open": (["{id: a, effect: allow, kind: open, hosts: ['*']}"], "", []),
    "every host, asking": (["{id: a, effect: approve, hosts: ['*']}"], "", []),
    "what is restored was cut out": (
        [
            "{id: a, effect: allow, hosts: [a.example], "
            "on_secret: redact, restore: true}"
        ],
        "",
        [],
    ),
    "nothing is cut out that could be restored": (
        ["{id: a, effect: allow, hosts: [a.example], restore: true}"],
        "",
        [
            "3:57: `a` puts back only what a rule of its own says to cut out; "
            "write `on_secret: redact` as well"
        ],
    ),
    "restored for every host": (
        [
            "{id: a, effect: allow, hosts: ['*'], methods: [GET], "
            "on_secret: redact, restore: true}"
        ],
        "",
        [
            "3:28: `a` lets every public host be read with credentials; "
            "name the hosts, or write `kind: open`",
            "3:86: `a` puts secrets back where any host's answer wants them; "
            "name the hosts of your models",
        ],
    ),
    "everybody's hosts": (
        ["{id: a, effect: allow, hosts: ['*.github.io'], shared: true}"],
        "",
        [
            "3:28: `a` reaches everybody's hosts: `*.github.io`; "
            "name the hosts where you can"
        ],
    ),
    "tenants in the path": (
        ["{id: a, effect: allow, hosts: [hooks.slack.com]}"],
        "",
        [
            "3:28: `a` lets every tenant of `hooks.slack.com` be written to; "
            "add `paths` that name yours, or `methods: [GET, HEAD]`"
        ],
    ),
    "one tenant": (
        ["{id: a, effect: allow, hosts: [hooks.slack.com], paths: [/services/T1/**]}"],
        "",
        [],
    ),
    "tenants, reading": (
        ["{id: a, effect: allow, hosts: [pastebin.com], methods: [GET]}"],
        "",
        [],
    ),
    "not inspected": (
        ["{id: a, effect: allow, hosts: [a.example], inspect: none}"],
        "",
        [
            "3:57: `a` is not inspected: a secret that goes there is not seen; "
            "keep it to apps that pin certificates"
        ],
    ),
    "not inspected, yet it must be": (
        [
            "{id: a, effect: allow, hosts: [a.example], inspect: none}",
            "{id: no, effect: deny, hosts: ['*.example'], methods: [PUT]}",
        ],
        "",
        [
            "3:57: `a` is not inspected: a secret that goes there is not seen; "
            "keep it to apps that pin certificates",
            "3:57: `a` is inspected all the same where `no` applies; "
            "take these hosts out of `no`, or its methods and paths",
        ],
    ),
    "a pin that nothing reaches": (
        [OK],
        "pinned: [ok.example, other.example]\n",
        [
            "4:22: no statement lets `other.example` be reached; "
            "correct the name, or allow it"
        ],
    ),
    "a pin in a group": (
        [OK],
        "groups: {g: [ok.example]}\npinned: ['@g', '*.example']\n",
        [],
    ),
    "a private address": (
        ["{id: a, effect: allow, hosts: [10.1.2.3, 8.8.8.8]}"],
        "",
        [
            "3:28: `a` names `10.1.2.3`, which is not a public address; "
            "add its network to `upstream.allow_private`"
        ],
    ),
    "a private address that is opened": (
        ["{id: a, effect: allow, hosts: [10.1.2.3]}"],
        "upstream: {allow_private: [10.1.2.0/24]}\n",
        [],
    ),
    "this machine opened": (
        [OK],
        "upstream: {allow_private: [127.0.0.0/8]}\n",
        [
            "4:28: `127.0.0.0/8` opens this machine's own services to agents; "
            "narrow it to what is needed"
        ],
    ),
    "metadata opened": (
        [OK],
        "upstream: {allow_private: [169.254.0.0/16]}\n",
        [
            "4:28: `169.254.0.0/16` opens the cloud's metadata service to agents; "
            "narrow it to what is needed"
        ],
    ),
}


@pytest.mark.parametrize("name", ADVICE)
def test_advice(name):
    statements, more, said = ADVICE[name]
    assert advice(statements, more) == [f"p.yaml:{line}" for line in said]


def test_agents_that_are_not_registered():
    statements = [
        "{id: a, effect: allow, agents: [ann, bob, ci-*], hosts: [a.example]}",
        "{id: b, effect: allow, agents: [bob], hosts: [b.example]}",
    ]
    assert advice(statements, agents={"ann"}) == [
        "p.yaml:3:28: `a` names the agent `bob`, which is not registered; "
        "run `dlp agents add bob`"
    ]
    assert advice(statements, agents=None) == []
