"""The machine: clock, disk, swap."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from dlp.doctor.check import Check, Severity
from dlp.doctor.picture import CannotTellError, Picture

LEAST_BYTES, LEAST_INODES = 512 << 20, 10_000
LEAST_SHARE = 0.05
AHEAD_S = 300.0
"""How far ahead of the clock a file of ours may be."""
_UNSYNCHRONISED = 5
"""TIME_ERROR (adjtimex(2))."""


def _clock_behind(picture: Picture) -> Iterator[str]:
    for path in sorted(picture.kept().rglob("*")):
        ahead = path.lstat().st_mtime - picture.now
        if ahead > AHEAD_S:
            yield f"{path} was written {ahead / 60:.0f} min from now"
            break
    authority = picture.kept() / "ca" / "ca.pem"
    if authority.exists():
        try:
            made = x509.load_pem_x509_certificate(authority.read_bytes())
        except ValueError:
            return
        if made.not_valid_before_utc > datetime.fromtimestamp(picture.now, UTC):
            yield "the CA is not valid yet"


def _clock_free(picture: Picture) -> Iterator[str]:
    state = picture.kernel_clock
    if state < 0:
        raise CannotTellError("the kernel does not tell")
    if state == _UNSYNCHRONISED:
        yield "the kernel's clock is not synchronised"


def _disk(picture: Picture) -> Iterator[str]:
    there = os.statvfs(picture.kept())
    size = there.f_frsize
    if scarce(there.f_bavail * size, there.f_blocks * size, LEAST_BYTES):
        free = there.f_bavail * size >> 20
        yield f"{free} MiB are free where {picture.state} is"


def _inodes(picture: Picture) -> Iterator[str]:
    there = os.statvfs(picture.kept())
    if not there.f_files:
        raise CannotTellError("the file system does not count inodes")
    if scarce(there.f_favail, there.f_files, LEAST_INODES):
        yield f"{there.f_favail} inodes are free where {picture.state} is"


def scarce(free: int, total: int, least: int) -> bool:
    """Whether little is left, of something that is not small by design."""
    return free < least and (free < total * LEAST_SHARE or free < least // 8)


def _swap(picture: Picture) -> Iterator[str]:
    for line in picture.text("proc/swaps").splitlines()[1:]:
        name = line.split()[0]
        if not name.startswith("/dev/zram") and not _encrypted(picture, name):
            yield f"{name} is not encrypted"


def _encrypted(picture: Picture, name: str) -> bool:
    """dm-crypt names its devices so (cryptsetup, `CRYPT-`)."""
    device = Path(name).resolve().name if picture.root == Path("/") else Path(name).name
    path = picture.root / "sys/block" / device / "dm/uuid"
    return path.exists() and path.read_text().startswith("CRYPT-")


CHECKS = (
    Check(
        "clock-right", Severity.HIGH,
        "The clock is not behind",
        "Certificates are refused, grants last too long, and the record is dated "
        "wrongly.",
        "Set the clock (timedatectl set-ntp true)",
        ("ASI10", "T8"), _clock_behind,
    ),
    Check(
        "clock-synchronised", Severity.LOW,
        "The clock is kept by a time service",
        "The record cannot be laid beside that of other machines.",
        "Run chrony or systemd-timesyncd; a virtual machine may keep its host's time "
        "without it",
        ("ASI10", "T8"), _clock_free,
    ),
    Check(
        "disk-space", Severity.HIGH,
        "The disk of the state folder has room",
        "On a full one nothing can be recorded, so everything is refused.",
        "Free space, or lower the retention of the audit log",
        ("ASI08", "T4"), _disk,
    ),
    Check(
        "disk-inodes", Severity.HIGH,
        "The file system of the state folder has inodes",
        "Without them no file can be made, whatever space is free.",
        "Remove small files, or move the state folder",
        ("ASI08", "T4"), _inodes,
    ),
    Check(
        "swap", Severity.MEDIUM,
        "Swap is off, in memory or encrypted",
        "Bodies and keys from the proxy's memory stay on disk for as long as it "
        "lasts.",
        "swapoff, zram, or dm-crypt with a random key; MemorySwapMax=0 for the "
        "service",
        ("ASI03", "T3"), _swap,
    ),
)  # fmt: skip
