"""
Honest traffic of agents, by class (threat catalogue, sections 2 and 3).

Each maker gives one request: method, path, headers, body. Made from a seed, so that a
run can be repeated; nothing in it is a secret, much of it looks a little like one.
"""

import base64
import gzip
import hashlib
import io
import json
import random
import uuid
import zipfile
from collections.abc import Callable
from urllib.parse import urlencode

WORDS = """the agent reads a file and writes code then runs the tests because a function
returned the wrong value when the list of items was empty so it opens an issue with a
short summary of what happened and how to reproduce it on another machine today""".split()

type Request = tuple[str, str, dict[str, str], bytes]


def prose(r, n=60):
    return " ".join(r.choices(WORDS, k=n))


def hexed(r, n):
    return r.randbytes(n // 2).hex()


def as_json(value, method="POST", path="/v1/x", **headers) -> Request:
    kind = {"content-type": "application/json", **headers}
    return method, path, kind, json.dumps(value).encode()


def chat(r) -> Request:
    turns = [
        {"role": r.choice(["user", "assistant"]), "content": prose(r, 120)}
        for _ in range(r.randint(2, 40))
    ]
    return as_json({"model": "m", "max_tokens": 1024, "messages": turns})


def tool_calls(r) -> Request:
    calls = []
    for _ in range(12):
        ref = "toolu_01" + base64.b32encode(r.randbytes(14)).decode()[:22]
        path = f"/home/user/project/src/module_{r.randint(1, 99)}.py"
        use = {"type": "tool_use", "id": ref, "name": "read", "input": {"path": path}}
        calls.append({"role": "assistant", "content": [use]})
        result = {"type": "tool_result", "tool_use_id": ref, "content": prose(r)}
        calls.append({"role": "user", "content": [result]})
    return as_json({"model": "m", "messages": calls})


def image(r) -> Request:
    png = b"\x89PNG\r\n\x1a\n" + r.randbytes(60_000)
    source = {"type": "base64", "media_type": "image/png"}
    source["data"] = base64.b64encode(png).decode()
    content = [{"type": "image", "source": source}, {"type": "text", "text": prose(r)}]
    return as_json({"messages": [{"role": "user", "content": content}]})


def data_url(r) -> Request:
    url = "data:image/jpeg;base64," + base64.b64encode(r.randbytes(30_000)).decode()
    part = {"type": "image_url", "image_url": {"url": url}}
    return as_json({"messages": [{"role": "user", "content": [part]}]})


def identifiers(r) -> Request:
    value = {
        "id": str(uuid.UUID(bytes=r.randbytes(16), version=4)),
        "trace_id": hexed(r, 32),
        "span_id": hexed(r, 16),
        "snowflake": str(r.getrandbits(63)),
        "etag": f'W/"{hexed(r, 40)}"',
        "commit": hexed(r, 40),
        "idempotency_key": str(uuid.UUID(bytes=r.randbytes(16), version=4)),
        "digest": "sha256:" + hexed(r, 64),
        "msg": "msg_01" + base64.b32encode(r.randbytes(14)).decode()[:22],
        "call": "call_" + base64.b32encode(r.randbytes(15)).decode()[:24],
        "time": "2026-11-21T03:04:05.678Z",
    }
    return as_json(value, traceparent=f"00-{hexed(r, 32)}-{hexed(r, 16)}-01")


def lockfile(r) -> Request:
    lines = []
    for n in range(60):
        digest = base64.b64encode(r.randbytes(64)).decode()
        lines.append(f'  "pkg-{n}": {{ "integrity": "sha512-{digest}" }},')
    return as_json({"content": "\n".join(lines), "path": "package-lock.json"})


def go_sums(r) -> Request:
    rows = (
        f"example.org/mod{n} v1.{n}.0 h1:{base64.b64encode(r.randbytes(32)).decode()}"
        for n in range(50)
    )
    return as_json({"content": "\n".join(rows)})


def hashed_requirements(r) -> Request:
    rows = (f"pkg{n}==1.0 --hash=sha256:{hexed(r, 64)}" for n in range(50))
    return as_json({"content": "\n".join(rows)})


def code(r) -> Request:
    text = (
        "import os\nAPI_KEY = os.environ['API_KEY']\npassword = getpass.getpass()\n"
        "client = Client(api_key=os.getenv('OPENAI_API_KEY'), token=settings.TOKEN)\n"
        "def check(password: str, secret: bytes) -> bool:\n    return hmac(secret)\n"
        'headers = {"Authorization": f"Bearer {token}"}\nSECRET_KEY = config("SECRET")\n'
        f"# {prose(r)}\n"
    )
    return as_json({"messages": [{"role": "user", "content": text}]})


def documentation(r) -> Request:
    text = (
        "Set `ANTHROPIC_API_KEY=your-key-here` or sk-ant-... in `.env`; for AWS use "
        "AKIA"
        "IOSFODNN7"
        "EXAMPLE; a GitHub token looks like ghp_xxxxxxxxxxxxxxxx. "
        "password: ******** token=<YOUR_TOKEN> secret: ${SECRET} " + prose(r)
    )
    return as_json({"messages": [{"role": "user", "content": text}]})


def minified(r) -> Request:
    names = "abcdefghijklmnopqrstuvwxyz"
    text = "".join(
        f"function {r.choice(names)}({r.choice(names)}){{return {r.choice(names)}."
        f"key={r.randint(1, 999)},{r.choice(names)}[{r.randint(0, 9)}]}}"
        for _ in range(300)
    )
    return "POST", "/upload", {"content-type": "text/javascript"}, text.encode()


def embeddings(r) -> Request:
    return as_json({"data": [{"embedding": [r.uniform(-1, 1) for _ in range(1536)]}]})


def token_ids(r) -> Request:
    return as_json({"input": [r.randint(0, 100_000) for _ in range(3000)]})


def certificate(r) -> Request:
    body = base64.encodebytes(r.randbytes(900)).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
    key = "ssh-ed25519 " + base64.b64encode(r.randbytes(51)).decode() + " me@host"
    return as_json({"files": {"cert.pem": pem, "id.pub": key}})


def telemetry(r) -> Request:
    events = [
        {"event": "tool_used", "session": hexed(r, 32), "machine": hexed(r, 64), "n": n}
        for n in range(30)
    ]
    return as_json({"events": events})


def agent_events(r) -> Request:
    """As coding agents report themselves: JSON in base64 in each of many events."""

    def coded(**fields) -> str:
        return base64.b64encode(json.dumps(fields).encode()).decode()

    names = ["".join(map(str.title, r.choices(WORDS, k=3))) for _ in range(30)]
    events = [
        {
            "event_name": f"tool_{r.choice(WORDS)}_{r.choice(WORDS)}",
            "event_id": str(uuid.UUID(int=r.getrandbits(128))),
            "device_id": hexed(r, 64),
            "process": coded(uptime=r.random() * 9, rss=r.getrandbits(28)),
            "metadata": coded(**{r.choice(names): r.getrandbits(9) for _ in range(7)}),
        }
        for _ in range(120)
    ]
    return as_json({"events": events}, path="/api/event_logging/batch")


def other_scripts(r) -> Request:
    text = "これは日本語の文章です。" * 20 + "Это русский текст. " * 20 + "مرحبا " * 20
    return as_json({"messages": [{"role": "user", "content": text + prose(r)}]})


def emoji(r) -> Request:
    people = "👩‍💻👨‍👩‍👧‍👦🏳️‍🌈🇺🇳" * 10
    return as_json({"text": people + " ﬁne café naïve " + prose(r)})


def search(r) -> Request:
    query = "+".join(r.choices(WORDS, k=6))
    return "GET", f"/search?q={query}&page={r.randint(1, 9)}&hl=en", {}, b""


def package_download(r) -> Request:
    digest = hexed(r, 60)
    path = f"/packages/{digest[:2]}/{digest[2:4]}/{digest[4:]}/pkg-1.0-py3-none-any.whl"
    return "GET", path, {"user-agent": "pip/26.0 CPython/3.13"}, b""


def registry_query(r) -> Request:
    headers = {"npm-session": hexed(r, 16), "accept": "application/json"}
    return "GET", f"/@scope%2f{r.choice(WORDS)}", headers, b""


def multipart_wheel(r) -> Request:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(8):
            archive.writestr(f"pkg/m{n}.py", prose(r, 400))
        archive.writestr("pkg/data.bin", r.randbytes(20_000))
    edge = hexed(r, 32)
    body = (
        f'--{edge}\r\nContent-Disposition: form-data; name="content"; '
        'filename="pkg-1.0.whl"\r\nContent-Type: application/zip\r\n\r\n'
    ).encode()
    body += out.getvalue() + f"\r\n--{edge}--\r\n".encode()
    return (
        "POST",
        "/legacy/",
        {"content-type": f"multipart/form-data; boundary={edge}"},
        body,
    )


def npm_publish(r) -> Request:
    tarball = gzip.compress(prose(r, 5000).encode() + r.randbytes(5000))
    data = base64.b64encode(tarball).decode()
    attachment = {"content_type": "application/octet-stream", "data": data}
    shasum = hashlib.sha1(tarball).hexdigest()
    value = {"name": "x", "_attachments": {"x-1.tgz": attachment}, "shasum": shasum}
    return as_json(value, "PUT", "/x")


def gzip_json(r) -> Request:
    _, path, headers, body = chat(r)
    return "POST", path, headers | {"content-encoding": "gzip"}, gzip.compress(body)


def random_upload(r) -> Request:
    kind = {"content-type": "application/octet-stream"}
    return "PUT", f"/blobs/sha256:{hexed(r, 64)}", kind, r.randbytes(200_000)


def graphql(r) -> Request:
    query = "query($o: String!) { repository(owner: $o) { issues(first: 10) { id } } }"
    cursor = base64.b64encode(f"cursor:v2:{r.randint(1, 10**9)}".encode()).decode()
    return as_json({"query": query, "variables": {"o": "x", "after": cursor}})


def json_rpc(r) -> Request:
    arguments = {"path": "/tmp/notes.md", "content": prose(r)}
    params = {"name": "write_file", "arguments": arguments}
    value = [
        {"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": params}
        for n in range(4)
    ]
    return as_json(value, **{"mcp-session-id": hexed(r, 32)})


def form(r) -> Request:
    body = "&".join(f"f{n}={'%20'.join(r.choices(WORDS, k=9))}" for n in range(9))
    return (
        "POST",
        "/form",
        {"content-type": "application/x-www-form-urlencoded"},
        body.encode(),
    )


def cookies(r) -> Request:
    jar = f"_ga=GA1.1.{r.randint(1, 10**9)}.{r.randint(1, 10**9)}; sid={hexed(r, 32)}"
    return "GET", "/page", {"cookie": jar, "if-none-match": f'"{hexed(r, 40)}"'}, b""


def diff(r) -> Request:
    rows = [f"index {hexed(r, 7)}..{hexed(r, 7)} 100644"]
    rows += [f"{r.choice('+- ')}{prose(r, 8)}" for _ in range(80)]
    return as_json({"messages": [{"role": "user", "content": "\n".join(rows)}]})


def numbers(r) -> Request:
    rows = [
        ",".join(str(r.randint(0, 10 ** r.randint(1, 16))) for _ in range(12))
        for _ in range(200)
    ]
    return "POST", "/csv", {"content-type": "text/csv"}, "\n".join(rows).encode()


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(r) -> str:
    head = {"alg": "RS256", "typ": "JWT", "kid": hexed(r, 40)}
    claims = {"iss": "https://idp.test", "sub": prose(r, 1), "exp": 1_900_000_000}
    parts = [json.dumps(head).encode(), json.dumps(claims).encode(), r.randbytes(256)]
    return ".".join(map(b64url, parts))


def as_form(path="/token", **fields) -> Request:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return "POST", path, kind, urlencode(fields).encode()


def jwt_bearer(r) -> Request:
    return as_json({"q": prose(r)}, authorization=f"Bearer {jwt(r)}")


def opaque_bearer(r) -> Request:
    makers = [
        lambda: b64url(r.randbytes(24)),
        lambda: hexed(r, 64),
        lambda: base64.b64encode(r.randbytes(45)).decode(),
        lambda: f"tid={hexed(r, 32)};exp=1900000000;sku=x:{hexed(r, 64)}",
    ]
    scheme = r.choice(["Bearer", "Token", "bearer", "ApiKey"])
    token = f"{scheme} {r.choice(makers)()}"
    return as_json({"q": prose(r)}, authorization=token)


def key_headers(r) -> Request:
    name = r.choice(["x-api-key", "api-key", "x-auth-token", "private-token"])
    return as_json({"q": prose(r)}, **{name: hexed(r, 32)})


def basic_auth(r) -> Request:
    pair = f"me@example.test:{b64url(r.randbytes(18))}".encode()
    return (
        "GET",
        "/repo/info/refs?service=git-upload-pack",
        {"authorization": f"Basic {base64.b64encode(pair).decode()}"},
        b"",
    )


def token_request(r) -> Request:
    shared = {"client_id": str(uuid.UUID(bytes=r.randbytes(16), version=4))}
    grants = [
        {"grant_type": "refresh_token", "refresh_token": b64url(r.randbytes(60))},
        {
            "grant_type": "client_credentials",
            "client_secret": b64url(r.randbytes(30)),
            "scope": "https://graph.test/.default",
        },
        {
            "grant_type": "authorization_code",
            "code": b64url(r.randbytes(50)),
            "code_verifier": b64url(r.randbytes(48)),
            "redirect_uri": "http://localhost:1455/auth/callback",
        },
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": jwt(r),
        },
        {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt(r),
        },
    ]
    fields = {**shared, **r.choice(grants)}
    return r.choice([as_form(**fields), as_json(fields, path="/oauth/token")])


def presigned(r) -> Request:
    day = "20261121"
    key_id = "AS" + "IA" + base64.b32encode(r.randbytes(10)).decode()
    queries = [
        {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{key_id}/{day}/us-east-1/s3/aws4_request",
            "X-Amz-Date": f"{day}T000000Z",
            "X-Amz-Expires": "3600",
            "X-Amz-Security-Token": base64.b64encode(r.randbytes(600)).decode(),
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Signature": hexed(r, 64),
        },
        {
            "AWSAccessKeyId": key_id,
            "Signature": base64.b64encode(r.randbytes(20)).decode(),
            "Expires": "1900000000",
        },
        {
            "X-Goog-Algorithm": "GOOG4-RSA-SHA256",
            "X-Goog-Credential": f"a@p.iam.test/{day}/auto/storage/goog4_request",
            "X-Goog-Signature": hexed(r, 512),
        },
        {
            "sv": "2024-11-04",
            "se": "2026-12-01T00:00:00Z",
            "sr": "b",
            "sp": "r",
            "sig": base64.b64encode(r.randbytes(32)).decode(),
        },
        {
            "Expires": "1900000000",
            "Signature": b64url(r.randbytes(256)) + "__",
            "Key-Pair-Id": "K" + base64.b32encode(r.randbytes(8)).decode()[:13],
        },
    ]
    return "GET", f"/blobs/{hexed(r, 64)}?{urlencode(r.choice(queries))}", {}, b""


MAKERS: tuple[Callable[[random.Random], Request], ...] = (
    chat, tool_calls, image, data_url, identifiers, lockfile, go_sums,
    hashed_requirements, code, documentation, minified, embeddings, token_ids,
    certificate, telemetry, agent_events, other_scripts, emoji, search, package_download,
    registry_query, multipart_wheel, npm_publish, gzip_json, random_upload, graphql,
    json_rpc, form, cookies, diff, numbers, jwt_bearer, opaque_bearer, key_headers,
    basic_auth, token_request, presigned,
)  # fmt: skip
