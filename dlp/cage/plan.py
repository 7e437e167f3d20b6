"""
What a command in the cage may see, write and know. Pure: facts in, a `Plan` out.

Rule 1: what is not on the list of variables does not go in. Rule 2: a socket that
stands in the file system is a way round the proxy, so every one that is bound is
hidden. Rule 3: a path that must stay as it is (rules, state, our code) cannot be
swapped by renaming a folder above it, so each such folder is a mount of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from dlp.errors import CageError

PASSED = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TERM|TERMINFO|COLORTERM|SHELL|TZ"
    r"|EDITOR|VISUAL|PAGER|PWD|NO_COLOR|FORCE_COLOR|CLICOLOR|COLUMNS|LINES|CI"
    r"|XDG_(CONFIG|CACHE|DATA)_HOME|GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL)"
    r"|NPM_TOKEN|NPM_CONFIG_REGISTRY"
    r"|(ANTHROPIC|OPENAI|GEMINI|GOOGLE|MISTRAL|OPENROUTER|GROQ|XAI|DEEPSEEK|COHERE"
    r"|AZURE_OPENAI|HF|HUGGINGFACE|GITHUB|GH|GITLAB|SLACK|TELEGRAM|DISCORD"
    r"|TAVILY|BRAVE|CLAUDE_CODE|CODEX|OPENCODE|OPENCLAW)_\w*"
)
"""Variables that go in by themselves: the user's surroundings and the agent's keys."""
RUNS_CODE = re.compile(
    r"\w+_(\w*_)?(OPTIONS|PRELOAD|SHELL|EDITOR|PAGER|BROWSER|COMMAND|CMD|EXEC|HOOKS?"
    r"|ASKPASS|PREFIX|PLUGINS?|SCRIPT|LIBRARY|PYTHON|ENV|PATH)"
)
"""Of those with a vendor's prefix, names that make a program run other code, as
LD_PRELOAD, PYTHONPATH, NODE_OPTIONS, BASH_ENV and GIT_SSH_COMMAND do."""

HIDDEN_FOLDERS = (
    ".ssh", ".gnupg", ".password-store", ".local/share/keyrings", ".1password",
    ".mozilla", ".config/google-chrome", ".config/chromium", ".config/BraveSoftware",
)  # fmt: skip
"""Under the home folder: keys, and the browser's sessions."""
DEFAULT_STATE = ".local/state/agent-dlp"
"""Where the proxy's state is unless somebody says otherwise."""
WINDOWS = Path("/mnt/wslg")
"""Display and sound of the Windows that hosts this machine, if one does."""
EMPTIED = ("/run", "/var/run", "/tmp", "/var/tmp", "/dev/shm")  # noqa: S108
"""Folders that the cage has empty ones of its own in place of."""
KERNELS = ("/dev", "/proc", "/sys")
INSIDE = Path("/run/agent-dlp")
"""Where the exchange folder stands in the cage."""
WAY_OUT = "proxy.sock"
"""The socket in that folder that leads to the proxy."""


class Kind(StrEnum):
    """How a path is to look in the cage."""

    EMPTY = "empty"
    """An empty, writable folder that ends with the cage."""
    WRITE = "write"
    """As it is, writable."""
    READ = "read"
    """As it is, unwritable."""
    VOID = "void"
    """An empty, unwritable folder."""
    MASK = "mask"
    """/dev/null in place of a file."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One path that looks otherwise than outside."""

    kind: Kind
    at: Path
    source: Path
    """The path outside; `at` itself unless said otherwise."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A cage to build. All of it but the working folder's trees is unwritable."""

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
    writable: tuple[Path, ...] = ()
    """Beside the working folder."""

    def mounts(self) -> Iterator[Mount]:
        """What to mount over the unwritable root, in order."""
        for path in emptied():
            yield Mount(Kind.EMPTY, path, path)
        home = Path(self.environment.get("HOME", "/"))
        if not {Path(name) for name in EMPTIED}.isdisjoint(home.parents):
            yield Mount(Kind.EMPTY, home, home)
        trees = (self.folder, *self.writable)
        for tree in trees:
            yield Mount(Kind.WRITE, tree, tree)
        hidden = (*self.hidden_folders, *self.hidden_files)
        for path in _between(trees, (*hidden, *self.read_only)):
            yield Mount(Kind.WRITE, path, path)
        for path in self.read_only:
            yield Mount(Kind.READ, path, path)
        for path in self.hidden_folders:
            yield Mount(Kind.VOID, path, path)
        for path in self.hidden_files:
            yield Mount(Kind.MASK, path, path)
        yield Mount(Kind.READ, INSIDE, self.exchange)


def emptied() -> list[Path]:
    """Those of `EMPTIED` that are folders of this machine."""
    return [p for p in map(Path, EMPTIED) if p.is_dir() and not p.is_symlink()]


def _between(trees: Iterable[Path], kept: Iterable[Path]) -> list[Path]:
    """Folders of writable trees that lie above a path which must stay (rule 3)."""
    found = {
        above
        for tree in trees
        for path in kept
        if tree in path.parents
        for above in path.parents
        if tree in above.parents
    }
    return sorted(found)


def passed_on(
    environment: Mapping[str, str], named: Iterable[str] = ()
) -> dict[str, str]:
    """The variables that go in: those of the list, and those the user names."""
    wanted = frozenset(named)
    return {
        name: value
        for name, value in environment.items()
        if name in wanted or (PASSED.fullmatch(name) and not RUNS_CODE.fullmatch(name))
    }


def trusted_path(environment: Mapping[str, str], work: Path) -> str:
    """PATH without folders that an earlier command may have written: our own tools."""
    entries = map(Path, environment.get("PATH", "").split(os.pathsep))
    kept = (e for e in entries if e.is_absolute() and work not in (e, *e.parents))
    return os.pathsep.join(map(str, kept))


def bound_sockets(table: str) -> tuple[Path, ...]:
    """Sockets in the file system that can be reached, from `/proc/net/unix`."""
    names = {name for name in reachable_sockets(table) if name.startswith("/")}
    return tuple(sorted(map(Path, names)))


def reachable_sockets(table: str) -> Iterator[str]:
    """
    Names in `/proc/net/unix` that can be reached; an abstract one begins with `@`.

    Those somebody listens on (flag 0x10000, `SO_ACCEPTCON`) and datagram sockets
    (type 2), which take messages without listening (Linux, net/unix/af_unix.c).
    """
    for line in table.splitlines()[1:]:
        fields = line.split(maxsplit=7)
        if len(fields) == 8 and (fields[3] == "00010000" or fields[4] == "0002"):
            yield fields[7]


def to_hide(
    shown: Iterable[Path], secret: Iterable[Path]
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """
    Folders and files that must not be seen, of those that exist.

    What lies in a folder that the cage has emptied anyway needs no hiding, unless it is
    in a folder that stays (`shown`).
    """
    stays, under = frozenset(shown), frozenset(map(Path, (*EMPTIED, *KERNELS)))
    real = {path.resolve() for path in secret if _exists(path)}
    seen = sorted(
        path
        for path in real
        if under.isdisjoint(path.parents) or not stays.isdisjoint(path.parents)
    )
    gone = frozenset(path for path in seen if path.is_dir())
    outermost = [path for path in seen if gone.isdisjoint(path.parents)]
    folders = tuple(path for path in outermost if path in gone)
    return folders, tuple(path for path in outermost if path not in gone)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:  # not for our eyes, so not for the command's
        return False


def secret_paths(home: Path, state: Path, named: Iterable[str]) -> list[Path]:
    """Where keys and the proxy's own state are, and what policy names beside them."""
    return [
        *(home / name for name in HIDDEN_FOLDERS),
        home / DEFAULT_STATE,
        state,
        WINDOWS,
        *(Path(name).expanduser() for name in named),
    ]


def check_folder(work: Path, home: Path, hidden: Iterable[Path]) -> str:
    """
    What is unwise about `work` as a writable folder, or empty.

    Raises:
        CageError: a cage with this folder writable would hold nothing.
    """
    special = {Path(name) for name in (*EMPTIED, *KERNELS)}
    inside = {Path(name) for name in KERNELS}
    if work in special | {above for path in special for above in path.parents} or (
        not inside.isdisjoint(work.parents)
    ):
        raise CageError(
            f"{work} cannot be the folder that the command may write: it holds sockets "
            "and devices of this machine; run this in a project folder, and name none "
            "like it under `cage: writable`"
        )
    for path in hidden:
        if path == work or path in work.parents:
            raise CageError(
                f"the working folder lies in {path}, which is hidden from the command; "
                "run this in another folder"
            )
    if work == home or work in home.parents:
        return (
            f"the command may write {work}, so also what you run at your next login; "
            "run this in a project folder"
        )
    return ""
