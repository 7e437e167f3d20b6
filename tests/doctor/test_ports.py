import socket
from pathlib import Path

import pytest

HEAD = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid\n"
)
ROW = "   0: {} 00000000:0000 {} 00000000:00000000 00:00000000 00000000 0 0 1\n"
ANY4, LOCAL4 = "00000000:1F90", "0100007F:1F90"
ANY6, LOCAL6 = "0" * 32 + ":1F90", "0" * 24 + "01000000:1F90"
MAPPED = "0" * 16 + "FFFF0000" + "0100007F:1F90"
WHERE = {
    "port-proxy": "listen",
    "port-metrics": "metrics",
    "port-console": "console",
}


@pytest.fixture
def tables(write):
    def lay(v4=(), v6=(), state="0A"):
        for name, rows in (("tcp", v4), ("tcp6", v6)):
            text = HEAD + "".join(ROW.format(row, state) for row in rows)
            write(f"proc/net/{name}", text)

    return lay


@pytest.mark.parametrize("check", WHERE)
@pytest.mark.parametrize(
    ("v4", "v6", "told"),
    [
        ([LOCAL4], [], ""),
        ([], [LOCAL6], ""),
        ([], [MAPPED], ""),
        ([ANY4], [], "0.0.0.0:8080"),
        ([], [ANY6], "[::]:8080"),
        ([LOCAL4], [ANY6], "[::]:8080"),
        (["0101A8C0:1F90"], [], "192.168.1.1:8080"),
    ],
)
def test_a_port_that_others_can_reach_is_seen(tables, seen, check, v4, v6, told):
    tables(v4, v6)
    found = seen(check, **{WHERE[check]: ("127.0.0.1", 8080)})
    assert found == ((f"it listens on {told}",) if told else ())


def test_a_port_where_nobody_listens_is_not_said_to_be_closed(tables, skipped):
    tables([ANY4])
    assert "port 8081" in skipped("port-proxy", listen=("127.0.0.1", 8081))
    tables([ANY4], state="01")
    assert "port 8080" in skipped("port-proxy", listen=("127.0.0.1", 8080))


def test_a_service_that_asks_for_nothing_is_seen(tables, seen):
    tables(["0100007F:1F91", "0100007F:0016"])
    assert seen("port-neighbours") == ()
    tables(["0100007F:2406"])
    assert seen("port-neighbours") == ("127.0.0.1:9222, usually Chrome's debugger",)
    assert seen("port-neighbours", caged=True) == ()


def test_real_sockets_are_read(seen):
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = server.getsockname()
        assert seen("port-proxy", root=Path("/"), listen=here) == ()
