import shutil
import subprocess

import pytest
from typer.testing import CliRunner

from dlp.audit import lines
from dlp.cli.backup import PASSPHRASE, app, restoring
from dlp.errors import StateError, UsageError
from dlp.state.agents import AgentRegistry

WORDS = "a phrase " + "of words"


@pytest.fixture
def state(tmp_path):
    (tmp_path / "state").mkdir()
    AgentRegistry(tmp_path / "state").add("builder")
    return tmp_path / "state"


def run(command, *words, **environment):
    return CliRunner().invoke(
        command, list(map(str, words)), env=environment, catch_exceptions=False
    )


def test_with_a_passphrase(state, tmp_path):
    file, again = tmp_path / "file", tmp_path / "again"
    made = run(app, file, "--state", state, **{PASSPHRASE: WORDS})
    assert made.exit_code == 0
    assert str(file) in made.stdout
    assert [line.data["verb"] for line in lines(state / "audit")] == ["state.backup"]
    done = run(restoring, file, "--state", again, **{PASSPHRASE: WORDS})
    assert done.stdout == f"restored to {again}\n"
    assert [agent.id for agent in AgentRegistry(again).registered()] == ["builder"]


def test_a_backup_that_is_not_made_is_not_on_record(state, tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(UsageError, match="there already"):
        run(app, file, "--state", state, **{PASSPHRASE: WORDS})
    assert list(lines(state / "audit")) == []


def test_one_that_cannot_be_recorded_is_not_kept(state, tmp_path):
    (state / "audit" / "cli.lock").mkdir(parents=True)
    with pytest.raises(StateError):
        run(app, tmp_path / "file", "--state", state, **{PASSPHRASE: WORDS})
    assert not (tmp_path / "file").exists()


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is missing")
def test_with_a_key_that_openssl_made(state, tmp_path):
    key, public, file = (tmp_path / name for name in ("key", "pub", "file"))
    for words in (
        ["genpkey", "-algorithm", "X25519", "-out", key],
        ["pkey", "-in", key, "-pubout", "-out", public],
    ):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    run(app, file, "--state", state, "--recipient", public)
    done = run(restoring, file, "--check", "--identity", key)
    assert done.stdout == "the backup is sound\n"
    with pytest.raises(UsageError, match="private key"):
        run(restoring, file, "--check", "--identity", public)


def test_without_a_passphrase_nothing_is_made(state, tmp_path):
    with pytest.raises(UsageError, match=PASSPHRASE):
        run(app, tmp_path / "file", "--state", state)
    assert not (tmp_path / "file").exists()


def test_a_backup_that_is_not_there_is_told_before_all_else(state, tmp_path):
    with pytest.raises(UsageError, match=r"cannot read .*gone: No such file"):
        run(restoring, tmp_path / "gone", "--state", state)
