"""
URLs that the other side will fetch: an image it is to look at, a hook it is to call.

What a message makes somebody else request leaves as surely as the message does, so
such URLs are held to the destination policy of the agent. A URL that is only mentioned
is not: in the text of a chat, in what a tool was given or gave back, in metadata.

Which field is fetched is told by its name (`image_url`, `webhook`), by what it is in
(`mcp_servers[].url`), by the type beside it (`{"type": "url", "url": ...}`), or by the
path that is asked for (`/setWebhook`, `/repos/o/r/hooks`).

Why not in `dlp.decode`: that shows texts; this knows what the fields of an API mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from urllib.parse import parse_qsl

import orjson

from dlp.decode.compressed.transfer import CODINGS
from dlp.decode.documents.multipart import parts as multipart
from dlp.decode.sieve import Sieve
from dlp.model import Part, PartKind, View, noun


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FETCHED = (
    "imageurl imageuri fileurl fileuri videourl videouri audiourl audiouri documenturl "
    "pdfurl mediaurl photourl pictureurl logourl thumburl thumbnailurl iconurl "
    "avatarurl attachmenturl webhookurl webhookuri webhook hookurl callbackurl "
    "callbackuri statuscallback notificationurl notifyurl vcsurl importurl mirrorurl "
    "remoteurl cloneaddr feedurl fetchurl crawlurl serverurl jwksuri jwksurl"
)
_FETCHED_ENDS = tuple(_FETCHED.split())
"""Ends of field names, in lower case and without separators."""
_MEDIA = _words(
    "image images photo photos video audio voice animation sticker document media file "
    "files picture avatar icon logo thumbnail inputimage inputvideo inputaudio"
)
"""Fields that hold a URL, or an object with one, where they do not hold the thing."""
_SERVICES = _words(
    "mcpserver mcpservers hook hooks webhook webhooks callback linkpreviewoptions "
    "pushnotificationconfig connector connectors"
)
_BARE = frozenset({"url", "uri", "urls", "src", "href", "endpoint", "address", "hook"})
"""Fields that are fetched only by what is round them."""
_TYPES = _words(
    "url image imageurl inputimage video videourl inputvideo audio audiourl photo mcp "
    "document file inputfile animation webhook"
)
_MENTIONED = _words(
    "metadata annotations citations sources action arguments args functioncall "
    "functionresponse inputschema structuredcontent"
)
"""Fields of which nothing is fetched, whatever their contents are called."""
_ACTION = re.compile(
    r"hook|callback|subscri|fetch|scrape|crawl|extract|import|migrat|mirror|unfurl|link_?preview"
    r"|screenshot|render|browse|navigat|download|open_?url",
    re.IGNORECASE,
)
"""Words of a path or a tool that does something with a URL."""
_NEAR = 2
"""How deep a bare field may stand in a document whose path says what is done."""
_LARGEST = 2 << 20
"""Bytes of a document that are read whole; of a longer one without its long strings."""
_LONG = re.compile(rb'"[^"\\]{2048,}"')
_LEAD = r'"(?:[\s\x80-\xff]|\\[bfnrt]|\\u[0-9a-fA-F]{4})*'
_ESCAPED = r"\\u00[2-7]"
_STARTS = (
    r":(?:[/\\])",
    _ESCAPED,
    _LEAD + r"(?:/|\\[/\\])",
    rf"(?i){_LEAD}(?:https?|wss?):",
    r"(?i)unfurl_",
)
"""
What a JSON document holds if one of its strings is a URL, or its fields make links of
a text: `://` whatever is escaped of it, a slash or a scheme at the start of a string.
"""
_KEY_END = 5
"""Letters of a field's name that a cheap look goes by."""
_PAIR = re.compile(rb'"([^"\\]{1,64})"\s*:\s*(?:\{\s*"url"\s*:\s*)?("[^"\\]{1,4096}")')
_LINK = re.compile(r"(?:https?:)?//[^\s<>|\"')\]]+", re.IGNORECASE)
_UNFURL = frozenset({"unfurl_links", "unfurl_media"})
_URL = re.compile(
    r"(?:(?:https?|wss?):/*|[a-z][a-z0-9+.-]*://+|//+)[^\x00-\x20/?#<>^|]+(?:[/?#]|$)",
    re.IGNORECASE,
)
"""
With an authority in which no character stands that none can have (WHATWG URL, 3.1): a
comment (`// what it does`) and a sentence that begins with `http:` are no URLs.
"""
_CODED = re.compile(r"/{2,}+(?!\d+(?:/|$)|0[xX])[0-9A-Za-z+/]{12,}={0,2}")
"""
Base64 of sound near silence begins like a URL without a scheme: its samples are -1. No
host without a dot is anybody's but of a number.
"""
_HEAD = 2048
_DROPPED = str.maketrans("", "", "\t\r\n")
_FILE_NAME = re.compile(rb"\bfilename\*?=", re.IGNORECASE)
_SEPARATORS = str.maketrans("", "", "_-. ")

_CONTENT = frozenset({PartKind.BODY, PartKind.FRAME})


@noun
class Fetch:
    """One URL that is to be fetched."""

    url: str
    view: View
    key: str
    """The field, as the sender wrote it."""


@noun
class _Node:
    """A value, and what is known of the place it stands in."""

    value: object
    key: str = ""
    parent: str = ""
    """The key above, lists left out; both in lower case and without separators."""
    depth: int = 0
    kind: str = ""
    """The `type` beside it."""
    acting: bool = False


def fetched(parts: Sequence[Part], views: Sequence[View]) -> Iterator[Fetch]:
    """The URLs in a message that its recipient will fetch; `views` are its own."""
    target = next((p.data for p in parts if p.kind is PartKind.TARGET), b"")
    path, _, query = target.partition(b"?")
    acting = None
    for view in _documents(parts, views):
        data = view.data if parts[view.part].kind is not PartKind.TARGET else query
        if not _may_hold_urls(data):
            continue
        if acting is None:
            acting = _ACTION.search(path.decode("latin-1")) is not None
        for root in _read(data, parts[view.part]):
            for key, url in _walk(root, acting=acting):
                yield Fetch(url, view, key)


def _documents(parts: Sequence[Part], views: Sequence[View]) -> Iterator[View]:
    """The bodies as their recipient reads them, and the target."""
    for part, view in zip(parts, views, strict=False):
        if part.kind in _CONTENT or part.kind is PartKind.TARGET:
            yield view
    for view in views[len(parts) :]:
        if view.step in CODINGS and parts[view.part].encodings:
            yield view


def _is_json(data: bytes) -> bool:
    return data.lstrip()[:1] in {b"{", b"["} or data[:3] == b"\xef\xbb\xbf"


def _may_hold_urls(data: bytes) -> bool:
    """A cheap look: most messages hold none."""
    if _is_json(data):
        return hints().scan(data) == _BOTH
    return b":" in data or b"%" in data or b"/" in data


_BOTH = 0b11


@cache
def hints() -> Sieve:
    """Bit 0: one of `_STARTS`. Bit 1: the name of a field that may be fetched."""
    ends = {key[-_KEY_END:] for key in {*_FETCHED_ENDS, *_MEDIA, *_BARE}}
    spaced = [r"[_\-. ]*".join(end) for end in sorted(ends)]
    fields = (rf'(?i)(?:{"|".join(spaced)})[_\-. ]*"\s*:', "(?i)unfurl_", _ESCAPED)
    return Sieve([*((0, start) for start in _STARTS), *((1, key) for key in fields)])


def _read(data: bytes, part: Part) -> Iterator[object]:
    if part.kind is PartKind.TARGET:
        yield _form(data)
    elif _is_json(data):
        yield from _json(data.removeprefix(b"\xef\xbb\xbf"))
    elif "x-www-form-urlencoded" in part.media_type.lower():
        yield _form(data)
    elif data.lstrip()[:2] == b"--":
        yield {
            name.decode("latin-1"): value
            for name, span in multipart(data)
            if (value := _field(data, *span))
        }


def _field(data: bytes, start: int, stop: int) -> object:
    """What a part of a form holds; of a file no more than it being a URL tells."""
    if stop - start > _LARGEST:
        return ""
    value = data[start:stop].decode("utf-8", "replace")
    if _FILE_NAME.search(data, data.rfind(b"\n--", 0, start) + 1, start):
        return "" if len(value.split(maxsplit=1)) > 1 else value
    return _unpacked(value)


def _form(data: bytes) -> object:
    pairs = parse_qsl(data.decode("latin-1"), keep_blank_values=True)
    merged: dict[str, list[object]] = {}
    for name, value in pairs:
        merged.setdefault(name.partition("[")[0], []).append(_unpacked(value))
    return {
        name: values[0] if len(values) == 1 else values
        for name, values in merged.items()
    }


def _unpacked(value: str) -> object:
    """A field that is a document itself, as in Slack's `attachments` and `blocks`."""
    if value.lstrip()[:1] in {"{", "["}:
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _json(data: bytes) -> Iterator[object]:
    """The documents in some bytes; of what cannot be read, its plainest pairs."""
    if len(data) > _LARGEST:
        data = _LONG.sub(b'""', data)
    if len(data) <= _LARGEST:
        try:
            yield orjson.loads(data)
        except orjson.JSONDecodeError:
            pass
        else:
            return
    for line in data.splitlines():
        try:
            yield orjson.loads(line[: _LARGEST + 1])
        except orjson.JSONDecodeError:
            for key, text in _PAIR.findall(line):
                yield {key.decode("latin-1"): text[1:-1].decode("utf-8", "replace")}


def _walk(root: object, *, acting: bool) -> Iterator[tuple[str, str]]:
    """Key and URL of every field of a document that is fetched."""
    first = root[0] if isinstance(root, list) and root else root
    rpc = isinstance(first, dict) and "jsonrpc" in first
    todo = [_Node(root, acting=acting)]
    while todo:
        node = todo.pop()
        match node.value:
            case dict() as fields:
                yield from _unfurled(fields)
                todo += _children(fields, node, rpc=rpc)
            case list() as items:
                todo += [
                    _Node(
                        item, node.key, node.parent, node.depth, node.kind, node.acting
                    )
                    for item in items
                    if _matters(item)
                ]
            case str() as text if _is_url(text) and _is_fetched(node):
                yield node.key, text
            case _:
                pass


def _children(fields: Mapping[str, object], at: _Node, *, rpc: bool) -> list[_Node]:
    kind = _plain(str(fields.get("type", ""))[:40])
    acting = at.acting
    if rpc and isinstance(name := fields.get("name"), str) and at.key == "params":
        acting = acting or _ACTION.search(name) is not None
    return [
        _Node(value, _plain(key), at.key, at.depth + 1, kind, acting)
        for key, value in fields.items()
        if _matters(value)
        and (isinstance(value, str) or not _only_mentioned(_plain(key), kind, rpc=rpc))
        and not (_plain(key) == "avatarurl" and at.depth and _is_account(fields))
    ]


_ACCOUNT = ({"login", "username"}, {"id", "node_id", "html_url", "web_url"})


def _is_account(fields: Mapping[str, object]) -> bool:
    """Whether it is somebody as GitHub and GitLab tell of them: nobody fetches that."""
    return not any(names.isdisjoint(fields) for names in _ACCOUNT)


def _matters(value: object) -> bool:
    """Whether there can be a URL in it: most strings are none."""
    return _is_url(value) if isinstance(value, str) else isinstance(value, (dict, list))


def _only_mentioned(key: str, kind: str, *, rpc: bool) -> bool:
    if key == "input":
        return kind.endswith("tooluse")
    return key in _MENTIONED and not (rpc and key == "arguments")


def _is_fetched(node: _Node) -> bool:
    key = node.key
    if key.endswith(_FETCHED_ENDS) or key in _MEDIA:
        return True
    if key not in _BARE:
        return False
    above = node.parent
    return (
        above in _MEDIA
        or above in _SERVICES
        or above.endswith(_FETCHED_ENDS)
        or node.kind in _TYPES
        or (node.acting and node.depth <= _NEAR + (above == "arguments"))
    )


def _unfurled(fields: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Links in a text whose sender asks for their previews (Slack)."""
    if _UNFURL.isdisjoint(fields):
        return
    asked = map(fields.get, _UNFURL)
    text = fields.get("text")
    if isinstance(text, str) and any(a in (True, "true", "1", 1) for a in asked):
        for match in _LINK.finditer(text):
            yield "unfurl_links", match[0]


def _plain(key: str) -> str:
    return key.lower().translate(_SEPARATORS)


def _is_url(text: str) -> bool:
    head = text[:_HEAD]
    if ":" not in head and "/" not in head and "\\" not in head:
        return False
    if len(text) % 4 == 0 and _CODED.fullmatch(head):
        return False
    return bool(_URL.match(head.replace("\\", "/").strip().translate(_DROPPED)))
