"""Which rules folder a command means. Why not in one of them: all must agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlp.errors import UsageError

RulesOption = Annotated[
    Path | None,
    typer.Option(
        "--rules", help="Rules folder.  [default: ./rules, else the built-in set]"
    ),
]


def rules_folder(named: Path | None) -> Path | None:
    """
    The folder that was named, else ./rules, else None: the built-in set.

    Many projects have a `rules` folder of their own: ours has a policy or detectors.

    Raises:
        UsageError: the named folder does not exist.
    """
    if named is None:
        here = Path("rules")
        ours = any(here.glob("policy.y*ml")) or (here / "detectors").is_dir()
        return here.absolute() if ours else None
    if not named.is_dir():
        raise UsageError(f"--rules {named}: there is no such folder")
    return named.absolute()
