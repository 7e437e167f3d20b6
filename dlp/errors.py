"""
Every error this package raises for a caller to handle.

    DLPError
    +-- RuleError        a rules file is wrong: file, line, column, remedy
    +-- StateError       the state folder or the store cannot be used
    +-- SecretError      a secret cannot be registered or read
    +-- CageError        a command cannot be contained as asked
    +-- UsageError       a command was called in a way that cannot work
    +-- UnfinishedError  reading a message takes longer than who asked can wait
"""

from __future__ import annotations

from dataclasses import dataclass


class DLPError(Exception):
    """Something the user can act on; ``str()`` is one clear sentence."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a rules file."""

    file: str
    line: int
    """1-based; 0 when the fault belongs to no line (an unreadable file)."""
    column: int
    """1-based; 0 when unknown."""
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}; {self.remedy}"


class RuleError(DLPError):
    """
    A rules folder could not be loaded. Holds every problem found, not only the first.
    """

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class StateError(DLPError):
    """The state folder cannot be created, read, written or locked."""


class UnfinishedError(DLPError):
    """A message was not read to its end, and nothing is known of it."""


class SecretError(DLPError):
    """A secret was refused, or a stored one cannot be opened. Never holds a value."""


class CageError(DLPError):
    """The requested containment is not available here."""


class UsageError(DLPError):
    """The command line cannot be carried out; the text says what would work."""
