"""
The documents we know by their first bytes, and the parts of a message that are one.

What a sender declares is not asked: a form sent as an image is still a form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dlp.decode.documents import fields, leaves, multipart
from dlp.decode.places import JSONPlaces, Name, Placed
from dlp.decode.source import Source
from dlp.model import Origin, Part, PartKind, Trace, View


@dataclass(frozen=True, slots=True)
class Document:
    """How one kind of document is read."""

    views: Callable[[Source], Iterator[View]]
    place: Callable[[], Name]
    """Makes what names places in one such document."""


JSON = Document(leaves.json_strings, JSONPlaces)
FORM = Document(fields.form_values, lambda: fields.form_name)
MULTIPART = Document(multipart.multipart_values, multipart.PartPlaces)
COOKIES = Document(fields.cookie_values, lambda: fields.cookie_name)
TARGET = Document(fields.target_values, lambda: fields.target_name)
HOST = Document(fields.host_labels, lambda: fields.no_name)

LOOKS: tuple[tuple[re.Pattern[bytes], Document], ...] = (
    (leaves.LOOKS_LIKE_JSON, JSON),
    (fields.LOOKS_LIKE_FORM, FORM),
    (multipart.LOOKS_LIKE_MULTIPART, MULTIPART),
)
"""The first whose pattern matches at the start of a text."""

_ANY = re.compile(b"|".join(b"(?:%b)" % looks.pattern for looks, _ in LOOKS))
"""One try for what is no document."""

_KINDS = {PartKind.TARGET: TARGET, PartKind.HOST: HOST}
_NAMED = frozenset({PartKind.HEADER, PartKind.TRAILER})


def document(data: bytes) -> Document | None:
    """What `data` is by its looks."""
    if not _ANY.match(data):
        return None
    for pattern, kind in LOOKS:
        if pattern.match(data):
            return kind
    return None


def document_of(part: Part) -> Document | None:
    """What a raw part is: by its kind, else by its looks."""
    if part.kind is PartKind.HEADER and part.name == "cookie":
        return COOKIES
    return _KINDS.get(part.kind) or document(part.data)


def raw_view(index: int, part: Part) -> View:
    """A part of a message exactly as it would leave."""
    step = str(part.kind)
    if part.kind in _NAMED:
        step = f"{step}:{part.name}"
    data = part.data
    return View(
        data, index, step, span=(0, len(data)), exact=True, trace=_PartPlace(part)
    )


class _PartPlace:
    """The trace of a raw view; what kind of document it is, is asked for findings."""

    __slots__ = ("_part", "_placed")

    def __init__(self, part: Part) -> None:
        self._part = part
        self._placed: Trace | None = None

    def __call__(self, view: View, start: int, stop: int) -> Origin:
        if self._placed is None:
            kind = document_of(self._part)
            self._placed = Placed(kind.place()) if kind else View.mapped
        return self._placed(view, start, stop)
