import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from typer.testing import CliRunner

from dlp.audit import lines
from dlp.cli.ca import app
from dlp.errors import UsageError


def test_a_new_authority_is_on_record(tmp_path):
    done = CliRunner().invoke(app, ["rotate", "--state", str(tmp_path)])
    assert done.exit_code == 0
    (line,) = lines(tmp_path / "audit")
    assert line.data["verb"] == "ca.rotate"
    assert line.data["detail"].removeprefix("sha256 ") in done.output


def test_what_is_shown_is_the_certificate_that_clients_trust(tmp_path):
    shown = CliRunner().invoke(app, ["show", "--json", "--state", str(tmp_path)])
    facts = json.loads(shown.stdout)
    path = tmp_path / "ca" / "ca.pem"
    assert facts["path"] == str(path)
    made = x509.load_pem_x509_certificate(path.read_bytes())
    assert facts["sha256"] == made.fingerprint(hashes.SHA256()).hex(":").upper()
    assert facts["valid_until"] == made.not_valid_after_utc.isoformat()
    plain = CliRunner().invoke(app, ["show", "--state", str(tmp_path)]).stdout
    assert [value for value in facts.values() if value not in plain] == []


def test_the_certificate_is_exported_and_not_its_key(tmp_path):
    words = ["export", "--state", str(tmp_path)]
    printed = CliRunner().invoke(app, words)
    assert printed.stdout_bytes == (tmp_path / "ca" / "ca.pem").read_bytes()
    assert "PRIVATE" not in printed.stdout
    CliRunner().invoke(app, [*words, "--output", str(tmp_path / "out")])
    assert (tmp_path / "out").read_bytes() == printed.stdout_bytes
    failed = CliRunner().invoke(app, [*words, "--output", str(tmp_path / "no" / "x")])
    assert isinstance(failed.exception, UsageError)
