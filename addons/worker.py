"""
One worker: a slim mitmproxy master with only the addons that are needed.

Why not in `serve`: the supervisor must start without importing mitmproxy (2 s, 60 MB).
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from mitmproxy import options
from mitmproxy.master import Master

from addons import http_client, tuning
from addons.certificates import Certificates
from addons.egress import Egress
from addons.listener import EgressMode, Server
from addons.network import GuardedLoop, permit
from addons.protocol import Protocol
from addons.reception import Reception
from addons.streams import Streams
from addons.transport import Transport, assert_options, set_options
from addons.tunnels import Tunnels
from dlp.errors import StateError
from dlp.gate import Gate, upkeep
from dlp.metrics.table import AGENT
from dlp.model import Settings

DRAIN_S = 8.0
"""How long requests in flight may take to finish after SIGTERM."""

TELL_S = 1.0
"""Seconds between two looks at what is in flight."""


class Assembly(NamedTuple):
    """What one worker is made of."""

    gate: Gate
    master: Master
    server: Server
    egress: Egress
    certificates: Certificates


async def run(settings: Settings, control: int, writer: str) -> None:
    """
    Serve until SIGTERM, or until the supervisor at the other end of `control` is gone.

    `control` is a socket: one line `ready` is written to it once the port listens and
    `/healthz` knows how this worker is.
    `writer` names this worker's audit log.

    Raises:
        RuleError: the rules folder is wrong.
        StateError: the state folder cannot be used, or the port cannot be bound.
    """
    tuning.install()
    made = _assemble(settings, writer)
    gate = made.gate
    tasks: list[asyncio.Future[Any]] = []
    stop, told = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def reload() -> None:
        made.certificates.reload()
        tasks.append(asyncio.ensure_future(upkeep.try_reload(gate)))

    loop.add_signal_handler(signal.SIGHUP, reload)
    loop.add_reader(control, stop.set)
    tasks += (
        asyncio.ensure_future(upkeep.run(gate, told)),
        asyncio.ensure_future(_tell(made)),
    )
    for upkeeping in tasks:
        upkeeping.add_done_callback(lambda _: stop.set())
    # What was loaded stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    gc.enable()
    serving = asyncio.ensure_future(made.master.run())
    await _listening(made.server)
    if await _first(told, stop):
        os.write(control, b"ready\n")
    await stop.wait()
    loop.remove_reader(control)
    await _drain(made)
    await serving
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    gate.close()
    for error in ended:
        if isinstance(error, Exception):
            raise error  # nobody looks after the gate: the supervisor starts another


def _assemble(settings: Settings, writer: str) -> Assembly:
    state = Path(settings.state)
    gate = Gate.open(settings, writer)
    reception = Reception(gate)
    egress, tunnels = Egress(reception), Tunnels(reception)
    certificates = Certificates(
        state, lambda: gate.inspector.policy.upstream.trusted_ca
    )
    host, port = settings.listen
    mode = f"{EgressMode.type_name}@{host}:{port}"
    master = Master(options.Options(confdir=str(state / "ca"), mode=[mode]))
    protocol = Protocol(egress.terms(), reception.page, tunnels.unread)
    server = Server(protocol.top_layer, gate.failed)
    own = frozenset({settings.listen, settings.metrics, settings.console})
    permits = permit(gate.address_allowed, own)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, GuardedLoop)
    loop.permits, loop.deadlines = permits, lambda: gate.deadlines
    master.addons.add(
        server,
        protocol,
        Transport(
            permits, tunnels.may_dial, server.connections, lambda: gate.deadlines
        ),
        certificates,
        tunnels,
        egress,
        Streams(gate, egress.still),
    )
    set_options(master.options)
    http_client.install()
    certificates.follow_policy()
    assert_options(master.options)
    return Assembly(gate, master, server, egress, certificates)


async def _drain(made: Assembly) -> None:
    for server in made.server.servers:
        await server.stop()
    with suppress(TimeoutError):
        await asyncio.wait_for(made.egress.budget.idle.wait(), DRAIN_S)
    made.master.shutdown()


async def _tell(made: Assembly) -> None:
    gate, budget = made.gate, made.egress.budget
    while True:
        authority = made.certificates.authority.certificate
        start, end = authority.not_valid_before_utc, authority.not_valid_after_utc
        gate.metrics.set("dlp_ca_start_timestamp_seconds", start.timestamp())
        gate.metrics.set("dlp_ca_expiry_timestamp_seconds", end.timestamp())
        gate.metrics.set("dlp_in_flight_messages", budget.streams)
        gate.metrics.set("dlp_in_flight_bytes", budget.held)
        gate.metrics.set("dlp_connections", len(made.server.connections))
        gate.metrics.set("dlp_auth_locked", gate.agents.locked())
        gate.metrics.meet(AGENT, (agent.id for agent in gate.agents.registered()))
        await asyncio.sleep(TELL_S)


async def _first(told: asyncio.Event, stop: asyncio.Event) -> bool:
    """Whether the one comes before the other."""
    waits = [asyncio.ensure_future(event.wait()) for event in (told, stop)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    return told.is_set()


async def _listening(at: Server) -> None:
    while not at.listen_addrs():
        await asyncio.sleep(0.01)
        for server in at.servers:
            if server.last_exception:
                raise StateError(str(server.last_exception))
