"""
What must hold for all bytes. A target takes bytes and raises when it does not hold.

`TARGETS` names them; `SEEDS` are what the search begins with.
"""

import json
import random
import string
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import orjson

from dlp import Inspector
from dlp.alerts.compile import compile_alerts
from dlp.alerts.schema import AlertsModel
from dlp.audit import chain, read
from dlp.audit.verify import verify
from dlp.broker import dotenv
from dlp.decode import decode
from dlp.detect.imported.imports import import_rules
from dlp.detect.known.fingerprint import SecretInfo
from dlp.detect.known.issued import issued
from dlp.detect.rulespec import DetectorFile, read_rule
from dlp.errors import DLPError, RuleError, UsageError
from dlp.model import Limits, Part, PartKind
from dlp.policy.compile import compile_policy
from dlp.policy.credentials import tokens
from dlp.policy.names import normal_authority, normal_host, normal_path
from dlp.policy.schema import PolicyModel
from dlp.redact import redact
from dlp.rulefile import builtin_folder, parse_model
from dlp.state.agents import AgentRegistry
from dlp.state.prints import unpack
from dlp.state.secrets import Registration, SecretStore
from dlp.state.vault import MAGIC, _unpack
from tests.decode.encoders import ENCODERS
from tests.decode.rare import RARE
from tests.fuzz.planted import planted

SECRET = "".join(
    random.Random(3).choices(string.ascii_letters + string.digits, k=44)
).encode()
NAMES = (b"", b"cookie", b"authorization", b"content-type", b"x-note")
CODINGS = ((), ("gzip",), ("br",), ("zstd", "gzip"), ("deflate",), ("identity", "x"))


@cache
def folder() -> Path:
    """A folder of this process."""
    return Path(tempfile.mkdtemp(prefix="dlp-fuzz-"))


@cache
def inspector() -> Inspector:
    """The built-in rules, and one known secret."""
    SecretStore(folder()).add([Registration(SecretInfo("known"), SECRET)])
    return Inspector.load(None, folder())


def parts_of(data: bytes) -> list[Part]:
    """One to three parts; the first byte says of what kind."""
    kinds = tuple(PartKind)
    head, rest = (data[0], data[1:]) if data else (0, b"")
    pieces = rest.split(b"\xfe\xfe", 2) if head & 0x80 else [rest]
    name = NAMES[head % len(NAMES)].decode()
    kind = kinds[head // 3 % len(kinds)]
    first = Part(kind, pieces[0], name, encodings=CODINGS[head % len(CODINGS)])
    return [first, *(Part(PartKind.HEADER, piece, "x-b") for piece in pieces[1:])]


def decoding(data: bytes) -> None:
    """Never raises, stays within its budget, and can say where everything is from."""
    parts, limit = parts_of(data), 64 << 10
    decoded = decode(parts, Limits(decoded=limit))
    made = [*decoded.views[len(parts) :], *decoded.residue]
    largest = max([len(view.data) for view in made], default=0)
    assert sum(len(view.data) for view in made) <= limit + largest
    for view in made:
        size = len(view.data)
        for span in ((0, size), (size // 3, size // 2), (size - 1, size)):
            origin = view.origin(*span)
            raw = parts[origin.part].data
            assert origin.span is None or 0 <= origin.span[0] <= origin.span[1] <= len(
                raw
            )


def scanning(data: bytes) -> None:
    """Never raises; where it is found is within what was sent."""
    for finding in inspector().scan(data):
        start, stop = finding.span or (0, 0)
        assert 0 <= start <= stop <= len(data), finding


def redacting(data: bytes) -> None:
    """JSON stays JSON; what was cut out is found no more."""
    with suppress(UnicodeDecodeError):
        text = data.decode()
        at = data[0] % (len(text) + 1) if data else 0
        leaf = f"{text[:at]} {SECRET.decode()} {text[at:]}"
        for sent in (orjson.dumps({"m": [leaf]}), json.dumps({leaf: [text]}).encode()):
            parts = [Part(PartKind.BODY, sent)]
            found = inspector().scan(sent)
            if all(finding.rule == "known" for finding in found):
                _redacted(parts, found)


def _redacted(parts: list[Part], found: list) -> None:
    cut = redact(parts, found, inspector().digest)
    if cut is None:
        return
    (part,) = cut.parts
    orjson.loads(part.data)
    if any(finding.span is None for finding in found):
        return  # the gate looks again, and blocks
    left = inspector().scan(part.data)
    assert not [f for f in left if f.rule == "known"], part.data


def finding_it(data: bytes) -> None:
    """A known secret under layers is found, or the message says it is unreadable."""
    part, how = planted(SECRET, data)
    decoded = decode([part], Limits())
    index = inspector().index
    hits = index.scan(decoded.views, decoded.residue)
    assert (
        any(hit.complete for hit in hits) or decoded.truncated or decoded.undecodable
    ), how


def rule_files(data: bytes) -> None:
    """Loaders raise `RuleError` and nothing else."""
    for model, take in LOADERS:
        with suppress(RuleError):
            take(parse_model(data, "/nowhere/file.yaml", model))


def _rules(located) -> None:
    for index, spec in enumerate(located.value.rules):
        if spec.enabled:
            read_rule(located, index, "family")


LOADERS = (
    (PolicyModel, compile_policy),
    (AlertsModel, compile_alerts),
    (DetectorFile, _rules),
)


def foreign_rules(data: bytes) -> None:
    """So does the import of other scanners' rules, with `UsageError`."""
    for name in ("a.toml", "a.yaml"):
        with suppress(UsageError):
            import_rules(data, name)


def names(data: bytes) -> None:
    """A normal form is its own normal form; anything else is a ValueError."""
    text = data.decode("latin-1")
    for form in (text, data.decode("utf-8", "replace")):
        with suppress(ValueError):
            host = normal_host(form)
            assert normal_host(host) == host
            assert host.isascii()
        with suppress(ValueError):
            normal_authority(form)
    path, _ = normal_path(text)
    assert ".." not in path.split("/") or not path.startswith("/")
    for header in ("authorization", "cookie", "proxy-authorization", "x-api-key"):
        for part in (Part(PartKind.HEADER, data, header), Part(PartKind.TARGET, data)):
            for token in tokens((part,), frozenset()):
                assert (
                    part.data[slice(*token.span)] == token.value
                    or token.slot == "basic"
                )


def answers(data: bytes) -> None:
    """What hosts answer is read without a word."""
    head, _, body = data.partition(b"\n\n")
    fields = [("set-cookie", head), ("location", head)]
    for token in issued(fields, body, 1.7e9):
        assert token.ttl_s > 0


def audit_log(data: bytes) -> None:
    """Any line, cut or changed, is told or left out."""
    log = folder() / "audit"
    if not log.exists():
        from dlp.audit import AuditLog
        from dlp.record import Operation

        written = AuditLog.open(folder())
        written.append(Operation(1.7e9, "cli:me", "agent.add", "x"))
        written.close()
    segment = next(log.glob("*.[0-9]*.jsonl"))
    kept, head = segment.read_bytes(), next(log.glob("*.head"))
    signed = head.read_bytes()
    try:
        segment.write_bytes(kept + data)
        if data[:1] == b"h":
            head.write_bytes(data[1:])
        verify(log)
        assert all(line.kind for line in read.lines(log))
        read.since(log, {}, 10)
        chain.read_head(data)
    finally:
        segment.write_bytes(kept)
        head.write_bytes(signed)


def documents(data: bytes) -> None:
    """What stands in the state folder is read, or is an error of ours."""
    dotenv.parse(data.decode("latin-1"))
    for reader in (_unpack, unpack):
        with suppress(ValueError, KeyError, TypeError):
            reader(data)
    path = folder() / "agents.json"
    path.write_bytes(data)
    with suppress(DLPError):
        AgentRegistry(folder()).registered()
    (folder() / "other").mkdir(mode=0o700, exist_ok=True)
    (folder() / "other" / "secrets").write_bytes(MAGIC + data)
    with suppress(DLPError):
        SecretStore(folder() / "other").index()
    path.unlink()


TARGETS: dict[str, Callable[[bytes], None]] = {
    "decoding": decoding,
    "scanning": scanning,
    "redacting": redacting,
    "finding": finding_it,
    "rules": rule_files,
    "foreign": foreign_rules,
    "names": names,
    "answers": answers,
    "audit": audit_log,
    "documents": documents,
}


def _written() -> Iterator[bytes]:
    text = b"thePlantedTextOf0123456789"
    for encode in {**ENCODERS, **RARE}.values():
        yield b"\x0f" + encode(text)


def _rule_files() -> Iterator[bytes]:
    rules = builtin_folder()
    for path in (rules / "policy.yaml", *sorted(rules.glob("detectors/*.yaml"))[:3]):
        yield path.read_bytes()[:4000]
    yield b"version: 1\nstatements:\n  - {id: a, effect: allow, hosts: ['*.a.test']}\n"
    yield b"version: 1\nchannels:\n  a: {type: webhook, url: {env: A}}\nroutes:\n  - {id: r, to: [a]}\n"
    yield b"version: 1\nrules:\n  - {id: a, pattern: 'a{3,9}[^b]', tier: weak, matches: ['aaa']}\n"


def _small() -> Iterator[bytes]:
    yield from (
        b"a.test:443",
        b"[::1]:80",
        b"0x7f.1",
        b"xn--a",
        b"/a/../%2e%2e/b;c?d#e",
    )
    yield from (
        b"Basic YTpi",
        b"a=b; c=d",
        b"Bearer a.b.c",
        b"AWS4-HMAC-SHA256 Credential=a/b",
    )
    yield b'a=b; Max-Age=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT\n\n{"token": "abc", "expires_in": 3}'
    yield b'{"seq":1,"prev":"","kind":"decision","data":{"at":1.0},"hash":""}\n'
    yield b'h{"writer":"w0","seq":1,"hash":"","at":1.0,"signature":"00"}'
    yield b'{"version":1,"content":[{"id":"a","digest":"","added_at":1.0,"revoked_at":0}]}'
    yield b"export A='b' # c\nD=\"e\\n\"\n"


def _foreign() -> Iterator[bytes]:
    yield b"[[rules]]\nid='a'\nregex='''(?i)a[0-9]{8,}'''\nkeywords=['a']\nentropy=3\n"
    yield b"rules:\n- name: a\n  id: k.a.1\n  pattern: '(?xi) a ([0-9]{8})'\n  examples: ['a12345678']\n"


SEEDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "decoding": _written,
    "scanning": _written,
    "redacting": _written,
    "finding": lambda: (
        bytes([c, 3, c, a, 5]) + b"junk" for c in range(9) for a in range(19)
    ),
    "rules": _rule_files,
    "foreign": _foreign,
}


def seeds(name: str) -> Iterator[bytes]:
    """What the search for a target begins with."""
    return SEEDS.get(name, _small)()
