"""
One client connection: mitmproxy's handler with a shorter way from events to hooks.

Why not mitmproxy's own: it starts a task for every hook, asks every addon for it, and
writes head and body in two packets. That is half of the time of a small request.

Rule 1: events are handled one after the other, never inside each other; what a hook or
a connection attempt reports meanwhile waits in `_waiting`.
Rule 2: what the layers send is written once, when nothing waits any more.
Rule 3: an exception out of the layers closes every socket of the connection; mitmproxy
logs it and goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from typing import Any

from mitmproxy.connection import Address
from mitmproxy.connection import Connection as Peer
from mitmproxy.hooks import all_hooks
from mitmproxy.master import Master
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler
from mitmproxy.proxy.server import ConnectionIO, logger

from addons.closed import Failed, Hook, fail_closed
from addons.http_client import EgressClient2
from addons.http_server import EgressServer2
from addons.http_upload import Reading

UPSTREAM_CONNECTIONS = 100
"""Per client connection and address. mitmproxy's own 5 would queue the sixth stream."""

WRITE_TOGETHER = 1 << 16
"""Bytes up to which pieces are joined for one write; above, a copy costs more."""

HOLDS_READING = frozenset({"websocket_message", "request_body"})
"""Hooks that the client has to wait for: what it sends meanwhile would pile up."""

type Hooks = Mapping[str, tuple[str, Sequence[Hook]]]
"""Hook name -> the field of the command that the hook gets, and who wants it."""


def hooks_of(master: Master, failed: Failed) -> Hooks:
    """Every hook with the addons that want it, in the order of the addons."""
    found: dict[str, tuple[str, Sequence[Hook]]] = {}
    for name, kind in all_hooks.items():
        if not issubclass(kind, commands.StartHook):
            continue
        addons = [getattr(addon, name, None) for addon in master.addons.chain]
        field = next(iter(kind.__dataclass_fields__))  # type: ignore[attr-defined]
        closed = [fail_closed(name, hook, failed) for hook in addons if hook]
        found[name] = field, closed
    return found


class Connection(ProxyConnectionHandler):
    """One client connection and the upstream connections it caused."""

    def __init__(self, hooks: Hooks, *args: Any) -> None:
        super().__init__(*args)
        self.hooks = hooks
        self.max_conns: defaultdict[Address, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(UPSTREAM_CONNECTIONS)
        )
        self._waiting: deque[events.Event] = deque()
        self._unsent: dict[Peer, list[bytes]] = {}
        self._busy = False
        self._tasks: set[asyncio.Future[None]] = set()
        # mitmproxy keeps a sleeping task for each; it only ever cancels them.
        self.wakeup_timer: set[asyncio.TimerHandle] = set()  # type: ignore[assignment]
        self._before_reading: set[asyncio.Future[None]] = set()

    async def server_event(self, event: events.Event) -> None:
        """Handle an event, and all that follows from it at once."""
        self._handle(event)

    async def handle_hook(self, hook: commands.StartHook) -> None:
        """For hooks outside the layers: `client_connected`, `server_connect`, ..."""
        field, calls = self.hooks[hook.name]
        await self._call(calls, getattr(hook, field))

    def _handle(self, event: events.Event) -> None:
        self._waiting.append(event)
        if self._busy:
            return
        self._busy = True
        self.timeout_watchdog.register_activity()
        intact = False
        try:
            while self._waiting:
                for command in self.layer.handle_event(self._waiting.popleft()):
                    self._carry_out(command)
            intact = True
        finally:
            self._busy = False
            if not intact:
                self._abort()
        for peer in tuple(self._unsent):
            self._flush(peer)

    async def drain_writers(self) -> None:
        """
        What a read waits for: that the peers take what was written (mitmproxy takes a
        lock for it, also when there is nothing), and that a message was judged.
        """
        client = self.transports.get(self.client)
        if client is not None and client.handler is asyncio.current_task():
            while self._before_reading:
                await asyncio.wait(self._before_reading)
            if (reading := Reading.of.get(self.client)) is not None:
                await reading.free.wait()
            for peer in tuple(self.transports):
                if (origin := EgressClient2.of.get(peer)) is not None:
                    await origin.taken.wait()
        elif (server := EgressServer2.of.get(self.client)) is not None:
            # HTTP/2 has windows beside those of TCP, and mitmproxy no limit for them.
            await server.taken.wait()
        for transport in self.transports.values():
            writer = transport.writer
            assert writer is None or isinstance(writer, asyncio.StreamWriter)
            if writer is not None and writer.transport.get_write_buffer_size():
                await super().drain_writers()
                return

    def _carry_out(self, command: commands.Command) -> None:
        if isinstance(command, commands.SendData):
            self._unsent.setdefault(command.connection, []).append(command.data)
        elif isinstance(command, commands.StartHook):
            self._start_hook(command)
        elif isinstance(command, commands.Log):
            self.log(command.message, command.level)
        elif isinstance(command, commands.OpenConnection):
            self._open(command)
        elif isinstance(command, commands.CloseConnection):
            self._close(command)
        else:
            assert isinstance(command, commands.RequestWakeup), command
            self._wake_later(command)

    def _wake_later(self, command: commands.RequestWakeup) -> None:
        def wake() -> None:
            self.wakeup_timer.discard(timer)
            self._handle(events.Wakeup(command))

        timer = asyncio.get_running_loop().call_later(command.delay, wake)
        self.wakeup_timer.add(timer)

    # -- hooks --------------------------------------------------------------------

    def _start_hook(self, hook: commands.StartHook) -> None:
        field, calls = self.hooks[hook.name]
        data = getattr(hook, field)
        for done, call in enumerate(calls, 1):
            pending = call(data)
            if pending is not None:
                self._wait_for_hook(hook, self._call(calls[done:], data, pending))
                return
        if hook.blocking:
            self._waiting.append(events.HookCompleted(hook))

    async def _call(
        self, calls: Sequence[Hook], data: Any, first: Awaitable[None] | None = None
    ) -> None:
        with self.timeout_watchdog.disarm():
            if first is not None:
                await first
            for call in calls:
                pending = call(data)
                if pending is not None:
                    await pending

    def _wait_for_hook(
        self, hook: commands.StartHook, rest: Coroutine[Any, Any, None]
    ) -> None:
        task = _task(rest)
        if task.done():
            self._hook_done(hook, task)
        else:
            self._tasks.add(task)
            if hook.name in HOLDS_READING:
                self._before_reading.add(task)
            task.add_done_callback(lambda task: self._hook_done(hook, task))

    def _hook_done(self, hook: commands.StartHook, task: asyncio.Future[None]) -> None:
        self._tasks.discard(task)
        self._before_reading.discard(task)
        if task.cancelled():
            return  # the proxy stops: what waits for this hook is not passed on
        task.result()
        if hook.blocking:
            self._handle(events.HookCompleted(hook))

    # -- sockets ------------------------------------------------------------------

    def _open(self, command: commands.OpenConnection) -> None:
        peer = command.connection
        assert peer not in self.transports
        self.transports[peer] = ConnectionIO()
        task = _task(self.open_connection(command))
        if peer in self.transports and self.transports[peer].handler is None:
            self.transports[peer].handler = task

    def _close(self, command: commands.CloseConnection) -> None:
        peer = command.connection
        self._flush(peer)
        if peer in self.transports:
            self.close_connection(peer, getattr(command, "half_close", False))

    def _flush(self, peer: Peer) -> None:
        pieces = self._unsent.pop(peer, ())
        transport = self.transports.get(peer)
        if transport is None or transport.writer is None:
            return
        if transport.writer.is_closing():
            return
        if sum(map(len, pieces)) <= WRITE_TOGETHER:
            transport.writer.write(b"".join(pieces))
            return
        for piece in pieces:
            transport.writer.write(piece)

    def _abort(self) -> None:
        for transport in self.transports.values():
            if transport.writer is not None:
                transport.writer.close()
            if transport.handler is not None:
                transport.handler.cancel("a layer failed")

    def log(
        self, message: str, level: int = logging.INFO, exc_info: Any = None
    ) -> None:
        """As mitmproxy's, but nothing is made up that nobody reads."""
        if logger.isEnabledFor(level):
            super().log(message, level, exc_info)


def _task(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Eager (the master sets the factory): what never waits is done on return."""
    return asyncio.get_running_loop().create_task(work)
