"""
Recording servers. Every byte that arrives (after TLS) is kept exactly as it came.

One event loop in one thread serves all origins of a session. Tests read `connections`,
`requests` and `messages` from their own thread; lists only grow, until `clear()`.
"""

import asyncio
import dataclasses
import itertools
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Self

from tests.harness.ca import Authority

NAMES = ["localhost", "127.0.0.1", "::1"]


@dataclass
class Connection:
    """One accepted connection."""

    raw: bytearray = field(default_factory=bytearray)
    sni: str | None = None
    alpn: str | None = None
    closed: bool = False
    failed: str = ""
    """Why it broke: a TLS alert, a reset."""


@dataclass(frozen=True)
class Request:
    """One complete request, as this origin understood it."""

    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int
    trailers: list[tuple[str, str]] = field(default_factory=list)

    def header(self, name: str) -> str | None:
        found = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(found) if found else None


@dataclass(frozen=True)
class Reply:
    """
    An answer. A float in `chunks` is a pause in seconds; without a content-length
    header an HTTP/1.1 answer is chunked, one chunk each. `raw` replaces all of it.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/plain"),)
    chunks: Iterable[bytes | float] = (b"ok\n",)
    raw: bytes = b""
    close: bool = False


type Handler = Callable[[Request], Reply]


def _sse(request: Request) -> Reply:
    """Twenty events, 50 ms apart; each says when it was sent."""
    events = ([f"data: {n} {time.time():.4f}\n\n".encode(), 0.05] for n in range(20))
    return Reply(
        headers=(("content-type", "text/event-stream"), ("cache-control", "no-cache")),
        chunks=itertools.chain.from_iterable(events),
    )


def _large(request: Request) -> Reply:
    """`/large/N`: N MiB."""
    mebibytes = int(request.target.rsplit("/", 1)[1])
    return Reply(
        headers=(("content-length", str(mebibytes << 20)),),
        chunks=itertools.repeat(b"x" * (1 << 16), mebibytes * 16),
    )


def _echo(request: Request) -> Reply:
    return Reply(
        headers=(
            ("content-type", request.header("content-type") or "text/plain"),
            ("content-length", str(len(request.body))),
        ),
        chunks=(request.body,),
    )


DEFAULT_HANDLERS: dict[str, Handler] = {
    "/sse": _sse,
    "/large": _large,
    "/echo": _echo,
    "/chunked": lambda _: Reply(chunks=(b"one", 0.02, b"two", 0.02, b"three")),
    "/slow": lambda _: Reply(chunks=(1.0, b"late")),
    "/never": lambda _: Reply(chunks=(3600.0,)),
    "/close": lambda _: Reply(close=True, headers=(("connection", "close"),)),
    "/alt-svc": lambda _: Reply(
        headers=(("alt-svc", 'h3=":443"'), ("content-length", "0")), chunks=()
    ),
}


class Origin:
    """One listening server; `scheme` is `http`, `https` or `tcp` (never answers)."""

    def __init__(self, scheme: str, host: str, greeting: bytes = b"") -> None:
        self.scheme = scheme
        self.host = host
        self.port = 0
        self.greeting = greeting
        self.connections: list[Connection] = []
        self.requests: list[Request] = []
        self.messages: list[tuple[str, bytes]] = []
        """WebSocket events: (text|binary|ping|pong|close, payload or reason)."""
        self.handlers: dict[str, Handler] = dict(DEFAULT_HANDLERS)
        """Longest matching prefix of the target answers."""

    @property
    def received(self) -> bytes:
        """All bytes of all connections."""
        return b"".join(bytes(c.raw) for c in list(self.connections))

    @property
    def empty(self) -> bool:
        """No request byte ever arrived; an HTTP/2 preface and settings do not count."""
        quiet = not any(_payload(bytes(c.raw)) for c in list(self.connections))
        return quiet and not self.requests and not self.messages

    def url(self, path: str = "/", name: str = "") -> str:
        host = name or self.host
        return f"{self.scheme}://{host}:{self.port}{path}"

    def clear(self) -> None:
        self.connections.clear()
        self.requests.clear()
        self.messages.clear()

    def wait(
        self, condition: Callable[["Origin"], object], seconds: float = 30
    ) -> None:
        """Wait until `condition(origin)` holds, or fail."""
        deadline = time.monotonic() + seconds
        while not condition(self):
            assert time.monotonic() < deadline, f"{self.port}: {self.connections!r}"
            time.sleep(0.005)

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        prefixes = [p for p in self.handlers if request.target.startswith(p)]
        if prefixes:
            return self.handlers[max(prefixes, key=len)](request)
        return Reply()


def _payload(raw: bytes) -> bytes:
    """What is left of HTTP/2 bytes without preface and connection-level frames."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    if not raw.startswith(preface):
        return raw
    raw, kept = raw[len(preface) :], b""
    while len(raw) >= 9:
        size, kind = int.from_bytes(raw[:3], "big"), raw[3]
        if kind not in (4, 6, 7, 8):  # SETTINGS, PING, GOAWAY, WINDOW_UPDATE
            kept += raw[: 9 + size]
        raw = raw[9 + size :]
    return kept


class Origins:
    """Starts origins on one event loop in a thread; a context manager."""

    def __init__(self, authority: Authority, names: Iterable[str] = ()) -> None:
        self.authority = authority
        self.names = [*NAMES, *names]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: list[asyncio.Server] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def start(
        self,
        scheme: str = "http",
        host: str = "127.0.0.1",
        *,
        greeting: bytes = b"",
        alpn: Iterable[str] = ("h2", "http/1.1"),
        names: Iterable[str] = (),
    ) -> Origin:
        """Start one origin and wait until it listens."""
        origin = Origin(scheme, host, greeting)
        context = None
        if scheme == "https":
            wanted = [*names] or self.names
            context = self.authority.server_context(wanted, list(alpn))
        serving = asyncio.run_coroutine_threadsafe(
            self._listen(origin, context), self._loop
        )
        serving.result(5)
        return origin

    async def _listen(self, origin: Origin, context: ssl.SSLContext | None) -> None:
        from tests.harness.speak import serve

        snis: dict[int, str | None] = {}
        if context is not None:

            def note(ssl_object, name, _context) -> None:
                snis[id(ssl_object)] = name

            context.sni_callback = note

        async def accept(reader, writer) -> None:
            tls = writer.get_extra_info("ssl_object")
            connection = Connection(
                sni=snis.pop(id(tls), None),
                alpn=tls.selected_alpn_protocol() if tls else None,
            )
            origin.connections.append(connection)
            try:
                await serve(origin, connection, reader, writer)
            except Exception as error:  # a client may break any protocol
                connection.failed = repr(error)
            finally:
                connection.closed = True
                writer.close()

        server = await asyncio.start_server(
            accept, origin.host, origin.port, ssl=context
        )
        origin.port = server.sockets[0].getsockname()[1]
        self._servers.append(server)


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def with_raw(raw: bytes) -> Handler:
    """A handler that answers with exactly these bytes."""
    return lambda _: dataclasses.replace(Reply(), raw=raw)
