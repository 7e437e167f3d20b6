"""Real clients, set up by what `dlp env` prints, reach what they should unchanged."""

import asyncio
import hashlib
import json
import os
import random
import shutil
import string
import subprocess
import sys
import time

import pytest
import requests

from dlp.cage.environment import variables, write_trust
from dlp.detect.templates import expand
from tests.harness import git
from tests.harness.origin import Reply

POLICY = """\
version: 1
statements:
  - id: test
    effect: allow
    hosts: ["*.test", api.anthropic.com, api.openai.com]
    ports: ["*"]
"""
HOSTS = {"api.anthropic.com": "127.0.0.1", "api.openai.com": "127.0.0.1"}
DOCUMENT = bytes(range(256)) * 64


def random_text(length):
    return "".join(random.choices(string.ascii_letters + string.digits, k=length))


@pytest.fixture(scope="module")
def proxy(start_proxy):
    running = start_proxy(POLICY, hosts=HOSTS)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def environment(proxy):
    clean = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    return clean | variables(proxy.url, write_trust(proxy.state))


@pytest.fixture(scope="module")
def tls_origin(origins):
    names = ["*.test", "b.test", *HOSTS]
    return origins.start("https", names=names)


def run(environment, *words, cwd=None, check=True):
    done = subprocess.run(
        words, env=environment, cwd=cwd, capture_output=True, timeout=60, check=False
    )
    assert not check or done.returncode == 0, done.stderr.decode()
    return done


def test_curl_posts_bytes_unchanged(environment, secure, tmp_path):
    document = tmp_path / "document"
    document.write_bytes(DOCUMENT)
    url = secure.url("/echo", "b.test")
    out = run(environment, "curl", "-sS", "--data-binary", f"@{document}", url)
    assert out.stdout == DOCUMENT
    assert secure.requests[0].body == DOCUMENT


NODE = """
const https = require('https');
const url = process.argv[1];
(async () => {
  const answer = await fetch(url, {method: 'POST', body: 'from fetch'});
  console.log(await answer.text());
  const request = https.request(url, {method: 'POST'}, (message) => {
    message.on('data', (data) => console.log(String(data)));
  });
  request.end('from https');
})().catch((error) => { console.error(error, error.cause); process.exit(1); });
"""


def test_node_fetch_and_https(environment, secure):
    out = run(environment, "node", "-e", NODE, secure.url("/echo", "b.test"))
    assert out.stdout.split(b"\n")[:2] == [b"from fetch", b"from https"]
    assert sorted(r.body for r in secure.requests) == [b"from fetch", b"from https"]


PYTHON = """
import sys, requests, httpx, asyncio, aiohttp
url = sys.argv[1]
print(requests.post(url, data=b"from requests").text)
print(httpx.post(url, content=b"from httpx").text)
async def main():
    import ssl, os
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    async with aiohttp.ClientSession(trust_env=True) as session:
        async with session.post(url, data=b"from aiohttp", ssl=context) as answer:
            print(await answer.text())
asyncio.run(main())
"""


def test_requests_httpx_and_aiohttp(environment, secure):
    url = secure.url("/echo", "b.test")
    out = run(environment, sys.executable, "-c", PYTHON, url)
    assert out.stdout.decode().split("\n")[:3] == [
        "from requests",
        "from httpx",
        "from aiohttp",
    ]


async def test_websockets_text_and_binary(proxy, secure1):
    from websockets.asyncio.client import connect

    url = secure1.url("/ws", "b.test").replace("https", "wss")
    async with connect(url, proxy=proxy.url, ssl=proxy.trust()) as socket:
        await socket.send("hello")
        await socket.send(b"\x00\x01bytes")
        await asyncio.sleep(0.3)
    sent = [m for m in secure1.messages if m[0] in {"text", "binary"}]
    assert sent[:2] == [("text", b"hello"), ("binary", b"\x00\x01bytes")]


@pytest.fixture
def repository(tmp_path, secure1):
    root = tmp_path / "srv"
    git.bare(root / "r.git")
    secure1.handlers["/r.git"] = lambda request: git.answer(request, root)
    yield secure1.url("/r.git", "b.test")
    del secure1.handlers["/r.git"]


@pytest.fixture
def git_environment(environment):
    names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.test"}
    names |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.test"}
    return environment | names | {"GIT_CONFIG_GLOBAL": "/dev/null"}


def commit(environment, folder, name, data):
    (folder / name).write_bytes(data)
    run(environment, "git", "add", "-A", cwd=folder)
    run(environment, "git", "commit", "-qm", f"add {name}", cwd=folder)


def test_git_push_and_clone_over_smart_http(git_environment, repository, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    run(git_environment, "git", "init", "-q", "-b", "main", one)
    commit(git_environment, one, "random", random.randbytes(200_000))
    commit(git_environment, one, "text", b"some text\n" * 1000)
    run(git_environment, "git", "push", "-q", repository, "main", cwd=one)
    run(git_environment, "git", "clone", "-q", "-b", "main", repository, two)
    for name in ("random", "text"):
        digests = {hashlib.sha256((f / name).read_bytes()).digest() for f in (one, two)}
        assert len(digests) == 1


def test_git_says_that_a_push_was_refused(
    git_environment, repository, tmp_path, secure1
):
    one, key = tmp_path / "one", expand("{github:ghp_:36}", seed=time.time_ns())
    run(git_environment, "git", "init", "-q", "-b", "main", one)
    commit(git_environment, one, "settings", f"token={key}\n".encode())
    push = ("git", "push", repository, "main")
    secure1.clear()
    done = subprocess.run(
        push, cwd=one, env=git_environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "HTTP 403" in done.stderr
    assert not [r for r in secure1.requests if r.target.endswith("/git-receive-pack")]
    assert not list((tmp_path / "srv" / "r.git" / "refs" / "heads").iterdir())


def anthropic_events():
    yield {
        "type": "message_start",
        "message": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": "m",
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        },
    }
    yield {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "text", "text": ""},
    }
    for word in ("one ", "two ", "three"):
        yield {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": word},
        }
    yield {"type": "content_block_stop", "index": 0}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 3},
    }
    yield {"type": "message_stop"}


def sse(events, *, named):
    for event in events:
        name = f"event: {event['type']}\n" if named else ""
        yield f"{name}data: {json.dumps(event)}\n\n".encode()


EVENT_STREAM = (("content-type", "text/event-stream"),)


ANTHROPIC = """
import anthropic
messages = [{"role": "user", "content": "count"}]
client = anthropic.Anthropic()
with client.messages.stream(model="m", max_tokens=10, messages=messages) as stream:
    print("".join(stream.text_stream))
"""


def test_the_anthropic_sdk_streams_with_its_own_key(environment, secure):
    secure.handlers["/v1/messages"] = lambda _: Reply(
        headers=EVENT_STREAM, chunks=sse(anthropic_events(), named=True)
    )
    key = "sk-ant-" + "api03-" + random_text(93) + "AA"
    url = secure.url("", "api.anthropic.com")
    names = {"ANTHROPIC_API_KEY": key, "ANTHROPIC_BASE_URL": url}
    out = run(environment | names, sys.executable, "-c", ANTHROPIC)
    assert out.stdout == b"one two three\n"
    sent = [value for _, value in secure.requests[-1].headers]
    assert any(value.endswith(key) for value in sent)


OPENAI = """
import openai
messages = [{"role": "user", "content": "count"}]
chat = openai.OpenAI().chat.completions
parts = chat.create(model="m", messages=messages, stream=True)
print("".join(part.choices[0].delta.content for part in parts))
"""


def test_the_openai_sdk_streams_with_its_own_key(environment, secure):
    def chunk(word):
        delta = {"index": 0, "delta": {"content": word}, "finish_reason": None}
        return {
            "id": "c",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": [delta],
        }

    secure.handlers["/v1/chat/completions"] = lambda _: Reply(
        headers=EVENT_STREAM,
        chunks=[
            *sse(map(chunk, ("one ", "two ", "three")), named=False),
            b"data: [DONE]\n\n",
        ],
    )
    key = "sk-" + "proj-" + random_text(74) + "T3Blbk" + "FJ" + random_text(74)
    url = secure.url("/v1", "api.openai.com")
    names = {"OPENAI_API_KEY": key, "OPENAI_BASE_URL": url}
    out = run(environment | names, sys.executable, "-c", OPENAI)
    assert out.stdout == b"one two three\n"
    assert secure.requests[-1].header("authorization") == f"Bearer {key}"


def test_pip_downloads_through_the_proxy(environment, secure1, tmp_path):
    package = tmp_path / "package"
    (package / "hello_dlp").mkdir(parents=True)
    (package / "hello_dlp" / "__init__.py").write_text("")
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "hello-dlp"\nversion = "1"\n'
    )
    wheels = tmp_path / "wheels"
    from hatchling.build import build_wheel

    here = os.getcwd()
    os.chdir(package)
    try:
        wheels.mkdir()
        name = build_wheel(str(wheels))
    finally:
        os.chdir(here)
    data = (wheels / name).read_bytes()
    link = f'<a href="/files/{name}">{name}</a>'.encode()
    html = (("content-type", "text/html"), ("content-length", str(len(link))))
    binary = (("content-length", str(len(data))),)
    secure1.handlers["/simple/"] = lambda _: Reply(headers=html, chunks=(link,))
    secure1.handlers["/files/"] = lambda _: Reply(headers=binary, chunks=(data,))
    uv = shutil.which("uv", path=os.path.dirname(sys.executable))
    target = tmp_path / "target"
    words = [uv, "pip", "install", "-q", "--no-cache", "--no-config"]
    words += ["--python", sys.executable, "--target", str(target)]
    words += ["--index-url", secure1.url("/simple/", "b.test"), "hello-dlp"]
    run(environment, *words)
    assert (target / "hello_dlp" / "__init__.py").exists()


def test_requests_is_told_what_it_may_not_do(proxy, environment):
    bundle = environment["REQUESTS_CA_BUNDLE"]
    answer = requests.get(
        "https://elsewhere.example/", proxies={"https": proxy.url}, verify=bundle
    )
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:agent-dlp:destination"
