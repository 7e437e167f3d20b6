from dataclasses import replace

import orjson
import pytest

from dlp.audit.read import Line
from dlp.model import (
    Action,
    Agent,
    Destination,
    Finding,
    Kind,
    Part,
    PartKind,
    Place,
    Reason,
    Tier,
    Verdict,
)
from dlp.record import Facts, Operation, Volume, make_record

LEAK = Finding("github-token", Kind.PATTERN, Tier.CERTAIN, "body", 0, (0, 4), "", "vcs")
KNOWN = Finding("prod-db", Kind.FINGERPRINT, Tier.CERTAIN, "body", 0, (0, 4))
HOME = replace(KNOWN, place=Place.BOUND, slot="header:authorization")
FACTS = Facts(
    Agent("builder"),
    Destination("https", "api.example.com", 443, "POST", "/v1/messages"),
    (Part(PartKind.BODY, b"x"),),
    statement="llm",
    volume=Volume(10, 10),
    generation="abc",
)
VERDICTS = {
    "allow": Verdict(Action.ALLOW, Reason.OK, "llm", (HOME,)),
    "redact": Verdict(Action.REDACT, Reason.CONTENT, "github-token", (LEAK,)),
    "hold": Verdict(Action.HOLD, Reason.APPROVAL_REQUIRED, "llm"),
    "block": Verdict(Action.BLOCK, Reason.CONTENT, "github-token", (LEAK, KNOWN)),
    "denied": Verdict(Action.BLOCK, Reason.DESTINATION, ""),
}


def line(kind, entry):
    return Line(entry.at, "w0", 7, kind, orjson.loads(orjson.dumps(entry)))


def decision(name="block", **changes):
    facts = replace(FACTS, **changes)
    return line("decision", make_record("dlp-1", 1.7e9, VERDICTS[name], facts))


def operation(verb="agent.add"):
    return line("operation", Operation(1.7e9, "cli:eve", verb, "builder"))


LINES = {
    **{name: decision(name) for name in VERDICTS},
    "odd method": decision(destination=Destination("https", "h.x", 443, "WEIRD")),
    "address": decision(destination=Destination("http", "2001:db8::1", 80, "GET")),
    "added": operation(),
    "odd verb": operation("audit.resume"),
    "about nothing": line("operation", Operation(1.7e9, "proxy", "audit.resume", "")),
}


@pytest.fixture(params=LINES)
def any_line(request):
    return LINES[request.param]
