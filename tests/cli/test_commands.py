"""The list of commands says what each says itself, and imports none."""

import subprocess
import sys

import pytest

from dlp.cli import COMMANDS, command
from tests.harness.proxy import DLP


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_it_says_itself(name):
    first, *_ = command(name).help.split("\n\n")
    assert " ".join(first.split()) == COMMANDS[name]


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["typo"]])
def test_what_runs_no_command_imports_none(words):
    code = (
        "import sys\nfrom dlp.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'dlp.model', 'numpy', 'hyperscan'} & {*sys.modules}\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code, *words], check=True)


def test_what_the_system_refuses_is_one_line(tmp_path):
    """A trace of our own code tells an operator nothing."""
    subprocess.run([DLP, "secrets", "canary", "trap", "--state", tmp_path], check=True)
    head = tmp_path / "audit" / "cli.head"
    head.unlink()
    head.mkdir()
    words = [DLP, "audit", "verify", "--state", tmp_path]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"dlp: {head}: Is a directory\n"


@pytest.mark.parametrize(
    "words",
    [
        ["secrets", "list"],
        ["secrets", "remove", "a"],
        ["secrets", "verify", "a", "--stdin"],
        ["secrets", "rotate", "a", "--stdin"],
        ["agents", "list"],
        ["agents", "revoke", "a"],
        ["ca", "show"],
        ["ca", "rotate"],
        ["audit", "verify"],
        ["explain", "dlp-x"],
    ],
    ids=" ".join,
)
def test_a_mistyped_state_is_told_and_not_made(tmp_path, words):
    typo = tmp_path / "typo"
    done = subprocess.run(
        [DLP, *words, "--state", typo],
        capture_output=True,
        text=True,
        check=False,
        input="",
    )
    assert done.stderr == f"dlp: there is no state folder {typo}; correct --state\n"
    assert (done.returncode, done.stdout, typo.exists()) == (2, "", False)
