import subprocess
import sys
from pathlib import Path

import pytest

from dlp.audit.sinks import SinkError, sink
from tests.audit.test_sinks import ROWS

TEXT = b"".join(text + b"\n" for _, text in ROWS)


def test_standard_output(capfdbinary):
    sink("stdout:", "").send(ROWS)
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == TEXT


def test_a_file_is_added_to_and_for_the_owner_alone(tmp_path):
    place = sink(f"file://{tmp_path}/log", "")
    place.send(ROWS)
    place.send(ROWS)
    assert (tmp_path / "log").read_bytes() == TEXT * 2
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0


def test_a_file_that_was_moved_away_is_begun_again(tmp_path):
    place = sink(f"file://{tmp_path}/log", "")
    place.send(ROWS)
    (tmp_path / "log").rename(tmp_path / "log.1")
    place.send(ROWS)
    assert (tmp_path / "log").read_bytes() == TEXT


def test_what_cannot_be_written_is_tried_again(tmp_path):
    place = sink(f"file://{tmp_path}/missing/log", "")
    with pytest.raises(SinkError) as error:
        place.send(ROWS)
    assert not error.value.final


FULL = """
import resource, sys
from dlp.audit.sinks import SinkError, sink
from tests.audit.test_sinks import ROWS
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
try:
    sink("file://" + sys.argv[1], "").send(ROWS)
except SinkError:
    print("refused")
"""


def test_half_a_batch_is_taken_back(tmp_path):
    (tmp_path / "log").write_bytes(b"before\n")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "log")],
        capture_output=True, text=True, check=False,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.stdout == "refused\n", done.stderr
    assert (tmp_path / "log").read_bytes() == b"before\n"
