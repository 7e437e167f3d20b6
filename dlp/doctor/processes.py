"""Processes as `/proc/PID` shows them (proc(5))."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """One process, with what the kernel says of it."""

    pid: int
    command: tuple[str, ...]
    status: dict[str, str]
    """The lines of `status`: `Uid`, `CapEff`, `NoNewPrivs`, `Seccomp`, ..."""
    limits: dict[str, str]
    """Soft limits by name, as in `Max core file size`: a number or `unlimited`."""

    @property
    def uid(self) -> int:
        """The effective user id."""
        return int(self.status["Uid"].split()[1])


def processes(proc: Path) -> tuple[Process, ...]:
    """Every process below `proc` that may be looked at, by its id."""
    found = []
    for folder in proc.glob("[0-9]*"):
        # A process may end, or belong to somebody else, while it is read.
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            found.append(
                Process(
                    int(folder.name),
                    tuple(word.decode("utf-8", "replace") for word in words if word),
                    _pairs((folder / "status").read_text("utf-8", "replace")),
                    _limits((folder / "limits").read_text("utf-8", "replace")),
                )
            )
    return tuple(sorted(found, key=lambda one: one.pid))


def _pairs(text: str) -> dict[str, str]:
    lines = (line.partition(":") for line in text.splitlines())
    return {name: value.strip() for name, _, value in lines}


def _limits(text: str) -> dict[str, str]:
    """The table has columns of fixed width: 26 for the name, 21 for each limit."""
    return {
        line[:26].strip(): line[26:47].strip() for line in text.splitlines()[1:] if line
    }
