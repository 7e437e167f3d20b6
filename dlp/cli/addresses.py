"""HOST:PORT on a command line. Why not in `up`: `doctor` asks about the same ones."""

from __future__ import annotations

from dlp.errors import UsageError


def host_and_port(flag: str, text: str) -> tuple[str, int]:
    """
    Host and port of the value of a flag.

    Raises:
        UsageError: it is not of that form.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"{flag} {text}: expected HOST:PORT, as in 127.0.0.1:8080")
    return host, int(port)
