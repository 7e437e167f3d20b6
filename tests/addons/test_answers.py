"""What a refused client is told besides the problem itself."""

import pytest

from addons.answers import refused
from dlp.gate import Judgement
from dlp.gate.tally import LIMIT
from dlp.model import Action, Reason, Verdict


@pytest.mark.parametrize(
    ("rule", "status", "seconds"),
    [(LIMIT, 429, "3600"), ("connections", 429, "5"), ("pattern", 403, None)],
)
def test_a_client_is_told_when_to_come_again(rule, status, seconds):
    """The ledger forgets by the hour: who comes again after seconds is refused again."""
    verdict = Verdict(Action.BLOCK, Reason.LIMIT, rule, status=status)
    answer = refused(Judgement(verdict=verdict, reference="dlp-x"))
    assert answer.headers.get("retry-after") == seconds
