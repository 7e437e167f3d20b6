"""Each row is a policy that cannot be meant as written, and all that is said of it."""

from pathlib import Path
from shutil import copy

import certifi
import pytest

from dlp.errors import RuleError
from dlp.policy import load_policy
from dlp.policy.compile import compile_policy, read_policy
from dlp.policy.schema import PolicyModel
from dlp.rulefile import builtin_folder, parse_model

OK = "  - {id: ok, effect: allow, hosts: [ok.example]}\n"


def problems(text):
    with pytest.raises(RuleError) as caught:
        compile_policy(parse_model(text.encode(), "p.yaml", PolicyModel))
    return [str(problem) for problem in caught.value.problems]


STATEMENT = {
    "no hosts": (
        "{id: a, effect: allow, hosts: []}",
        "3:28: `statements[0].hosts` must not be empty; name at least one",
    ),
    "paths without a path": (
        "{id: a, effect: allow, hosts: [a.example], paths: }",
        "3:48: `statements[0].paths` must be a list, not nothing; write [a, b]",
    ),
    "no effect": (
        "{id: a, hosts: [a.example]}",
        "3:5: `statements[0]` lacks `effect`; add it",
    ),
    "an id with blanks": (
        "{id: My Rule, effect: allow, hosts: [a.example]}",
        "3:10: `statements[0].id`: `My Rule` is not an id; "
        "use lower-case letters, digits, `-`, `_`, `.`",
    ),
    "a method in lower case": (
        "{id: a, effect: allow, hosts: [a.example], methods: [get]}",
        "3:58: `statements[0].methods[0]`: `get` is not a method; write `GET`",
    ),
    "a method of two words": (
        "{id: a, effect: allow, hosts: [a.example], methods: [GE T]}",
        "3:58: `statements[0].methods[0]`: `GE T` is not a method; write as in `POST`",
    ),
    "the method of tunnels": (
        "{id: a, effect: allow, hosts: [a.example], methods: [CONNECT]}",
        "3:58: `statements[0].methods[0]`: `CONNECT` opens every tunnel; "
        "name what may be sent in it",
    ),
    "a star as method": (
        "{id: a, effect: allow, hosts: [a.example], methods: ['*']}",
        "3:58: `statements[0].methods[0]`: `*` is not a method; "
        "leave `methods` out for any",
    ),
    "a port too high": (
        "{id: a, effect: allow, hosts: [a.example], ports: [70000]}",
        "3:56: `statements[0].ports[0]` must be at most 65535 or '*'; change it",
    ),
    "an agent with a blank": (
        "{id: a, effect: allow, agents: [a b], hosts: [a.example]}",
        "3:37: `statements[0].agents[0]`: `a b` is not an agent; "
        'write an id, `ci-*`, "@group" or "*"',
    ),
    "a URL as host": (
        "{id: a, effect: allow, hosts: ['https://api.example/v1']}",
        "3:36: `https://api.example/v1` is a URL; write `api.example`",
    ),
    "a host with a port": (
        "{id: a, effect: allow, hosts: ['api.example:8443']}",
        "3:36: `api.example:8443` has a port; write `api.example` and ports: [8443]",
    ),
    "a host with a path": (
        "{id: a, effect: allow, hosts: [api.example/v1]}",
        '3:36: `api.example/v1` has a path; write `api.example` and paths: ["/v1"]',
    ),
    "a network as host": (
        "{id: a, effect: allow, hosts: [10.0.0.0/8]}",
        "3:36: `10.0.0.0/8` is a network; name the addresses one by one",
    ),
    "a leading dot": (
        "{id: a, effect: allow, hosts: [.api.example]}",
        "3:36: `.api.example` begins with a dot; write `*.api.example`",
    ),
    "a star in the middle": (
        "{id: a, effect: allow, hosts: ['api.*.example']}",
        "3:36: `api.*.example` has a `*` that is not the whole first label; "
        "write `*.example.com`, or name the hosts one by one",
    ),
    "a star within a label": (
        "{id: a, effect: allow, hosts: ['api-*.example']}",
        "3:36: `api-*.example` has a `*` that is not the whole first label; "
        "write `*.example.com`, or name the hosts one by one",
    ),
    "no host at all": (
        "{id: a, effect: allow, hosts: ['a b']}",
        "3:36: `a b` is not a host; write a name or an address",
    ),
    "a wildcard below an address": (
        "{id: a, effect: allow, hosts: ['*.10.0.0.1']}",
        "3:36: `*.10.0.0.1` is below an address; name the addresses",
    ),
    "a group that is not there": (
        "{id: a, effect: allow, hosts: ['@github']}",
        "3:36: there is no group `github`; add it to `groups`: none yet",
    ),
    "everybody's hosts": (
        "{id: a, effect: allow, hosts: [a.example, '*.github.io']}",
        "3:47: `*.github.io` is everybody's: anyone can get a host in `github.io`; "
        "name the hosts, or write `shared: true` if that is meant",
    ),
    "a top-level domain": (
        "{id: a, effect: allow, hosts: ['*.com']}",
        "3:36: `*.com` is everybody's: anyone can get a host in `com`; "
        "name the hosts, or write `shared: true` if that is meant",
    ),
    "a relative path": (
        "{id: a, effect: allow, hosts: [a.example], paths: [v1]}",
        "3:56: `statements[0].paths[0]`: `v1` does not begin with `/`; write `/v1`",
    ),
    "a path with a query": (
        "{id: a, effect: allow, hosts: [a.example], paths: ['/v1?x=1']}",
        "3:56: `statements[0].paths[0]`: `/v1?x=1` has a query or fragment; write `/v1`",
    ),
    "a path with an escape": (
        "{id: a, effect: allow, hosts: [a.example], paths: ['/a%2db']}",
        "3:56: `statements[0].paths[0]`: `/a%2db` is not in normal form; write `/a-b`",
    ),
    "a path with dots": (
        "{id: a, effect: allow, hosts: [a.example], paths: ['/a/../b']}",
        "3:56: `statements[0].paths[0]`: `/a/../b` is not in normal form; write `/b`",
    ),
    "two stars within a segment": (
        "{id: a, effect: allow, hosts: [a.example], paths: ['/a**']}",
        "3:56: `statements[0].paths[0]`: `/a**` has a `**` inside a segment; "
        "write `*` there, or `**` as a whole segment",
    ),
    "open, yet it writes": (
        "{id: a, effect: allow, kind: open, hosts: ['*'], methods: [GET, POST]}",
        "3:54: `kind: open` never allows POST; name GET and HEAD, or leave it out",
    ),
    "open, yet it redacts": (
        "{id: a, effect: allow, kind: open, hosts: ['*'], on_secret: redact}",
        "3:65: `kind: open` blocks whatever holds a secret; remove it",
    ),
    "open, yet it restores": (
        "{id: a, effect: allow, kind: open, hosts: ['*'], restore: true}",
        "3:63: `kind: open` blocks whatever holds a secret; remove it",
    ),
    "not inspected, yet restoring": (
        "{id: a, effect: allow, hosts: [a.example], restore: true, inspect: none}",
        "3:72: `restore` needs inspection, and `inspect: none` forbids it; "
        "remove `restore` or `inspect: none`",
    ),
    "a deny that restores": (
        "{id: a, effect: deny, hosts: [a.example], restore: true}",
        "3:56: `restore` means nothing in a deny; remove it",
    ),
    "a deny with an option of an allow": (
        "{id: a, effect: deny, hosts: [a.example], on_secret: redact}",
        "3:58: `on_secret` means nothing in a deny; remove it",
    ),
    "not inspected, yet by path": (
        "{id: a, effect: allow, hosts: [a.example], paths: [/x], inspect: none}",
        "3:70: `paths` needs inspection, and `inspect: none` forbids it; "
        "remove `paths` or `inspect: none`",
    ),
    "not inspected, yet redacting": (
        "{id: a, effect: allow, hosts: [a.example], on_secret: redact, inspect: none}",
        "3:76: `on_secret` needs inspection, and `inspect: none` forbids it; "
        "remove `on_secret` or `inspect: none`",
    ),
    "not inspected, yet approved": (
        "{id: a, effect: approve, hosts: [a.example], inspect: none}",
        "3:59: `inspect: none` leaves nothing to judge; "
        "use it in a plain `effect: allow`",
    ),
    "the id of another": (
        "{id: ok, effect: allow, hosts: [a.example]}",
        "3:10: the id `ok` is taken, in line 4; choose another",
    ),
    "an unknown key": (
        "{id: a, effect: allow, host: [a.example], hosts: [a.example]}",
        "3:28: unknown key `host`; did you mean `hosts`?",
    ),
}


@pytest.mark.parametrize("name", STATEMENT)
def test_a_statement_that_makes_no_sense(name):
    text, said = STATEMENT[name]
    if name == "the id of another":
        said = said.replace("3:10", "4:10").replace("line 4", "line 3")
        text = f"version: 1\nstatements:\n{OK}  - {text}\n"
    else:
        text = f"version: 1\nstatements:\n  - {text}\n{OK}"
    assert problems(text) == [f"p.yaml:{said}"]


SHADOWS = {
    # name: (covered, covering statements, ids that decide first; None: it matters)
    "the same host": ("hosts: [a.example]", ["deny a.example"], "`d0`"),
    "a suffix": ("hosts: [x.a.example]", ["deny *.a.example"], "`d0`"),
    "a longer suffix": ("hosts: ['*.x.a.example']", ["deny *.a.example"], "`d0`"),
    "all hosts": ("hosts: ['*.x.a.example']", ["deny *, ports: [443, 80]"], "`d0`"),
    "a host each": (
        "hosts: [a.example, b.example]",
        ["deny a.example", "deny b.example"],
        "`d0` and `d1`",
    ),
    "approve covers allow": ("hosts: [a.example]", ["approve a.example"], "`d0`"),
    "not the whole of a suffix": ("hosts: ['*.a.example']", ["deny x.a.example"], None),
    "not the host of a suffix": ("hosts: [a.example]", ["deny *.a.example"], None),
    "one host of two": ("hosts: [a.example, b.example]", ["deny a.example"], None),
    "a deny for others": (
        "hosts: [a.example]",
        ["deny a.example, agents: [b]"],
        None,
    ),
    "a deny for more agents": (
        "hosts: [a.example], agents: [b]",
        ["deny a.example, agents: [b, c]"],
        "`d0`",
    ),
    "a deny for a pattern": (
        "hosts: [a.example], agents: [ci-1]",
        ["deny a.example, agents: [ci-*]"],
        "`d0`",
    ),
    "a deny by method": (
        "hosts: [a.example]",
        ["deny a.example, methods: [PUT]"],
        None,
    ),
    "a deny by the same method": (
        "hosts: [a.example], methods: [PUT]",
        ["deny a.example, methods: [PUT, POST]"],
        "`d0`",
    ),
    "a deny by port": ("hosts: [a.example]", ["deny a.example, ports: [443]"], None),
    "a deny by the same ports": (
        "hosts: [a.example]",
        ["deny a.example, ports: [443, 80, 22]"],
        "`d0`",
    ),
    "an approve on fewer ports": (
        "hosts: [a.example], ports: ['*']",
        ["approve a.example"],
        None,
    ),
    "a deny by path": ("hosts: [a.example]", ["deny a.example, paths: [/x/**]"], None),
    "a deny by a wider path": (
        "hosts: [a.example], paths: [/x/y, /x/z/*]",
        ["deny a.example, paths: [/x/**]"],
        "`d0`",
    ),
    "a deny by a path beside": (
        "hosts: [a.example], paths: [/xy]",
        ["deny a.example, paths: [/x/**]"],
        None,
    ),
    "an approve of public names is none of addresses": (
        "hosts: [192.0.2.1]",
        ["approve *"],
        None,
    ),
    "an open statement is reading": (
        "kind: open, hosts: [a.example]",
        ["deny a.example, methods: [GET, HEAD]"],
        "`d0`",
    ),
}


@pytest.mark.parametrize("name", SHADOWS)
def test_a_statement_that_can_never_match(name):
    covered, covering, names = SHADOWS[name]
    lines = ["version: 1", "statements:", f"  - {{id: a, effect: allow, {covered}}}"]
    for number, text in enumerate(covering):
        effect, _, rest = text.partition(" ")
        host, _, more = rest.partition(",")
        more = f",{more}" if more else ""
        lines.append(
            f"  - {{id: d{number}, effect: {effect}, hosts: ['{host}']{more}}}"
        )
    text = "\n".join([*lines, OK.replace("]}", "], ports: [9]}")])
    if names is None:
        assert compile_policy(parse_model(text.encode(), "p.yaml", PolicyModel))
    else:
        said = f"p.yaml:3:10: `a` can never match: {names} decides first; "
        assert problems(text) == [said + "remove it, or narrow what stands before it"]


FILES = {
    "nothing is allowed": (
        "version: 1\nstatements:\n  - {id: a, effect: deny, hosts: ['*']}\n",
        "2:1: no statement allows anything; "
        "add one that does, or write `statements: []` to refuse all",
    ),
    "no statements": ("version: 1\n", "1:1: lacks `statements`; add it"),
    "statements without a statement": (
        "version: 1\nstatements:\n",
        "2:1: `statements` must be a list, not nothing; write [a, b]",
    ),
    "an empty group": (
        "version: 1\ngroups: {g: []}\nstatements:\n"
        "  - {id: a, effect: allow, hosts: ['@g', a.example]}\n",
        "2:10: the group `g` is empty; fill it, or remove it",
    ),
    "a group in a group": (
        "version: 1\ngroups: {g: [a.example], h: ['@g']}\nstatements:\n"
        "  - {id: a, effect: allow, hosts: ['@h', b.example]}\n",
        "2:30: a group cannot hold a group; write its members out",
    ),
    "a bad member of a group that nothing names": (
        "version: 1\ngroups: {g: [a.example, ann, 'b:1'], h: []}\nstatements:\n"
        "  - {id: a, effect: allow, hosts: [a.example]}\n",
        "2:30: `b:1` has a port; write `b` and ports: [1]",
    ),
    "a bad host in a group, used twice": (
        "version: 1\ngroups: {g: [a.example, 'b:1']}\nstatements:\n"
        "  - {id: a, effect: allow, hosts: ['@g']}\n"
        "  - {id: b, effect: allow, hosts: ['@g'], ports: [1]}\n",
        "2:25: `b:1` has a port; write `b` and ports: [1]",
    ),
    "a bad agent in a group": (
        "version: 1\ngroups: {g: [ann, b b]}\nstatements:\n"
        "  - {id: a, effect: allow, agents: ['@g'], hosts: [a.example]}\n"
        "  - {id: b, effect: allow, agents: ['@g'], hosts: [b.example]}\n",
        '2:19: `b b` is not an agent; write an id, `ci-*`, "@group" or "*"',
    ),
    "an unknown group, others known": (
        "version: 1\ngroups: {git: [a.example]}\nstatements:\n"
        "  - {id: a, effect: allow, hosts: ['@gitt']}\n",
        "4:36: there is no group `gitt`; add it to `groups`: git",
    ),
    "a bad pin": (
        f"version: 1\nstatements:\n{OK}pinned: ['ok.example/x']\n",
        '4:10: `ok.example/x` has a path; write `ok.example` and paths: ["/x"]',
    ),
    "a certificate that is not there": (
        f"version: 1\nstatements:\n{OK}upstream: {{trusted_ca: [/no/ca.pem]}}\n",
        "4:25: there is no file /no/ca.pem; correct the path",
    ),
    "a network with host bits": (
        f"version: 1\nstatements:\n{OK}upstream: {{allow_private: [10.0.0.1/8]}}\n",
        "4:28: `upstream.allow_private[0]`: `10.0.0.1/8` has bits beyond its mask; "
        "write `10.0.0.0/8`",
    ),
    "a network that is none": (
        f"version: 1\nstatements:\n{OK}upstream: {{allow_private: [localhost]}}\n",
        "4:28: `upstream.allow_private[0]`: `localhost` is not a network; "
        "write as in 10.0.0.0/8 or fd00::/8",
    ),
    "a file that is no certificate": (
        f"version: 1\nstatements:\n{OK}upstream: {{trusted_ca: [{__file__}]}}\n",
        f"4:25: no certificate can be read from {__file__}; "
        "name a PEM file that the proxy may read",
    ),
    "a blank to hide": (
        f"version: 1\nstatements:\n{OK}cage: {{hide: ['']}}\n",
        "4:15: `cage.hide[0]`: is no path; name a file or a folder",
    ),
    "a blank to write to": (
        f"version: 1\nstatements:\n{OK}cage: {{writable: [' ']}}\n",
        "4:19: `cage.writable[0]`: is no path; name a file or a folder",
    ),
    "a variable with its value": (
        f"version: 1\nstatements:\n{OK}cage: {{environment: [A=B]}}\n",
        "4:22: `cage.environment[0]`: `A=B` names no variable; "
        "write a name, as in MY_FLAG",
    ),
    "no time at all": (
        f"version: 1\nstatements:\n{OK}deadlines: {{head: 0}}\n",
        "4:19: `deadlines.head` must be more than 0.0; change it",
    ),
    "a size in other words": (
        f"version: 1\nstatements:\n{OK}inspection: {{buffer: 32 MB}}\n",
        "4:22: `inspection.buffer`: `32 MB` is not a size; "
        "write bytes, or as in `32MiB`",
    ),
    "a buffer too small": (
        f"version: 1\nstatements:\n{OK}inspection: {{buffer: 1KiB}}\n",
        "4:22: `inspection.buffer` must be at least 65536; change it",
    ),
    "a version of the future": (
        f"version: 2\nstatements:\n{OK}",
        "1:10: `version` must be 1; write `1`",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_makes_no_sense(name):
    text, said = FILES[name]
    assert problems(text) == [f"p.yaml:{said}"]


def test_every_problem_is_told_at_once():
    said = problems(
        "version: 1\n"
        "statements:\n"
        "  - {id: a, effect: allow, hosts: ['@x', 'b:1']}\n"
        "  - {id: a, effect: deny, hosts: [c.example], shared: true}\n"
        "pinned: ['*.a.*']\n"
    )
    assert [line.split(":")[1] for line in said] == ["3", "3", "4", "4", "5"]


def test_shared_suffixes_when_meant_or_harmless():
    text = (
        "version: 1\n"
        "statements:\n"
        "  - {id: a, effect: allow, hosts: ['*.github.io'], shared: true}\n"
        "  - {id: b, effect: allow, kind: open, hosts: ['*.workers.dev']}\n"
        "  - {id: c, effect: approve, hosts: ['*.vercel.app']}\n"
        "  - {id: d, effect: deny, hosts: ['*.ngrok.app', '*.zip']}\n"
    )
    assert compile_policy(parse_model(text.encode(), "p.yaml", PolicyModel))


def test_hosts_take_any_spelling(tmp_path: Path):
    (tmp_path / "policy.yaml").write_text(
        "version: 1\n"
        "statements:\n"
        "  - id: a\n"
        "    effect: allow\n"
        "    hosts: [GitHub.COM., b\u00fccher.example, '*.B\u00fccher.example',\n"
        "      '[2001:DB8::1]', 0x7f.1]\n",
        encoding="utf-8",
    )
    (statement,) = load_policy(tmp_path).statements
    assert statement.hosts == (
        "github.com",
        "xn--bcher-kva.example",
        "*.xn--bcher-kva.example",
        "2001:db8::1",
        "127.0.0.1",
    )


def test_trusted_ca_is_relative_to_the_rules(tmp_path: Path):
    copy(certifi.where(), tmp_path / "ca.pem")
    (tmp_path / "policy.yaml").write_text(
        f"version: 1\nstatements:\n{OK}upstream: {{trusted_ca: [ca.pem]}}\n"
    )
    assert load_policy(tmp_path).upstream.trusted_ca == (str(tmp_path / "ca.pem"),)


def test_an_operators_folder_needs_a_policy(tmp_path: Path):
    with pytest.raises(RuleError) as caught:
        load_policy(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'policy.yaml'}:0:0: is missing; "
        f"copy {builtin_folder() / 'policy.yaml'} there to start from"
    )


def test_the_built_in_policy_loads_when_no_folder_is_named():
    assert load_policy().statements
    assert read_policy().file == str(builtin_folder() / "policy.yaml")
