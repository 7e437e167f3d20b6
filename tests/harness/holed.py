"""
`dlp run` with a hole cut into its cage: what the probe must notice.

A program, for an island (`tests.harness.island`) only: `holed.py HOLE MODULE ARGUMENT...`
runs a module of the cage with that hole, and hands the hole on to what the cage starts.
"""

import importlib
import os
import sys
from pathlib import Path

from dlp.cage import bubblewrap, inside, kernel, redirect, run, unshare

NAMESPACES = ("user", "ipc", "pid", "net", "uts", "cgroup-try")


def sharing(*shared):
    """Bubblewrap leaves a namespace out."""
    apart = [f"--unshare-{name}" for name in NAMESPACES if name not in shared]
    gone = {"--unshare-all", "--as-pid-1" if "pid" in shared else ""}
    other_words(
        lambda words: [words[0], *apart, *(w for w in words[1:] if w not in gone)]
    )


def showing(path):
    """Bubblewrap shows a folder as it is outside, over all that was mounted before."""

    def change(words):
        at = words.index("--chdir")
        return [*words[:at], "--dev-bind", path, path, *words[at:]]

    other_words(change)


def other_words(change):
    real = bubblewrap.command
    bubblewrap.command = lambda *given: change(real(*given))


def without_network():
    """The namespaces of our own, but for the network's."""
    unshare._NAMESPACES &= ~os.CLONE_NEWNET
    redirect.open_loopback = redirect.install = lambda: False


def without_processes():
    unshare._NAMESPACES &= ~os.CLONE_NEWPID
    unshare._new_processes = lambda: None


def without_mounts():
    unshare._cover = lambda _mounts: None
    redirect.install = lambda: False


HOLES = {
    "bubblewrap: network": lambda: sharing("net"),
    "bubblewrap: processes": lambda: sharing("pid"),
    "bubblewrap: home": lambda: showing(os.environ["HOME"]),
    "bubblewrap: calls": lambda: setattr(kernel, "filter_calls", lambda _program: None),
    "unshare: network": without_network,
    "unshare: processes": without_processes,
    "unshare: privileges": lambda: setattr(inside, "confine", lambda: None),
    "unshare: mounts": without_mounts,
}


def hand_on(words, hole):
    """The same command, with the hole in every module of ours that it starts."""
    found = [at for at, word in enumerate(words) if word.startswith("dlp.cage.")]
    for at in reversed(found):
        own = str(Path(__file__).resolve())
        words = [*words[: at - 2], own, hole, *words[at:]]
    return words


def main():
    hole, module, *arguments = sys.argv[1:]
    HOLES[hole]()
    if module != "dlp.cli":
        return importlib.import_module(module).main(arguments)
    real = run._beside_relay
    run._beside_relay = lambda path, proxy, words, environment: real(
        path, proxy, hand_on(words, hole), environment
    )
    sys.argv = ["dlp", *arguments]
    return importlib.import_module("dlp.cli").main()


if __name__ == "__main__":
    sys.exit(main())
