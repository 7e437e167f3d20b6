import pytest

from dlp.gate import Gate
from dlp.model import Settings
from tests.harness.proxy import make_state

POLICY = """\
version: 1
statements:
  - id: api
    effect: allow
    hosts: [api.example.com]
  - id: llm
    effect: allow
    hosts: [llm.example.com]
    on_secret: redact
  - id: web
    effect: allow
    kind: open
    hosts: [open.example.com]
  - id: writes
    effect: approve
    hosts: [ask.example.com]
"""


@pytest.fixture(scope="module")
def gate(tmp_path_factory, compiled):
    tmp_path = tmp_path_factory.mktemp("gate")
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "policy.yaml").write_text(POLICY)
    make_state(tmp_path / "state", compiled)
    gate = Gate.open(Settings(rules=str(rules), state=str(tmp_path / "state")))
    yield gate
    gate.close()
