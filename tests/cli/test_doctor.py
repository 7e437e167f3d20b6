import json

import pytest
from typer.testing import CliRunner

from dlp.cli.doctor import app
from dlp.errors import UsageError
from dlp.state.folder import open_folder


def run(state, *words):
    return CliRunner().invoke(app, ["--state", str(state), *words])


@pytest.fixture
def state(tmp_path):
    return open_folder(tmp_path / "state")


def test_json_tells_every_column(state):
    state.chmod(0o755)
    done = run(state, "--check", "state-mode", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (told["score"], told["failed"]) == (0, True)
    (row,) = told["checks"]
    assert row["id"] == "state-mode"
    assert row["severity"] == "critical"
    assert row["status"] == "finding"
    assert row["owasp"] == ["ASI03", "T3"]
    assert all(row[key] for key in ("seen", "why", "fix", "title", "area"))
    assert row["fixable"] is True


def test_the_threshold_decides_about_the_exit_code(state):
    state.chmod(0o755)
    assert run(state, "--check", "state-mode").exit_code == 1
    (state / ".writable.999999999").touch()
    assert run(state, "--check", "leftovers").exit_code == 0
    assert run(state, "--check", "leftovers", "--fail-on", "low").exit_code == 1


def test_fix_says_what_it_changed(state):
    state.chmod(0o755)
    done = run(state, "--check", "state-mode", "--fix")
    assert done.exit_code == 0
    assert "0755 is now 0700" in done.stdout
    assert state.stat().st_mode & 0o777 == 0o700


def test_what_is_skipped_says_why(state):
    done = run(state, "--check", "store-damaged")
    assert done.exit_code == 0
    assert "skipped: there is no store.db yet: store-damaged" in done.stdout


def test_there_is_no_colour_where_there_is_no_terminal(state):
    state.chmod(0o755)
    assert "\x1b" not in run(state, "--check", "state-mode").output


def test_an_unknown_check_is_a_usage_error(state):
    error = run(state, "--check", "nonsense").exception
    assert isinstance(error, UsageError)
    assert error.exit_code == 2
