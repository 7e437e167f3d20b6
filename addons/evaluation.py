"""
`mitmdump -s addons/egress.py`: the same hooks inside an ordinary mitmdump.

For looking at it only. mitmdump forwards everything when a script is reloaded broken
(seen), resolves names without vetting their addresses, and logs what passes.

Why not in `worker`: that owns its process; this is a guest in somebody else's.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from mitmproxy import ctx
from mitmproxy.addonmanager import Loader

from addons import http_client
from addons.closed import REFUSALS, Failed, fail_closed
from addons.egress import Egress
from addons.network import permit
from addons.protocol import Protocol
from addons.reception import Reception
from addons.streams import Streams
from addons.transport import Transport, assert_options, set_options
from addons.tunnels import Tunnels
from dlp.gate import Gate, upkeep
from dlp.model import Settings
from dlp.state.folder import open_folder

NOTICE = (
    "agent-dlp: evaluation only. mitmdump fails open when this script is reloaded"
    " broken, and does not vet addresses. Use `dlp up` to protect anything.\n"
)


class Evaluation:
    """The addon that mitmdump sees; `addons` are ours, each hook failing closed."""

    name = "agent-dlp"

    def __init__(self) -> None:
        self.addons: list[Closed] = []
        self._gate: Gate | None = None
        self._upkeep: asyncio.Task[None] | None = None

    def load(self, loader: Loader) -> None:
        """
        Open the gate and take the place of mitmdump's own decisions.

        Raises:
            DLPError: the rules or the state folder cannot be used.
        """
        del loader
        sys.stderr.write(NOTICE)
        rules = Path("rules").absolute()
        listen = (
            ctx.options.listen_host or "127.0.0.1",
            ctx.options.listen_port or 8080,
        )
        gate = Gate.open(
            Settings(
                rules=str(rules) if rules.is_dir() else None,
                state=str(open_folder()),
                listen=listen,
            ),
            "evaluation",
        )
        set_options(ctx.options)
        http_client.install()
        reception = Reception(gate)
        egress, tunnels = Egress(reception), Tunnels(reception)
        # Nothing holds mitmdump's reading while a body is judged: none may flow.
        terms = replace(egress.terms(), stream=lambda: 0)
        permits = permit(gate.address_allowed, frozenset({listen}))
        parts = (
            Protocol(terms, reception.page, tunnels.unread),
            Transport(permits, tunnels.may_dial, {}, lambda: gate.deadlines),
            tunnels,
            egress,
            Streams(gate, egress.still),
        )
        self._gate = gate
        self.addons = [Closed(part, gate.failed) for part in parts]

    def running(self) -> None:
        """
        Keep rules fresh from here on.

        Raises:
            StateError: an option was set that a guard relies on.
        """
        assert self._gate is not None
        assert_options(ctx.options)
        self._upkeep = asyncio.ensure_future(upkeep.run(self._gate))

    def done(self) -> None:
        """Finish the record."""
        if self._upkeep is not None:
            self._upkeep.cancel()
        if self._gate is not None:
            self._gate.close()


class Closed:
    """An addon with every hook wrapped; mitmdump itself forwards when one fails."""

    def __init__(self, addon: Any, failed: Failed) -> None:
        self.name = f"agent-dlp-{type(addon).__name__.lower()}"
        for name in REFUSALS:
            hook = getattr(addon, name, None)
            if hook is not None:
                setattr(self, name, fail_closed(name, hook, failed))
