"""
The form of a chain: lines, heads, and the names of files. Bytes in, values out.

A line is `{"seq":..,"prev":..,"kind":..,"data":{..},"hash":..}` where `hash` is the
SHA-256 of the line without its hash, and `prev` the hash of the line before.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from dlp.model import noun

START = "0" * 64
"""`prev` of a chain's first line."""
END = "agent-dlp audit head"
PRUNED = "agent-dlp audit pruned"
"""What a signature says of a line: the chain reaches it, or was removed up to it."""
_TAIL = len(b',"hash":""}') + 64


@noun
class Link:
    """Where a line stands in its chain."""

    seq: int
    hash: str


@noun
class Parsed:
    """A line that was read back."""

    seq: int
    prev: str
    kind: str
    data: dict[str, Any]
    hash: str
    sound: bool
    """The hash is that of the content."""


@noun
class Head:
    """The signed end of a chain."""

    writer: str
    seq: int
    hash: str
    at: float
    signature: str


def forge(last: Link, kind: str, data: object) -> tuple[bytes, Link]:
    """The line that follows `last`, with its newline, and its own place."""
    body = orjson.dumps(
        {"seq": last.seq + 1, "prev": last.hash, "kind": kind, "data": data}
    )
    digest = hashlib.sha256(body).hexdigest()
    line = b'%b,"hash":"%b"}\n' % (body[:-1], digest.encode())
    return line, Link(last.seq + 1, digest)


def parse(line: bytes) -> Parsed | None:
    """A line without its newline, or None when it is not one of ours."""
    try:
        value = orjson.loads(line)
        link = Parsed(
            seq=value["seq"],
            prev=value["prev"],
            kind=value["kind"],
            data=value["data"],
            hash=value["hash"],
            sound=hashlib.sha256(line[:-_TAIL] + b"}").hexdigest() == value["hash"],
        )
    except (ValueError, KeyError, TypeError):
        return None
    typed = (
        isinstance(link.seq, int)
        and isinstance(link.kind, str)
        and isinstance(link.data, dict)
    )
    return link if typed else None


def sign(
    key: Ed25519PrivateKey, writer: str, last: Link, at: float, what: str = END
) -> Head:
    """Vouch for a chain up to `last`, or for its removal."""
    bare = Head(writer, last.seq, last.hash, at, "")
    return replace(bare, signature=key.sign(_statement(what, bare)).hex())


def vouched(key: Ed25519PublicKey, head: Head, what: str = END) -> bool:
    """Whether a head was signed with our key, and to say this."""
    try:
        key.verify(bytes.fromhex(head.signature), _statement(what, head))
    except (InvalidSignature, ValueError):
        return False
    return True


def read_head(data: bytes) -> Head | None:
    """The head in a head file, or None when it is damaged."""
    try:
        return head_of(orjson.loads(data))
    except ValueError:
        return None


def head_of(data: dict[str, Any]) -> Head | None:
    """The head in a checkpoint line, or None when it is not one."""
    try:
        head = Head(**data)
    except TypeError:
        return None
    sound = isinstance(head.seq, int) and isinstance(head.signature, str)
    return head if sound else None


def _statement(what: str, head: Head) -> bytes:
    return orjson.dumps([what, head.writer, head.seq, head.hash, head.at])


def segment_name(writer: str, number: int) -> str:
    """The file name of a writer's nth segment."""
    return f"{writer}.{number:06d}.jsonl"


def segment_of(name: str) -> tuple[str, int]:
    """The writer and number in a segment's file name."""
    writer, number, _ = name.rsplit(".", 2)
    return writer, int(number)
