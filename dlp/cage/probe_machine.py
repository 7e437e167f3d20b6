"""
Ways out that are no socket: other processes, files, mounts, privileges, devices.

Strategy: each try only asks. What would change something is asked in a way that the
kernel must refuse late (a null pointer), or in namespaces of its own.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from dlp.cage import kernel
from dlp.cage.confine import MACHINES, TERMINAL_INPUT
from dlp.cage.mounts import mounts, remote_mounts
from dlp.cage.plan import HIDDEN_FOLDERS, INSIDE, WAY_OUT
from dlp.cage.probe_network import Place, has_own_processes
from dlp.cage.probe_sockets import peer
from dlp.state.folder import default_folder

CAPABILITIES = {
    1: "DAC_OVERRIDE", 2: "DAC_READ_SEARCH", 12: "NET_ADMIN", 13: "NET_RAW",
    16: "SYS_MODULE", 17: "SYS_RAWIO", 19: "SYS_PTRACE", 21: "SYS_ADMIN",
    27: "MKNOD", 38: "PERFMON", 39: "BPF", 40: "CHECKPOINT_RESTORE",
}  # fmt: skip
"""Those that open a way, by number (linux/capability.h)."""
SETUID = ("sudo", "su", "pkexec", "doas", "newuidmap", "mount", "fusermount3", "at")
RUN_BY_OTHERS = (
    "/etc/cron.d", "/etc/crontab", "/var/spool/cron", "/var/spool/cron/crontabs",
    "/var/spool/cron/atjobs", "/var/spool/at", "/etc/profile.d", "/etc/ld.so.preload",
    "/etc/systemd/system", "/usr/local/bin", "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper",
    "/sys/fs/cgroup/release_agent",
)  # fmt: skip
DEVICES = ("/dev/mem", "/dev/kmem", "/dev/port", "/dev/uinput", "/dev/vsock")


def processes(_place: Place) -> str:
    """
    A process outside that can be seen, read, traced or entered.

    Its links in /proc/PID/ns can be read only by who may read its memory (proc(5)), and
    without them neither nsenter(1) nor /proc/PID/root leads anywhere.
    """
    if Path("/proc/self").readlink() != Path(str(os.getpid())):
        return "/proc shows the processes of another namespace"
    with suppress(OSError):
        keeper = peer(str(INSIDE / WAY_OUT))
        if keeper:
            return f"process {keeper}, outside, can be seen and signalled"
    if has_own_processes():
        return ""
    kin = _kin()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and int(folder.name) not in kin:
            with suppress(OSError):
                (folder / "ns" / "mnt").readlink()
                return (
                    f"process {folder.name} can be read, and entered at {folder}/root"
                )
    return ""


def _kin() -> frozenset[int]:
    """The process that we are and those it comes from, which are where it is."""
    found, process = set[int](), os.getpid()
    with suppress(OSError, ValueError, IndexError):
        while process > 0:
            found.add(process)
            text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
            process = int(text.rpartition(")")[2].split()[1])
    return frozenset(found)


def hidden_files(place: Place) -> str:
    """Folders that the cage hides, and that a key or the proxy's state may be in."""
    usual: list[Path] = []
    with suppress(RuntimeError):  # a user without a home
        usual = [Path.home() / name for name in HIDDEN_FOLDERS]
        usual.append(default_folder())
    for folder in (*map(Path, place.hidden), *usual):
        with suppress(OSError):
            if any(folder.iterdir()):
                return f"{folder} can be read"
    return ""


def remote_files(_place: Place) -> str:
    """File systems of other machines, which are told every name that is looked for."""
    needed = [Path.cwd(), Path(sys.prefix), Path(sys.base_prefix)]
    with suppress(RuntimeError):  # a user without a home
        needed.append(Path.home())
    for path in remote_mounts(_mountinfo(), needed):
        if not str(path).startswith("/proc/"):
            return f"{path} is a file system of another machine"
    return ""


def unmounted(_place: Place) -> str:
    """What a nested namespace, in which we are root, can uncover."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(OSError):
            os.write(writer, _uncover().encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        seen = answer.read().decode()
    os.waitpid(child, 0)
    return seen


def _uncover() -> str:
    user, points = os.getuid(), _mount_points()
    os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNS)
    with suppress(OSError):
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
    for point in reversed(points):
        with suppress(OSError):
            kernel.unmount(point)
            return f"{point} can be unmounted"
    with suppress(OSError):
        kernel.remount_writable("/")
        return "the root can be made writable"
    return ""


def _mount_points() -> list[str]:
    """All but the root."""
    points = [str(row.at) for row in mounts(_mountinfo())]
    return [point for point in points if point != "/"]


def _mountinfo() -> str:
    return Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")


def capabilities(_place: Place) -> str:
    """What a privileged process may do."""
    held = int(_status("CapEff") or "0", 16)
    names = [name for number, name in CAPABILITIES.items() if held >> number & 1]
    return f"holds {', '.join(names)}" if names else ""


def setuid(_place: Place) -> str:
    """Programs that would run as root, unless new privileges are refused to us."""
    if _status("NoNewPrivs") == "1":
        return ""
    for folder in ("/usr/bin", "/bin", "/usr/local/bin"):
        for name in SETUID:
            path = Path(folder, name)
            with suppress(OSError):
                held = os.statvfs(path).f_flag & os.ST_NOSUID
                if path.stat().st_mode & stat.S_ISUID and not held:
                    return f"{path} runs as root"
    return ""


def _status(name: str) -> str:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text("utf-8").splitlines():
            if line.startswith(f"{name}:"):
                return line.partition(":")[2].strip()
    return ""


def terminals(_place: Place) -> str:
    """Other terminals of the user, and putting words into the mouth of this one."""
    with suppress(OSError):
        own = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            fcntl.ioctl(own, TERMINAL_INPUT[0], 0)
        except OSError as error:
            if error.errno == errno.EFAULT:
                return "characters can be typed into the terminal (TIOCSTI)"
        finally:
            os.close(own)
    ours = {_tty(number) for number in range(3)}
    for path in Path("/dev/pts").glob("[0-9]*"):
        if str(path) not in ours and os.access(path, os.W_OK):
            return f"the terminal {path} can be written"
    return ""


def _tty(number: int) -> str:
    with suppress(OSError):
        return os.ttyname(number)
    return ""


def key_rings(_place: Place) -> str:
    """Keys of the user that the kernel keeps: keyctl(2), KEYCTL_GET_KEYRING_ID."""
    machine = MACHINES.get(os.uname().machine)
    if machine is None:
        return ""
    session = -3
    with suppress(OSError):
        kernel.syscall(machine.keyctl, 0, session, 0)
        return "the session's key ring can be read"
    return ""


def devices(_place: Place) -> str:
    """Memory, disks, and devices that type."""
    for name in DEVICES:
        if os.access(name, os.R_OK):
            return f"{name} can be opened"
    for entry in os.scandir("/dev"):
        with suppress(OSError):
            is_disk = stat.S_ISBLK(entry.stat(follow_symlinks=False).st_mode)
            if is_disk and os.access(entry.path, os.R_OK):
                return f"{entry.path} can be read"
    for path in Path("/dev/input").glob("event*"):
        if os.access(path, os.R_OK):
            return f"{path} can be read"
    return ""


def run_by_others(_place: Place) -> str:
    """Files that somebody outside runs, when we may write them."""
    for name in RUN_BY_OTHERS:
        if os.access(name, os.W_OK):
            return f"{name} can be written"
    return ""
