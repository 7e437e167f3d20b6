"""
The deployment files that ship with the program, by form.

Why not in `cli`: what belongs to a form, and that nothing is overwritten, is tested
without a command line. Why not in `cage`: that contains one command, here and now.

Strategy: a form is a table of sources below the shipped folders; a source that is a
folder, or holds a `*`, stands for the files in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dlp.errors import UsageError

_NOTES = ("README.md", "deploy/README.md")
_RULES = (
    ("rules/policy.yaml", "rules/policy.yaml"),
    ("rules/alerts.yaml", "rules/alerts.yaml"),
)

FORMS: dict[str, tuple[tuple[str, str], ...]] = {
    "systemd": (("", "deploy/systemd/*"), *_RULES, _NOTES),
    "container": (("", "deploy/container/*"), *_RULES, _NOTES),
    "compose": (
        ("", "deploy/compose/*.y*ml"),
        ("", "deploy/container/*"),
        ("grafana/datasources", "deploy/compose/grafana/datasources/*"),
        ("grafana/providers", "dashboards/grafana/provisioning/dashboards/*"),
        ("grafana/dashboards", "dashboards/grafana/*.json"),
        ("alerts.yml", "dashboards/prometheus/alerts.yml"),
        ("alertmanager.yml", "dashboards/alertmanager/alertmanager.yml"),
        *_RULES,
        _NOTES,
    ),
}
"""Form: (name or folder to write, source), the sources that matter most first."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a form."""

    name: str
    """Relative, with slashes."""
    source: Path

    @property
    def text(self) -> str:
        """What is in it."""
        return self.source.read_text("utf-8")


def files(form: str) -> tuple[File, ...]:
    """
    The files of a form.

    Raises:
        UsageError: there is no such form.
    """
    if form not in FORMS:
        raise UsageError(f"there is no form {form[:32]!a}: use {', '.join(FORMS)}")
    return tuple(file for row in FORMS[form] for file in _expand(*row))


def write(form: str, folder: Path) -> tuple[File, ...]:
    """
    Write the files of a form, readable by everybody, and none over an existing one.

    Raises:
        UsageError: there is no such form; a file is there already, then nothing was
            written; or the folder cannot be written.
    """
    wanted = files(form)
    present = [file.name for file in wanted if os.path.lexists(folder / file.name)]
    if present:
        raise UsageError(
            f"{folder} holds {', '.join(present)} already: name another folder with "
            "--output, or move them away"
        )
    try:
        for file in wanted:
            path = folder / file.name
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as out:
                out.write(file.text)
            path.chmod(0o644)
    except OSError as error:
        raise UsageError(f"cannot write {error.filename}: {error.strerror}") from error
    return wanted


def _expand(name: str, source: str) -> Iterator[File]:
    if "*" not in source:
        yield File(name, _shipped(source))
        return
    folder, _, pattern = source.rpartition("/")
    for path in sorted(_shipped(folder).glob(pattern)):
        if path.is_file():
            yield File(f"{name}/{path.name}".removeprefix("/"), path)


def _shipped(path: str) -> Path:
    """In the wheel, else in the checkout."""
    package = Path(__file__).parent
    shipped = package / "builtin"
    return (shipped if shipped.is_dir() else package.parent) / path
