import pytest

from dlp.gate.laps import Laps


def test_stages_add_up_to_their_total():
    laps = Laps()
    laps.end("examine")
    laps.end("decide")
    *stages, (name, total) = laps.taken
    assert [stage for stage, _ in stages] == ["examine", "decide"]
    assert name == "total"
    assert sum(took for _, took in stages) == pytest.approx(total)
    assert all(took > 0 for _, took in stages)
