"""`dlp rules`, as a user calls it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dlp.cli import app
from dlp.cli.rules.schema import SCHEMAS, document
from dlp.state.agents import AgentRegistry

GOOD = """\
version: 1
statements:
  - {id: llm, effect: allow, hosts: [api.llm.example], paths: [/v1/**], on_secret: redact}
  - {id: web, effect: allow, kind: open, hosts: ['*']}
  - {id: hers, effect: allow, agents: [ann], hosts: [hers.example]}
  - {id: writes, effect: approve, hosts: [forge.example], methods: [POST]}
  - {id: no, effect: deny, hosts: [bad.example]}
  - {id: own, effect: allow, hosts: [local.llm.example], on_secret: redact, restore: true}
pinned: [api.llm.example]
"""


@pytest.fixture
def rules(tmp_path: Path):
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "policy.yaml").write_text(GOOD)
    return folder


@pytest.fixture(autouse=True)
def no_state_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "none"))


def run(*words):
    return CliRunner().invoke(app, ["rules", *map(str, words)])


def test_check_of_good_rules(rules):
    result = run("check", "--rules", rules)
    assert result.exit_code == 0
    assert "6 statements, 4 allow, 1 approve, 1 deny, 6 hosts" in result.output
    assert "error" not in result.output


def test_check_tells_every_problem_of_every_file_and_exits_1(rules):
    (rules / "policy.yaml").write_text(GOOD + "modus: enforce\nversion: 1\n")
    (rules / "detectors").mkdir()
    (rules / "detectors" / "x.yaml").write_text("version: 2\n")
    result = run("check", "--rules", rules)
    assert result.exit_code == 1
    policy = rules / "policy.yaml"
    assert f"error: {policy}:10:1: unknown key `modus`; did you mean `mode`?" in (
        result.output
    )
    assert f"error: {policy}:11:1: `version` is given twice" in result.output
    assert f"error: {rules / 'detectors' / 'x.yaml'}:1:10: " in result.output


def test_check_reads_the_alerts_too(rules):
    (rules / "alerts.yaml").write_text(
        "version: 1\nchannels:\n  am: {type: alertmanager, url: http://127.0.0.1:9093}\n"
        "  team: {type: slack, url: {env: NOT_SET_ANYWHERE}}\n"
        "routes:\n  - {id: all, to: [am]}\n"
    )
    result = run("check", "--rules", rules)
    assert result.exit_code == 0
    assert "2 channels, 1 routes" in result.output
    alerts = rules / "alerts.yaml"
    assert f"warning: {alerts}:4:3: no route sends to `team`" in result.output
    assert f"{alerts}:4:23: the variable NOT_SET_ANYWHERE is not set" in result.output
    alerts.write_text(alerts.read_text().replace("to: [am]", "to: [an]"))
    result = run("check", "--rules", rules)
    assert result.exit_code == 1
    assert f"error: {alerts}:6:20: there is no channel `an`" in result.output


def test_check_as_json(rules, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    AgentRegistry(state).add("bob")
    result = run("check", "--rules", rules, "--state", state, "--json")
    told = json.loads(result.output)
    assert told["ok"] is True
    assert told["mode"] == "enforce"
    assert told["counts"]["statements"] == 6
    assert told["counts"]["detectors"] > 100
    (warning,) = told["warnings"]
    assert (warning["line"], warning["column"]) == (5, 31)
    assert "`ann`, which is not registered" in warning["what"]


def test_check_of_bad_rules_as_json(rules):
    (rules / "policy.yaml").write_text("version: 1\n")
    result = run("check", "--rules", rules, "--json")
    told = json.loads(result.output)
    assert result.exit_code == 1
    assert told["ok"] is False
    (problem,) = told["problems"]
    assert problem["what"] == "lacks `statements`"
    assert (problem["line"], problem["column"]) == (1, 1)


def test_check_of_a_folder_that_is_not_there(tmp_path):
    result = run("check", "--rules", tmp_path / "nowhere")
    assert result.exit_code != 0
    assert "there is no such folder" in str(result.exception)


def test_check_uses_the_rules_of_the_working_folder(rules, monkeypatch):
    monkeypatch.chdir(rules.parent)
    assert f"{rules}: 6 statements" in run("check").output


def test_a_folder_that_only_happens_to_be_called_rules_is_not_used(
    tmp_path, monkeypatch
):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "chess.txt").touch()
    monkeypatch.chdir(tmp_path)
    result = run("check")
    assert result.exit_code == 0
    assert result.output.splitlines()[-1].startswith("built-in: ")


EXPLAINED = {
    "allowed": (
        ["POST", "https://API.llm.example/v1/chat?x=1"],
        0,
        [
            "default: POST https://api.llm.example:443/v1/chat",
            "  allowed",
            "  decided by `llm` (line 3)",
            "  a secret in it is cut out, and the rest goes on",
            "  pinned: only registered credentials",
        ],
    ),
    "restored": (
        ["POST", "https://local.llm.example/v1/chat"],
        0,
        [
            "default: POST https://local.llm.example:443/v1/chat",
            "  allowed",
            "  decided by `own` (line 8)",
            "  a secret in it is cut out, and the rest goes on",
            "  what was cut out is put back where its answer names it",
        ],
    ),
    "open": (
        ["GET", "https://any.example/"],
        0,
        [
            "default: GET https://any.example:443/",
            "  allowed",
            "  decided by `web` (line 4)",
            "  open: no body, no credentials, at most 2048 bytes and 4096 bits of path "
            "and query",
        ],
    ),
    "another agent": (
        ["PUT", "https://hers.example/", "--agent", "bob"],
        1,
        [
            "bob: PUT https://hers.example:443/",
            "  denied: no statement allows it",
            "  `web` (line 4) would allow it, were its methods not only GET, HEAD",
            "  `hers` (line 5) would allow it, were its agents not only ann",
        ],
    ),
    "approval": (
        ["POST", "https://forge.example/x"],
        0,
        [
            "default: POST https://forge.example:443/x",
            "  refused: it asks for an approval, which cannot be given yet",
            "  decided by `writes` (line 6)",
            "  `web` (line 4) would allow it, were its methods not only GET, HEAD",
        ],
    ),
    "denied": (
        ["GET", "https://bad.example/"],
        1,
        [
            "default: GET https://bad.example:443/",
            "  denied",
            "  decided by `no` (line 7)",
            "  also matching, and overruled: `web` (line 4)",
        ],
    ),
    "an ambiguous path": (
        ["POST", "https://api.llm.example/v1/a%2fb"],
        1,
        [
            "default: POST https://api.llm.example:443/v1/a/b",
            "  denied",
            "  because servers could disagree about this path, and statements here have "
            "`paths`",
            "  also matching, and overruled: `llm` (line 3)",
            "  `web` (line 4) would allow it, were its methods not only GET, HEAD",
        ],
    ),
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_explain(name, rules):
    words, code, lines = EXPLAINED[name]
    result = run("explain", *words, "--rules", rules)
    assert result.output.splitlines() == lines
    assert result.exit_code == code


def test_explain_as_json(rules):
    result = run("explain", "GET", "https://bad.example/", "--rules", rules, "--json")
    told = json.loads(result.output)
    assert told["reach"]["statement"] == "no"
    assert told["overruled"] == ["web"]
    assert told["destination"]["host"] == "bad.example"


def test_explain_of_no_url(rules):
    result = run("explain", "GET", "bad.example", "--rules", rules)
    assert result.exit_code != 0
    assert "must begin with http://" in str(result.exception)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_schema_is_what_the_models_say(name):
    committed = Path(__file__).parents[3] / "rules" / "schema" / f"{name}.schema.json"
    remedy = f"run `dlp rules schema {name} > rules/schema/{name}.schema.json`"
    assert committed.read_text(encoding="utf-8") == document(name), remedy
    assert run("schema", name).output == document(name)


def test_the_schema_names_every_key_and_says_what_it_is():
    schema = json.loads(document("policy"))
    statement = schema["$defs"]["StatementModel"]
    assert statement["additionalProperties"] is False
    assert set(statement["required"]) == {"id", "effect", "hosts"}
    assert [
        k for k, v in statement["properties"].items() if "description" not in v
    ] == []


def test_a_schema_that_is_not_there():
    result = run("schema", "nothing")
    assert result.exit_code != 0
    assert "use one of policy, detectors, alerts" in str(result.exception)
