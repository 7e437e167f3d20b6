"""Tries that need no network; what gets out of real cages: tests/e2e/test_cage.py."""

import os
import socket
import subprocess
import sys

import pytest

from dlp.cage import probe_machine, probe_sockets
from dlp.cage.plan import HIDDEN_FOLDERS
from dlp.cage.probe import CHECKS, _tried
from dlp.cage.probe_network import Place

PLACE = Place(0)


def test_every_way_has_a_name_of_its_own():
    names = [name for name, _ in CHECKS]
    assert len(set(names)) == len(names) >= 40


def test_a_try_that_cannot_be_made_counts_as_a_way_out():
    def broken(_place):
        raise PermissionError(13, "no")

    assert "could not be tried" in _tried(broken, PLACE)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return tmp_path


@pytest.mark.parametrize("name", [*HIDDEN_FOLDERS, ".local/state/agent-dlp"])
def test_a_key_that_can_be_read_is_seen(home, name):
    assert probe_machine.hidden_files(PLACE) == ""
    (home / name).mkdir(parents=True)
    assert probe_machine.hidden_files(PLACE) == ""
    (home / name / "key").write_text("x")
    assert name in probe_machine.hidden_files(PLACE)


def test_a_folder_of_the_plan_that_can_be_read_is_seen(home):
    place = Place(0, (str(home / "state"),))
    assert probe_machine.hidden_files(place) == ""
    (home / "state").mkdir()
    (home / "state" / "key").write_text("x")
    assert "state" in probe_machine.hidden_files(place)


KINDS = {"stream": socket.SOCK_STREAM, "packets": socket.SOCK_SEQPACKET}


@pytest.fixture
def outside(monkeypatch):
    """As if whoever answers were of no process that can be seen."""
    monkeypatch.setattr(probe_sockets, "_process", lambda _connected: 0)


@pytest.mark.parametrize("kind", [*KINDS, "datagrams"])
@pytest.mark.parametrize("address", ["path", "abstract"])
def test_a_socket_that_answers_is_seen(home, outside, monkeypatch, kind, address):
    path = str(home / "agent.sock")
    whole = probe_sockets._table
    here = lambda: "".join(  # noqa: E731  # other tests bind sockets meanwhile
        line for line in whole().splitlines(keepends=True) if str(home) in line
    )
    monkeypatch.setattr(probe_sockets, "_table", here)
    name = f"\0{path}" if address == "abstract" else path
    with socket.socket(socket.AF_UNIX, KINDS.get(kind, socket.SOCK_DGRAM)) as server:
        server.bind(name)
        if kind in KINDS:
            server.listen()
        assert probe_sockets._answers(name)
        if address == "path":
            assert path in probe_sockets.others(PLACE)
    assert not probe_sockets._answers(name)


@pytest.mark.parametrize(
    ("variable", "form", "tried"),
    [
        ("SSH_AUTH_SOCK", "{}", probe_sockets.agents),
        ("DOCKER_HOST", "unix://{}", probe_sockets.engines),
        ("DBUS_SESSION_BUS_ADDRESS", "unix:path={},guid=1", probe_sockets.buses),
    ],
)
def test_a_socket_that_the_environment_names_is_seen(
    home, outside, monkeypatch, variable, form, tried
):
    path = str(home / "named.sock")
    monkeypatch.setenv(variable, form.format(path))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        assert path in tried(PLACE)


def test_what_a_process_of_the_same_namespace_serves_is_no_way_out(home, monkeypatch):
    path = str(home / "own.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        monkeypatch.setattr(probe_sockets, "has_own_processes", lambda: True)
        assert not probe_sockets._answers(path)
        monkeypatch.setattr(probe_sockets, "has_own_processes", lambda: False)
        assert probe_sockets._answers(path)


def test_unmounting_is_tried_in_namespaces_of_its_own():
    before = open("/proc/self/mountinfo").read()
    code = (
        "from dlp.cage.probe_machine import unmounted\n"
        "from dlp.cage.probe_network import Place\n"
        "print(unmounted(Place(0)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "unmounted" not in done.stdout
    assert open("/proc/self/mountinfo").read() == before


def test_our_own_terminal_is_not_another(monkeypatch):
    leader, follower = os.openpty()
    name = os.ttyname(follower)
    assert probe_machine.terminals(PLACE)
    monkeypatch.setattr(probe_machine, "_tty", lambda _number: name)
    assert name not in probe_machine.terminals(PLACE)
    for each in (leader, follower):
        os.close(each)
