"""
What a window in the middle of a document must begin with to be read as one.

A context reads its stream up to where a window begins. `prefix()` is then a document of
the same kind, cut at the same place: what is open there (objects, a string, a part of a
multipart body), and before it the last short values, so that a secret in pieces is
joined also across windows.

Why not in `leaves`, `multipart` and `fields`: those read a document that is there;
this writes as much of one as they need.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Protocol

from dlp.decode.compressed.magic import ZIP
from dlp.decode.compressed.streams import SIGNATURES
from dlp.decode.documents.fields import LOOKS_LIKE_FORM
from dlp.decode.documents.leaves import LOOKS_LIKE_JSON
from dlp.decode.documents.multipart import LOOKS_LIKE_MULTIPART
from dlp.decode.printable import is_text

CARRIED_BYTES = 32 << 10
"""Of short values before a window, the last."""
_VALUE_BYTES = 100
_END_BYTES = 40
"""Of a longer value this much of both ends, as in `leaves`."""
_HEAD_BYTES = 32
_DEEPEST = 64
_STREAMS = tuple(signature for signature, _ in SIGNATURES)
_NOT_OPENED = b"\x89PNG"
"""The begin of a known format that no decoder opens."""
_SAMPLE_BYTES = 4096


class Context(Protocol):
    """See the top of this file."""

    def read(self, data: bytes) -> None:
        """Take in the next bytes of the stream."""

    def prefix(self) -> bytes:
        """What a window that begins here is to begin with."""


class Carried:
    """The last values, as text that was ready to be written again."""

    def __init__(self) -> None:
        self._texts: deque[bytes] = deque()
        self._size = 0

    def add(self, text: bytes) -> None:
        """Keep one more; the oldest go."""
        self._texts.append(text)
        self._size += len(text)
        while self._size > CARRIED_BYTES:
            self._size -= len(self._texts.popleft())

    def joined(self, mark: bytes) -> bytes:
        """All of them."""
        return mark.join(self._texts)


def _opening(head: bytes) -> bytes:
    """How bytes begin, so that their kind can be told and nothing is decoded."""
    if head.startswith(ZIP):
        return ZIP + bytes(26)  # a stored member without a name
    if head.startswith(_STREAMS):
        return _NOT_OPENED
    head = head[:_HEAD_BYTES]
    return head[: min(at for at in (*map(head.find, _STREAMS), len(head)) if at >= 0)]


class Plain:
    """
    No document. Of what is no text the first bytes are shown again: they tell a known
    format from noise.
    """

    def __init__(self, head: bytes) -> None:
        self._head = b"" if is_text(head[:_SAMPLE_BYTES]) else _opening(head)

    def read(self, data: bytes) -> None:
        """Nothing to learn."""

    def prefix(self) -> bytes:
        """See the class."""
        return self._head


class JSON:
    """Keys and brackets that are open, whether a string is, and the last values."""

    _TOKEN = re.compile(rb'"((?:[^"\\]++|\\.)*+)"|(["\[\]{},:])', re.DOTALL)
    _REST = re.compile(rb'((?:[^"\\]++|\\.)*+)("?)', re.DOTALL)

    def __init__(self, _head: bytes) -> None:
        self._stack: list[bytes | None] = []
        """Per open container: None in a list, else the key it has come to."""
        self._hidden = 0
        self._key = True
        """The next string in an object is a key."""
        self._string: tuple[bytes, bytes, int] | None = None
        """Of the string that is open: its begin, its end until now, its length."""
        self._held = b""
        self._values = Carried()

    def read(self, data: bytes) -> None:
        """See `Context`."""
        data = self._held + data
        self._held = b""
        at = 0
        while at < len(data):
            if self._string is not None:
                at = self._read_string(data, at)
            else:
                at = self._read_structure(data, at)

    def prefix(self) -> bytes:
        """See `Context`."""
        before = self._values.joined(b",")
        opened = b"".join(
            b"[" if key is None else b'{"%b":' % key for key in self._stack
        )
        text = b"{%b}\n%b" % (before, opened) if before else opened or b"["
        if self._string is None:
            return text
        return text + b'"' + self._held

    def _read_structure(self, data: bytes, at: int) -> int:
        for mark in self._TOKEN.finditer(data, at):
            if mark[2] is None:
                text = mark[1]
                self._take(text[:_VALUE_BYTES], text[-_END_BYTES:], len(text))
            elif mark[2] == b'"':
                self._string = b"", b"", 0
                return mark.end()
            else:
                self._step(mark[2])
        return len(data)

    def _step(self, mark: bytes) -> None:
        if mark in b"{[":
            if len(self._stack) >= _DEEPEST:
                self._hidden += 1
            else:
                self._stack.append(b"" if mark == b"{" else None)
            self._key = mark == b"{"
        elif mark in b"}]":
            if self._hidden:
                self._hidden -= 1
            elif self._stack:
                self._stack.pop()
            self._key = False
        else:
            in_object = bool(self._stack) and self._stack[-1] is not None
            self._key = mark == b"," and in_object

    def _read_string(self, data: bytes, at: int) -> int:
        assert self._string is not None
        found = self._REST.match(data, at)
        assert found is not None
        head, tail, size = self._string
        text = found[1]
        self._string = (
            (head + text)[:_VALUE_BYTES] if size < _VALUE_BYTES else head,
            (tail + text[-_END_BYTES:])[-_END_BYTES:],
            size + len(text),
        )
        if found[2]:
            self._take(*self._string)
            self._string = None
        elif found.end() < len(data):  # half of an escape
            self._held = data[found.end() :]
            return len(data)
        return found.end()

    def _take(self, head: bytes, tail: bytes, size: int) -> None:
        """A string has come to its end."""
        if self._key and not self._hidden:
            if self._stack and self._stack[-1] is not None:
                self._stack[-1] = head
            return
        key = self._stack[-1] if self._stack else None
        ends = (head,) if size <= _VALUE_BYTES else (head[:_END_BYTES], tail)
        for end in ends:
            text = self._REST.match(end.removeprefix(b'"') if end is tail else end)
            assert text is not None
            self._values.add(b'"%b":"%b"' % (key or b"", text[1]))


class Multipart:
    """The part that is open, by its head, and the short fields before it."""

    _FIELD_BYTES = 4096
    _LONGEST_HEAD = 8192

    def __init__(self, head: bytes) -> None:
        first = LOOKS_LIKE_MULTIPART.match(head)
        assert first is not None
        self._mark = b"--" + first[1]
        self._text = b""
        """What cannot be judged before more has come."""
        self._head: bytes | None = None
        """Of the part that is open; None before it is whole."""
        self._begun = False
        self._field: bytearray | None = None
        self._content = b""
        self._fields = Carried()

    def read(self, data: bytes) -> None:
        """See `Context`."""
        self._text += data
        while self._text and self._step():
            pass

    def prefix(self) -> bytes:
        """See `Context`."""
        mark = self._mark + b"\r\n"
        before = self._fields.joined(b"")
        if self._head is None:
            return before + self._mark + self._text if self._begun else before
        content = bytes(self._field) if self._field is not None else self._content
        return before + mark + self._head + content + self._text

    def _step(self) -> bool:
        """Whether something was read."""
        if self._begun and self._head is None:
            return self._read_head()
        at = self._text.find(self._mark)
        if at < 0:
            keep = min(len(self._text), len(self._mark) + 2)
            self._add(self._text[: len(self._text) - keep])
            self._text = self._text[len(self._text) - keep :]
            return False
        self._add(self._text[:at])
        self._close()
        self._begun = True
        self._text = self._text[at + len(self._mark) :]
        return True

    def _read_head(self) -> bool:
        end = _END_OF_HEAD.search(self._text)
        if end is None and len(self._text) < self._LONGEST_HEAD:
            return False
        stop = end.end() if end else 0
        self._head = self._text[:stop].lstrip(b"\r\n")
        self._text = self._text[stop:]
        self._field = bytearray()
        self._content = b""
        return True

    def _add(self, content: bytes) -> None:
        if self._head is None:
            return
        if len(self._content) < _HEAD_BYTES:
            self._content = (self._content + content)[:_HEAD_BYTES]
        if self._field is not None:
            self._field += content
            if len(self._field) > self._FIELD_BYTES:
                self._field = None
                if is_text(self._content):
                    self._content = b""
                else:
                    self._content = _opening(self._content)

    def _close(self) -> None:
        if self._head is not None and self._field is not None:
            field = bytes(self._field)
            self._fields.add(self._mark + b"\r\n" + self._head + field)
        self._head = None


_END_OF_HEAD = re.compile(rb"\n\r?\n")


class Form:
    """The field that is open, and the last fields."""

    _VALUE_BYTES = 4096

    def __init__(self, _head: bytes) -> None:
        self._pair = b""
        self._pairs = Carried()

    def read(self, data: bytes) -> None:
        """See `Context`."""
        *whole, last = (self._pair + data).split(b"&")
        for pair in whole:
            if len(pair) <= self._VALUE_BYTES:
                self._pairs.add(pair)
        name, equals, _ = last.partition(b"=")
        long = len(last) > self._VALUE_BYTES
        self._pair = name[:64] + equals if long else last

    def prefix(self) -> bytes:
        """See `Context`."""
        return b"&".join(filter(None, (b"a=&b=", self._pairs.joined(b"&"), self._pair)))


def context(head: bytes) -> Context:
    """The kind of document that begins like this."""
    for looks, kind in _LOOKS:
        if looks.match(head):
            return kind(head)
    return Plain(head)


_LOOKS: tuple[tuple[re.Pattern[bytes], type[JSON | Multipart | Form]], ...] = (
    (LOOKS_LIKE_JSON, JSON),
    (LOOKS_LIKE_FORM, Form),
    (LOOKS_LIKE_MULTIPART, Multipart),
)
