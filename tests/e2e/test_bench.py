"""The proxies that `make bench` compares start, and pass a request on."""

import httpx
import pytest

from tests.bench import contender
from tests.harness.proxy import make_state


@pytest.mark.parametrize("start", [contender.stock, contender.slim, contender.ours])
def test_it_starts_and_answers(start, origins, authority, tmp_path, compiled):
    origin = origins.start("http")
    make_state(tmp_path / "state", compiled)
    proxy = start(tmp_path, authority.pem)
    try:
        with httpx.Client(
            proxy=f"http://127.0.0.1:{proxy.port}", trust_env=False, timeout=60
        ) as client:
            answer = client.post(f"http://localhost:{origin.port}/", content=b"hello")
        assert answer.status_code == 200
        assert origin.requests[0].body == b"hello"
        assert proxy.cpu_s() > 0
        assert proxy.rss_bytes() > 1 << 20
    finally:
        proxy.stop()
