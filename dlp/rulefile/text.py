"""
Bytes of a rules file -> YAML parser events, or what is wrong with the text itself.

libyaml, because it takes a fifteenth of the time that a parser in Python takes. Where
PyYAML has been built without it the parser in Python gives the same events.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml
from yaml.events import Event
from yaml.reader import ReaderError

from dlp.errors import Problem, RuleError

MAX_BYTES = 8 << 20
"""Of one file. 10,000 statements with seven keys each are 1.7 MB."""

type Place = tuple[int, int]
"""Line and column, 1-based."""

_REMEDIES = {
    "mapping values are not allowed": "quote text that holds `: `",
    "scanning for the next token": "indent with spaces; quote text that begins so",
    "scanning an alias": "quote text that begins with `*`",
    "unknown escape": "use single quotes, or double the backslash",
}
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def events(data: bytes, file: str) -> Iterator[Event]:
    """
    What the parser sees.

    Raises:
        RuleError: too large, not UTF-8, or not YAML.
    """
    return _parse(_decode(data, file), file)


def _decode(data: bytes, file: str) -> str:
    if len(data) > MAX_BYTES:
        what = f"is larger than {MAX_BYTES >> 20} MiB"
        remedy = "split it, or remove what is not needed"
        raise RuleError(Problem(file, 0, 0, what, remedy))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _position(data[: error.start].decode("utf-8-sig"))
        raise RuleError(
            Problem(file, *place, "is not UTF-8", "save it as UTF-8")
        ) from error


def _position(before: str) -> Place:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _parse(text: str, file: str) -> Iterator[Event]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise RuleError(_syntax(error, file)) from error
    except ReaderError as error:
        # libyaml counts bytes, the reader in Python characters.
        raw = text.encode()[: error.position].decode(errors="ignore")
        place = _position(raw)
        raise RuleError(
            Problem(file, *place, "a control character", "remove it, or escape it")
        ) from error


def _syntax(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    what = " ".join(filter(None, [error.problem, error.context])) or "is not YAML"
    remedies = [better for sign, better in _REMEDIES.items() if sign in what]
    remedy = remedies[0] if remedies else "correct the YAML here or just above"
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Problem(file, line, column, what, remedy)
