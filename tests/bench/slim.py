"""Our master, layers and listener with no inspection: `python -m tests.bench.slim`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from mitmproxy import options
from mitmproxy.master import Master

from addons import tuning
from addons.budget import Budget
from addons.certificates import Certificates
from addons.http_stream import Terms
from addons.listener import EgressMode, Server
from addons.protocol import Protocol
from addons.transport import set_options


class Streaming:
    def responseheaders(self, flow) -> None:
        flow.response.stream = True


def no(*_: object) -> None:
    raise AssertionError("nothing is refused here")


def most() -> int:
    return 1 << 30


async def main(settings: dict) -> None:
    tuning.install()
    state = Path(settings["state"])
    state.mkdir(exist_ok=True)
    mode = f"{EgressMode.type_name}@127.0.0.1:{settings['port']}"
    master = Master(options.Options(confdir=str(state), mode=[mode]))
    terms = Terms(Budget(most()), most, most, no, no)
    protocol = Protocol(terms, no, lambda _: None)
    master.addons.add(
        Server(protocol.top_layer, lambda _: None),
        protocol,
        Certificates(state, lambda: (settings["ca"],)),
        Streaming(),
    )
    set_options(master.options)
    await master.run()


asyncio.run(main(json.loads(sys.argv[1])))
