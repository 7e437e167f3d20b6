"""Real programs in both cages, unprivileged, reach what they should and only that."""

import base64
import hashlib
import io
import json
import shutil
import sys
import tarfile
import zipfile

import pytest

from tests.e2e.test_clients import anthropic_events, random_text, sse
from tests.harness import git
from tests.harness.origin import Reply

pytestmark = pytest.mark.timeout(300)  # the first one compiles the rules

MODELS = ("api.anthropic.com", "api.openai.com")


@pytest.fixture
def origin(island):
    """A package index, a git host and two model providers."""
    found = island.origins["secure"]
    before = dict(found.handlers)
    found.clear()
    yield found
    found.handlers = before


@pytest.fixture(params=["bubblewrap", "unshare"])
def cage(request, island, origin):
    island.need(request.param)
    folder = island.make(f"clients-{request.param}")
    options = ["--cage", request.param, "--no-probe"]

    def run(script, *words, **variables):
        done = island.contained(
            folder, options, "sh", "-euc", script, "sh", *words, **variables
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run.mode, run.work = request.param, folder / "work"
    yield run
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def repository(tmp_path, origin):
    root = tmp_path / "srv"
    git.bare(root / "r.git")
    origin.handlers["/r.git"] = lambda request: git.answer(request, root)
    return origin.url("/r.git", "b.test")


GIT = """
git init -q -b main one && cd one && head -c 200000 /dev/urandom > random
git add -A && git commit -qm random && git push -q "$1" main
cd .. && git clone -q -b main "$1" two && cmp one/random two/random && echo same
"""


def test_git_pushes_and_clones(cage, repository):
    names = {f"GIT_{who}_NAME": "a" for who in ("AUTHOR", "COMMITTER")}
    names |= {f"GIT_{who}_EMAIL": "a@b.test" for who in ("AUTHOR", "COMMITTER")}
    assert cage(GIT, repository, **names) == "same\n"


def wheel():
    """A package of one empty module, as PEP 427 wants it."""
    info = "hello_dlp-1.dist-info"
    files = {
        "hello_dlp/__init__.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: hello-dlp\nVersion: 1\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}"
        for name, text in files.items()
    ]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return made.getvalue()


def served(data, kind="application/octet-stream"):
    headers = (("content-type", kind), ("content-length", str(len(data))))
    return lambda _request: Reply(headers=headers, chunks=(data,))


def test_pip_installs(cage, island, origin):
    python = sys._base_executable
    if island.run(python, "-m", "pip", "-V").returncode:
        pytest.skip("this Python has no pip")
    name = "hello_dlp-1-py3-none-any.whl"
    link = f'<a href="/files/{name}">{name}</a>'.encode()
    origin.handlers["/simple/"] = served(link, "text/html")
    origin.handlers["/files/"] = served(wheel())
    words = '"$1" -m pip install -q --target got --index-url "$2" hello-dlp && ls got'
    seen = cage(words, python, origin.url("/simple/", "b.test"))
    assert "hello_dlp" in seen.split()


def test_npm_installs(cage, island, origin):
    if not island.has("npm"):
        pytest.skip("npm is not installed")
    text = json.dumps({"name": "hello-dlp", "version": "1.0.0"}).encode()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        entry = tarfile.TarInfo("package/package.json")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    data = made.getvalue()
    digest = base64.b64encode(hashlib.sha512(data).digest()).decode()
    url = origin.url("/tarball.tgz", "b.test")
    version = {
        "name": "hello-dlp",
        "version": "1.0.0",
        "dist": {"tarball": url, "integrity": f"sha512-{digest}"},
    }
    package = {
        "name": "hello-dlp",
        "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": version},
    }
    origin.handlers["/hello-dlp"] = served(
        json.dumps(package).encode(), "application/json"
    )
    origin.handlers["/tarball.tgz"] = served(data)
    words = 'npm install --no-audit --no-fund --registry "$1" hello-dlp >&2'
    cage(words, origin.url("/", "b.test"))
    assert (cage.work / "node_modules" / "hello-dlp" / "package.json").exists()


NODE = """
const https = require('https');
const post = (body) => new Promise((done, fail) => {
  const request = https.request(process.argv[1], {method: 'POST'}, (message) => {
    message.on('data', (data) => done(String(data)));
  });
  request.on('error', fail);
  request.end(body);
});
(async () => {
  const answer = await fetch(process.argv[1], {method: 'POST', body: 'fetch'});
  console.log(await answer.text());
  console.log(await post('https'));
})().catch((error) => { console.error(error, error.cause); process.exit(1); });
"""


def test_node_with_and_without_the_proxy_variables(cage, island, origin):
    """Redirected, it needs none; in bubblewrap it then reaches nothing."""
    if not island.has("node"):
        pytest.skip("node is not installed")
    url = origin.url("/echo", "b.test")
    assert cage('node -e "$1" "$2"', NODE, url) == "fetch\nhttps\n"
    bare = 'env -i PATH="$PATH" NODE_EXTRA_CA_CERTS="$NODE_EXTRA_CA_CERTS" node -e "$1" "$2" || echo closed'
    seen = cage(bare, NODE, url)
    assert seen in {"closed\n", "fetch\nhttps\n"}
    assert cage.mode == "unshare" or seen == "closed\n"


AGENT = """
import anthropic, httpx, openai, requests, sys
messages = [{"role": "user", "content": "count"}]
with anthropic.Anthropic().messages.stream(
    model="m", max_tokens=10, messages=messages
) as stream:
    print("".join(stream.text_stream))
parts = openai.OpenAI().chat.completions.create(model="m", messages=messages, stream=True)
print("".join(part.choices[0].delta.content for part in parts))
print(requests.post(sys.argv[1], data=b"requests").text)
print(httpx.post(sys.argv[1], content=b"httpx").text)
print(requests.get("https://elsewhere.example/").json()["type"])
"""


def openai_chunk(word):
    delta = {"index": 0, "delta": {"content": word}, "finish_reason": None}
    known = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return known | {"choices": [delta]}


def test_an_agent_with_the_sdks(cage, origin):
    events = (("content-type", "text/event-stream"),)
    origin.handlers["/v1/messages"] = lambda _: Reply(
        headers=events, chunks=sse(anthropic_events(), named=True)
    )
    chunks = [*sse(map(openai_chunk, ("a ", "b")), named=False), b"data: [DONE]\n\n"]
    origin.handlers["/v1/chat/completions"] = lambda _: Reply(
        headers=events, chunks=chunks
    )
    keys = {
        "ANTHROPIC_API_KEY": "sk-ant-" + "api03-" + random_text(93) + "AA",
        "OPENAI_API_KEY": "sk-" + "proj-" + random_text(74) + "T3Blbk" + "FJ" + random_text(74),
        "ANTHROPIC_BASE_URL": origin.url("", MODELS[0]),
        "OPENAI_BASE_URL": origin.url("/v1", MODELS[1]),
    }  # fmt: skip
    words = (sys.executable, AGENT, origin.url("/echo", "b.test"))
    lines = cage('"$1" -c "$2" "$3"', *words, **keys).splitlines()
    refused = "urn:agent-dlp:destination"
    assert lines == ["one two three", "a b", "requests", "httpx", refused]
    sent = {value for request in origin.requests for _, value in request.headers}
    assert any(value.endswith(keys["ANTHROPIC_API_KEY"]) for value in sent)
    assert f"Bearer {keys['OPENAI_API_KEY']}" in sent
