"""
What a gate needs while it runs: fresh rules and a sign of health.

Why not in the gate: that judges messages; this runs beside it, on a clock.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import structlog

from dlp.detect.rule import SURE
from dlp.detect.templates import expand
from dlp.errors import DLPError, StateError
from dlp.gate import Gate
from dlp.inspector import Inspector
from dlp.metrics import keep_alive
from dlp.model import Settings
from dlp.rulefile import builtin_folder
from dlp.rulefile.stamp import Stamp, folder_stamp
from dlp.state.folder import open_folder

log = structlog.get_logger(__name__)

WATCH_S = 0.5
"""Seconds between two looks at the files."""


async def run(gate: Gate, told: asyncio.Event | None = None) -> None:
    """
    Watch the files that decisions rest on and tell health, until cancelled.

    `told` is set once it is known for the first time.

    A change is in force after at most `WATCH_S` and the time it takes to load.
    """
    checks: dict[str, Callable[[], str]] = {
        "inspection": Probe(gate),
        "state": lambda: _state(gate),
        "audit": gate.audit.check,
    }
    async with asyncio.TaskGroup() as group:
        group.create_task(keep_alive(gate.metrics, checks, told))
        group.create_task(_watch(gate))
        group.create_task(_learn(gate))


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
    rules, secrets = await asyncio.to_thread(_seen, gate)
    while True:
        await asyncio.sleep(WATCH_S)
        try:
            seen, known = await asyncio.to_thread(_seen, gate)
        except (DLPError, OSError) as error:
            gate.metrics.reload_failed()
            log.warning(
                "the rules or the state cannot be looked at; what is in force stays",
                why=str(error) if isinstance(error, DLPError) else error.strerror,
            )
            continue
        if seen != rules:
            await _try(gate, gate.reload)
        elif known != secrets:
            await _try(gate, gate.reload_secrets)
        rules, secrets = seen, known


async def _learn(gate: Gate) -> None:
    """What the other workers heard, and what a predecessor did."""
    while True:
        try:
            await gate.learned.refresh()
        except StateError as error:
            log.warning("what hosts issued cannot be read", why=str(error))
        await asyncio.sleep(WATCH_S)


def _seen(gate: Gate) -> tuple[Stamp, object]:
    return _stamp(gate.settings), gate.secrets.generation()


def _stamp(settings: Settings) -> Stamp:
    return folder_stamp(Path(settings.rules) if settings.rules else builtin_folder())


class Probe:
    """Tries inspection on a sample of a rule in force, also inside base64."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._inspector: Inspector | None = None
        self._sample = b""

    def __call__(self) -> str:
        """What does not work, or empty."""
        inspector = self._gate.inspector
        if inspector is not self._inspector:
            self._sample, self._inspector = _sample(inspector), inspector
        if not inspector.scan(self._sample):
            return "the detector does not find a sample of its own rule"
        if not inspector.scan(b64encode(self._sample)):
            return "the decoder does not undo base64"
        return ""


def _sample(inspector: Inspector) -> bytes:
    """Something that the rules in force find; empty when they find nothing."""
    for rule in inspector.rules.values():
        for template in rule.matches[:1] if rule.tier in SURE else ():
            sample = expand(template).encode()
            if inspector.scan(sample) and inspector.scan(b64encode(sample)):
                return sample
    return b""


def _state(gate: Gate) -> str:
    try:
        open_folder(Path(gate.settings.state))
        gate.store.check()
    except StateError as error:
        return str(error)
    return ""
