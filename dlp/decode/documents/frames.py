"""
Short messages of one connection, put together: a key typed a letter a frame, lines of a
terminal, deltas of an editor.

Two readings: what is no JSON side by side, and of JSON the values of each key side by
side, but for keys that always say the same. Only what the last message adds to is made.

Why not in leaves.py and across.py: those join pieces of one message.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import orjson

_LONGEST = 256
"""Bytes of a message that is kept; a longer one is no piece, and parts none."""
_MOST = 256
_MOST_BYTES = 2 << 10
_SHORTEST_JOIN = 16

type Messages = tuple[bytes, ...]


def kept(before: Messages, last: bytes) -> Messages:
    """What of these is worth keeping until the next message."""
    if len(last) > _LONGEST:
        return before
    messages = (*before, last)[-_MOST:]
    size = sum(map(len, messages))
    first = 0
    while size > _MOST_BYTES:
        size -= len(messages[first])
        first += 1
    return messages[first:]


def together(before: Messages, last: bytes) -> list[bytes]:
    """What the last message says together with those before it."""
    if not before or len(last) > _LONGEST:
        return []
    document = _document(last)
    if document is None:
        text = b"".join([m for m in (*before, last) if _document(m) is None])
        return [text] if _SHORTEST_JOIN <= len(text) > len(last) else []
    columns: defaultdict[str, list[str]] = defaultdict(list)
    for message in before:
        for key, value in _strings(_document(message)):
            columns[key].append(value)
    added = list(_strings(document))
    for key, value in added:
        columns[key].append(value)
    return list(_texts([columns[key] for key in dict(added)]))


def _texts(columns: Sequence[list[str]]) -> Iterator[bytes]:
    for values in columns:
        text = "".join(values).encode("utf-8", "replace")
        if len(set(values)) > 1 and len(text) >= _SHORTEST_JOIN:
            yield text


def _document(message: bytes) -> object:
    """What a message is in JSON; None where it is a word or no JSON."""
    if message[:1] not in {b"{", b"["}:
        return None
    try:
        document: object = orjson.loads(message)
    except orjson.JSONDecodeError:
        return None
    return document


def _strings(document: object, key: str = "") -> Iterator[tuple[str, str]]:
    """The strings of a document, each with the name that it goes by."""
    match document:
        case str():
            yield key, document
        case dict():
            for name, value in document.items():
                yield from _strings(value, name)
        case list():
            for value in document:
                yield from _strings(value, key)
