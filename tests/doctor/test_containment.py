import os
import shutil
import socket
import subprocess
import sys

import pytest

from dlp.doctor.access import User
from tests.doctor.conftest import OTHER

ROUTES = (
    "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
    "eth0 0000000A 00000000 0001 0 0 0 00FFFFFF 0 0 0\n"
)
DEFAULT = "eth0 00000000 0100000A 0003 0 0 0 00000000 0 0 0\n"
V6 = "{} {} " + "0" * 32 + " 00 " + "0" * 32 + " 00000400 00000001 00000000 {} {}\n"
root = User("root", 0, frozenset({0}), "/root")


def test_agents_that_are_root_are_seen(seen):
    assert seen("agent-root") == ()
    assert seen("agent-root", agent=root) == ("agents run as root",)
    assert seen("agent-root", agent=root, caged=True) == ()


def test_a_shared_user_is_seen(seen, ourselves):
    assert seen("agent-user") == ()
    assert "both run as me" in seen("agent-user", agent=ourselves)[0]
    assert seen("agent-user", agent=ourselves, caged=True) == ()


def test_a_machine_without_any_cage_is_seen(seen, monkeypatch, place):
    monkeypatch.setenv("PATH", str(place))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert seen("cage-works")[0] == "bubblewrap is not installed"
    broken = place / "bwrap"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert "cannot build" in seen("cage-works")[0]
    monkeypatch.setattr(sys, "executable", "/bin/true")
    assert seen("cage-works") == ()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    broken.write_text("#!/bin/sh\nexit 0\n")
    assert seen("cage-works") == ()


@pytest.fixture
def kernel(write):
    for name in ("net", "mnt", "pid", "user", "ipc", "uts"):
        write(f"proc/self/ns/{name}")
    write("proc/sys/user/max_user_namespaces", "63000\n")


def test_a_kernel_with_namespaces_for_all_is_fine(kernel, seen):
    assert seen("cage-kernel") == ()


@pytest.mark.parametrize(
    ("name", "off"),
    [
        ("proc/sys/user/max_user_namespaces", "0"),
        ("proc/sys/kernel/unprivileged_userns_clone", "0"),
        ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"),
    ],
)
def test_a_switch_that_forbids_namespaces_is_seen(kernel, write, seen, name, off):
    write(name, f"{off}\n")
    assert seen("cage-kernel") == (f"/{name} is {off}",)


def test_a_kernel_without_a_kind_of_namespace_is_seen(kernel, place, seen):
    (place / "proc/self/ns/user").unlink()
    assert seen("cage-kernel") == ("the kernel has no user namespaces",)


def test_a_default_route_is_seen(write, seen):
    write("proc/net/route", ROUTES)
    write("proc/net/ipv6_route", V6.format("0" * 32, "00", "00200200", "lo"))
    assert seen("way-out") == ()
    write("proc/net/route", ROUTES + DEFAULT)
    assert seen("way-out") == ("a default route by eth0",)


def test_a_default_route_of_ipv6_alone_is_seen(write, seen):
    write("proc/net/route", ROUTES)
    write("proc/net/ipv6_route", V6.format("0" * 32, "00", "00000003", "eth1"))
    assert seen("way-out") == ("a default route by eth1 (IPv6)",)


def test_the_route_of_others_says_nothing_about_a_cage(write, skipped):
    write("proc/net/route", ROUTES + DEFAULT)
    assert "cage-holds" in skipped("way-out", caged=True)


@pytest.mark.parametrize("check", ["way-out-tried", "cage-holds"])
def test_nothing_is_tried_unasked(skipped, check):
    assert "--probe" in skipped(check)


@pytest.fixture
def sock(place, monkeypatch):
    """A real listening socket at a path below the root."""
    opened = []

    def listen(name, mode=0o666):
        path = place / name
        path.parent.mkdir(parents=True)
        monkeypatch.chdir(path.parent)  # a path may be longer than sun_path
        server = socket.socket(socket.AF_UNIX)
        server.bind(path.name)
        path.chmod(mode)
        opened.append(server)
        return path

    yield listen
    for server in opened:
        server.close()


@pytest.mark.parametrize(
    "name",
    ["run/docker.sock", "run/podman/podman.sock", f"run/user/{OTHER}/docker.sock"],
)
def test_an_engine_that_the_agent_can_use_is_seen(sock, seen, name):
    assert seen("container-engine") == ()
    sock(name)
    assert seen("container-engine") == (f"agent can use /{name}",)
    assert seen("container-engine", caged=True) == ()


def test_an_engine_that_others_may_not_use_is_fine(sock, seen):
    path = sock("run/docker.sock", 0o660)
    assert seen("container-engine") == ()
    member = User("agent", OTHER, frozenset({path.stat().st_gid}), "/")
    assert seen("container-engine", agent=member)


def test_an_engine_on_the_network_is_seen(seen):
    environment = {"DOCKER_HOST": "tcp://10.0.0.1:2375"}
    assert "network" in seen("container-engine", environment=environment)[0]


def test_groups_that_amount_to_root_are_seen(write, seen, agent):
    write("etc/group", f"root:x:0:\nagent:x:{OTHER}:\nusers:x:100:agent\n")
    assert seen("agent-groups") == ()
    write("etc/group", "docker:x:998:someone,agent\ndisk:x:6:other\n")
    assert seen("agent-groups") == ("agent is in the group docker",)
    write("etc/group", f"lxd:x:{OTHER}:\n")
    assert seen("agent-groups") == ("agent is in the group lxd",)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("agent ALL=(ALL) NOPASSWD: ALL", True),
        ("%builders ALL=(ALL:ALL) NOPASSWD: /bin/sh", True),
        ("ALL ALL=(ALL) NOPASSWD: /usr/bin/apt", True),
        ("agent ALL=(ALL) ALL", False),
        ("other ALL=(ALL) NOPASSWD: ALL", False),
        ("# agent ALL=(ALL) NOPASSWD: ALL", False),
    ],
)
@pytest.mark.parametrize("name", ["etc/sudoers", "etc/sudoers.d/90-cloud"])
def test_sudo_without_a_password_is_seen(write, seen, name, line, found):
    write("etc/group", f"builders:x:{OTHER}:\n")
    write("etc/sudoers", "Defaults env_reset\n")
    write(name, f"Defaults env_reset\n{line}\n")
    assert bool(seen("agent-sudo")) is found


def test_an_ssh_agent_is_seen(sock, seen):
    path = sock("s/agent.1")
    assert seen("ssh-agent") == ()
    environment = {"SSH_AUTH_SOCK": str(path)}
    assert str(path) in seen("ssh-agent", environment=environment)[0]
    assert seen("ssh-agent", environment=environment, caged=True) == ()


def test_a_shared_user_that_may_trace_is_seen(write, seen, ourselves):
    me = User("me", ourselves.uid or 1, ourselves.groups, "/")
    write("proc/sys/kernel/yama/ptrace_scope", "1\n")
    if ourselves.uid:
        assert seen("ptrace", agent=me) == ()
    write("proc/sys/kernel/yama/ptrace_scope", "0\n")
    assert seen("ptrace") == ()
    assert seen("ptrace", agent=ourselves)


@pytest.mark.skipif(not shutil.which("unshare"), reason="unshare is missing")
@pytest.mark.parametrize("routed", [False, True])
def test_ways_out_are_tried_by_the_real_probe(state, routed):
    """In a network namespace of its own: nothing leaves this machine."""
    command = [sys.executable, "-m", "dlp", "doctor", "--probe", "--state", str(state)]
    words = [*command, "--check", "way-out-tried", "--check", "way-out"]
    route = (
        "ip link set lo up; ip addr add 198.51.100.1/32 dev lo;"
        "ip route add default dev lo src 198.51.100.1;"
    )
    done = subprocess.run(
        [
            "unshare",
            "-Urn",
            "sh",
            "-c",
            f'{route if routed else ""} "$@"',
            "sh",
            *words,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/"},
    )
    # Abstract sockets and files are those of the mount namespace, which is shared.
    assert ("UDP: a route" in done.stdout) is routed, done.stdout + done.stderr
    assert ("a default route by lo" in done.stdout) is routed, done.stdout
    assert "skipped" not in done.stdout
