import datetime as dt
import os
import socket
import ssl
import threading
from contextlib import suppress
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from dlp.cage.environment import write_trust
from dlp.doctor.examine import examine
from dlp.state import ca
from tests.doctor.conftest import BY_ID, OTHER

DAY_S = 86400
POLICY = """\
version: 1
statements:
  - {{id: x, effect: allow, hosts: [127.0.0.1], ports: [{port}]}}
upstream: {{allow_private: [127.0.0.0/8], trusted_ca: ["{ca}"]}}
"""


@pytest.fixture
def until(state):
    return ca.open_authority(state).certificate.not_valid_after_utc.timestamp()


@pytest.mark.parametrize(
    ("days", "told"),
    [(61, ""), (59, "expires on"), (-1, "expired on"), (9999, "not valid before")],
)
def test_a_ca_that_expires_is_seen(seen, until, days, told):
    found = seen("ca-expiry", now=until - days * DAY_S)
    assert told in " ".join(found)
    assert bool(found) is bool(told)


def test_a_ca_without_its_key_is_seen(state, seen, skipped, place):
    assert seen("ca-sound") == ()
    path = state / "ca/authority.pem"
    (place / "other").mkdir()
    other = ca.open_authority(place / "other")
    pem = path.read_bytes()
    key = pem[: pem.index(b"-----BEGIN CERTIFICATE")]
    path.write_bytes(key + other.pem)
    assert "another certificate" in seen("ca-sound")[0]
    path.write_bytes(pem[:100])
    assert "damaged" in seen("ca-sound")[0]
    assert "ca-sound" in skipped("ca-expiry")
    path.unlink()
    assert "no CA yet" in skipped("ca-sound")


@pytest.mark.parametrize("name", ["ca.pem", "bundle.pem"])
def test_an_old_certificate_is_seen_and_replaced(state, seen, picture, name):
    write_trust(state)
    assert seen("ca-published") == ()
    (state / "ca" / name).write_text("an old one")
    assert name in seen("ca-published")[0]
    (result,) = examine(picture(), [BY_ID["ca-published"]], repair=True).results
    assert result.status == "ok"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a folder away")
def test_the_state_of_somebody_else_gets_no_files_of_ours(state, picture):
    (state / "ca/ca.pem").write_text("an old one")
    os.chown(state, OTHER, -1)
    (result,) = examine(picture(), [BY_ID["ca-published"]], repair=True).results
    assert f"only user {OTHER}" in result.seen[-1]
    assert (state / "ca/ca.pem").read_text() == "an old one"


def test_a_ca_that_the_whole_machine_trusts_is_seen(state, write, seen, skipped):
    assert "no list" in skipped("ca-trusted-by-all")
    name = "etc/ssl/certs/ca-certificates.crt"
    write(name, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert seen("ca-trusted-by-all") == ()
    write(name, "# ours\n" + (state / "ca/ca.pem").read_text())
    assert name in seen("ca-trusted-by-all")[0]


def test_a_ca_of_another_machine_is_seen(write, seen):
    write("proc/sys/kernel/hostname", socket.gethostname() + "\n")
    assert seen("ca-made-here") == ()
    write("proc/sys/kernel/hostname", "elsewhere\n")
    assert "than elsewhere" in seen("ca-made-here")[0]


@pytest.fixture
def issue(place):
    """A self-signed certificate for 127.0.0.1 and its key, valid for some days."""

    def make(days):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "origin")])
        now = dt.datetime.now(dt.UTC)
        address = x509.IPAddress(ip_address("127.0.0.1"))
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        certificate, both = place / "root.pem", place / "server.pem"
        certificate.write_bytes(made.public_bytes(Encoding.PEM))
        both.write_bytes(private + certificate.read_bytes())
        return certificate, both

    return make


@pytest.fixture
def rules(write, place):
    def lay(certificate, port=443):
        write("rules/policy.yaml", POLICY.format(port=port, ca=certificate))
        return place / "rules"

    return lay


def test_roots_that_expire_or_that_others_may_write_are_seen(
    issue, rules, seen, skipped
):
    assert "names none" in skipped("upstream-roots")
    now = dt.datetime.now(dt.UTC).timestamp()
    path, _ = issue(40)
    folder = rules(path)
    assert seen("upstream-roots", rules=folder, now=now) == ()
    soon = seen("upstream-roots", rules=folder, now=now + 20 * DAY_S)
    assert "expires on" in soon[0]
    path.chmod(0o666)
    assert "written by others" in seen("upstream-roots", rules=folder, now=now)[0]
    path.write_text("nothing")
    assert "does not load" in skipped("upstream-roots", rules=folder, now=now)
    assert "no certificate" in seen("rules-load", rules=folder, now=now)[0]


@pytest.mark.parametrize(("days", "told"), [(40, ""), (5, "expires on")])
def test_the_certificate_of_a_host_is_looked_at(
    issue, rules, seen, skipped, days, told
):
    certificate, both = issue(days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        port = server.getsockname()[1]
        folder = rules(certificate, port)
        assert "--probe" in skipped("upstream-certificates", rules=folder)

        def answer():
            plain, _ = server.accept()
            with (
                suppress(OSError),  # the other side goes without a word
                plain,
                context.wrap_socket(plain, server_side=True) as secure,
            ):
                secure.recv(1)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        now = dt.datetime.now(dt.UTC).timestamp()
        found = seen("upstream-certificates", rules=folder, probing=True, now=now)
        thread.join(30)
    assert told in " ".join(found)
    assert bool(found) is bool(told)
