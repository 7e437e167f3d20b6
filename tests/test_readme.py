"""README and the program say the same: flags, defaults, commands, tests."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.harness.proxy import DLP

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = sorted(
    {
        tuple(found.split())
        for found in re.findall(r"(?m)\bdlp ((?:[a-z]+ ?){1,2})", README)
    }
)
CONTRACT = {
    "up": ["--rules", "--state", "--listen", "--metrics", "--console", "--workers"],
    "secrets add": ["--stdin", "--env", "--dotenv", "--host", "--slot", "--state"],
    "agents add": ["--state"],
    "scan": ["--rules", "--state", "--json"],
    "rules check": ["--rules"],
    "rules explain": ["--rules"],
    "rules import": [],
    "rules schema": [],
    "audit tail": ["--state"],
    "audit verify": ["--state"],
    "audit export": ["--state", "--format", "--output"],
    "run": ["--agent", "--require-cage"],
    "probe": [],
    "env": ["--shell"],
    "ca show": [],
    "ca export": [],
    "ca rotate": [],
    "explain": [],
    "alerts test": ["--route", "--rules", "--json"],
    "demo": [],
    "doctor": ["--rules", "--state", "--json", "--fix"],
}
"""Section 15 of the design: others script against it."""
DEFAULTS = ["127.0.0.1:8080", "127.0.0.1:9464", "127.0.0.1:8081"]


def usage(*words):
    done = subprocess.run(
        [DLP, *words, "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={"COLUMNS": "200", "PATH": "/usr/bin:/bin", "TERM": "dumb"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("command", CONTRACT)
def test_a_command_of_the_contract_has_its_flags(command):
    text = usage(*command.split())
    assert [flag for flag in CONTRACT[command] if flag not in text] == []


def test_defaults_are_those_of_the_contract():
    text = usage("up")
    assert [address for address in DEFAULTS if address not in text] == []


def test_every_command_that_readme_names_exists():
    known = usage()
    assert [words for words in COMMANDS if words[0] not in known] == []


def test_every_test_that_readme_names_exists():
    named = set(re.findall(r"`(tests/[\w./*-]+)`", README))
    named |= {f"tests/e2e/{n}" for n in re.findall(r"`(test_[\w*]+\.py)`", README)}
    missing = [
        name
        for name in named
        if not any(ROOT.glob(name.rstrip("/")))
        and not any(ROOT.glob(f"tests/**/{Path(name).name}"))
    ]
    assert missing == []
    assert len(named) > 15


def test_every_make_target_that_readme_names_exists():
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    named = set(re.findall(r"`?\bmake ([a-z-]+)", README))
    assert {"run", "test", "bench"} <= named <= targets
