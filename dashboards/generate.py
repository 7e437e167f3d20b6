"""Writes every generated file of this folder: `python dashboards/generate.py`."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


def files() -> dict[Path, str]:
    """Each generated file and what it must hold."""
    import boards
    import reference
    import render

    made = {HERE / "METRICS.md": reference.page()}
    for board in boards.BOARDS:
        made[HERE / "grafana" / f"{board.uid}.json"] = render.page(board)
    return made


def main() -> None:
    """Write what differs."""
    for path, text in files().items():
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            print(f"wrote {path.relative_to(HERE)}")


if __name__ == "__main__":
    main()
