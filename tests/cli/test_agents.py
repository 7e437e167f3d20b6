import json

from typer.testing import CliRunner

from dlp.audit import lines
from dlp.cli.agents import app
from dlp.model import Agent
from dlp.state.agents import AgentRegistry


def run(state, *words):
    return CliRunner().invoke(app, [*words, "--state", str(state)])


def test_the_token_is_printed_once_and_works(tmp_path):
    result = run(tmp_path, "add", "builder")
    assert result.exit_code == 0
    token = result.stdout.strip()
    found = AgentRegistry(tmp_path).authenticate("10.0.0.1", f"Bearer {token}")
    assert found == Agent("builder")
    assert token not in run(tmp_path, "list").output


def test_json_for_scripts(tmp_path):
    made = json.loads(run(tmp_path, "add", "builder", "--json").stdout)
    assert made["id"] == "builder"
    run(tmp_path, "revoke", "builder")
    rows = json.loads(run(tmp_path, "list", "--json").stdout)
    assert rows[0]["id"] == "builder"
    assert rows[0]["revoked_at"]


def test_what_was_done_is_on_record(tmp_path):
    run(tmp_path, "add", "builder")
    run(tmp_path, "revoke", "builder")
    told = [
        (line.data["verb"], line.data["object"]) for line in lines(tmp_path / "audit")
    ]
    assert told == [("agent.add", "builder"), ("agent.revoke", "builder")]


def test_a_refused_id_is_not_on_record(tmp_path):
    assert run(tmp_path, "add", "NO").exit_code != 0
    assert list(lines(tmp_path / "audit")) == []


def test_no_agents_is_explained(tmp_path):
    assert "'default'" in run(tmp_path, "list").output
