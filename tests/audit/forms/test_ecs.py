import orjson

from dlp.audit.forms import ecs
from tests.audit.forms.conftest import LINES

KINDS = {"alert", "event"}
CATEGORIES = {"network", "web", "configuration"}
TYPES = {"connection", "denied", "allowed", "change"}


def document(name):
    (text,) = ecs.render(LINES[name])
    return orjson.loads(text)


def test_allowed_values_only(any_line):
    (text,) = ecs.render(any_line)
    made = orjson.loads(text)
    assert made["@timestamp"] == "2023-11-14T22:13:20.000Z"
    assert made["event"]["kind"] in KINDS
    assert set(made["event"]["category"]) <= CATEGORIES
    assert set(made["event"]["type"]) <= TYPES
    assert made["event"]["outcome"] in {"success", "failure"}


def test_a_refusal():
    made = document("block")
    assert made["event"]["kind"] == "alert"
    assert made["event"]["type"] == ["connection", "denied"]
    assert made["event"]["risk_score"] == 100
    assert made["http"]["response"]["status_code"] == 403
    assert made["destination"] == {"domain": "api.example.com", "port": 443}
    assert made["user"]["name"] == "builder"


def test_an_allowed_message():
    made = document("allow")
    assert (made["event"]["kind"], made["event"]["outcome"]) == ("event", "success")
    assert "response" not in made["http"]


def test_an_operation():
    made = document("added")
    assert made["event"]["action"] == "agent.add"
    assert made["message"] == "cli:eve: agent.add builder"
