from typer.testing import CliRunner

from dlp.audit import lines
from dlp.cli.ca import app


def test_a_new_authority_is_on_record(tmp_path):
    done = CliRunner().invoke(app, ["rotate", "--state", str(tmp_path)])
    assert done.exit_code == 0
    (line,) = lines(tmp_path / "audit")
    assert line.data["verb"] == "ca.rotate"
    assert line.data["detail"].removeprefix("sha256 ") in done.output
