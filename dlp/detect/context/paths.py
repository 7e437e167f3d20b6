"""
What of a path could be a password: `PWD=/srv/www1` is where a shell works.

Stands apart from `assignment`, which asks: it knows of names and ties, this of where
files lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.detect.proof.bigrams import randomness

PATH = r"(?:[A-Za-z]:|\.{0,2}|~)?[/\\](?:[\w.@+-]+[/\\])*[\w.@+-]*"
_PATH = re.compile(PATH.encode())
_STEP = re.compile(rb"[^/\\]+")
_BITS = 8
"""Of folders that have names (`build-12`, `x86_64-linux-gnu`) none looks so random."""


_OF_SHELL = frozenset({"pwd", "oldpwd", "init_cwd"})
"""Names of folders: what has more than one step is none of their passwords."""


def doubtful(name: str, value: bytes) -> Iterator[bytes]:
    """
    The value, or of a path the steps that need be no name of a file or folder.

    Behind a single `/` a person may have made it up.
    """
    if not _PATH.fullmatch(value):
        yield value
        return
    steps = _STEP.findall(value)
    if len(steps) > 1 and name.lower() in _OF_SHELL:
        return
    for step in steps:
        if len(steps) == 1 or randomness(step) * (len(step) - 1) >= _BITS:
            yield step
