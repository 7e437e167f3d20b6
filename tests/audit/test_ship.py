import pytest

from dlp.audit import AuditLog
from dlp.audit.forms import FORMS
from dlp.audit.ship import BATCH, Shipper
from dlp.audit.sinks import SinkError
from dlp.errors import StateError
from dlp.model import Retention
from dlp.record import Operation


class Place:
    """A sink that fails when told."""

    def __init__(self):
        self.got = []
        self.failures = []

    def send(self, rows):
        if self.failures:
            raise self.failures.pop(0)
        assert len(rows) <= BATCH
        self.got += [line.data["object"] for line, _ in rows]


@pytest.fixture
def log(tmp_path):
    log = AuditLog.open(tmp_path, retention=Retention(segment=4000))
    yield log
    log.close()


@pytest.fixture
def place():
    return Place()


@pytest.fixture
def shipper(log, place, tmp_path):
    return lambda: Shipper(tmp_path / "audit", "x", place, FORMS["json"])


def fill(log, first, last):
    for number in range(first, last):
        log.append(Operation(float(number), "me", "agent.add", str(number)))


def test_everything_once_and_in_order(log, place, shipper):
    fill(log, 0, BATCH + 20)
    one = shipper()
    one.drain()
    assert place.got == [str(number) for number in range(BATCH + 20)]
    assert one.sent == BATCH + 20
    fill(log, BATCH + 20, BATCH + 25)
    shipper().drain()
    assert place.got == [str(number) for number in range(BATCH + 25)]


def test_an_outage_loses_nothing(log, place, shipper):
    fill(log, 0, 5)
    place.failures = [SinkError("away")]
    with pytest.raises(SinkError):
        shipper().drain()
    fill(log, 5, 9)
    shipper().drain()
    assert place.got == [str(number) for number in range(9)]


def test_following_waits_longer_and_longer_and_starts_again(log, place, shipper):
    fill(log, 0, 3)
    place.failures = [SinkError("away")] * 8
    waits = []

    def stop(seconds):
        waits.append(seconds)
        return len(waits) == 10

    shipper().follow(stop)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 1, 1]
    assert place.got == ["0", "1", "2"]


def test_following_ends_when_trying_again_is_of_no_use(log, place, shipper):
    fill(log, 0, 3)
    place.failures = [SinkError("wrong token", final=True)]
    with pytest.raises(SinkError, match="wrong token"):
        shipper().follow(lambda seconds: False)


def test_a_second_shipper_is_kept_out(shipper):
    with (
        shipper().alone(),
        pytest.raises(StateError, match="another process"),
        shipper().alone(),
    ):
        pass
    with shipper().alone():
        pass


def test_a_damaged_place_is_an_error(log, shipper, tmp_path):
    fill(log, 0, 1)
    one = shipper()
    with one.alone():
        one.drain()
    next((tmp_path / "audit" / "ship").glob("*.json")).write_text("{")
    with pytest.raises(StateError, match="remove it"):
        one.drain()


def test_what_is_too_large_goes_in_pieces(log, place, shipper):
    fill(log, 0, 20)
    take = place.send

    def small(rows):
        if len(rows) > 3:
            raise SinkError("413", final=True, too_large=True)
        take(rows)

    place.send = small
    shipper().drain()
    assert place.got == [str(number) for number in range(20)]


def test_one_line_that_is_too_large_stops_it_and_is_not_left_out(log, place, shipper):
    fill(log, 0, 2)
    place.failures = [SinkError("413", final=True, too_large=True)] * 2
    with pytest.raises(SinkError, match="413"):
        shipper().drain()
    shipper().drain()
    assert place.got == ["0", "1"]
