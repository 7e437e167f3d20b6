"""What goes out is what OpenTelemetry's own Protocol Buffers take."""

import orjson
import pytest
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.logs.v1.logs_pb2 import SeverityNumber

from dlp.audit.sinks import SinkError, sink
from tests.audit.forms.conftest import LINES
from tests.audit.test_sinks import ROWS, Web


@pytest.fixture
def web():
    web = Web()
    yield web
    web.close()


def sent(web, rows=ROWS, path=""):
    sink(f"otlp+http://{web.address}{path}", "t0ken").send(rows)
    ((path, headers, body),) = web.requests
    return path, headers, Parse(body, ExportLogsServiceRequest())


def records(request):
    return [
        record
        for resource in request.resource_logs
        for scope in resource.scope_logs
        for record in scope.log_records
    ]


def attributes(record):
    return {each.key: each.value.string_value for each in record.attributes}


def test_a_collector_gets_every_line(web):
    path, headers, request = sent(web)
    assert path == "/v1/logs"
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Bearer t0ken"
    assert len(records(request)) == len(ROWS)
    bodies = {record.body.string_value.encode() for record in records(request)}
    assert bodies == {text for _, text in ROWS}
    names = [attributes(resource.resource) for resource in request.resource_logs]
    assert {name["service.name"] for name in names} == {"agent-dlp"}


def test_a_decision_can_be_searched_for(web):
    line = LINES["block"]
    _, _, request = sent(web, [(line, b"{}")])
    (record,) = records(request)
    told = attributes(record)
    assert record.time_unix_nano == int(line.at * 1e9)
    assert record.severity_number > SeverityNumber.SEVERITY_NUMBER_WARN
    assert record.event_name == "agent_dlp.decision"
    assert told["agent_dlp.reference"] == line.data["reference"]
    assert told["agent_dlp.action"] == "block"
    assert told["server.address"] == line.data["host"]


def test_texts_of_one_line_are_told_apart_and_the_same_when_sent_again(web):
    rows = [(LINES["block"], b"1"), (LINES["block"], b"2")]
    uids = []
    for _ in range(2):
        _, _, request = sent(web, rows)
        uids.append([attributes(each)["log.record.uid"] for each in records(request)])
        web.requests.clear()
    assert uids[0] == uids[1]
    assert len(set(uids[0])) == 2


def test_a_path_of_the_collectors_own_is_kept(web):
    assert sent(web, path="/otlp/")[0] == "/otlp/v1/logs"


@pytest.mark.parametrize(
    ("told", "accepted"),
    [
        ({}, True),
        ({"partialSuccess": {}}, True),
        ({"partialSuccess": {"errorMessage": "a warning"}}, True),
        ({"partialSuccess": {"rejectedLogRecords": "2"}}, False),
    ],
)
def test_a_partial_success_is_no_success(web, told, accepted):
    web.answer = (200, orjson.dumps(told))
    place = sink(f"otlp+http://{web.address}", "")
    if accepted:
        place.send(ROWS)
        return
    with pytest.raises(SinkError, match="refused 2 lines") as error:
        place.send(ROWS)
    assert error.value.final


@pytest.mark.parametrize(
    ("status", "final"), [(429, False), (503, False), (400, True), (401, True)]
)
def test_what_is_worth_another_try_gets_one(web, status, final):
    web.answer = (status, b"")
    with pytest.raises(SinkError) as error:
        sink(f"otlp+http://{web.address}", "").send(ROWS)
    assert error.value.final is final
