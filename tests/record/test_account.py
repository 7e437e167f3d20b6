import orjson
import pytest

from dlp.model import (
    Action,
    Agent,
    Destination,
    Finding,
    Kind,
    Part,
    PartKind,
    Reason,
    Tier,
    Verdict,
)
from dlp.record import Facts, make_record
from dlp.record.account import MAX_TRACES

PARTS = (
    Part(PartKind.HOST, b"h"),
    Part(PartKind.TARGET, b"t"),
    Part(PartKind.HEADER, b"v", name="x-note"),
    Part(PartKind.HEADER, b"v", name="host"),
    Part(PartKind.BODY, b"b"),
)


def finding(part=4, span=(0, 1), kind=Kind.PATTERN):
    return Finding("r", kind, Tier.STRONG, "body", part=part, span=span)


def record(*findings, named=False, detail="", parts=PARTS, **destination):
    to = Destination("https", "api.example.com", 443, "POST", "/octo/things")
    for name, value in destination.items():
        to = Destination(
            **{f: getattr(to, f) for f in Destination.__slots__} | {name: value}
        )
    verdict = Verdict(Action.BLOCK, Reason.CONTENT, "r", findings, detail=detail)
    return make_record(
        "ref", 1.0, verdict, Facts(Agent("a"), to, parts, "st", named=named)
    )


def test_a_record_is_json():
    told = orjson.loads(orjson.dumps(record(finding())))
    assert told["action"] == "block"
    assert told["findings"][0]["where"] == "body"
    assert told["group"] == "st"
    assert told["status"] == 403


@pytest.mark.parametrize(
    ("made", "host", "path"),
    [
        (finding(0), "redacted.com", "/{}/{}"),
        (finding(1), "api.example.com", "/{}/{}"),
        (finding(2), "api.example.com", "/octo/things"),
        (finding(2, span=None), "redacted.com", "/{}/{}"),
        (finding(3), "redacted.com", "/octo/things"),
        (finding(4), "api.example.com", "/octo/things"),
        (finding(4, span=None), "api.example.com", "/octo/things"),
        (finding(4, kind=Kind.DESTINATION), "api.example.com", "/octo/things"),
        (finding(0, None, Kind.DESTINATION), "redacted.com", "/{}/{}"),
        (finding(9), "redacted.com", "/{}/{}"),
    ],
    ids=["host", "target", "header", "joined", "host-header", "body", "gzip",
         "fetch", "dns", "unknown"],
)  # fmt: skip
def test_names_that_a_finding_touches_are_masked(made, host, path):
    told = record(made)
    assert (told.host, told.path) == (host, path)


def test_a_joined_finding_leaves_a_named_host():
    assert record(finding(2, span=None), named=True).host == "api.example.com"


def test_methods_and_schemes_are_a_closed_set():
    assert record(method="HUNTER2").method == "other"
    assert record(scheme="hunter2").scheme == "other"


def test_details_keep_words_and_lose_what_is_opaque():
    told = record(detail="host api.example.com sent a9f3k2j4h5l6m7n8 (limit)")
    assert told.detail == "host api.example.com sent {} (limit)"
    touched = record(finding(0), detail="no statement allows api.example.com")
    assert touched.detail == "no statement allows redacted.com"


def test_many_findings_are_counted():
    told = record(*[finding()] * (MAX_TRACES + 3))
    assert (len(told.findings), told.more_findings) == (MAX_TRACES, 3)


def test_a_forwarded_message_has_no_refusal_status():
    verdict = Verdict(Action.ALLOW, Reason.OK, "st")
    told = make_record(
        "r", 1.0, verdict, Facts(Agent("a"), Destination("https", "h", 443))
    )
    assert (told.status, told.forwarded) == (0, True)
