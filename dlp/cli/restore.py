"""`dlp restore`; beside `dlp backup`, whose options it shares."""

from __future__ import annotations

from dlp.cli.backup import restoring as app

__all__ = ["app"]
