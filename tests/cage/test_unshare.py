"""The cage of namespaces alone: what a program sees there. It has no network at all."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dlp.cage import unshare
from dlp.cage.plan import Kind, Mount, Plan, emptied

pytestmark = pytest.mark.skipif(
    bool(unshare.available()), reason="no user namespaces are allowed here"
)


@pytest.fixture
def seen(tmp_path):
    """What a shell prints in a cage with these mounts over the emptied folders."""

    def run(script, *mounts):
        rows = [Mount(Kind.EMPTY, path, path) for path in emptied()]
        rows += [Mount(kind, path, path) for kind, path in mounts]
        words = unshare.command(rows, "/", ["/bin/sh", "-c", script])
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=60, cwd="/"
        )
        assert "dlp:" not in done.stderr, done.stderr
        return done.stdout

    return run


def test_every_kind_of_mount(seen, tmp_path):
    for name in ("write", "read", "void"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_text(f"{name}\n")
    (tmp_path / "mask").write_text("mask\n")
    (tmp_path / "gone").write_text("gone\n")
    script = f"""
    cd {tmp_path}; cat */f mask gone 2>/dev/null
    for d in write read void; do touch $d/new 2>/dev/null && echo $d/new; done
    touch {tmp_path}/../../x && echo emptied
    """
    kinds = (Kind.WRITE, Kind.READ, Kind.VOID, Kind.MASK)
    mounts = [(kind, tmp_path / kind) for kind in kinds]
    lines = seen(script, *mounts).splitlines()
    if "gone" in lines:  # the tests' folder is in none that the cage empties
        lines.remove("gone")
        lines.append("emptied")
    assert lines == ["read", "write", "write/new", "emptied"]
    assert (tmp_path / "write" / "new").exists()


def test_a_mount_stands_over_one_that_came_before(seen, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "f").write_text("secret\n")
    script = f"cat {inner}/f; touch {tmp_path}/new && echo new"
    assert seen(script, (Kind.WRITE, tmp_path), (Kind.VOID, inner)) == "new\n"


def test_the_rest_is_unwritable_and_the_machine_is_not_there(seen):
    script = """
    touch /etc/x 2>/dev/null && echo etc
    for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger; do
      [ -e $f ] && (echo x > $f) 2>/dev/null && echo $f
    done
    ls /dev | tr '\\n' ' '; echo
    ls /dev/pts; ls /tmp /run 2>/dev/null | grep -v '^/\\|^$\\|resolv.conf'
    echo $$; id -u; id -g; ls /sys/class/net | wc -l; cut -d: -f1 /proc/net/dev | tail -n +3
    """
    lines = seen(script).splitlines()
    devices = {"fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin"}
    devices |= {"stdout", "tty", "urandom", "zero"}
    assert set(lines[0].split()) - {"console"} == devices
    assert lines[1:5] == ["ptmx", "1", str(os.geteuid()), str(os.getegid())]
    assert lines[6].strip() == "lo"


def test_names_are_of_the_cage_and_no_literal_address_is_reached(seen):
    code = (
        "import socket, sys\n"
        "s = socket.socket(); s.settimeout(3); print(s.connect_ex(('192.0.2.1', 80)))\n"
        "u = socket.socket(2, 2)\n"
        "try: u.connect(('192.0.2.1', 9)); print('route')\n"
        "except OSError as e: print(e.errno)\n"
    )
    out = seen(
        f'{sys._base_executable} -c "{code}"',
        (Kind.READ, Path(sys.base_prefix).resolve()),
    )
    unreachable = "101"  # ENETUNREACH
    assert out.split() == [unreachable, unreachable]


def test_nobody_outside_is_on_the_loopback(seen):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        script = f"curl -sS -m 3 http://127.0.0.1:{port}/ 2>/dev/null || echo closed"
        assert seen(script) == "closed\n"
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_exit_code_is_the_commands():
    words = unshare.command((), "/", ["/bin/sh", "-c", "exit 7"])
    assert subprocess.run(words, check=False).returncode == 7


def test_a_plan_is_built_in_its_folder(tmp_path):
    (tmp_path / "work").mkdir()
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    (exchange / "file").write_text("x")
    plan = Plan(tmp_path / "work", exchange, (), (), (), environment={})
    words = unshare.planned(plan, ["/bin/sh", "-c", "pwd; ls /run/agent-dlp"])
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == f"{tmp_path}/work\nfile\n"
