"""`dlp scan`: decode and detect over files, folders or standard input; no policy."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import Progress, TextColumn
from rich.table import Column, Table

from dlp.cli.folders import RulesOption, rules_folder
from dlp.errors import StateError, UsageError
from dlp.inspector import Inspector
from dlp.model import Finding
from dlp.state.folder import default_folder, is_there

SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", "node_modules", ".venv", "__pycache__"}
)
"""Never entered when a folder is walked; name one as an argument to scan it."""

app = typer.Typer(add_completion=False)


@dataclass(slots=True)
class _Tally:
    files: int = 0
    found: list[tuple[str, Finding]] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)


@app.command()
def scan(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE ... | -]", help="Files or folders; - for stdin."),
    ] = None,
    rules: RulesOption = None,
    state: Annotated[
        Path | None, typer.Option(help="State folder that holds known secrets.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line.")
    ] = False,
) -> None:
    """
    Look for secrets in files. Exit 0: nothing found; 1: something; 2: cannot read.

    What is found is named by rule and place; the match itself is never printed.
    """
    inspector = Inspector.load(rules_folder(rules), _state(state))
    tally = _Tally()
    with _progress(json) as progress:
        task = progress.add_task("", total=None, name="")
        for name, data in _inputs(files or [Path("-")], tally):
            progress.update(task, name=name)
            for finding in _once(inspector.scan(data)):
                tally.found.append((name, finding))
                if json:
                    _print_json(name, finding)
            tally.files += 1
    if not json:
        _print_table(tally)
    for name, why in tally.unread:
        typer.echo(f"dlp: {name}: {why}", err=True)
    if tally.unread:
        raise typer.Exit(2)
    raise typer.Exit(1 if tally.found else 0)


def _once(found: list[Finding]) -> Iterator[Finding]:
    """Without other readings of what is named in its place already."""
    placed = {(f.rule, f.digest) for f in found if f.span}
    return (f for f in found if f.span or (f.rule, f.digest) not in placed)


def _state(named: Path | None) -> Path | None:
    """The named folder, else the default one if a proxy or a secret ever made it."""
    if named is not None:
        if not is_there(named):
            raise UsageError(f"no state folder {named}; leave --state out")
        return named
    try:
        usual = default_folder()
        return usual if is_there(usual) else None
    except StateError as error:
        typer.echo(f"dlp: known secrets are not looked for: {error}", err=True)
        return None


def _inputs(paths: Iterable[Path], tally: _Tally) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        if str(path) == "-":
            yield "-", sys.stdin.buffer.read()
            continue

        def unread(error: OSError) -> None:
            name = str(error.filename)
            tally.unread.append((name, error.strerror or str(error)))

        for file in _walk(path, unread):
            try:
                if file.is_char_device() or file.is_block_device():
                    tally.unread.append((str(file), "is a device, and may never end"))
                    continue
                yield str(file), file.read_bytes()
            except OSError as error:
                unread(error)


def _walk(path: Path, unread: Callable[[OSError], None]) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, names, files in os.walk(path, onerror=unread):
        names[:] = sorted(set(names) - SKIPPED_FOLDERS)
        for name in sorted(files):
            file = Path(folder, name)
            if file.is_file() and not file.is_symlink():
                yield file


def _progress(json: bool) -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("scanning {task.fields[name]}", markup=False),
        console=console,
        transient=True,
        disable=json or not console.is_terminal,
    )


def _print_json(name: str, finding: Finding) -> None:
    row = {
        "file": name,
        "rule": finding.rule,
        "kind": finding.kind,
        "tier": finding.tier,
        "path": finding.path,
        "span": finding.span,
        "digest": finding.digest,
    }
    typer.echo(orjson.dumps(row).decode())


def _print_table(tally: _Tally) -> None:
    console = Console(markup=False, emoji=False)  # names hold brackets and colons
    files = f"{tally.files} file{'' if tally.files == 1 else 's'}"
    if not tally.found:
        console.print(f"{files} scanned, nothing found")
        return
    names = ("file", "rule", "tier", "where", "bytes")
    table = Table(*(Column(name, overflow="fold") for name in names), box=None)
    for name, finding in tally.found:
        span = f"{finding.span[0]}-{finding.span[1]}" if finding.span else ""
        table.add_row(name, finding.rule, finding.tier, finding.path, span)
    console.print(table)
    console.print(f"{files} scanned, {len(tally.found)} findings")
