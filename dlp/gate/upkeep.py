"""
What a gate needs while it runs: fresh rules and a sign of health.

Why not in the gate: that judges messages; this runs beside it, on a clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from dlp.errors import DLPError, StateError
from dlp.gate import Gate
from dlp.metrics import keep_alive
from dlp.model import Settings
from dlp.rulefile import builtin_folder
from dlp.rulefile.stamp import Stamp, folder_stamp
from dlp.state.folder import open_folder

log = structlog.get_logger(__name__)

WATCH_S = 0.5
"""Seconds between two looks at the files."""


async def run(gate: Gate) -> None:
    """
    Watch the files that decisions rest on and tell health, until cancelled.

    A change is in force after at most `WATCH_S` and the time it takes to load.
    """
    checks = {
        "inspection": lambda: _inspection(gate),
        "state": lambda: _state(gate),
        "audit": gate.audit.check,
    }
    async with asyncio.TaskGroup() as group:
        group.create_task(keep_alive(gate.metrics, checks))
        group.create_task(_watch(gate))


async def try_reload(gate: Gate) -> bool:
    """Reload rules and secrets without holding the loop; False when a file is bad."""
    return await _try(gate, gate.reload)


async def _try(gate: Gate, step: Callable[[], None]) -> bool:
    try:
        await asyncio.to_thread(step)
    except DLPError as error:
        gate.metrics.reload_failed()
        log.warning("reload failed; what is in force stays", why=str(error))
        return False
    log.info("reloaded", generation=gate.inspector.generation)
    return True


async def _watch(gate: Gate) -> None:
    rules = await asyncio.to_thread(_stamp, gate.settings)
    secrets = gate.secrets.generation()
    while True:
        await asyncio.sleep(WATCH_S)
        seen = await asyncio.to_thread(_stamp, gate.settings)
        known = gate.secrets.generation()
        if seen != rules:
            await _try(gate, gate.reload)
        elif known != secrets:
            await _try(gate, gate.reload_secrets)
        rules, secrets = seen, known


def _stamp(settings: Settings) -> Stamp:
    return folder_stamp(Path(settings.rules) if settings.rules else builtin_folder())


def _inspection(gate: Gate) -> str:
    found = gate.inspector.scan(b"health")
    return "the detector finds something in a plain word" if found else ""


def _state(gate: Gate) -> str:
    try:
        open_folder(Path(gate.settings.state))
    except StateError as error:
        return str(error)
    return ""
