"""
The second choice of cage: the kernel's namespaces, made here, without bubblewrap.

Strategy: `python -m dlp.cage.unshare PLAN COMMAND...` enters new user, mount, network,
process, IPC, host name and cgroup namespaces, makes every mount unwritable, puts the
plan's mounts over them, and runs COMMAND (`dlp.cage.inside`) as process 1. Nothing
needs privileges; all that is gained is gone with `dlp.cage.confine`. Every source is
copied (`open_tree`) before anything is covered, so the order of the plan is all that
counts. Source: user_namespaces(7), mount_setattr(2), open_tree(2), bwrap(1).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from dlp.cage import kernel, redirect
from dlp.cage.plan import Kind, Mount, Plan, emptied

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {
    "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx",
}  # fmt: skip
KERNEL_FILES = ("sys", "sysrq-trigger", "irq", "bus")
"""Of /proc: what changes the machine, for a user who is root outside (bwrap.c)."""
_NAMESPACES = (
    os.CLONE_NEWUSER | os.CLONE_NEWNS | os.CLONE_NEWNET | os.CLONE_NEWPID
    | os.CLONE_NEWIPC | os.CLONE_NEWUTS | os.CLONE_NEWCGROUP
)  # fmt: skip
_SPARE = "/tmp/.dev"  # noqa: S108  # in the cage's own /tmp


def available() -> str:
    """Empty when such a cage can be built here, else why not."""
    done = subprocess.run(  # noqa: S603
        command((), "/", ["/bin/sh", "-c", ":"]),
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stderr.strip() or "it ends at once"


def planned(plan: Plan, inner: list[str]) -> list[str]:
    """The argument list that runs `inner` in the cage of that plan."""
    return command(tuple(plan.mounts()), str(plan.folder), inner)


def command(mounts: Sequence[Mount], folder: str, inner: list[str]) -> list[str]:
    """As `planned`, from the mounts alone; without any, /tmp and /run are emptied."""
    mounts = mounts or [Mount(Kind.EMPTY, path, path) for path in emptied()]
    rows = [[mount.kind, str(mount.at), str(mount.source)] for mount in mounts]
    text = json.dumps({"mounts": rows, "folder": folder})
    return [sys.executable, "-I", "-m", "dlp.cage.unshare", text, *inner]


def main(arguments: list[str]) -> int:
    """Build the cage, run the command in it; its exit code."""
    text, *inner = arguments
    wish = json.loads(text)
    mounts = [Mount(Kind(k), Path(at), Path(of)) for k, at, of in wish["mounts"]]
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        _enter()
    except OSError as error:
        sys.exit(f"dlp: no user namespace can be made here: {error}")
    child = os.fork()
    if child == 0:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        _first(mounts, wish["folder"], inner)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _enter() -> None:
    """New namespaces, in which we keep the user and group that we are."""
    user, group = os.geteuid(), os.getegid()
    os.unshare(_NAMESPACES)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def _first(mounts: Sequence[Mount], folder: str, inner: list[str]) -> NoReturn:
    """Process 1 of the cage."""
    try:
        redirect.open_loopback()
        names = redirect.install()
        _cover(mounts)
        if names:
            _resolve_here()
        os.chdir(folder)
        os.execv(inner[0], inner)  # noqa: S606
    except OSError as error:
        print(f"dlp: the cage cannot be built: {error}", file=sys.stderr)  # noqa: T201
        os._exit(71)


def _cover(mounts: Sequence[Mount]) -> None:
    """Make the root unwritable and mount the rest over it."""
    kernel.set_tree("/", 0, kernel.PRIVATE)
    copied = {
        mount: kernel.clone_tree(os.fspath(_source(mount)))
        for mount in mounts
        if mount.kind in {Kind.WRITE, Kind.READ, Kind.MASK}
    }
    devices = _copied_devices()
    kernel.set_tree("/", kernel.READ_ONLY | kernel.NO_SUID)
    for mount in mounts:
        if mount.kind in {Kind.EMPTY, Kind.VOID}:
            _new_folder(mount)
        else:
            _attach(copied[mount], mount)
    _new_devices(devices)
    _new_processes()


def _source(mount: Mount) -> Path:
    return Path("/dev/null") if mount.kind is Kind.MASK else mount.source


def _new_folder(mount: Mount) -> None:
    mount.at.mkdir(parents=True, exist_ok=True)
    shared = mount.kind is Kind.EMPTY and mount.at != Path("/run")
    mode = "mode=1777" if shared else "mode=0755"
    flags = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount_new("tmpfs", str(mount.at), mode, flags)
    if mount.kind is Kind.VOID:
        kernel.set_tree(str(mount.at), kernel.READ_ONLY)


def _attach(tree: int, mount: Mount) -> None:
    is_folder = os.path.isdir(f"/proc/self/fd/{tree}")  # noqa: PTH112
    if not mount.at.exists():
        mount.at.parent.mkdir(parents=True, exist_ok=True)
        if is_folder:
            mount.at.mkdir()
        else:
            mount.at.touch()
    if mount.kind is not Kind.WRITE:
        kernel.set_tree(tree, kernel.READ_ONLY)
    else:
        kernel.set_tree(tree, kernel.NO_SUID)
    kernel.attach_tree(tree, str(mount.at))


def _copied_devices() -> dict[str, int]:
    """The devices of the list, and the terminal that we are on, as `console`."""
    paths = {name: f"/dev/{name}" for name in DEVICES}
    with suppress(OSError):
        paths["console"] = os.ttyname(0)
    return {
        name: kernel.clone_tree(path)
        for name, path in paths.items()
        if os.path.exists(path)  # noqa: PTH110
    }


def _new_devices(devices: dict[str, int]) -> None:
    """A /dev of its own: no other terminal, no disk, no hypervisor."""
    spare = Path(_SPARE)
    spare.mkdir()
    kernel.mount_new("tmpfs", _SPARE, "mode=0755", kernel.MS_NOSUID)
    for name, tree in devices.items():
        (spare / name).touch()
        kernel.attach_tree(tree, str(spare / name))
    for name, target in LINKS.items():
        (spare / name).symlink_to(target)
    for name in ("pts", "shm"):
        (spare / name).mkdir()
    flags = kernel.MS_NOSUID | kernel.MS_NOEXEC
    options = "newinstance,ptmxmode=0666,mode=0620"
    kernel.mount_new("devpts", f"{_SPARE}/pts", options, flags)
    flags = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount_new("tmpfs", f"{_SPARE}/shm", "mode=1777", flags)
    kernel.attach_tree(kernel.clone_tree(_SPARE), "/dev")
    kernel.unmount(_SPARE)
    spare.rmdir()


def _new_processes() -> None:
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.mount_new("proc", "/proc", "", flags)
    if os.geteuid() != 0:
        return  # to cover anything would deny programs a /proc in namespaces of theirs
    for name in KERNEL_FILES:
        if os.path.exists(f"/proc/{name}"):  # noqa: PTH110
            tree = kernel.clone_tree(f"/proc/{name}")
            kernel.set_tree(tree, kernel.READ_ONLY)
            kernel.attach_tree(tree, f"/proc/{name}")


def _resolve_here() -> None:
    """Names are asked of `dlp.cage.redirect`, wherever resolv.conf stands."""
    target = Path("/etc/resolv.conf").resolve()
    own = Path("/run/resolv.conf")
    own.write_text("nameserver 127.0.0.1\n", encoding="ascii")
    tree = kernel.clone_tree(str(own))
    kernel.set_tree(tree, kernel.READ_ONLY)
    if not target.exists():
        with suppress(OSError):  # without the file a resolver asks 127.0.0.1 anyway
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
    if target.exists():
        kernel.attach_tree(tree, str(target))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
