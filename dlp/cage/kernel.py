"""
The few calls to Linux that Python does not offer, by their names there.

Why not in `unshare`: `confine` and the probe need the same door to libc. The numbers
are those that every architecture shares since Linux 5.1 (arch/*/entry/syscalls).
"""

from __future__ import annotations

import ctypes
import os
import struct

OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442
AT_FDCWD, AT_EMPTY_PATH, AT_RECURSIVE = -100, 0x1000, 0x8000
OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC = 1, os.O_CLOEXEC
MOVE_MOUNT_F_EMPTY_PATH = 4
READ_ONLY, NO_SUID = 1, 2
PRIVATE = 1 << 18
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MNT_DETACH = 2

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_SET_SECCOMP = 38, 47, 22
PR_CAP_AMBIENT_RAISE, PR_CAP_AMBIENT_CLEAR_ALL, SECCOMP_MODE_FILTER = 2, 4, 2
CAP_NET_ADMIN = 12
_CAPABILITIES = struct.pack("=Ii", 0x20080522, 0)

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    """`struct mount_attr` of mount_setattr(2)."""

    _fields_ = tuple(
        (name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")
    )


def _check(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
    return result


def prctl(option: int, argument: int, third: int = 0) -> int:
    """Ask for a property of this process (man 2 prctl)."""
    words = [ctypes.c_ulong(word) for word in (argument, third, 0, 0)]
    return _check(_libc.prctl(option, *words), f"prctl {option}")


def filter_calls(program: bytes) -> None:
    """Put a seccomp(2) filter, an array of `struct sock_filter`, over this process."""
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    kept = ctypes.create_string_buffer(header, len(header))
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(kept))


def drop_capabilities() -> None:
    """Empty this process's capability sets (capset, version 3)."""
    _check(_libc.capset(_CAPABILITIES, bytes(24)), "capset")


def hand_on(capability: int) -> None:
    """Let the next program keep one capability that we hold (capabilities(7))."""
    held = ctypes.create_string_buffer(24)
    _check(_libc.capget(_CAPABILITIES, held), "capget")
    words = list(struct.unpack("=6I", held.raw))  # effective, permitted, inheritable
    words[2 + 3 * (capability // 32)] |= 1 << capability % 32
    _check(_libc.capset(_CAPABILITIES, struct.pack("=6I", *words)), "capset")
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def syscall(number: int, *words: int | bytes | ctypes.c_void_p | None) -> int:
    """Any call, with words, byte strings and pointers (man 2 syscall)."""
    wide = [ctypes.c_long(word) if isinstance(word, int) else word for word in words]
    return _check(_libc.syscall(ctypes.c_long(number), *wide), f"syscall {number}")


def mount_new(kind: str, target: str, options: str = "", flags: int = 0) -> None:
    """A new file system of that kind at `target`: mount(2)."""
    words = (kind.encode(), target.encode(), kind.encode())
    done = _libc.mount(*words, ctypes.c_ulong(flags), options.encode())
    _check(done, target)


def unmount(target: str) -> None:
    """umount2(2), lazily."""
    _check(_libc.umount2(os.fsencode(target), MNT_DETACH), target)


def clone_tree(path: str) -> int:
    """A detached copy of the mounts below `path`, as a descriptor: open_tree(2)."""
    flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE
    return syscall(OPEN_TREE, AT_FDCWD, path.encode(), flags)


def attach_tree(tree: int, target: str) -> None:
    """Mount what `clone_tree` copied at `target`, and close it: move_mount(2)."""
    words = (tree, b"", AT_FDCWD, target.encode(), MOVE_MOUNT_F_EMPTY_PATH)
    syscall(MOVE_MOUNT, *words)
    os.close(tree)


def set_tree(where: int | str, attributes: int, propagation: int = 0) -> None:
    """Set attributes of a mount and all below it: mount_setattr(2), Linux 5.12."""
    wanted = _MountAttributes(attributes, 0, propagation, 0)
    pointer = ctypes.cast(ctypes.pointer(wanted), ctypes.c_void_p)
    if isinstance(where, int):
        words = (where, b"", AT_EMPTY_PATH | AT_RECURSIVE)
    else:
        words = (AT_FDCWD, where.encode(), AT_RECURSIVE)
    syscall(MOUNT_SETATTR, *words, pointer, ctypes.sizeof(wanted))


def remount_writable(target: str) -> None:
    """Try to clear the mount's read-only flag: mount_setattr(2)."""
    wanted = _MountAttributes(0, READ_ONLY, 0, 0)
    pointer = ctypes.cast(ctypes.pointer(wanted), ctypes.c_void_p)
    words = (AT_FDCWD, target.encode(), 0, pointer, ctypes.sizeof(wanted))
    syscall(MOUNT_SETATTR, *words)
