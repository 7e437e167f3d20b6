"""
Rules files: YAML 1.2 -> pydantic models, with the line and column of all that is wrong.

Strategy: `tree` turns a file into plain values and remembers where each of them stands;
the model judges the values; `faults` turns every complaint into `file:line:col: what,
and what to do`. A file gives all its problems at once or a model, never half of one.
Models derive from `RuleModel`; their validators raise `Wrong`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from dlp.errors import Problem, RuleError
from dlp.rulefile.faults import Wrong, explain
from dlp.rulefile.tree import Keys, Places, read_tree

__all__ = [
    "Located",
    "RuleModel",
    "Wrong",
    "builtin_folder",
    "load_model",
    "parse_model",
]


class RuleModel(BaseModel):
    """
    A mapping in a rules file: unknown keys refused, no value converted to another type.

    Sequences are `tuple[X, ...]`, so that a loaded model is immutable throughout. The
    docstring of a field is what its JSON Schema tells an editor.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )


M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Located(Generic[M]):
    """A loaded model that still knows where in the file each value stands."""

    value: M
    file: str
    places: Places

    def at(self, *keys: str | int) -> tuple[int, int]:
        """
        Line and column, 1-based, of what the keys lead to.

        A scalar stands where its value begins, a mapping or list where its key begins.
        What the file leaves out stands where its nearest present parent does.
        """
        return self.places.at(keys)

    def problem(self, keys: Keys, what: str, remedy: str) -> Problem:
        """A fault that only the meaning shows, at the place the keys lead to."""
        return Problem(self.file, *self.at(*keys), what, remedy)


def load_model(path: Path, model: type[M]) -> Located[M]:
    """
    Read one rules file into `model`.

    Raises:
        RuleError: it cannot be read, is not YAML 1.2, or does not fit the model.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RuleError(unread(path, error)) from error
    return parse_model(data, str(path), model)


def unread(path: Path, error: OSError) -> Problem:
    """What is wrong with a file or folder that the system does not let us read."""
    remedies = {
        FileNotFoundError: "create it, or name another folder with --rules",
        PermissionError: "let the user that runs dlp read it",
    }
    remedy = remedies.get(type(error), "correct what is there, or take it away")
    return Problem(str(path), 0, 0, f"cannot be read: {error.strerror}", remedy)


def parse_model(data: bytes, file: str, model: type[M]) -> Located[M]:
    """
    The same for bytes that are already at hand; `file` names them in errors.

    Raises:
        RuleError: they are not YAML 1.2, or do not fit the model.
    """
    tree, places, problems = read_tree(data, file)
    try:
        # JSON mode: strict, yet a list may become a tuple and a text a StrEnum.
        value = model.model_validate_json(json.dumps(tree), strict=True)
    except ValidationError as error:
        problems += explain(error, model, file, places)
        raise RuleError(*sorted(problems, key=_in_file_order)) from error
    if problems:
        raise RuleError(*problems)
    return Located(value, file, places)


def _in_file_order(problem: Problem) -> tuple[int, int]:
    return problem.line, problem.column


def builtin_folder() -> Path:
    """The rules that ship with the program: in the wheel, else in the checkout."""
    package = Path(__file__).parents[1]
    shipped = package / "builtin" / "rules"
    return shipped if shipped.is_dir() else package.parent / "rules"
