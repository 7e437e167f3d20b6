"""
What the kernel still refuses to a process in the cage, whatever cage it is.

Strategy: a namespace holds only what Linux put into namespaces. What it did not is
refused by number here: socket families that reach the host or the hypervisor from any
network namespace (vsock, Bluetooth, ...), io_uring (its sockets pass no filter), the
kernel's key rings (per user, not per namespace), and typing into the terminal
(`TIOCSTI`, CVE-2017-5226). `FAMILIES` is a list of what is allowed.
Source: seccomp(2), vsock(7), keyrings(7), linux/audit.h.
"""

from __future__ import annotations

import errno
import os
import struct
from contextlib import suppress
from dataclasses import dataclass

from dlp.cage import kernel
from dlp.errors import CageError

FAMILIES = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK (getaddrinfo asks it for addresses)."""
TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI, TIOCLINUX: put characters into a terminal's input. Only the low 32 bits of
the number count, as for the kernel (CVE-2019-10063)."""
_X32 = 0x40000000


@dataclass(frozen=True, slots=True)
class Machine:
    """Numbers of one architecture."""

    audit: int
    """AUDIT_ARCH_*"""
    socket: int
    ioctl: int
    keyctl: int
    refused: tuple[int, ...]
    """add_key, request_key, bpf, perf_event_open, userfaultfd, open_by_handle_at,
    kexec_load."""


MACHINES = {
    "x86_64": Machine(
        0xC000003E, 41, 16, 250, (248, 249, 321, 298, 323, 304, 246)
    ),
    "aarch64": Machine(
        0xC00000B7, 198, 29, 219, (217, 218, 280, 241, 282, 265, 104)
    ),
}  # fmt: skip
IO_URING = (425, 426, 427)

# linux/bpf_common.h: BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_RET|K
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCH, _FIRST, _SECOND = 0, 4, 16, 24


def program(machine: Machine) -> bytes:
    """The filter, as an array of `struct sock_filter`."""
    refused = (machine.keyctl, *machine.refused)
    refuse = [*_when(refused, errno.EPERM), *_when(IO_URING, errno.ENOSYS)]
    family = [
        (_LOAD, 0, 0, _FIRST),
        *((_EQUAL, len(FAMILIES) - i, 0, f) for i, f in enumerate(FAMILIES)),
        (_RETURN, 0, 0, _ERRNO | errno.EAFNOSUPPORT),
        (_RETURN, 0, 0, _ALLOW),
    ]
    terminal = [
        (_LOAD, 0, 0, _SECOND),
        *_when(TERMINAL_INPUT, errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    steps = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        *refuse,
        (_EQUAL, 0, len(family), machine.socket),
        *family,
        (_EQUAL, 0, len(terminal), machine.ioctl),
        *terminal,
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _when(values: tuple[int, ...], code: int) -> list[tuple[int, int, int, int]]:
    """Return `code` as an error when the loaded word is one of `values`."""
    pairs = (
        ((_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ERRNO | code)) for value in values
    )
    return [step for pair in pairs for step in pair]


def confine() -> None:
    """
    Give up, for this process and all it starts: capabilities, setuid, the calls above.

    Raises:
        CageError: this machine is none of `MACHINES`.
    """
    machine = MACHINES.get(os.uname().machine)
    if machine is None:
        raise CageError(f"no cage is known for {os.uname().machine} machines")
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    _drop_capabilities()
    kernel.filter_calls(program(machine))


def _drop_capabilities() -> None:
    """All sets, also the one that a root user's next program would fill from."""
    with suppress(OSError):  # EINVAL after the last one, EPERM where none is held
        for number in range(64):
            kernel.prctl(kernel.PR_CAPBSET_DROP, number)
    with suppress(OSError):  # kernels before 4.3 have none
        kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    kernel.drop_capabilities()
