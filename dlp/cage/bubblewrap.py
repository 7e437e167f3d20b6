"""
The first choice of cage: bubblewrap, with a Unix socket as the only way out.

Nothing here needs privileges. The network namespace has a loopback of its own and no
other interface; `dlp.cage.inside` listens on it and relays to the socket. The
environment is that of the process: an argument would show every user its values.
Source: bwrap(1).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from dlp.cage.plan import Kind, Mount, Plan, trusted_path

# Bubblewrap itself leaves /proc/sys as it is when the folder cannot be written; for
# root its files can all the same (core_pattern names a program that the host runs).
_GROUND = (
    *("--ro-bind", "/", "/", "--dev", "/dev"),
    *("--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"),
)


def available() -> str:
    """Path of a bubblewrap that works here, or empty."""
    path = shutil.which("bwrap", path=trusted_path(os.environ, Path.cwd()))
    if path is None:
        return ""
    trial = [path, "--unshare-all", *_GROUND, "--", "/bin/true"]
    done = subprocess.run(trial, capture_output=True, check=False)  # noqa: S603
    return path if done.returncode == 0 else ""


def command(bwrap: str, plan: Plan, inner: list[str]) -> list[str]:
    """The argument list that runs `inner` in the cage."""
    words = [bwrap, "--unshare-all", "--die-with-parent", "--as-pid-1"]
    words += ["--cap-drop", "ALL"]
    if not plan.interactive:
        words.append("--new-session")
    words += _GROUND
    for mount in plan.mounts():
        words += _words(mount)
    return [*words, "--chdir", str(plan.folder), "--", *inner]


def _words(mount: Mount) -> list[str]:
    at, source = str(mount.at), str(mount.source)
    return {
        Kind.EMPTY: ["--tmpfs", at],
        Kind.WRITE: ["--bind", source, at],
        Kind.READ: ["--ro-bind", source, at],
        Kind.VOID: ["--tmpfs", at, "--remount-ro", at],
        Kind.MASK: ["--ro-bind", "/dev/null", at],
    }[mount.kind]
