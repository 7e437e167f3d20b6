"""Switches faults in a proxy on and off; see sitecustomize.py."""

import contextlib
from collections.abc import Iterator
from pathlib import Path


class Faults:
    """`environment` is what a proxy must be started with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.environment = {
            "FAULTS_FOLDER": str(folder),
            "PYTHONPATH": str(Path(__file__).parent),
        }

    @contextlib.contextmanager
    def on(self, name: str, how: str = "") -> Iterator[None]:
        """The fault `name`: raises, or `die`, or waits that many seconds."""
        fault = self._folder / name
        fault.write_text(how)
        try:
            yield
        finally:
            fault.unlink(missing_ok=True)
