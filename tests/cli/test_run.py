"""`dlp run`, as far as it goes without a proxy."""

import socket

import pytest
from typer.testing import CliRunner

from dlp.cli.run import app
from dlp.errors import DLPError, UsageError
from dlp.state.agents import AgentRegistry


def run(state, *words):
    return CliRunner().invoke(app, [*words, "--state", str(state), "--", "true"])


@pytest.mark.parametrize("proxy", ["", "host", "host:x", "https://h:1", "a:b@h:1"])
def test_what_is_no_address_is_told(tmp_path, proxy):
    told = run(tmp_path, "--proxy", proxy).exception
    assert isinstance(told, UsageError)
    assert "expected HOST:PORT" in str(told)


@pytest.mark.parametrize("begin", ["", "http://"])
def test_a_proxy_that_is_not_there_is_named(tmp_path, begin):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        at = f"127.0.0.1:{taken.getsockname()[1]}"
    told = run(tmp_path, "--proxy", begin + at)
    assert isinstance(told.exception, DLPError)
    assert f"no proxy answers at {at}" in str(told.exception)
    assert "agents are registered" not in told.stderr


def test_without_a_name_among_agents_it_says_what_will_be_asked(tmp_path):
    AgentRegistry(tmp_path).add("bot")
    told = run(tmp_path, "--proxy", "127.0.0.1:1")
    assert (
        "agents are registered, so the proxy asks for a token: --agent" in told.stderr
    )
