"""URLs that the other side would fetch, judged at what that side received."""

import httpx
import pytest

FOREIGN = "https://elsewhere.example.net/a.png?d=1"
IMAGE = {"type": "image_url", "image_url": {"url": FOREIGN}}
TALK = {"type": "text", "text": f"see {FOREIGN} and ![chart]({FOREIGN})"}


def send(proxy, origin, value, path="/v1/chat"):
    with httpx.Client(proxy=proxy.url, trust_env=False, timeout=30) as client:
        return client.post(origin.url(path, "a.test"), json=value)


def asked(*content):
    return {"messages": [{"role": "user", "content": list(content)}]}


REFUSED = {
    "an image": ("/v1/chat", asked(TALK, IMAGE)),
    "an MCP server": ("/v1/messages", {"mcp_servers": [{"url": FOREIGN}]}),
    "a hook": ("/bot/setWebhook", {"url": FOREIGN}),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_nobody_is_made_to_fetch_what_the_agent_may_not(proxy, plain, case):
    path, value = case
    answer = send(proxy, plain, value, path)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("destination")
    assert plain.empty


def test_talk_about_urls_passes_and_so_does_what_is_allowed(proxy, plain):
    allowed = {"type": "image_url", "image_url": {"url": "https://b.test/a.png"}}
    assert send(proxy, plain, asked(TALK, allowed)).status_code == 200
    assert plain.requests
