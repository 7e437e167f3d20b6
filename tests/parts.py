"""Parts of requests as vendors' clients send them, and what an inspector says of them."""

import base64
import json
import random
from urllib.parse import quote, urlencode

from dlp import Inspector
from dlp.detect.known.enrol import fingerprint
from dlp.detect.known.fingerprint import SecretIndex, SecretInfo
from dlp.model import Agent, Destination, Message, Part, PartKind

OTHER = "other.example.com"
"""A host that is allowed, and home to nothing."""
_KEY = b"k" * 32


def header(name, value):
    return Part(PartKind.HEADER, value.encode(), name)


def bearer(value, scheme="Bearer"):
    return header("authorization", f"{scheme} {value}")


def basic(user, password):
    return bearer(base64.b64encode(f"{user}:{password}".encode()).decode(), "Basic")


def target(path, **query):
    text = f"{path}?{urlencode(query, quote_via=quote)}" if query else path
    return Part(PartKind.TARGET, text.encode())


def form(**fields):
    kind = "application/x-www-form-urlencoded"
    return Part(PartKind.BODY, urlencode(fields).encode(), media_type=kind)


def body(**members):
    data = json.dumps(members).encode()
    return Part(PartKind.BODY, data, media_type="application/json")


def frame(**members):
    return Part(PartKind.FRAME, json.dumps(members).encode())


def jwt(*, seed=7, **claims):
    def piece(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    said = claims or {"iss": "svc@p.test", "exp": 1_900_000_000}
    documents = ({"alg": "RS256", "typ": "JWT"}, said)
    head, payload = (json.dumps(d, separators=(",", ":")).encode() for d in documents)
    signature = random.Random(seed).randbytes(256)
    return ".".join(map(piece, (head, payload, signature)))


def inspector_of(folder, hosts, *, pinned=False):
    """One that lets everybody send anything to these hosts and to `OTHER`."""
    names = ", ".join(dict.fromkeys(hosts))
    (folder / "policy.yaml").write_text(
        "version: 1\nstatements:\n  - id: all\n    effect: allow\n"
        f"    hosts: [{OTHER}, {names}]\npinned: [{names if pinned else ''}]\n"
    )
    return Inspector.load(folder)


def registered(value, *hosts):
    """The index of one secret that is bound to these hosts."""
    return index_of(SecretInfo("ours", hosts), value.encode())


def index_of(info, value):
    return SecretIndex.build([(info, fingerprint(value, _KEY))], _KEY)


def judge(inspector, host, parts, scheme="https"):
    to = Destination(scheme, host, 443, "POST")
    message = Message(Agent("default"), to, tuple(parts))
    return inspector.conclude(inspector.examine(message))
