"""
The first choice of cage: bubblewrap, with a Unix socket as the only way out.

Nothing here needs privileges. The network namespace has a loopback of its own and no
other interface; `dlp.cage.inside` listens on it and relays to the socket.
Source: bwrap(1).
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from dlp.cage.plan import EMPTIED, Plan

INSIDE = "/run/agent-dlp"
"""Where the exchange folder stands in the cage."""


def available() -> str:
    """Path of a bubblewrap that works here, or empty."""
    path = shutil.which("bwrap")
    if path is None:
        return ""
    trial = [path, "--unshare-all", "--ro-bind", "/", "/", "--", "/bin/true"]
    done = subprocess.run(trial, capture_output=True, check=False)  # noqa: S603
    return path if done.returncode == 0 else ""


def command(bwrap: str, plan: Plan, inner: list[str]) -> list[str]:
    """The argument list that runs `inner` in the cage."""
    words = [bwrap, "--unshare-all", "--die-with-parent", "--cap-drop", "ALL"]
    if not plan.interactive:
        words.append("--new-session")  # no pushing keys into our terminal (TIOCSTI)
    words += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for name in EMPTIED:
        real = Path(name)
        if real.is_dir() and not real.is_symlink():
            words += ["--tmpfs", name]
    words += ["--bind", str(plan.folder), str(plan.folder)]
    for folder in plan.hidden_folders:
        words += ["--tmpfs", str(folder), "--remount-ro", str(folder)]
    for file in plan.hidden_files:
        words += ["--ro-bind", "/dev/null", str(file)]
    for path in plan.read_only:
        words += ["--ro-bind", str(path), str(path)]
    words += ["--ro-bind", str(plan.exchange), INSIDE, "--chdir", str(plan.folder)]
    words.append("--clearenv")
    for name, value in plan.environment.items():
        words += ["--setenv", name, value]
    return [*words, "--", *inner]
