import json

import pytest

from dlp.model import Reason
from dlp.record import problem


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_body(reason):
    body = json.loads(problem("dlp-1", reason, 403))
    assert body["type"] == f"urn:agent-dlp:{reason}"
    assert body["status"] == 403
    assert body["reference"] == "dlp-1"
    assert "report this reference" in body["detail"]


def test_two_refusals_differ_in_the_reference_alone():
    one, two = (problem(ref, Reason.CONTENT, 403) for ref in ("dlp-1", "dlp-2"))
    assert one.replace(b"dlp-1", b"dlp-2") == two


def test_an_approval_can_be_watched():
    body = json.loads(problem("r", Reason.APPROVAL_REQUIRED, 403, status_url="/a/1"))
    assert body["status_url"] == "/a/1"
