"""
The roots that upstream certificates are verified against: the public ones and policy's.

Why not in `certificates`: that is about what we show to clients.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import certifi

from dlp.errors import StateError
from dlp.state.folder import write_private


def bundle(state: Path, trusted: Iterable[str]) -> str | None:
    """
    One PEM file with the public roots and those of `trusted`; None for only the public.

    Its name tells its content: mitmproxy keeps TLS contexts by the name of the file.

    Raises:
        StateError: a file cannot be read, or the bundle cannot be written.
    """
    paths = [Path(name) for name in trusted]
    if not paths:
        return None
    try:
        parts = [path.read_bytes() for path in (Path(certifi.where()), *paths)]
        content = b"\n".join(parts)
        digest = hashlib.sha256(content).hexdigest()[:16]
        path = state / "ca" / f"upstream-{digest}.pem"
        if not path.exists():
            for old in path.parent.glob("upstream-*.pem"):
                old.unlink(missing_ok=True)
            write_private(path, content)
    except OSError as error:
        raise StateError(
            f"upstream.trusted_ca: {error.filename}: {error.strerror}"
        ) from error
    return str(path)
