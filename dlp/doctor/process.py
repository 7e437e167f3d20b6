"""The proxy's processes: whom they run as, and what a fault in them could do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dlp.deploy import files
from dlp.doctor.check import Check, Severity
from dlp.doctor.picture import CannotTellError, Picture

LEAST_FILES = 4096
_UNIT_FOLDERS = (
    "etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
)  # fmt: skip
_SHIPPED = "agent-dlp.service"
_CONFINING = re.compile(
    r"^(\w*(?:Protect|Private|Restrict|SystemCall|NoNew|Lock|MemoryDeny|CapabilityB"
    r"|Keyring|RemoveIPC|UMask|LimitCORE)\w*)=",
    re.MULTILINE,
)


def _root(picture: Picture) -> Iterator[str]:
    for one in picture.proxies:
        if one.uid == 0:
            yield f"process {one.pid} runs as root"


def _core(picture: Picture) -> Iterator[str]:
    for one in picture.proxies:
        limit = one.limits.get("Max core file size", "")
        if limit != "0":
            yield f"process {one.pid} may dump {limit or 'its'} bytes of core"


def _few_files(picture: Picture) -> Iterator[str]:
    for one in picture.proxies:
        limit = one.limits.get("Max open files", "unlimited")
        if limit.isdecimal() and int(limit) < LEAST_FILES:
            yield f"process {one.pid} may open {limit} files"


def _capable(picture: Picture) -> Iterator[str]:
    for one in picture.proxies:
        if int(one.status.get("CapEff", "0"), 16):
            yield f"process {one.pid} has capabilities {one.status['CapEff']}"


def _privileges(picture: Picture) -> Iterator[str]:
    for one in picture.proxies:
        if one.status.get("NoNewPrivs") == "0":
            yield f"process {one.pid} may gain privileges"


def _unfiltered(picture: Picture) -> Iterator[str]:
    for one in picture.proxies:
        if one.status.get("Seccomp") == "0":
            yield f"process {one.pid} may make any system call"


def _unbounded(picture: Picture) -> Iterator[str]:
    for one in picture.proxies:
        group = picture.text(f"proc/{one.pid}/cgroup").strip().rpartition("::")[2]
        folder = picture.root / "sys/fs/cgroup" / group.lstrip("/")
        limits = [
            limit.read_text().strip()
            for here in (folder, *folder.parents)
            if (limit := here / "memory.max").exists()
        ]
        if not limits:
            raise CannotTellError("its control group sets no memory.max")
        if set(limits) == {"max"}:
            yield f"process {one.pid} may take all memory"


def _loose_unit(picture: Picture) -> Iterator[str]:
    found = list(units(picture))
    if not found:
        raise CannotTellError("no systemd unit starts `dlp up`")
    shipped = next(one.text for one in files("systemd") if one.name == _SHIPPED)
    for path, text in found:
        missing = sorted(set(_confining(shipped)) - set(_confining(text)))
        if missing:
            yield f"{path} lacks {', '.join(missing)}"


def units(picture: Picture) -> Iterator[tuple[Path, str]]:
    """The systemd units that start the proxy, with their text and that of drop-ins."""
    for folder in _UNIT_FOLDERS:
        for path in sorted((picture.root / folder).glob("*.service")):
            parts = [path, *sorted(path.parent.glob(f"{path.name}.d/*.conf"))]
            there = (part for part in parts if part.is_file())
            text = "\n".join(part.read_text("utf-8", "replace") for part in there)
            if re.search(r"^ExecStart=.*\bdlp\s+up\b", text, re.MULTILINE):
                yield path, text


def _confining(text: str) -> list[str]:
    return _CONFINING.findall(text)


CHECKS = (
    Check(
        "proxy-root", Severity.HIGH,
        "The proxy does not run as root",
        "A fault in it would give away the machine.",
        "Give it a user of its own: `dlp deploy print systemd`",
        ("ASI05", "ASI03", "T3", "T11"), _root,
    ),
    Check(
        "core-dumps", Severity.HIGH,
        "The proxy leaves no core dump",
        "It would hold bodies, keys and tokens in the clear.",
        "LimitCORE=0 for the service, or `ulimit -c 0` before `dlp up`",
        ("ASI03", "T3"), _core,
    ),
    Check(
        "open-files", Severity.MEDIUM,
        "The proxy may open enough files",
        "Each request takes two; at the limit every further one is refused.",
        "LimitNOFILE=65536 for the service, or `ulimit -n 65536`",
        ("ASI08", "T4"), _few_files,
    ),
    Check(
        "capabilities", Severity.MEDIUM,
        "The proxy has no capabilities",
        "It needs none; a fault in it could use them.",
        "CapabilityBoundingSet= and another user than root",
        ("ASI05", "T11"), _capable,
    ),
    Check(
        "no-new-privileges", Severity.LOW,
        "The proxy cannot gain privileges",
        "A fault in it could call a setuid program.",
        "NoNewPrivileges=yes",
        ("ASI05", "T11"), _privileges,
    ),
    Check(
        "system-calls", Severity.LOW,
        "The proxy's system calls are filtered",
        "A fault in it would reach all of the kernel.",
        "SystemCallFilter=@system-service",
        ("ASI05", "T11"), _unfiltered,
    ),
    Check(
        "memory-bound", Severity.LOW,
        "The proxy's memory is bounded",
        "Without a bound the kernel chooses what else it ends.",
        "MemoryMax=2G for the service",
        ("ASI08", "T4"), _unbounded,
    ),
    Check(
        "systemd-unit", Severity.MEDIUM,
        "The service is confined as the shipped unit is",
        "What it does not need it should not have.",
        "Compare with `dlp deploy print systemd agent-dlp.service`",
        ("ASI05", "ASI03", "T11"), _loose_unit,
    ),
)  # fmt: skip
