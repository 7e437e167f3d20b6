"""
What `dlp doctor` asks of the installed mitmproxy, in a process of its own.

A worker sets every option that mitmproxy knows (`transport.OPTIONS`); one that a later
version no longer knows would be passed by, and with it the guard that rests on it.
Why not in `transport`: that runs in a worker; this loads only what declares options.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable

from addons.serve import leave_out_addons


def missing(wanted: Iterable[str]) -> list[str]:
    """The names that are no option of this mitmproxy."""
    return asyncio.run(_missing(wanted))


async def _missing(wanted: Iterable[str]) -> list[str]:
    from mitmproxy.addons.proxyserver import Proxyserver
    from mitmproxy.addons.tlsconfig import TlsConfig
    from mitmproxy.master import Master
    from mitmproxy.options import Options

    master = Master(Options())
    master.addons.add(Proxyserver(), TlsConfig())
    return [name for name in wanted if name not in master.options]


def main() -> None:
    """Print the missing ones as a JSON list."""
    leave_out_addons()
    from addons.transport import OPTIONS

    sys.stdout.write(json.dumps(missing(OPTIONS)))


if __name__ == "__main__":
    main()
