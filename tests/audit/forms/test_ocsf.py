from functools import cache

import orjson
import pytest
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from dlp.audit.forms import ocsf
from tests.audit.forms.conftest import LINES


@cache
def validator(class_uid):
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=ocsf.VERSION))
    name = schema.lookup_class_name_from_uid(class_uid=class_uid)
    return Draft202012Validator(schema.get_class_schema(name, ["security_control"]))


def events(line):
    return [orjson.loads(text) for text in ocsf.render(line)]


def test_every_event_is_valid(any_line):
    for event in events(any_line):
        errors = [
            f"{'/'.join(map(str, error.path))}: {error.message[:200]}"
            for error in validator(event["class_uid"]).iter_errors(event)
        ]
        assert not errors


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("allow", [4002]),
        ("block", [4002, 2006, 2006]),
        ("redact", [4002, 2006]),
        ("added", [6003]),
    ],
)
def test_the_classes(name, classes):
    assert [event["class_uid"] for event in events(LINES[name])] == classes


@pytest.mark.parametrize(
    ("name", "action", "disposition", "severity"),
    [
        ("allow", 1, 1, 1),
        ("redact", 4, 11, 3),
        ("hold", 2, 14, 2),
        ("denied", 2, 2, 2),
        ("block", 2, 2, 5),
    ],
)
def test_what_was_done(name, action, disposition, severity):
    event = events(LINES[name])[0]
    assert (event["action_id"], event["disposition_id"], event["severity_id"]) == (
        action, disposition, severity,
    )  # fmt: skip


def test_a_finding_names_what_where_and_who():
    _, token, known = events(LINES["block"])
    assert token["finding_info"]["analytic"]["name"] == "github-token"
    assert token["actor"]["user"]["name"] == "builder"
    assert token["dst_endpoint"]["hostname"] == "api.example.com"
    assert known["finding_info"]["title"] == "Registered secret"
    assert known["metadata"]["uid"] == "dlp-1-1"


def test_types_of_events():
    assert events(LINES["added"])[0]["type_uid"] == 600301
    assert events(LINES["denied"])[0]["type_uid"] == 400206
