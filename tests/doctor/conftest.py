import os
import shutil
import tempfile
from pathlib import Path

import pytest

from dlp.doctor.access import User
from dlp.doctor.check import Status
from dlp.doctor.examine import examine
from dlp.doctor.picture import Picture
from dlp.doctor.table import CHECKS
from dlp.state import ca

BY_ID = {check.id: check for check in CHECKS}
OTHER = 54321
"""The user id of an agent that owns nothing."""


@pytest.fixture
def place():
    """A folder that every user can reach, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="dlp-doctor-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def state(place):
    """A state folder with a CA."""
    folder = place / "state"
    folder.mkdir(mode=0o700)
    ca.open_authority(folder)
    return folder


@pytest.fixture
def agent(place):
    """An agent with a user and a home of its own."""
    home = place / "home"
    home.mkdir(mode=0o755)
    return User("agent", OTHER, frozenset({OTHER}), home)


@pytest.fixture
def picture(place, state, agent):
    """A machine laid out in a folder; keywords replace what it is."""

    def make(**other):
        work = place / "work"
        work.mkdir(exist_ok=True)
        usual = {
            "state": state,
            "agent": agent,
            "environment": {},
            "now": 2e9,
            "work": work,
            "root": place,
            "listen": ("127.0.0.1", 1),
            "metrics": ("127.0.0.1", 1),
            "console": ("127.0.0.1", 1),
            "prometheus": "http://127.0.0.1:1",
        }
        return Picture(**{**usual, **other})

    return make


@pytest.fixture
def write(place):
    """Lay out a file of the machine, readable by all."""

    def file(name, text="", mode=0o644):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    return file


@pytest.fixture
def ourselves(agent):
    """Who runs the tests, with the agent's home."""
    return User("me", os.geteuid(), frozenset({os.getegid()}), agent.home)


@pytest.fixture
def seen(picture):
    """What one check sees of a machine; it must have been made."""

    def look(name, **other):
        (result,) = examine(picture(**other), [BY_ID[name]]).results
        assert result.status is not Status.SKIPPED, result.seen
        return result.seen

    return look


@pytest.fixture
def skipped(picture):
    """Why one check is not made of a machine."""

    def look(name, **other):
        (result,) = examine(picture(**other), [BY_ID[name]]).results
        assert result.status is Status.SKIPPED, result
        return result.seen[-1]

    return look
