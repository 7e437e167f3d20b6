"""
A JSON file of the state folder that knows the version of its content.

`{"version": N, "content": ...}`. What has no version is the content itself, as it was
written before there were versions: version 0. A file of an older version is read
through the steps between, and replaced when it is next written; what it was is kept
beside it as `NAME.vN`. A newer one is refused.

Why not in `folder`: that writes bytes, and knows of no versions.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from dlp.errors import StateError
from dlp.state.folder import write_private

Step = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Document:
    """One such file."""

    path: Path
    steps: tuple[Step, ...] = ()
    """The nth makes version n + 1 of version n; never changed, only added to."""

    @property
    def version(self) -> int:
        """The version that is written: version 1 differs from 0 by saying so."""
        return 1 + len(self.steps)

    def read(self) -> Any:
        """
        The content, brought up to the present version.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: it cannot be read.
            ValueError: it is damaged.
            StateError: a newer version of this program wrote it.
        """
        version, content = self._parse(self.path.read_bytes())
        for step in self.steps[max(0, version - 1) :]:
            content = step(content)
        return content

    def write(self, content: Any) -> None:
        """
        Replace the file in one step. Whoever calls this keeps other writers out.

        Raises:
            OSError: it cannot be written.
            ValueError: the file that is there is damaged.
            StateError: the file that is there is of a newer version.
        """
        with suppress(FileNotFoundError):
            data = self.path.read_bytes()
            version, _ = self._parse(data)
            if version < self.version:
                self._keep(version, data)
        told = {"version": self.version, "content": content}
        write_private(self.path, orjson.dumps(told, option=orjson.OPT_INDENT_2))

    def _keep(self, version: int, data: bytes) -> None:
        kept = self.path.with_name(f"{self.path.name}.v{version}")
        with suppress(FileExistsError):
            write_private(kept, data, exclusive=True)

    def _parse(self, data: bytes) -> tuple[int, Any]:
        told = orjson.loads(data)
        if not isinstance(told, dict) or told.keys() != {"version", "content"}:
            return 0, told
        version = told["version"]
        if not isinstance(version, int) or version < 1:
            raise ValueError(f"{version!a} is no version")
        if version > self.version:
            raise StateError(
                f"{self.path} was made by a newer version of dlp (version {version}, "
                f"this one knows {self.version}): run that one, or restore a backup of "
                "before"
            )
        return version, told["content"]
