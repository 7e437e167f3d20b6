"""
Secrets of channels, read when they are used and kept nowhere.

Rule: no `repr`, error or log line holds what was read; an error names the variable or
the file. Why not in `compile`: that judges the file, this reads the outside world.
"""

from __future__ import annotations

import os
from pathlib import Path

from dlp.errors import DLPError
from dlp.model import noun


class SourceError(DLPError):
    """A secret of a channel cannot be read."""


@noun
class Source:
    """A text, or where it comes from."""

    env: str = ""
    file: str = ""
    """Absolute."""
    text: str = ""
    """Written out in the rules file; so it is no secret."""

    def read(self) -> str:
        """
        What it holds, without the white space around it.

        Raises:
            SourceError: it is not there, or empty.
        """
        if self.text:
            return self.text
        if self.env:
            found, what = os.environ.get(self.env, ""), f"the variable {self.env}"
        else:
            found, what = self._content(), self.file
        if not found.strip():
            raise SourceError(f"{what} is not set or empty")
        return found.strip()

    def _content(self) -> str:
        try:
            return Path(self.file).read_text()
        except OSError as error:
            raise SourceError(f"cannot read {self.file}: {error.strerror}") from error
        except UnicodeDecodeError:
            raise SourceError(f"{self.file} is not text") from None
