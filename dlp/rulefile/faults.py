"""
What pydantic says about a rules file -> problems an operator can act on.

Strategy: a table from pydantic's error type to `what` and `remedy`; several complaints
about one place (the members of a union) become one sentence joined with "or".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dlp.errors import Problem
from dlp.rulefile.tree import Keys, Places


class Wrong(ValueError):  # noqa: N818  # a validator's word, not an error of ours
    """What a validator of a `RuleModel` raises: what is wrong, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


_TYPES = {
    "string_type": ("text", "quote it if it is meant as text"),
    "int_type": ("a whole number", "write digits only"),
    "int_from_float": ("a whole number", "write digits only"),
    "float_type": ("a number", "write digits only"),
    "bool_type": ("true or false", "write true or false"),
    "tuple_type": ("a list", "write [a, b]"),
    "list_type": ("a list", "write [a, b]"),
    "set_type": ("a list", "write [a, b]"),
    "frozen_set_type": ("a list", "write [a, b]"),
    "dict_type": ("a mapping", "write `key: value` lines below it"),
    "model_type": ("a mapping", "write `key: value` lines below it"),
    "none_required": ("null", "leave it out"),
}
"""Error type -> what the value must be, and the remedy."""

_BOUNDS = {
    "greater_than_equal": ("must be at least {ge}", "change it"),
    "less_than_equal": ("must be at most {le}", "change it"),
    "greater_than": ("must be more than {gt}", "change it"),
    "too_short": ("must not be empty", "name at least one"),
}
"""Error type -> sentence, filled in with pydantic's context, and the remedy."""

_KINDS: dict[type, str] = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
    type(None): "nothing",
}


def explain(
    error: ValidationError, model: type[BaseModel], file: str, places: Places
) -> Iterator[Problem]:
    """Every complaint once."""
    found: dict[tuple[Keys, bool], list[ErrorDetails]] = {}
    for detail in map(_by_tag, error.errors(include_url=False)):
        if _follows(detail):
            continue
        keys = _in_file(detail["loc"], places)
        missing = detail["type"] == "missing"
        found.setdefault((keys, missing), []).append(detail)
    for (keys, missing), details in found.items():
        if missing:
            for name in dict.fromkeys(str(detail["loc"][-1]) for detail in details):
                yield Problem(file, *places.at(keys), *_absent(keys, name))
        elif details[0]["type"] == "extra_forbidden":
            yield Problem(file, *places.keys[keys], *_unknown(details[0], model))
        else:
            what, remedy = _sentence(details)
            if keys and what.startswith("must "):
                what = f"`{dotted(keys)}` {what}"
            elif keys:
                what = f"`{dotted(keys)}`: {what}"
            yield Problem(file, *places.at(keys), what, remedy)


def dotted(keys: Keys) -> str:
    """`("statements", 3, "hosts")` as `statements[3].hosts`."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def did_you_mean(word: str, known: list[str]) -> str:
    """The remedy for a word that is not one of those known."""
    if len(known) == 1:
        return f"write `{known[0]}`"
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"use one of {', '.join(known)}" if known else "remove it"


def _in_file(loc: tuple[str | int, ...], places: Places) -> Keys:
    """
    The part of pydantic's path that the file has.

    It also names members of unions and functions, which stand nowhere.
    """
    keys: Keys = ()
    for key in loc:
        if (*keys, key) in places.values:
            keys = (*keys, key)
    return keys


def _by_tag(detail: ErrorDetails) -> ErrorDetails:
    """A union that a key decides: what is wrong is that key, not the mapping."""
    context = detail.get("ctx", {})
    key = context.get("discriminator", "").strip("'")
    if detail["type"] == "union_tag_not_found":
        return {**detail, "type": "missing", "loc": (*detail["loc"], key)}
    if detail["type"] == "union_tag_invalid":
        first, _, last = context["expected_tags"].rpartition(", ")
        wanted = {"expected": f"{first} or {last}" if first else last}
        return {
            **detail,
            "type": "literal_error",
            "loc": (*detail["loc"], key),
            "ctx": wanted,
            "input": context["tag"],
        }
    return detail


def _follows(detail: ErrorDetails) -> bool:
    """A list is "too short" also when it is long enough but its members are wrong."""
    wanted = detail.get("ctx", {}).get("min_length", 0)
    return detail["type"] == "too_short" and len(detail["input"]) >= wanted


def _absent(keys: Keys, name: str) -> tuple[str, str]:
    label = f"`{dotted(keys)}` lacks" if keys else "lacks"
    return f"{label} `{name}`", "add it"


def _unknown(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    name = str(detail["loc"][-1])
    known = _known_keys(model, detail["loc"][:-1])
    return f"unknown key `{name}`", did_you_mean(name, known)


def _sentence(details: list[ErrorDetails]) -> tuple[str, str]:
    """One sentence for all that is said of one value; members of a union say more."""
    said = list(dict.fromkeys(map(_said, details)))
    what, remedy = said[0]
    wanted = [re.fullmatch(r"must be (.+?)(, not .+)?", what) for what, _ in said]
    if len(said) > 1 and all(wanted):
        what = f"must be {' or '.join(match[1] for match in wanted if match)}"
    return what, remedy


def _said(detail: ErrorDetails) -> tuple[str, str]:
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind in _TYPES:
        wanted, remedy = _TYPES[kind]
        got = _KINDS.get(type(value), "something else")
        return f"must be {wanted}, not {got}", remedy
    if kind in _BOUNDS:
        what, remedy = _BOUNDS[kind]
        return what.format(**context), remedy
    if kind in {"literal_error", "enum"}:
        allowed = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        guess = value if isinstance(value, str) else ""
        return f"must be {context['expected']}", did_you_mean(guess, allowed)
    reason = context.get("error")
    if isinstance(reason, Wrong):
        return reason.what, reason.remedy
    message = detail["msg"].removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}", "correct it"


def _known_keys(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys of the model that pydantic's path leads to."""
    models = [model]
    for key in loc:
        fields = [m.model_fields[key] for m in models if key in m.model_fields]
        if fields:
            models = [m for f in fields for m in _models_in(f.annotation)]
        else:
            models = [m for m in models if key in _names(m)] or models
    names = (f.alias or name for m in models for name, f in m.model_fields.items())
    return list(dict.fromkeys(names))


def _names(model: type[BaseModel]) -> set[str]:
    """What pydantic calls a member of a union: its class, or the tag it has."""
    tags = {
        tag
        for one in model.model_fields.values()
        if get_origin(one.annotation) is Literal
        for tag in get_args(one.annotation)
    }
    return {model.__name__, *tags}


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
