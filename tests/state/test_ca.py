from __future__ import annotations

import ssl
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from dlp.errors import StateError
from dlp.state import ca


def test_first_use_makes_a_p256_authority_that_only_the_owner_reads(tmp_path):
    authority = ca.open_authority(tmp_path)
    key_file = tmp_path / "ca" / "authority.pem"
    assert isinstance(authority.key.curve, ec.SECP256R1)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert ca.open_authority(tmp_path).fingerprint == authority.fingerprint


def test_clients_get_the_certificate_and_never_the_key(tmp_path):
    authority = ca.open_authority(tmp_path)
    public = ca.certificate_path(tmp_path).read_bytes()
    assert public == authority.pem
    assert b"PRIVATE" not in public


def test_a_missing_public_copy_is_written_again(tmp_path):
    authority = ca.open_authority(tmp_path)
    ca.certificate_path(tmp_path).unlink()
    ca.open_authority(tmp_path)
    assert ca.certificate_path(tmp_path).read_bytes() == authority.pem


@pytest.mark.parametrize("name", ["api.example.com", "127.0.0.1", "::1"])
def test_a_leaf_verifies_under_strict_rules(tmp_path, name):
    authority = ca.open_authority(tmp_path)
    leaf = authority.sign(name, ec.generate_private_key(ec.SECP256R1()).public_key())
    leaf.verify_directly_issued_by(authority.certificate)
    context = ssl.create_default_context(cadata=authority.pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(n.value) for n in names] == [name]


def test_rotating_changes_both_files_and_the_generation(tmp_path):
    old, before = ca.open_authority(tmp_path), ca.generation(tmp_path)
    new = ca.rotate(tmp_path)
    assert new.fingerprint != old.fingerprint
    assert ca.certificate_path(tmp_path).read_bytes() == new.pem
    assert ca.generation(tmp_path) != before


@pytest.mark.parametrize("content", [b"", b"garbage", b"-----BEGIN PRIVATE KEY-----"])
def test_a_damaged_authority_is_named_and_not_replaced(tmp_path, content):
    ca.open_authority(tmp_path)
    path = tmp_path / "ca" / "authority.pem"
    path.write_bytes(content)
    with pytest.raises(StateError, match=r"authority\.pem is damaged"):
        ca.open_authority(tmp_path)
    assert path.read_bytes() == content


def test_key_and_certificate_must_belong_together(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    for state in (first, second):
        state.mkdir()
        ca.open_authority(state)
    own = (first / "ca" / "authority.pem").read_bytes()
    other = (second / "ca" / "authority.pem").read_bytes()
    key = own[: own.index(b"-----BEGIN CERTIFICATE")]
    certificate = other[other.index(b"-----BEGIN CERTIFICATE") :]
    (first / "ca" / "authority.pem").write_bytes(key + certificate)
    with pytest.raises(StateError, match="another certificate"):
        ca.open_authority(first)
