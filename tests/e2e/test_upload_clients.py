"""curl and git send more than the buffer; what a sink can make of it is judged."""

import gzip
import os
import re
import subprocess
import zlib

import pytest

from tests.bulk import mixed, shaped
from tests.harness import git
from tests.harness.proxy import POLICY

BUFFER = 64 << 10
"""Also how far each window goes."""
SHAPED = shaped(6)
HALF = len(SHAPED) // 2


@pytest.fixture(scope="module")
def proxy(start_proxy):
    return start_proxy(POLICY + "inspection: {buffer: 64KiB}\n")


def bodies(origin) -> list[bytes]:
    """What arrived behind each head, whole or not, its chunks joined."""
    found = []
    for connection in origin.connections:
        raw = bytes(connection.raw)
        for head in re.finditer(rb"(?:POST|PUT) [^\n]+\n(?:[^\r\n]+\r\n)+\r\n", raw):
            rest = raw[head.end() :]
            chunked = b"chunked" in head[0].lower()
            found.append(joined(rest) if chunked else rest)
    return found


def joined(raw: bytes) -> bytes:
    data = b""
    while (line := re.match(rb"([0-9a-f]+)\r\n", raw)) and int(line[1], 16):
        stop = line.end() + int(line[1], 16)
        data += raw[line.end() : stop]
        raw = raw[stop + 2 :]
    return data


def inflated(data: bytes) -> bytes:
    """Every stream in it, as far as it goes."""
    out = []
    for begin in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", data):
        engine = zlib.decompressobj(47)
        try:
            out.append(engine.decompress(data[begin.start() :]))
        except zlib.error:
            continue
    return b"\n".join(out)


def assert_no_half(origin) -> None:
    for body in bodies(origin):
        for text in (body, inflated(body)):
            for at in range(0, HALF, 8):
                assert SHAPED[at : at + HALF] not in text


AT_BORDER = 3 * BUFFER - 20
"""More of it before the border would be a secret by itself."""
HELD = {
    "near the end": lambda: mixed(4 * BUFFER) + SHAPED + b"\n",
    "over a border": lambda: (
        mixed(AT_BORDER) + b" " + SHAPED + b" " + mixed(2 * BUFFER)
    ),
    "in gzip": lambda: gzip.compress(
        mixed(11 * BUFFER) + b" " + SHAPED + b" " + mixed(BUFFER)
    ),
}


def curl(proxy, origin, data: bytes, way: str, tmp_path) -> str:
    """`file`: with a length; `stdin`: in chunks."""
    (tmp_path / "data").write_bytes(data)
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-x", proxy.url]
    source = str(tmp_path / "data") if way == "file" else "-"
    done = subprocess.run(
        [*command, "-T", source, origin.url("/up", "a.test")],
        input=data if way == "stdin" else b"",
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.stdout.decode()


@pytest.mark.parametrize("way", ["file", "stdin"])
@pytest.mark.parametrize("held", HELD)
def test_curl_sends_nothing_of_a_secret(proxy, plain, tmp_path, way, held):
    data = HELD[held]()
    assert curl(proxy, plain, data, way, tmp_path) == "403"
    assert plain.requests == []
    (body,) = bodies(plain)
    assert len(body) > BUFFER
    assert data.startswith(body)
    assert_no_half(plain)


@pytest.mark.parametrize("way", ["file", "stdin"])
def test_curl_sends_a_clean_file(proxy, plain, tmp_path, way):
    data = mixed(4 * BUFFER)
    assert curl(proxy, plain, data, way, tmp_path) == "200"
    assert [request.body for request in plain.requests] == [data]


class Work:
    """A clone whose pushes go through the proxy."""

    def __init__(self, proxy, folder) -> None:
        names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.test"}
        names |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.test"}
        names |= {"GIT_CONFIG_GLOBAL": "/dev/null", "http_proxy": proxy.url}
        self.environment = os.environ | names | {"no_proxy": "", "NO_PROXY": ""}
        self.folder = folder
        folder.mkdir()
        self("init", "-q", "-b", "main")

    def __call__(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            timeout=120,
            check=False,
        )

    def commit(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)
        assert self("add", "-A").returncode == 0
        assert self("commit", "-qm", f"add {name}").returncode == 0


@pytest.mark.parametrize("buffered", [False, True], ids=["chunked", "with a length"])
def test_git_pushes_more_than_the_buffer(proxy, plain, tmp_path, buffered):
    """git sends a pack over `http.postBuffer` in chunks, a smaller one whole."""
    post = "8m" if buffered else "64k"
    server = git.bare(tmp_path / "srv" / "r.git")
    plain.handlers["/r.git"] = lambda request: git.answer(request, tmp_path / "srv")
    url = plain.url("/r.git", "a.test")
    push = ["-c", f"http.postBuffer={post}", "push", "-q", url, "main"]
    work = Work(proxy, tmp_path / "work")
    work.commit("clean", mixed(4 * BUFFER))
    done = work(*push)
    assert done.returncode == 0, done.stderr
    assert max(len(r.body) for r in plain.requests) > BUFFER
    plain.clear()
    for name in ("more", "and more"):
        work.commit(name, mixed(3 * BUFFER))
    work.commit("keys", b"key = " + SHAPED + b"\n")
    assert work(*push).returncode != 0
    assert [len(r.body) for r in plain.requests if len(r.body) > BUFFER] == []
    assert_no_half(plain)
    log = subprocess.run(
        ["git", "-C", server, "log", "--format=%s", "main"],
        capture_output=True,
        check=True,
    )
    assert log.stdout == b"add clean\n"
    del plain.handlers["/r.git"]
