import json
import os
import subprocess
import time

import pytest

from tests.harness.proxy import DLP


@pytest.mark.timeout(120)
def test_the_demo_stops_every_leak_and_lets_honest_work_pass(tmp_path, compiled):
    caches = tmp_path / "caches"
    caches.mkdir()
    (caches / "agent-dlp").symlink_to(compiled)
    began = time.time()
    done = subprocess.run(
        [DLP, "demo", "--json"],
        cwd=tmp_path,
        env={
            **os.environ,
            "XDG_STATE_HOME": str(tmp_path / "none"),
            "XDG_CACHE_HOME": str(caches),
        },
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["title"] for row in rows if not row["good"]] == [], done.stderr
    assert done.returncode == 0
    assert sum(row["leak"] for row in rows) >= 24
    assert sum(not row["leak"] for row in rows) >= 4
    assert list(tmp_path.iterdir()) == [caches]
    used = [path for path in compiled.glob("*.hs") if path.stat().st_mtime >= began]
    assert used, "the demonstration compiled everything anew"
