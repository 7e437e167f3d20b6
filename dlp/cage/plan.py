"""
What a command in the cage may see, write and know. Pure: facts in, a `Plan` out.

Rule 1: what is not on the list of variables does not go in. Rule 2: a socket that
stands in the file system is a way round the proxy, so every one that somebody listens
on is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PASSED = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TERM|TERMINFO|COLORTERM|SHELL|TZ"
    r"|EDITOR|VISUAL|PAGER|PWD|NO_COLOR|FORCE_COLOR|CLICOLOR|COLUMNS|LINES|CI"
    r"|XDG_(CONFIG|CACHE|DATA)_HOME|GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL)"
    r"|(ANTHROPIC|OPENAI|GEMINI|GOOGLE|MISTRAL|OPENROUTER|GROQ|XAI|DEEPSEEK|COHERE"
    r"|AZURE_OPENAI|HF|HUGGINGFACE|GITHUB|GH|GITLAB|SLACK|TELEGRAM|DISCORD|NPM"
    r"|TAVILY|BRAVE|CLAUDE_CODE|OPENCLAW)_\w*"
)
"""Variables that go in by themselves: the user's surroundings and the agent's own keys.

None of them makes another program run other code, as LD_PRELOAD, PYTHONPATH,
NODE_OPTIONS, BASH_ENV or GIT_SSH_COMMAND do."""

HIDDEN_FOLDERS = (".ssh", ".gnupg")
EMPTIED = ("/run", "/var/run", "/tmp", "/var/tmp", "/dev/shm")  # noqa: S108
"""Folders that the cage has empty ones of its own in place of."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A cage to build."""

    folder: Path
    """Working folder, writable."""
    exchange: Path
    """Folder outside with the way out and the CA files; read-only inside."""
    hidden_folders: tuple[Path, ...]
    hidden_files: tuple[Path, ...]
    read_only: tuple[Path, ...]
    """Paths that stay visible and unwritable, also under an emptied folder."""
    environment: dict[str, str] = field(repr=False)
    interactive: bool = False


def passed_on(
    environment: Mapping[str, str], named: Iterable[str] = ()
) -> dict[str, str]:
    """The variables that go in: those of the list, and those the user names."""
    wanted = frozenset(named)
    return {
        name: value
        for name, value in environment.items()
        if name in wanted or PASSED.fullmatch(name)
    }


def listening_sockets(table: str) -> tuple[Path, ...]:
    """
    Sockets in the file system that somebody listens on, from `/proc/net/unix`.

    Flag 0x10000 is `SO_ACCEPTCON` (Linux, net/unix/af_unix.c).
    """
    found = set()
    for line in table.splitlines()[1:]:
        fields = line.split(maxsplit=7)
        if len(fields) == 8 and fields[3] == "00010000" and fields[7][0] == "/":
            found.add(Path(fields[7]))
    return tuple(sorted(found))


def to_hide(
    work: Path, secret: Iterable[Path], sockets: Iterable[Path]
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """
    Folders and files that must not be seen, of those that exist.

    What lies in a folder that the cage has emptied anyway needs no hiding, unless it is
    in the working folder, which stays.
    """
    real = {path.resolve() for path in (*secret, *sockets) if path.exists()}
    folders = tuple(sorted(path for path in real if path.is_dir()))
    under = {Path(name) for name in EMPTIED}
    files = tuple(
        sorted(
            path
            for path in real
            if not path.is_dir()
            and (under.isdisjoint(path.parents) or work in path.parents)
        )
    )
    return folders, files


def secret_paths(home: Path, state: Path, named: Iterable[str]) -> list[Path]:
    """Where keys and the proxy's own state are, and what policy names beside them."""
    return [
        *(home / name for name in HIDDEN_FOLDERS),
        state,
        *(Path(name).expanduser() for name in named),
    ]
