"""Honest requests of every class pass the real proxy: none refused, none altered."""

import random
import subprocess

import httpx
import pytest

from tests.benign import MAKERS
from tests.harness.proxy import DLP

EACH = 17


@pytest.fixture(scope="module")
def armed(start_proxy):
    proxy = start_proxy()
    for n in range(3):
        subprocess.run(
            [DLP, "secrets", "add", f"known-{n}", "--stdin", "--state", proxy.state],
            input=random.randbytes(24).hex().encode(),
            check=True,
            capture_output=True,
        )
    yield proxy
    proxy.stop()


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_honest_requests_arrive_unchanged(armed, secure1, maker):
    trust = armed.trust()
    with httpx.Client(proxy=armed.url, verify=trust, timeout=60) as client:
        for seed in range(EACH):
            method, path, headers, body = maker(
                random.Random(f"{maker.__name__}{seed}")
            )
            answer = client.request(
                method, secure1.url(path, "a.test"), headers=headers, content=body
            )
            assert answer.status_code == 200, (seed, answer.text)
            got = secure1.requests[-1]
            assert (got.method, got.target, got.body) == (method, path, body)
