"""What `dlp up` says before it becomes the proxy."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from dlp.cli.up import check
from dlp.model import Settings
from dlp.state import ca
from tests.harness.proxy import free_port


@pytest.fixture
def settings(tmp_path):
    ports = (("127.0.0.1", free_port()) for _ in range(3))
    return Settings(None, str(tmp_path), *ports)


def test_a_ca_out_of_its_time_is_told(settings, tmp_path, capsys):
    check(settings)
    assert capsys.readouterr().err == ""
    now = dt.datetime.now(dt.UTC)
    _date(tmp_path, now - dt.timedelta(days=9), now - dt.timedelta(days=1))
    check(settings)
    assert "no client trusts it now" in capsys.readouterr().err
    _date(tmp_path, now + dt.timedelta(days=1), now + dt.timedelta(days=9))
    check(settings)
    assert "dlp ca rotate" in capsys.readouterr().err


def _date(state, start, end) -> None:
    made = ca.open_authority(state)
    builder = (
        x509.CertificateBuilder()
        .subject_name(made.certificate.subject)
        .issuer_name(made.certificate.issuer)
        .public_key(made.key.public_key())
        .serial_number(made.certificate.serial_number)
        .not_valid_before(start)
        .not_valid_after(end)
    )
    for each in made.certificate.extensions:
        builder = builder.add_extension(each.value, each.critical)
    key = made.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    signed = builder.sign(made.key, hashes.SHA256())
    pem = signed.public_bytes(serialization.Encoding.PEM)
    (state / "ca" / "authority.pem").write_bytes(key + pem)
