"""Chat services: a ticket in an address, a token in a frame, a token in a path."""

import json
import sys

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.harness.registries import HEX
from tests.harness.vendors import answer, bearer, data, drawn

DIGITS = "0123456789"


@pytest.fixture(scope="module")
def keys():
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return {
        "bot": "xo" + f"xb-{drawn(12, DIGITS)}-{drawn(13, DIGITS)}-{drawn(24)}",
        "app": f"xapp-1-A{drawn(10, letters)}-{drawn(13, DIGITS)}-{drawn(64, HEX)}",
        "discord": f"M{drawn(23)}.{drawn(6)}.{drawn(38)}",
        "telegram": f"{drawn(10, DIGITS)}:AA{drawn(33)}",
    }


class Slack:
    def __init__(self, vendors, keys):
        self.vendors, self.keys = vendors, keys
        self.ticket = drawn(48)
        self.files = []
        vendors.hosts["slack.com"] = {
            "/api/": self.call,
            "/api/apps.connections.open": self.open,
            "/api/files.getUploadURLExternal": self.upload,
        }
        vendors.hosts["files.slack.com"] = {"/": self.file}

    def call(self, request):
        known = bearer(request) == self.keys["bot"]
        files = {"files": [{"id": "F123", "title": "t"}]}
        return answer({"ok": known, "channel": "C1", "ts": "1.2", **files})

    def open(self, request):
        if bearer(request) != self.keys["app"]:
            return answer({"ok": False, "error": "invalid_auth"})
        link = f"/link/?ticket={self.ticket}&app_id={drawn(64, HEX)}"
        url = self.vendors.url("wss-primary.slack.com", link)
        return answer({"ok": True, "url": url.replace("https", "wss")})

    def upload(self, _):
        url = self.vendors.url("files.slack.com", f"/upload/v1/{drawn(180)}")
        return answer({"ok": True, "file_id": "F123", "upload_url": url})

    def file(self, request):
        self.files.append(request.body)
        return data(b"OK", kind="text/plain")


SLACK = """
import ssl, sys
from slack_sdk import WebClient
base, app, bot, proxy, ca = sys.argv[1:]
given = {"base_url": base, "ssl": ssl.create_default_context(cafile=ca), "proxy": proxy}
client = WebClient(bot, **given)
assert client.chat_postMessage(channel="C1", text="hello")["ok"]
assert client.files_upload_v2(channel="C1", content="content of a file", filename="a")["ok"]
print(WebClient(**given).apps_connections_open(app_token=app)["url"])
"""


async def connected(flows, url, *frames):
    """Send frames; whether all were taken."""
    async with connect(url, proxy=flows.proxy.url, ssl=flows.proxy.trust()) as socket:
        try:
            for frame in frames:
                await socket.send(frame)
                assert await socket.recv() == frame
        except ConnectionClosed as closed:
            return closed.rcvd.code != 1008
        return True


async def test_slack_gives_a_ticket_for_its_socket(flows, keys, tmp_path):
    slack = Slack(flows.vendors, keys)
    words = [keys["app"], keys["bot"], flows.proxy.url, flows.proxy.ca]
    base = flows.vendors.url("slack.com", "/api/")
    url = flows.run(sys.executable, "-c", SLACK, base, *words, cwd=tmp_path).strip()
    assert slack.files == [b"content of a file"]
    assert slack.ticket in url
    assert await connected(flows, url, '{"envelope_id": "e1"}')
    flows.stays(slack.ticket, in_header=True)
    for name in ("app", "bot"):
        flows.stays(keys[name], in_header=False)


def identify(token):
    client = {"os": "linux", "browser": "x", "device": "x"}
    said = {"token": token, "properties": client, "compress": True, "intents": 513}
    return json.dumps({"op": 2, "d": said})


async def test_discord_takes_the_token_in_a_frame_and_no_other_socket_does(flows, keys):
    token = keys["discord"]
    resume = json.dumps(
        {"op": 6, "d": {"token": token, "session_id": drawn(32, HEX), "seq": 1}}
    )
    url = flows.vendors.url("gateway.discord.gg", "/?v=10&encoding=json")
    flows.vendors.origin.messages.clear()
    url = url.replace("https", "wss")
    assert await connected(flows, url, identify(token), '{"op": 1, "d": null}', resume)
    sent = [
        payload.decode()
        for kind, payload in flows.vendors.origin.messages
        if kind == "text"
    ]
    assert sent[0] == identify(token)
    assert sent[2] == resume
    flows.vendors.origin.messages.clear()
    other = flows.vendors.url("wss-primary.slack.com", "/").replace("https", "wss")
    assert not await connected(flows, other, identify(token))
    strange = json.dumps({"op": 2, "d": {"token": keys["bot"]}})
    assert not await connected(flows, url, strange)
    received = [payload for _, payload in flows.vendors.origin.messages]
    assert not [one for one in received if token.encode() in one]
    assert not [one for one in received if keys["bot"].encode() in one]
    flows.stays(token, in_header=False)


def test_telegram_takes_the_token_in_the_path_and_no_other_host_does(flows, keys):
    token = keys["telegram"]
    flows.vendors.hosts["api.telegram.org"] = {
        f"/bot{token}/": lambda request: answer({"ok": True, "result": {}}),
        f"/file/bot{token}/": lambda _: data(b"file", kind="text/plain"),
    }
    at = flows.vendors.url("api.telegram.org", f"/bot{token}")
    assert flows.send(f"{at}/getMe") == 200
    assert flows.send(f"{at}/sendMessage", json={"chat_id": 5, "text": "hello"}) == 200
    files = {"document": ("a.bin", bytes(range(256)))}
    assert flows.send(f"{at}/sendDocument", data={"chat_id": "5"}, files=files) == 200
    file = flows.vendors.url("api.telegram.org", f"/file/bot{token}/documents/a.bin")
    assert flows.send(file, "GET") == 200
    (sent,) = flows.vendors.at("api.telegram.org", f"/bot{token}/sendDocument")
    assert bytes(range(256)) in sent.body
    assert flows.send(f"{at}/sendMessage", json={"chat_id": 5, "text": token}) == 403
    flows.stays(token, in_header=False)
    other = flows.sink.url(f"/bot{token}/sendMessage", "b.test")
    flows.sink.clear()
    assert flows.send(other) == 403
    assert flows.sink.empty
