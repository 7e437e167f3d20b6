import pytest

from dlp.model import Agent, Destination, Message, Part, PartKind
from dlp.policy import load_policy
from dlp.policy.override import methods, reach

POLICY = """\
version: 1
statements:
  - {id: posts, effect: allow, hosts: [a.test], methods: [GET, POST]}
  - {id: any, effect: allow, hosts: [b.test]}
  - {id: asks, effect: approve, hosts: [a.test], methods: [PATCH]}
"""


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    (folder / "policy.yaml").write_text(POLICY)
    return load_policy(folder)


def sent(host, *parts, method="POST"):
    return Message(Agent("a"), Destination("https", host, 443, method, "/"), parts)


def body(data):
    return Part(PartKind.BODY, data)


def target(data):
    return Part(PartKind.TARGET, data)


ASKING = {
    "form": body(b"a=1&_method=DELETE"),
    "form, lower case": body(b"_method=delete&a=1"),
    "form, encoded name": body(b"%5fmethod=delete"),
    "form, every letter encoded": body(b"a=1&%5F%6D%65%74%68%6F%64=%44ELET%45"),
    "query": target(b"/x?_method=DELETE"),
    "query, a letter encoded": target(b"/x?a&_m%65thod=DELETE"),
    "json": body(b'{"_method": "DELETE"}'),
    "json, escaped": body(rb'{"_\u006dethod" : "DE\u004cETE"}'),
    "multipart": body(
        b'--q\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--q--'
    ),
    "multipart with a type": body(
        b'--q\r\nContent-Disposition: form-data; name="_method"\r\n'
        b"Content-Type: text/plain\r\n\r\nDELETE\r\n--q--"
    ),
}


@pytest.mark.parametrize("part", ASKING.values(), ids=ASKING)
def test_a_method_in_the_body_is_held_to_the_policy(policy, part):
    assert list(methods((part,))) == ["DELETE"]
    assert reach(policy, sent("a.test", part)).effect == "none"
    assert reach(policy, sent("b.test", part)).effect == "allow"


def test_the_strictest_reading_decides(policy):
    both = body(b"_method=GET&_method=PATCH")
    assert reach(policy, sent("a.test", both)).effect == "approve"
    assert reach(policy, sent("a.test", body(b"_method=GET"))).statement == "posts"


@pytest.mark.parametrize(
    "part",
    [
        body(b"the method=DELETE of http"),
        body(b"a_method=DELETE"),
        body(b'{"method": "tools/call"}'),
        body(b'{"http_method": "DELETE"}'),
        target(b"/_method/DELETE"),
        body(b"a=1&_method=courier"),
    ],
)
def test_other_words_ask_for_nothing(policy, part):
    assert list(methods((part,))) == []


def test_only_a_post_is_taken_for_something_else(policy):
    part = target(b"/x?_method=DELETE")
    assert reach(policy, sent("a.test", part, method="GET")).effect == "allow"
