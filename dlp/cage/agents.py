"""
What known agents keep of themselves between runs. A cage's home is unwritable, and
without these folders Codex does not start and no tool of Claude Code runs.

Why not in plan.py: that is about files and sockets of any command; this is a table of
products, which changes with them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dlp.errors import CageError
from dlp.state.folder import write_private


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where an agent keeps settings, logins and sessions, below the home folder."""

    folders: tuple[str, ...]
    """`{uid}` stands for the user's number."""
    variable: str = ""
    """What names another place for the first folder."""
    beside: str = ""
    """A file in the home folder that belongs to it. In a cage it cannot be replaced, so
    the variable is set: with it the agent keeps one in its folder, at first a copy."""


AGENTS = {
    # https://docs.claude.com/en/docs/claude-code/settings
    "claude": Keeping((".claude",), "CLAUDE_CONFIG_DIR", ".claude.json"),
    # https://developers.openai.com/codex/config-advanced
    "codex": Keeping((".codex",), "CODEX_HOME"),
    # https://geminicli.com/docs/cli/settings
    "gemini": Keeping((".gemini",)),
    # https://opencode.ai/docs/config and /docs/troubleshooting
    "opencode": Keeping(
        (
            ".local/share/opencode",
            ".config/opencode",
            ".local/state/opencode",
            ".cache/opencode",
        )
    ),
    # https://docs.openclaw.ai/help/environment
    # (the second: its gateway reads its own database from copies that it puts there)
    "openclaw": Keeping((".openclaw", ".cache/openclaw-{uid}"), "OPENCLAW_STATE_DIR"),
    # of the following each was run (`make agents-test` has the first two)
    "pi": Keeping((".pi",)),
    "qwen": Keeping((".qwen",)),
    "cn": Keeping((".continue",)),
    "cline": Keeping((".cline",)),
    "hermes": Keeping((".hermes",)),
    "nanobot": Keeping((".nanobot",)),
}
"""By the name of the program."""


def keep(
    command: Sequence[str], home: Path, environment: Mapping[str, str]
) -> tuple[tuple[Path, ...], dict[str, str]]:
    """
    The folders that stay writable for a command, made if there are none yet, and the
    variables that say so to it. Of a program that is not known, neither.

    Raises:
        CageError: a folder cannot be made.
    """
    agent = AGENTS.get(Path(command[0]).name)
    if agent is None:
        return (), {}
    folders = [home / name.format(uid=os.getuid()) for name in agent.folders]
    said = environment.get(agent.variable, "") if agent.variable else ""
    if said:
        folders[0] = Path(said).expanduser()
    try:
        for folder in folders:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if agent.beside and not said:
            _copy(home / agent.beside, folders[0] / agent.beside)
    except OSError as error:
        raise CageError(
            f"{Path(command[0]).name} needs {error.filename}, which cannot be made: "
            f"{error.strerror}"
        ) from error
    first = {agent.variable: str(folders[0])} if agent.beside or said else {}
    return tuple(folder.resolve() for folder in folders), first


def _copy(source: Path, target: Path) -> None:
    """
    As it is at the first start; from then on each goes its own way. What stands there,
    also a link that the agent has left, is not written to.
    """
    if source.is_file():
        with suppress(FileExistsError):
            write_private(target, source.read_bytes(), exclusive=True)
