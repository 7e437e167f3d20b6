"""`mitmdump -s addons/egress.py`: the same refusals, and the notice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

import addons.egress
from tests.harness.proxy import free_port, make_state

POLICY = """\
version: 1
statements:
  - {id: here, effect: allow, hosts: [localhost], ports: ["*"]}
upstream: {allow_private: ["127.0.0.0/8", "::1/128"]}
"""


@pytest.fixture(scope="module")
def mitmdump(tmp_path_factory, compiled):
    folder = tmp_path_factory.mktemp("evaluation")
    (folder / "rules").mkdir()
    (folder / "rules" / "policy.yaml").write_text(POLICY)
    make_state(folder / "agent-dlp", compiled)
    port = free_port()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                *(str(Path(sys.executable).with_name("mitmdump")), "-s"),
                *(addons.egress.__file__, "--listen-host", "127.0.0.1"),
                *("-p", str(port), "--set", f"confdir={folder}/mitmproxy"),
            ],
            cwd=folder,
            env={**os.environ, "XDG_STATE_HOME": str(folder)},
            stdout=log,
            stderr=log,
        )
    deadline = time.monotonic() + 60
    while "listening" not in (folder / "log").read_text():
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}", folder / "log"
    process.terminate()
    process.wait(10)


def test_it_says_what_it_is(mitmdump):
    assert "evaluation only" in mitmdump[1].read_text()


def test_it_passes_and_refuses_as_the_product_does(mitmdump, plain):
    with httpx.Client(proxy=mitmdump[0], trust_env=False) as http:
        allowed = http.post(plain.url("/echo", "localhost"), content=b"fine")
        denied = http.post(plain.url("/echo", "127.0.0.2"), content=b"not fine")
    assert (allowed.status_code, allowed.content) == (200, b"fine")
    assert denied.status_code == 403
    assert len(plain.requests) == 1
