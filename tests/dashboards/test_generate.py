import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

from dlp.metrics import Metrics
from dlp.metrics.exposition import page

FOLDER = Path(__file__).parents[2] / "dashboards"


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("generate", FOLDER / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_files_are_up_to_date(generate):
    for path, text in generate.files().items():
        assert path.read_text() == text, "run: python dashboards/generate.py"


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is missing")
def test_promtool_finds_nothing_to_say_about_the_metrics(tmp_path):
    metrics = Metrics(tmp_path)
    body, _ = page(tmp_path, "")
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=body, capture_output=True, check=False
    )
    metrics.close()
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
