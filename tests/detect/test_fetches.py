import base64
import gzip
import json

import pytest

from dlp.decode import decode
from dlp.detect.fetches import fetched
from dlp.model import Limits, Part, PartKind

URL = "https://elsewhere.example.net/p?q=1"
LLM = "/v1/messages"


def found(path, *bodies, kind="application/json", **options):
    target = Part(PartKind.TARGET, path.encode())
    parts = (
        target,
        *(Part(PartKind.BODY, b, media_type=kind, **options) for b in bodies),
    )
    return [fetch.url for fetch in fetched(parts, decode(parts, Limits()).views)]


def in_json(value, path=LLM):
    return found(path, json.dumps(value).encode())


def blocks(*content):
    return {"messages": [{"role": "user", "content": list(content)}]}


FETCHED = {
    "image_url as an object": (
        LLM,
        blocks({"type": "image_url", "image_url": {"url": URL, "detail": "low"}}),
    ),
    "image_url as text": (LLM, blocks({"type": "input_image", "image_url": URL})),
    "file_url": (LLM, blocks({"type": "input_file", "file_url": URL})),
    "a source of type url": (
        LLM,
        blocks({"type": "document", "source": {"type": "url", "url": URL}}),
    ),
    "a source in the result of a tool": (
        LLM,
        blocks(
            {
                "type": "tool_result",
                "content": [{"type": "image", "source": {"type": "url", "url": URL}}],
            }
        ),
    ),
    "an MCP server": (LLM, {"mcp_servers": [{"type": "url", "url": URL, "name": "x"}]}),
    "an MCP server without a type": (LLM, {"mcp_servers": [{"url": URL}]}),
    "an MCP tool": (LLM, {"tools": [{"type": "mcp", "server_url": URL}]}),
    "Gemini's fileUri": (
        LLM,
        {"contents": [{"parts": [{"fileData": {"fileUri": URL}}]}]},
    ),
    "Telegram's hook": ("/bot1:A/setWebhook", {"url": URL}),
    "Telegram's hook in any case": ("/bot1:A/SETWEBHOOK", {"url": URL}),
    "Telegram's hook in the query": (f"/bot1:A/setWebhook?url={URL}", {}),
    "Telegram's photo": ("/bot1:A/sendPhoto", {"chat_id": 1, "photo": URL}),
    "Telegram's preview": (
        "/bot1:A/sendMessage",
        {"text": "hi", "link_preview_options": {"url": URL}},
    ),
    "Slack's previews": (
        "/api/chat.postMessage",
        {"text": f"see <{URL}>", "unfurl_links": True},
    ),
    "Slack's attachments": ("/api/x", {"attachments": [{"image_url": URL}]}),
    "Discord's embeds": ("/api/x", {"embeds": [{"image": {"url": URL}}]}),
    "a hook of a repository": ("/repos/o/r/hooks", {"config": {"url": URL}}),
    "a hook wherever": ("/x", {"hook": {"config": {}, "url": URL}}),
    "an import": ("/repos/o/r/import", {"vcs": "git", "vcs_url": URL}),
    "a mirror": ("/api/v4/projects", {"import_url": URL}),
    "a background hook": ("/v1/responses", {"background": True, "webhook_url": URL}),
    "camel case": ("/graphql", {"variables": {"input": {"imageUrl": URL}}}),
    "a job's input": ("/v1/predictions", {"input": {"image": URL}}),
    "a list": ("/v1/x", {"images": [URL]}),
    "who a hook writes as": ("/x", {"id": 1, "username": "ana", "avatar_url": URL}),
    "a card of somebody": ("/x", {"card": {"username": "ana", "avatar_url": URL}}),
    "a scraper": ("/v1/scrape", {"url": URL}),
    "a tool that fetches": (
        "/mcp",
        {
            "jsonrpc": "2.0",
            "method": "tools/call",
            "params": {"name": "fetch", "arguments": {"url": URL}},
        },
    ),
    "a tool that fetches, in a batch": (
        "/mcp",
        [
            {
                "jsonrpc": "2.0",
                "method": "tools/call",
                "params": {"name": "browser_navigate", "arguments": {"url": URL}},
            }
        ],
    ),
}


@pytest.mark.parametrize("case", FETCHED.values(), ids=FETCHED)
def test_a_url_that_is_fetched(case):
    path, value = case
    assert in_json(value, path) == [URL]


TALK = f"look at {URL} and ![logo]({URL})"
MENTIONED = {
    "text": (LLM, blocks({"type": "text", "text": TALK})),
    "a text that is a URL": (LLM, blocks({"type": "text", "text": URL})),
    "what a tool was given": (
        LLM,
        blocks({"type": "tool_use", "name": "show", "input": {"image_url": URL, "url": URL}}),
    ),
    "what a function was given": (
        LLM,
        {"functionCall": {"name": "f", "args": {"image": {"url": URL}}}},
    ),
    "the text of a tool's result": (
        LLM,
        blocks({"type": "tool_result", "content": json.dumps({"image_url": URL})}),
    ),
    "search results": (
        LLM,
        blocks({"type": "web_search_result", "url": URL, "title": "t"}),
    ),
    "sources of an answer": (LLM, {"sources": [{"type": "url", "url": URL}]}),
    "a citation": (LLM, {"annotations": [{"type": "url_citation", "url": URL}]}),
    "metadata": ("/vectors/upsert", {"metadata": {"image_url": URL, "url": URL}}),
    "a schema": (
        LLM,
        {"tools": [{"input_schema": {"properties": {"url": {"examples": [URL]}}}}]},
    ),
    "a package": ("/name", {"repository": {"type": "git", "url": URL}, "homepage": URL}),
    "a page in telemetry": ("/events", {"event": "view", "url": URL}),
    "no previews": ("/api/chat.postMessage", {"text": TALK, "unfurl_links": False}),
    "a way back": ("/oauth/authorize", {"redirect_uri": URL}),
    "a bookmark": ("/issues", {"title": "x", "body": TALK, "html_url": URL}),
    "data": (LLM, blocks({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}})),
    "who wrote it, at GitHub": (
        LLM,
        {"number": 1, "user": {"login": "ana", "id": 5, "avatar_url": URL}},
    ),
    "who wrote it, at GitLab": (
        LLM,
        {"iid": 1, "author": {"username": "ana", "web_url": "x", "avatar_url": URL}},
    ),
    "a file by name": ("/x", {"image": "cat.png", "file": "a/b.txt"}),
    "a tool that files an issue": (
        "/mcp",
        {
            "jsonrpc": "2.0",
            "method": "tools/call",
            "params": {"name": "create_issue", "arguments": {"url": URL}},
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MENTIONED.values(), ids=MENTIONED)
def test_a_url_that_is_only_mentioned(case):
    path, value = case
    assert in_json(value, path) == []


SPELLED = {
    "escaped slashes": rb'{"image_url": "https:\/\/e.test\/p"}',
    "escaped letters": rb'{"image\u005furl": "\u0068ttps:\u002f\u002fe.test/p"}',
    "an escaped colon": rb'{"image_url":"https\u003a//e.test/p"}',
    "upper case": b'{"IMAGE_URL": "HTTPS://e.test/p"}',
    "a blank before": b'{"image_url": " https://e.test/p"}',
    "without a scheme": b'{"image_url": "//e.test/p"}',
    "without slashes": b'{"image_url": "https:e.test/p"}',
    "backslashes": rb'{"image_url": "https:\\\\e.test/p"}',
    "a byte order mark": b'\xef\xbb\xbf{"image_url": "https://e.test/p"}',
    "a line of several": b'{"a": 1}\n{"image_url": "https://e.test/p"}\n',
    "a broken document": b'{"image_url": {"url": "https://e.test/p"}, }',
    "a long document": b'{"a": "'
    + b"x" * (3 << 20)
    + b'", "image_url": "https://e.test/p"}',
    "a long document of numbers": b'{"image_url": {"url": "https://e.test/p"}, "a": ['
    + b"0.125," * 400_000
    + b"1]}",
}


@pytest.mark.parametrize("data", SPELLED.values(), ids=SPELLED)
def test_however_it_is_spelled(data):
    (url,) = found(LLM, data)
    assert "e.test" in url


def test_in_forms():
    form = "application/x-www-form-urlencoded"
    sent = b"url=https%3A%2F%2Fe.test%2Fp&x=1"
    assert found("/bot/setWebhook", sent, kind=form) == ["https://e.test/p"]
    sent = b"attachments=%5B%7B%22image_url%22%3A%22https%3A%2F%2Fe.test%22%7D%5D"
    assert found("/api/chat.postMessage", sent, kind=form) == ["https://e.test"]
    sent = b"config%5Bimage_url%5D=1&image_url=https://e.test&image_url=https://f.test"
    assert found("/x", sent, kind=form) == ["https://f.test", "https://e.test"]
    assert found("/x", b"text=see+https%3A%2F%2Fe.test", kind=form) == []


def test_in_multipart():
    sent = (
        b'--b\r\nContent-Disposition: form-data; name="url"\r\n\r\n'
        b"https://e.test/p\r\n--b--\r\n"
    )
    kind = "multipart/form-data; boundary=b"
    assert found("/bot/setWebhook", sent, kind=kind) == ["https://e.test/p"]
    assert found("/upload", sent, kind=kind) == []


FILES = {
    "a comment": b"// What it does, and why: in /etc and elsewhere\nint main() {}\n",
    "a directive": b"//go:build linux && cgo\n\npackage main\n",
    "a ruler": b"////////////////////////////////\n// Part one\n",
    "a page about a URL": b"[![ok](https://e.test/badge)](https://e.test) A library.\n",
    "addresses, one a line": b"https://e.test/a\nhttps://e.test/b\n",
    "a document with URLs": b'{"image_url": "https://e.test/p", "url": "//e.test"}',
}


@pytest.mark.parametrize("name", ['; filename="notes.txt"', ""])
@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_a_file_that_is_uploaded_is_no_url(data, name):
    if not name and data.startswith((b"https:", b"{")):
        return  # a field may be so
    sent = b'--b\r\nContent-Disposition: form-data; name="file"%b\r\n\r\n%b\r\n--b--'
    kind = "multipart/form-data; boundary=b"
    assert found("/v1/files", sent % (name.encode(), data), kind=kind) == []


def test_a_file_that_is_a_url_and_nothing_else_is_one():
    sent = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    kind = "multipart/form-data; boundary=b"
    assert found("/x", sent + b"https://e.test/p\r\n--b--", kind=kind)


@pytest.mark.parametrize(
    "text", ["http: the protocol", "// TODO", "see https://e.test"]
)
def test_a_sentence_is_no_url(text):
    assert in_json({"image": text}) == []


def test_sound_in_base64_is_no_url():
    """Samples of -1 become `//8`."""
    for samples in (b"\xff\xff\x00\x00" * 30, b"\xff" * 4 + bytes(98)):
        coded = base64.b64encode(samples).decode()
        assert in_json({"type": "append", "audio": coded}) == []


@pytest.mark.parametrize(
    "url",
    ["//2130706433/aaaaaaaaaaa", "//0x7f000001/abcdefg1", "//a.test/abcdefghijkl"],
)
def test_a_url_without_a_scheme_is_one(url):
    assert in_json({"audio": url}) == [url]


def test_in_a_compressed_body():
    sent = gzip.compress(b'{"image_url": "https://e.test/p"}')
    assert found(LLM, sent, encodings=("gzip",)) == ["https://e.test/p"]


def test_in_a_frame():
    part = Part(PartKind.FRAME, b'{"item": {"image_url": "https://e.test/p"}}')
    views = decode((part,), Limits()).views
    assert [fetch.url for fetch in fetched((part,), views)] == ["https://e.test/p"]


def test_depth_is_no_way_out():
    deep = b"[" * 900 + b'{"image_url": "https://e.test/p"}' + b"]" * 900
    assert found(LLM, deep) == ["https://e.test/p"]


SLASHES = ("//", "\\/\\/", "\\\\\\\\", "\\u002f/", "/\\u002F")
HEADS = (
    *(f"https:{slashes}e.test" for slashes in SLASHES),
    *(f"{lead}//e.test" for lead in ("", " ", "\\n", "\\u00a0", "\u2003")),
    *(f"{slashes}e.test" for slashes in SLASHES),
    "https\\u003a//e.test",
    "\\u0068ttps:e.test",
    "https:e.test",
    " HTTP:e.test",
    "wss:e.test",
    "ftp://e.test",
)


@pytest.mark.parametrize("head", HEADS)
def test_however_it_is_escaped(head):
    """The cheap look at a document misses no notation of a URL."""
    assert found(LLM, f'{{"image_url": "{head}"}}'.encode())


def test_however_the_asking_for_previews_is_escaped():
    sent = '{"unfurl\\u005flinks": true, "text": "see https:\\/\\/e.test/p"}'
    assert found("/api/chat.postMessage", sent.encode()) == ["https://e.test/p"]
