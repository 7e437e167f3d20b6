"""
ArcSight Common Event Format, version 0.

"Micro Focus Security ArcSight Common Event Format", version 25: seven header fields
between bars, then `key=value` pairs; a bar and a backslash are escaped in the header,
an equals sign and a backslash in values, and a newline becomes one too.
"""

from __future__ import annotations

from collections.abc import Iterator

from dlp import __version__
from dlp.audit.forms.ocsf import severity
from dlp.audit.read import Line

_SEVERITY = {1: 1, 2: 3, 3: 5, 4: 8, 5: 10}


def render(line: Line) -> Iterator[bytes]:
    """The line that tells of a line."""
    yield (_operation(line) if line.kind == "operation" else _decision(line)).encode()


def _decision(line: Line) -> str:
    data = line.data
    rules = sorted({found["rule"] for found in data["findings"]})
    extension = {
        "rt": int(line.at * 1000),
        "externalId": data["reference"],
        "act": data["action"],
        "reason": data["reason"],
        "outcome": "success" if data["action"] in {"allow", "redact"} else "failure",
        "suser": data["agent"],
        "dhost": data["host"],
        "dpt": data["port"],
        "app": data["scheme"],
        "requestMethod": data["method"],
        "request": f"{data['scheme']}://{data['host']}:{data['port']}{data['path']}",
        "out": data["volume"]["out"],
        "cs1Label": "rule",
        "cs1": data["rule"],
        "cs2Label": "statement",
        "cs2": data["statement"],
        "cs3Label": "findings",
        "cs3": ",".join(rules),
    }
    name = f"{data['action']} {data['reason']}"
    return _text(data["reason"], name, _SEVERITY[severity(data)], extension)


def _operation(line: Line) -> str:
    data = line.data
    extension = {
        "rt": int(line.at * 1000),
        "externalId": f"{line.writer}-{line.seq}",
        "act": data["verb"],
        "outcome": data["outcome"],
        "suser": data["actor"],
        "fname": data["object"],
    }
    return _text(data["verb"], data["verb"], 1, extension)


def _text(
    signature: str, name: str, severity: int, extension: dict[str, str | int]
) -> str:
    header = "|".join(
        _header(field)
        for field in ("agent-dlp", "agent-dlp", __version__, signature, name)
    )
    pairs = (
        f"{key}={_value(str(value))}" for key, value in extension.items() if value != ""
    )
    return f"CEF:0|{header}|{severity}|{' '.join(pairs)}"


def _header(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def _value(text: str) -> str:
    return text.replace("\\", "\\\\").replace("=", "\\=").replace("\n", "\\n")
