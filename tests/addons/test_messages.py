from dataclasses import replace

import pytest
from mitmproxy.test import tutils

from addons.messages import rewrite, to_message
from dlp import Inspector
from dlp.detect.templates import expand
from dlp.model import Agent, Destination, PartKind

TO = Destination("https", "a.test", 443, "POST")


def request(**headers):
    made = tutils.treq(method=b"POST", content=b"coded")
    for name, value in headers.items():
        made.headers[name.replace("_", "-")] = value
    return made


def rewritten(made, data):
    message = to_message(Agent("a"), TO, made)
    parts = [
        replace(p, data=data, encodings=()) if p.kind is PartKind.BODY else p
        for p in message.parts
    ]
    rewrite(made, message, tuple(parts))
    return made


def test_every_byte_that_leaves_is_in_a_part():
    made = request(x_note="n", content_encoding="gzip, identity")
    parts = to_message(Agent("a"), TO, made).parts
    by_kind = {part.kind: part for part in parts}
    assert by_kind[PartKind.BODY].encodings == ("gzip",)
    assert b"x-note" in next(p for p in parts if p.kind is PartKind.HEADER).data
    assert any(p.name == "x-note" and p.data == b"n" for p in parts)


@pytest.mark.parametrize("name", ["x-{}", "{}", "{}-id"])
def test_the_name_of_a_header_carries_no_key(name):
    key = expand("{github:ghp_:36}", seed=5)
    made = request()
    made.headers[name.format(key)] = "1"
    message = to_message(Agent("a"), TO, made)
    found = Inspector.load(None).examine(message).findings
    assert "github-token" in {finding.rule for finding in found}


def test_a_rewritten_body_has_its_own_length_and_no_digest_or_coding():
    made = request(
        content_encoding="gzip", content_length="5", content_md5="x", digest="y"
    )
    rewritten(made, b"plain and longer")
    assert made.raw_content == b"plain and longer"
    assert made.headers["content-length"] == "16"
    assert not {"content-encoding", "content-md5", "digest"} & set(made.headers)


def test_nothing_but_a_body_can_be_rewritten():
    made = request(x_note="n")
    message = to_message(Agent("a"), TO, made)
    parts = tuple(replace(p, data=p.data + b"x") for p in message.parts)
    with pytest.raises(ValueError, match="cannot be rewritten"):
        rewrite(made, message, parts)
