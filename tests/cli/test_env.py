import json

import pytest
from typer.testing import CliRunner

from dlp.cli.env import app
from dlp.errors import UsageError
from dlp.state.agents import AgentRegistry


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
