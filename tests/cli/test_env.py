import json
import os
import subprocess

import pytest
from typer.testing import CliRunner

from dlp.cli.env import app
from dlp.errors import UsageError
from dlp.state.agents import AgentRegistry

PATH = {"PATH": os.environ["PATH"]}


def run(state, *words):
    return CliRunner().invoke(app, [*words, "--state", str(state)])


def test_the_token_of_an_agent_is_in_every_proxy_variable(tmp_path):
    AgentRegistry(tmp_path).add("builder")
    done = run(tmp_path, "--shell", "json", "--proxy", "http://builder:t0k@127.0.0.1:1")
    table = json.loads(done.stdout)
    assert (
        table["HTTPS_PROXY"] == table["http_proxy"] == "http://builder:t0k@127.0.0.1:1"
    )
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["state", "it's a $(false) \\ state"])
def test_a_shell_that_evaluates_it_has_every_variable(tmp_path, name):
    state = tmp_path / name
    proxy = "http://b:t$0'k@127.0.0.1:1"
    table = json.loads(run(state, "--shell", "json", "--proxy", proxy).stdout)
    printed = run(state, "--shell", "sh", "--proxy", proxy).stdout
    command = ["sh", "-ec", 'eval "$1"; env -0', "sh", printed]
    done = subprocess.run(command, capture_output=True, check=True, env=PATH)
    got = dict(row.split("=", 1) for row in done.stdout.decode().split("\0") if row)
    assert {key: got.get(key) for key in table} == table


def test_for_fish_quotes_and_backslashes_are_escaped(tmp_path):
    """https://fishshell.com/docs/current/language.html#quotes"""
    state = tmp_path / "it's a \\ state"
    table = json.loads(run(state, "--shell", "json").stdout)
    lines = run(state, "--shell", "fish").stdout.splitlines()
    expected = [
        "set -gx {} '{}'".format(k, v.replace("\\", r"\\").replace("'", r"\'"))
        for k, v in table.items()
    ]
    assert lines == expected
    assert any(r"it\'s a \\ state" in line for line in lines)


def test_who_needs_a_token_is_told(tmp_path):
    assert run(tmp_path).stderr == ""
    AgentRegistry(tmp_path).add("builder")
    done = run(tmp_path)
    assert done.exit_code == 0
    assert "--proxy http://ID:TOKEN@HOST:PORT" in done.stderr
    assert "HTTPS_PROXY" in done.stdout


@pytest.mark.parametrize(
    "proxy",
    [
        "127.0.0.1:8080",
        "https://a:t0k@127.0.0.1:1",
        "http://",
        "socks5://h:1",
        "http://a:t0k@[::1",
        "http://a:t0k@127.0.0.1:99999",
        "http://a:t0k@two words:1",
        "http://a:t0k@127.0.0.1:1\nexport X=1",
    ],
)
def test_what_is_no_http_proxy_is_refused_and_not_repeated(tmp_path, proxy):
    done = run(tmp_path, "--proxy", proxy)
    assert isinstance(done.exception, UsageError)
    assert "http://HOST:PORT" in str(done.exception)
    assert "t0k" not in str(done.exception)
    assert done.stdout == ""
