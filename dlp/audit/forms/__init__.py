"""
The log in the forms that other tools read: OCSF, ECS, CEF, and our own lines.

Strategy: a form is a function from a `Line` to the texts that stand for it, each one
line without a newline. All forms tell what the record holds and nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import orjson

from dlp.audit.forms import cef, ecs, ocsf
from dlp.audit.read import Line


def own(line: Line) -> Iterator[bytes]:
    """The line as `dlp audit tail --json` prints it."""
    head = {"kind": line.kind, "writer": line.writer, "seq": line.seq}
    yield orjson.dumps({**head, **line.data})


FORMS: dict[str, Callable[[Line], Iterator[bytes]]] = {
    "ocsf": ocsf.render,
    "ecs": ecs.render,
    "cef": cef.render,
    "json": own,
}
