"""`alerts.yaml`: what it means, and what is wrong with it, to the line and column."""

from pathlib import Path

import pytest

from dlp.alerts import Severity, advise, compile_alerts, load_alerts
from dlp.alerts.schema import AlertsModel
from dlp.errors import RuleError
from dlp.rulefile import builtin_folder, parse_model

HEAD = """\
version: 1
channels:
  hook: {type: webhook, url: "https://a.example/x", secret: {env: ALERT_KEY}}
  team: {type: slack, url: {env: ALERT_URL}}
routes:
"""
ALL = "  - {id: all, to: [hook, team]}\n"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("ALERT_KEY", "k" * 32)
    monkeypatch.setenv("ALERT_URL", "https://hooks.example/x")


def located(text: str, file: str = "alerts.yaml"):
    return parse_model(text.encode(), file, AlertsModel)


def compiled(text: str):
    return compile_alerts(located(text))


def test_a_file_of_nearly_the_right_name_is_a_fault(tmp_path):
    (tmp_path / "alerts.yml").write_text(HEAD + ALL)
    with pytest.raises(RuleError, match=r"alerts\.yml:0:0: is not read; rename it"):
        load_alerts(tmp_path)


def test_a_file_as_it_is_meant():
    routing = compiled(
        HEAD
        + """\
  - id: first
    severity: [critical]
    kinds: [secret]
    agents: ["ci-*", bob]
    to: [hook]
    repeat: 10m
    limit: {count: 3, per: 1h}
    digest: 30s
    quiet: {from: "22:00", until: "07:00", zone: Europe/Berlin, days: [sat, sun]}
    continue: true
  - {id: second, to: [team]}
"""
    )
    first, second = routing.routes
    assert (first.repeat, first.count, first.per, first.digest) == (600, 3, 3600, 30)
    assert first.quiet.days == {5, 6}
    assert first.quiet.exempt == {Severity.CRITICAL}
    assert "ci-7" in first.agents
    assert "ann" not in first.agents
    assert first.go_on
    assert not second.go_on
    assert (second.repeat, second.digest, second.quiet) == (3600, 0, None)
    assert routing.channels["team"].url.read() == "https://hooks.example/x"


WRONG = {
    "a channel that is not there": (
        HEAD + "  - {id: a, to: [hok]}\n",
        "6:18: there is no channel `hok`; did you mean `hook`?",
    ),
    "a channel named twice": (
        HEAD + "  - {id: a, to: [hook, hook]}\n", "6:24: `hook` is named twice; keep one",
    ),
    "an id that is taken": (
        HEAD + "  - {id: a, to: [hook], continue: true}\n  - {id: a, to: [team]}\n",
        "7:10: the id `a` is taken, in line 6; rename it",
    ),
    "a route that can never match": (
        HEAD + "  - {id: a, to: [hook]}\n  - {id: b, severity: [info], to: [team]}\n",
        "7:10: `a` takes everything that this route would",
    ),
    "a group of agents": (
        HEAD + '  - {id: a, to: [hook], agents: ["@ci"]}\n', "6:34: groups are not known",
    ),
    "a time zone that is none": (
        HEAD + '  - {id: a, to: [hook], quiet: {from: "22:00", until: "07:00", zone: Mars}}\n',
        "6:70: there is no time zone `Mars`",
    ),
    "a time of day that is none": (
        HEAD + '  - {id: a, to: [hook], quiet: {from: "25:00", until: "07:00"}}\n',
        "6:39: `routes[0].quiet.from`: `25:00` is not a time of day; write as in",
    ),
    "a duration that is none": (
        HEAD + "  - {id: a, to: [hook], repeat: soon}\n",
        "6:33: `routes[0].repeat`: `soon` is not a duration; write as in 30s",
    ),
    "a limit over no time": (
        HEAD + "  - {id: a, to: [hook], limit: {count: 1, per: 0s}}\n",
        "6:48: is no time; write as in 1h",
    ),
    "a kind that is none": (
        HEAD + "  - {id: a, to: [hook], kinds: [secrets]}\n", "did you mean `secret`?",
    ),
    "a type that is none": (
        "version: 1\nchannels:\n  a: {type: webhok}\n",
        "3:13: `channels.a.type` must be 'webhook', 'slack', 'telegram', 'ntfy', "
        "'alertmanager' or 'apprise'; did you mean `webhook`?",
    ),
    "no type": ("version: 1\nchannels:\n  a: {url: x}\n", "`channels.a` lacks `type`; add it"),
    "a key of another type": (
        "version: 1\nchannels:\n  a: {type: slack, url: {env: A}, chat: 1}\n",
        "3:35: unknown key `chat`; did you mean `ca`?",
    ),
    "a secret in the file": (
        "version: 1\nchannels:\n  a: {type: telegram, token: abc, chat: 1}\n",
        "3:30: `channels.a.token` must not stand in this file, because it is a secret; "
        "write {env: NAME} or {file: PATH}",
    ),
    "a URL that holds a secret": (
        "version: 1\nchannels:\n"
        '  a: {type: ntfy, url: "https://n.example/qP7kX2mVw9LtRz4Jd"}\n',
        "3:24: looks as if it held a secret; take it from outside",
    ),
    "a URL with a query": (
        'version: 1\nchannels:\n  a: {type: ntfy, url: "https://n.example/x?auth=1"}\n',
        "looks as if it held a secret",
    ),
    "a URL with a password": (
        'version: 1\nchannels:\n  a: {type: ntfy, url: "https://u:p@n.example/x"}\n',
        "has a user or a fragment",
    ),
    "no URL": (
        'version: 1\nchannels:\n  a: {type: alertmanager, url: ""}\n',
        "is not an http or https URL",
    ),
    "plain http to another machine": (
        'version: 1\nchannels:\n  a: {type: alertmanager, url: "http://am.example"}\n',
        "is plain http to another machine; use https, or write `plain_http: true`",
    ),
    "both env and file": (
        "version: 1\nchannels:\n  a: {type: apprise, url: {env: A, file: b}}\n",
        "must have either `env` or `file`",
    ),
    "a value in place of a variable's name": (
        'version: 1\nchannels:\n  a: {type: apprise, url: {env: "https://x"}}\n',
        "must be the name of a variable",
    ),
    "a CA that is not there": (
        'version: 1\nchannels:\n  a: {type: alertmanager, url: "https://a.example", ca: no.pem}\n',
        "there is no file",
    ),
    "a second version": ("version: 2\n", "`version` must be 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_where_it_stands(case):
    text, told = WRONG[case]
    with pytest.raises(RuleError) as caught:
        compiled(text)
    assert told in str(caught.value), caught.value
    assert all(p.line and p.column and p.remedy for p in caught.value.problems)


def test_no_error_repeats_what_may_be_a_secret():
    value = "qP7kX2mVw9LtRz4Jd"
    for text in (
        f"version: 1\nchannels:\n  a: {{type: slack, url: https://h.example/{value}}}\n",
        f"version: 1\nchannels:\n  a: {{type: apprise, url: {{env: 'x/{value}'}}}}\n",
        f"version: 1\nchannels:\n  a: {{type: ntfy, url: https://h.example/{value}}}\n",
        f"version: 1\nchannels:\n  a: {{type: telegram, token: '{value}', chat: 1}}\n",
    ):
        with pytest.raises(RuleError) as caught:
            compiled(text)
        assert value not in str(caught.value)


def test_plain_http_may_be_meant():
    text = 'version: 1\nchannels:\n  a: {type: alertmanager, url: "http://am.example", plain_http: true}\n'
    assert compiled(text).channels["a"].plain_http


def test_a_secret_that_cannot_be_read_is_no_start(tmp_path, monkeypatch):
    monkeypatch.delenv("ALERT_KEY")
    (tmp_path / "alerts.yaml").write_text(HEAD + ALL)
    with pytest.raises(RuleError, match=r"3:53: the variable ALERT_KEY is not set"):
        load_alerts(tmp_path)
    warned = advise(located(HEAD + ALL))
    assert [str(problem).split(": ", 1)[0] for problem in warned] == [
        "alerts.yaml:3:53"
    ]


def test_a_url_from_outside_is_judged_too_and_not_repeated(monkeypatch):
    monkeypatch.setenv("ALERT_URL", "http://elsewhere.example/verysecret")
    (problem,) = advise(located(HEAD + ALL))
    assert "plain http to another machine" in problem.what
    assert "verysecret" not in str(problem)


def test_secrets_come_from_files_beside_the_rules(tmp_path):
    (tmp_path / "alerts.yaml").write_text(
        "version: 1\nchannels:\n  a: {type: apprise, url: {file: url.txt}}\n"
    )
    with pytest.raises(RuleError, match="cannot read"):
        load_alerts(tmp_path)
    (tmp_path / "url.txt").write_text("json://localhost\n")
    source = load_alerts(tmp_path).channels["a"].url
    assert source.read() == "json://localhost"
    (tmp_path / "url.txt").write_text("json://127.0.0.1\n")
    assert source.read() == "json://127.0.0.1"


def test_advice():
    warned = [
        p.what
        for p in advise(located(HEAD + "  - {id: a, severity: [info], to: [hook]}\n"))
    ]
    assert warned == [
        "no route sends to `team`",
        "no route takes every critical alert of canary and secret",
    ]


def test_no_file_means_no_alerts(tmp_path):
    routing = load_alerts(tmp_path)
    assert (routing.channels, routing.routes) == ({}, ())


def test_the_built_in_file_sends_nothing_and_its_examples_are_good(
    tmp_path, monkeypatch
):
    text = (builtin_folder() / "alerts.yaml").read_text()
    assert compiled(text).routes == ()
    head, _, rest = text.partition("channels: {}\n")
    lines = [line.replace("  # ", "  ", 1) for line in rest.splitlines()]
    shown = head + "channels:\n" + "\n".join(lines).replace("routes: []", "routes:")
    routing = compiled(shown)
    assert len(routing.channels) == 6
    assert [route.id for route in routing.routes] == [
        "wake-somebody",
        "by-day",
        "the-rest",
    ]
    assert {p.remedy for p in advise(located(shown))} == {"set it, or correct the name"}


def test_the_schema_has_every_type():
    types = Path(__file__).parents[2] / "rules" / "schema" / "alerts.schema.json"
    for name in ("webhook", "slack", "telegram", "ntfy", "alertmanager", "apprise"):
        assert f'"const": "{name}"' in types.read_text()
