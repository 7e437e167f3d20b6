import os
import subprocess
import sys
import threading

import pytest

from dlp.errors import StateError
from dlp.metrics import cells
from dlp.metrics.cells import Cells, read
from dlp.metrics.table import BY_NAME, OVERFLOW, SUPERVISOR, TABLE, WORKER

AGENTS = "dlp_secret_attempts_total"


def value(folder, name, *labels):
    return sum(
        snapshot.values.get((name, labels), (0.0,))[0] for snapshot in read(folder)
    )


def test_a_number_is_read_by_another_process(tmp_path):
    mine = Cells(tmp_path)
    mine.cell(AGENTS, "default").inc(3)
    out = subprocess.run(
        [sys.executable, "-c", "import sys\nfrom pathlib import Path\n"
         "from dlp.metrics.cells import read\n"
         "(s,) = read(Path(sys.argv[1]))\n"
         "print(s.alive, s.values['dlp_secret_attempts_total', ('default',)])",
         str(tmp_path)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert out == "True (3.0,)\n"
    mine.close()


@pytest.mark.parametrize("owner", [WORKER, SUPERVISOR])
def test_every_closed_child_of_an_owner_is_there_from_the_start(tmp_path, owner):
    mine = Cells(tmp_path, owner)
    (snapshot,) = read(tmp_path)
    for metric in TABLE:
        for labels in metric.children():
            held = (metric.name, labels) in snapshot.values
            assert held is (metric.owner == owner), metric.name
    kind = {WORKER: "dlp_reload_success", SUPERVISOR: "dlp_alerts_reload_success"}
    assert snapshot.values[kind[owner], ()] == (1.0,)
    mine.close()


def test_the_next_worker_counts_on_and_begins_its_gauges_anew(tmp_path):
    first = Cells(tmp_path)
    first.cell(AGENTS, "builder").inc()
    first.cell("dlp_in_flight_messages").set(7)
    first.close()
    assert read(tmp_path)[0].alive is False
    second = Cells(tmp_path)
    second.cell(AGENTS, "builder").inc()
    assert value(tmp_path, AGENTS, "builder") == 2
    assert value(tmp_path, "dlp_in_flight_messages") == 0
    assert len(read(tmp_path)) == 1
    second.close()


def test_a_killed_worker_loses_nothing(tmp_path):
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from dlp.metrics.cells import Cells\n"
        f"Cells(Path(sys.argv[1])).cell('{AGENTS}', 'default').inc(5)\n"
        "os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert killed.returncode == -9
    assert value(tmp_path, AGENTS, "default") == 5


def test_running_workers_have_files_of_their_own(tmp_path):
    one, two = Cells(tmp_path), Cells(tmp_path)
    one.cell(AGENTS, "default").inc()
    two.cell(AGENTS, "default").inc()
    assert one.slot != two.slot
    assert value(tmp_path, AGENTS, "default") == 2
    one.close()
    two.close()


def test_open_labels_are_capped(tmp_path):
    mine = Cells(tmp_path)
    cap = BY_NAME[AGENTS].labels[0].cap
    for number in range(cap + 50):
        mine.cell(AGENTS, f"agent{number}").inc()
    mine.cell(AGENTS, "agent0").inc()
    assert value(tmp_path, AGENTS, OVERFLOW) == 50
    assert value(tmp_path, AGENTS, "agent0") == 2
    assert value(tmp_path, AGENTS, f"agent{cap}") == 0
    mine.close()


def test_a_cap_holds_over_restarts(tmp_path):
    cap = BY_NAME[AGENTS].labels[0].cap
    for start in (0, cap):
        mine = Cells(tmp_path)
        for number in range(start, start + cap):
            mine.cell(AGENTS, f"agent{number}").inc()
        mine.close()
    assert value(tmp_path, AGENTS, OVERFLOW) == cap


def test_closed_labels_know_no_other_value(tmp_path):
    mine = Cells(tmp_path)
    mine.cell("dlp_messages_total", "carrier-pigeon").inc()
    assert value(tmp_path, "dlp_messages_total", OVERFLOW) == 1
    mine.close()


def test_the_file_holds_every_child_there_can_be():
    cells_needed = names_needed = 0
    for metric in TABLE:
        children, length = 1, len(metric.name) + 10
        for label in metric.labels:
            children *= len(label.known) + label.cap + 1
            length += 64 if label.cap else 3 + max(map(len, label.known))
        cells_needed += children * metric.cells
        names_needed += children * length
    assert cells_needed < cells.CELLS
    assert names_needed < cells.NAMES_BYTES


def test_threads_count_together(tmp_path):
    mine = Cells(tmp_path)
    cell = mine.cell(AGENTS, "default")
    threads = [
        threading.Thread(target=lambda: [cell.inc() for _ in range(5000)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(tmp_path, AGENTS, "default") == 20_000
    mine.close()


def test_a_file_of_another_version_is_begun_anew(tmp_path):
    (tmp_path / "000.cells").write_bytes(b"\0" * 100)
    assert read(tmp_path) == []
    mine = Cells(tmp_path)
    assert value(tmp_path, AGENTS, "default") == 0
    mine.close()


def test_clearing_forgets_only_the_gone(tmp_path):
    gone, here = Cells(tmp_path), Cells(tmp_path)
    gone.close()
    cells.clear(tmp_path)
    assert [snapshot.slot for snapshot in read(tmp_path)] == [here.slot]
    here.close()


def test_an_unusable_folder_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="metrics folder"):
        Cells(tmp_path / "file")


def test_files_are_for_the_owner_alone(tmp_path):
    mine = Cells(tmp_path / "m")
    for path in (tmp_path / "m").iterdir():
        assert os.stat(path).st_mode & 0o077 == 0
    mine.close()
