"""What holds for the repository as a whole."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = sorted([*ROOT.glob("dlp/**/*.py"), *ROOT.glob("addons/**/*.py")])


def tracked():
    out = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    return [ROOT / name for name in out.decode().split("\0") if name]


def broad_handlers(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            names = {
                n.id
                for n in ast.walk(node.type or ast.Name("bare"))
                if isinstance(n, ast.Name)
            }
            if names & {"Exception", "BaseException", "bare"}:
                yield f"{path.relative_to(ROOT)}:{node.lineno}"


def test_the_hook_wrapper_holds_the_only_broad_except():
    found = [place for path in CODE for place in broad_handlers(path)]
    assert len(found) <= 1, found
    assert all(place.startswith("addons/") for place in found)


def test_no_module_is_longer_than_400_lines():
    long = {str(p): n for p in CODE if (n := len(p.read_text().splitlines())) > 400}
    assert long == {}


def test_every_module_says_what_it_is_for():
    assert [p for p in CODE if not ast.get_docstring(ast.parse(p.read_text()))] == []


@pytest.mark.parametrize("word", ["utils", "helpers", "manager", "base"])
def test_no_module_has_a_name_that_says_nothing(word):
    assert [p for p in CODE if p.stem == word] == []


def test_no_tracked_file_names_a_machine_path_or_a_registry_host():
    hosts = re.compile(
        rb"/work/(main|shared|wt)|files\.pythonhosted\.org/packages|registry\.npmjs\.org/[a-z@]+/-/"
    )
    assert [p for p in tracked() if p.is_file() and hosts.search(p.read_bytes())] == []


def test_make_calls_no_tool_that_setup_does_not_bring():
    """A machine that has nothing installed has no `uv` but the one of the lock."""
    recipes = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    recipes = re.sub(r"'[^']*'", "''", recipes)
    called = {
        command.strip("@ \t").partition(" ")[0]
        for line in re.findall(r"(?m)^\t(.*)$", recipes)
        for command in re.split(r"&&|\|\||[|;]", line)
    }
    usual = {"[", "echo", "exec", "grep", "sed", "sort", "tail"}
    ours = {c for c in called if c.startswith((".venv/bin/", "scripts/", "$("))}
    assert called - usual - ours <= {""}
    assert ours
