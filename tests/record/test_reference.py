import os

import pytest

from dlp.errors import UsageError
from dlp.record import reference, reference_at


def test_a_reference_tells_when_and_sorts_by_it():
    early = reference(1_700_000_000.123, os.urandom(7))
    late = reference(1_700_000_000.125, os.urandom(7))
    assert early < late
    assert reference_at(early) == 1_700_000_000.123
    assert len(early) == 24


def test_all_the_chance_is_used():
    ids = {reference(1.0, bytes(i) + b"\xff" + bytes(6 - i)) for i in range(7)}
    assert len(ids) == 7


@pytest.mark.parametrize(
    "text", ["", "dlp-", "dlp-" + "u" * 20, "dlp-" + "0" * 19, "x" * 90]
)
def test_other_text_is_refused(text):
    with pytest.raises(UsageError):
        reference_at(text)
