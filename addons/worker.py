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
from typing import Any

from mitmproxy import options
from mitmproxy.master import Master

from addons import http_client, tuning
from addons.budget import Budget
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


async def run(settings: Settings, control: int, writer: str) -> None:
    """
    Serve until SIGTERM, or until the supervisor at the other end of `control` is gone.

    `control` is a socket: one line `ready` is written to it once the port listens.
    `writer` names this worker's audit log.

    Raises:
        RuleError: the rules folder is wrong.
        StateError: the state folder cannot be used, or the port cannot be bound.
    """
    tuning.install()
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
    proxyserver = Server(protocol.top_layer, gate.failed)
    own = frozenset({settings.listen, settings.metrics, settings.console})
    permits = permit(gate.address_allowed, own)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, GuardedLoop)
    loop.permits = permits
    master.addons.add(
        proxyserver,
        protocol,
        Transport(permits, tunnels.may_dial, proxyserver.connections),
        certificates,
        tunnels,
        egress,
        Streams(gate, egress.still),
    )
    set_options(master.options)
    http_client.install()
    certificates.follow_policy()

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def reload() -> None:
        certificates.reload()
        tasks.append(asyncio.ensure_future(upkeep.try_reload(gate)))

    loop.add_signal_handler(signal.SIGHUP, reload)
    loop.add_reader(control, stop.set)

    assert_options(master.options)
    tasks: list[asyncio.Future[Any]] = [
        asyncio.ensure_future(upkeep.run(gate)),
        asyncio.ensure_future(_tell(gate, egress.budget, proxyserver, certificates)),
    ]
    for upkeeping in tasks:
        upkeeping.add_done_callback(lambda _: stop.set())
    # What was loaded stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    gc.enable()
    serving = asyncio.ensure_future(master.run())
    await _listening(proxyserver)
    os.write(control, b"ready\n")
    await stop.wait()
    loop.remove_reader(control)
    for server in proxyserver.servers:
        await server.stop()
    with suppress(TimeoutError):
        await asyncio.wait_for(egress.budget.idle.wait(), DRAIN_S)
    master.shutdown()
    await serving
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    gate.close()
    for error in ended:
        if isinstance(error, Exception):
            raise error  # nobody looks after the gate: the supervisor starts another


async def _tell(
    gate: Gate, budget: Budget, proxyserver: Server, certificates: Certificates
) -> None:
    while True:
        authority = certificates.authority.certificate
        start, end = authority.not_valid_before_utc, authority.not_valid_after_utc
        gate.metrics.set("dlp_ca_start_timestamp_seconds", start.timestamp())
        gate.metrics.set("dlp_ca_expiry_timestamp_seconds", end.timestamp())
        gate.metrics.set("dlp_in_flight_messages", budget.streams)
        gate.metrics.set("dlp_in_flight_bytes", budget.held)
        gate.metrics.set("dlp_connections", len(proxyserver.connections))
        gate.metrics.set("dlp_auth_locked", gate.agents.locked())
        gate.metrics.meet(AGENT, (agent.id for agent in gate.agents.registered()))
        await asyncio.sleep(TELL_S)


async def _listening(proxyserver: Server) -> None:
    while not proxyserver.listen_addrs():
        await asyncio.sleep(0.01)
        for server in proxyserver.servers:
            if server.last_exception:
                raise StateError(str(server.last_exception))
