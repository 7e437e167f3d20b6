"""
Open Cybersecurity Schema Framework 1.8 (https://schema.ocsf.io/1.8.0).

A decision is an HTTP Activity (4002) with the Security Control profile; each finding in
it that must not leave is a Data Security Finding (2006) of its own; what an operator or
the proxy did is an API Activity (6003).
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import orjson

from dlp import __version__
from dlp.audit.read import Line

VERSION = "1.8.0"
HTTP, FINDING, API = 4002, 2006, 6003

_METHODS = {
    "CONNECT": 1, "DELETE": 2, "GET": 3, "HEAD": 4, "OPTIONS": 5, "POST": 6, "PUT": 7,
    "TRACE": 8, "PATCH": 9,
}  # fmt: skip
_ACTIONS = {"allow": (1, 1), "redact": (4, 11), "hold": (2, 14), "block": (2, 2)}
"""Our action: (`action_id`, `disposition_id`)."""
_VERBS = {
    "add": 1, "grant": 1, "start": 1, "list": 2, "reload": 3, "rotate": 3, "update": 3,
    "remove": 4, "revoke": 4, "delete": 4,
}  # fmt: skip
_CONFIDENCE = {"certain": 3, "strong": 3, "likely": 2, "weak": 1}
_PASSING = frozenset({"bound", "vendor-slot"})
_INFORMATIONAL, _LOW, _MEDIUM, _HIGH, _CRITICAL = 1, 2, 3, 4, 5


def render(line: Line) -> Iterator[bytes]:
    """The events that tell of a line."""
    if line.kind == "operation":
        yield orjson.dumps(_operation(line))
        return
    yield orjson.dumps(_activity(line))
    for number, found in enumerate(line.data["findings"]):
        if found["place"] not in _PASSING:
            yield orjson.dumps(_finding(line, number, found))


def severity(data: dict[str, Any]) -> int:
    """How bad a decision is: a known secret on its way out is critical."""
    leaks = [found for found in data["findings"] if found["place"] not in _PASSING]
    if any(found["kind"] == "fingerprint" for found in leaks):
        return _CRITICAL
    if leaks:
        return _HIGH if data["action"] == "block" else _MEDIUM
    return _INFORMATIONAL if data["action"] == "allow" else _LOW


def _event(line: Line, class_uid: int, activity: int, uid: str) -> dict[str, Any]:
    return {
        "class_uid": class_uid,
        "category_uid": class_uid // 1000,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
        "time": int(line.at * 1000),
        "metadata": {
            "version": VERSION,
            "uid": uid,
            "sequence": line.seq,
            "log_name": line.writer,
            "profiles": ["security_control"],
            "product": {
                "name": "agent-dlp",
                "vendor_name": "agent-dlp",
                "version": __version__,
            },
        },
    }


def _control(data: dict[str, Any]) -> dict[str, Any]:
    action, disposition = _ACTIONS[data["action"]]
    control: dict[str, Any] = {
        "action_id": action,
        "disposition_id": disposition,
        "is_alert": data["action"] in {"block", "redact"},
        "severity_id": severity(data),
        "firewall_rule": {"name": data["rule"] or "none"},
    }
    if data["statement"]:
        control["policy"] = {"name": data["statement"], "version": data["generation"]}
    return control


def _endpoint(data: dict[str, Any]) -> dict[str, Any]:
    endpoint: dict[str, Any] = {"port": data["port"]}
    try:
        endpoint["ip"] = str(ip_address(data["host"]))
    except ValueError:
        endpoint["hostname"] = data["host"]
    return endpoint


def _activity(line: Line) -> dict[str, Any]:
    data = line.data
    url = {
        "scheme": data["scheme"],
        "hostname": data["host"],
        "port": data["port"],
        "path": data["path"],
    }
    event = {
        **_event(line, HTTP, _METHODS.get(data["method"], 99), data["reference"]),
        **_control(data),
        "message": f"{data['action']}: {data['reason']}",
        "status_id": 1 if data["action"] in {"allow", "redact"} else 2,
        "status_detail": data["reason"],
        "src_endpoint": {"name": data["agent"]},
        "dst_endpoint": _endpoint(data),
        "http_request": {"url": url, "length": data["volume"]["out"]},
        "unmapped": {"agent_dlp": data},
    }
    if data["method"] in _METHODS:
        event["http_request"]["http_method"] = data["method"]
    else:
        event["activity_name"] = data["method"]
    if data["status"]:
        event["http_response"] = {"code": data["status"]}
    return event


def _finding(line: Line, number: int, found: dict[str, Any]) -> dict[str, Any]:
    data = line.data
    known = found["kind"] == "fingerprint"
    uid = f"{data['reference']}-{number}"
    return {
        **_event(line, FINDING, 1, uid),
        **_control(data),
        "confidence_id": _CONFIDENCE[found["tier"]],
        "status_id": 1,
        "message": f"{found['rule']} on its way to {data['host']}",
        "actor": {
            "user": {"name": data["agent"], "type": "AI agent", "type_id": 99}
        },
        "dst_endpoint": _endpoint(data),
        "finding_info": {
            "uid": uid,
            "title": "Registered secret" if known else "Credential",
            "types": [found["kind"], *([found["family"]] if found["family"] else [])],
            "analytic": {
                "name": found["rule"],
                "type_id": 4 if known else 1,
                "category": found["family"] or found["kind"],
            },
            "related_events": [{"uid": data["reference"], "type_uid": HTTP * 100}],
        },
        "data_security": {
            "data_lifecycle_state_id": 2,
            "detection_pattern": found["rule"],
            "pattern_match": found["path"] or found["where"],
        },
    }  # fmt: skip


def _operation(line: Line) -> dict[str, Any]:
    data = line.data
    activity = _VERBS.get(data["verb"].rpartition(".")[2], 99)
    event = {
        **_event(line, API, activity, f"{line.writer}-{line.seq}"),
        "severity_id": _INFORMATIONAL,
        "status_id": 1 if data["outcome"] == "success" else 2,
        "message": f"{data['actor']}: {data['verb']} {data['object']}".strip(),
        "actor": {"user": {"name": data["actor"]}},
        "api": {"operation": data["verb"], "service": {"name": "agent-dlp"}},
        "src_endpoint": {"name": "localhost"},
        "unmapped": {"agent_dlp": data},
    }
    if activity == 99:
        event["activity_name"] = data["verb"]
    if data["object"]:
        event["resources"] = [{"name": data["object"]}]
    return event
