import pytest
from typer.testing import CliRunner

from dlp.cli.deploy import app
from dlp.errors import UsageError


def run(*words):
    return CliRunner().invoke(app, ["print", *words], catch_exceptions=False)


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("systemd", "# ==> agent-dlp-agent@.service <=="),
        ("compose", "# ==> compose.yaml <=="),
        ("container", "# ==> Containerfile <=="),
    ],
)
def test_a_form_is_printed(form, line):
    assert line in run(form).stdout.splitlines()


def test_one_file_is_printed_as_it_is():
    text = run("compose", "alerts.yml").stdout
    assert text.startswith(("groups:", "#"))
    assert "==>" not in text


def test_files_are_written_and_named(tmp_path):
    names = run("container", "--output", str(tmp_path / "new")).stdout.split()
    assert str(tmp_path / "new" / "Containerfile") in names
    assert all((tmp_path / name).is_file() for name in names)


def test_an_unknown_file_is_told():
    with pytest.raises(UsageError, match="it has"):
        run("systemd", "nothing")
