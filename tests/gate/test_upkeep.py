import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import structlog

from dlp.gate import upkeep


def test_inspection_is_tried_on_a_sample_of_its_own(gate):
    assert upkeep.Probe(gate)() == ""
    assert upkeep._sample(gate.inspector)


def test_a_detector_that_finds_nothing_is_told(gate, monkeypatch):
    probe = upkeep.Probe(gate)
    assert probe() == ""
    monkeypatch.setattr(type(gate.inspector), "scan", lambda self, data: [])
    assert "does not find" in probe()


def test_a_decoder_that_does_nothing_is_told(gate, monkeypatch):
    sample, probe = upkeep._sample(gate.inspector), upkeep.Probe(gate)
    assert probe() == ""
    scan = type(gate.inspector).scan
    monkeypatch.setattr(
        type(gate.inspector),
        "scan",
        lambda self, data: scan(self, data) if data == sample else [],
    )
    assert "base64" in probe()


def test_state_that_cannot_be_used_is_told(gate, tmp_path):
    (tmp_path / "file").write_text("")
    settings = gate.settings
    gate.settings = replace(settings, state=str(tmp_path / "file"))
    try:
        assert "cannot be used" in upkeep._state(gate)
    finally:
        gate.settings = settings
    assert upkeep._state(gate) == ""


def test_a_store_that_is_locked_or_gone_is_told(gate, monkeypatch):
    path = Path(gate.settings.state) / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asyncio.run(gate.store.run(lambda c: c.execute("PRAGMA busy_timeout=1")))
        assert "locked" in upkeep._state(gate)
        other.execute("ROLLBACK")
    assert upkeep._state(gate) == ""
    path.rename(path.with_suffix(".away"))
    assert "is gone" in upkeep._state(gate)
    path.with_suffix(".away").rename(path)
    assert upkeep._state(gate) == ""


async def test_what_cannot_be_looked_at_is_told_and_looked_at_again(gate, monkeypatch):
    looks = []

    def look(gate):
        looks.append(gate)
        if len(looks) > 1:
            raise PermissionError(13, "Permission denied")
        return (), ()

    monkeypatch.setattr(upkeep, "_seen", look)
    monkeypatch.setattr(upkeep, "WATCH_S", 0)
    with structlog.testing.capture_logs() as logged:
        watching = asyncio.ensure_future(upkeep._watch(gate))
        async with asyncio.timeout(30):
            while len(looks) < 4:
                await asyncio.sleep(0.01)
    assert not watching.done()
    watching.cancel()
    assert {line["why"] for line in logged} == {"Permission denied"}
