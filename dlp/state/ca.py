"""
The certificate authority that inspected TLS connections are signed with.

Why not in a sibling: the proxy, `dlp ca`, `dlp env` and `dlp run` all read it.

Strategy: one file, `STATE/ca/authority.pem` (key and certificate, 0600), is the truth
and is replaced in one step. `STATE/ca/ca.pem` is its certificate alone, for clients.
P-256 throughout: signing a leaf costs 0.1 ms, an RSA one 1 ms and a bigger handshake.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dlp.errors import StateError
from dlp.state.folder import write_private

AUTHORITY_DAYS = 3650
LEAF_DAYS = 199
"""Clients of Apple refuse more than 398 days, from March 2026 more than 200."""
BACKDATED = dt.timedelta(days=2)
"""For clients whose clock is behind."""

_NO_USAGE = dict.fromkeys(
    (
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "encipher_only",
        "decipher_only",
    ),
    False,
)


@dataclass(frozen=True, slots=True)
class Authority:
    """A signing key and its self-signed certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The certificate, as clients install it."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DER form, upper-case hex, as browsers show it."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    def sign(self, name: str, key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        """A server certificate for one host name or address literal."""
        alternative: x509.GeneralName
        try:
            alternative = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            alternative = x509.DNSName(name)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        ski = self.certificate.extensions.get_extension_for_class(
            x509.SubjectKeyIdentifier
        ).value
        return (
            _dated(LEAF_DAYS)
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(key)
            .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
            .add_extension(
                x509.BasicConstraints(ca=False, path_length=None), critical=True
            )
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ski),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )


def open_authority(state: Path) -> Authority:
    """
    The authority of this state folder, made when there is none.

    Raises:
        StateError: it cannot be read or written, or is damaged.
    """
    path = _path(state)
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            _write_new(path)
        data = path.read_bytes()
    except OSError as error:
        raise StateError(
            f"cannot use the CA file {path}: {error.strerror}; "
            "give the state folder to the user that runs dlp"
        ) from error
    authority = _parse(path, data)
    _publish(state, authority)
    return authority


def rotate(state: Path) -> Authority:
    """
    Replace the authority; certificates signed by the old one stop being trusted.

    Raises:
        StateError: as `open_authority`.
    """
    open_authority(state)
    try:
        write_private(_path(state), _make())
    except OSError as error:
        raise StateError(f"cannot write the CA: {error.strerror}") from error
    return open_authority(state)


def certificate_path(state: Path) -> Path:
    """Where clients find the certificate: part of the public contract."""
    return state / "ca" / "ca.pem"


def generation(state: Path) -> int:
    """Changes when the authority was replaced; cheap."""
    try:
        return _path(state).stat().st_mtime_ns
    except OSError:
        return 0


def _path(state: Path) -> Path:
    return state / "ca" / "authority.pem"


def _write_new(path: Path) -> None:
    try:
        write_private(path, _make(), exclusive=True)
    except FileExistsError:
        return


def _make() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    # The host in the name tells two machines' authorities apart in a trust store.
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "agent-dlp"),
            x509.NameAttribute(
                NameOID.COMMON_NAME, f"agent-dlp CA ({socket.gethostname()})"[:64]
            ),
        ]
    )
    certificate = (
        _dated(AUTHORITY_DAYS)
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=True,
                **_NO_USAGE,
            ),
            critical=True,
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _dated(days: int) -> x509.CertificateBuilder:
    start = dt.datetime.now(dt.UTC) - BACKDATED
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=days))
    )


def _parse(path: Path, data: bytes) -> Authority:
    try:
        key = serialization.load_pem_private_key(data, None)
        certificate = x509.load_pem_x509_certificate(data)
    except (ValueError, TypeError) as error:
        raise StateError(
            f"the CA file {path} is damaged; restore it, or run `dlp ca rotate` "
            "after removing it"
        ) from error
    if (
        not isinstance(key, ec.EllipticCurvePrivateKey)
        or key.public_key() != certificate.public_key()
    ):
        raise StateError(f"the CA file {path} holds a key of another certificate")
    return Authority(key, certificate)


def _publish(state: Path, authority: Authority) -> None:
    path = certificate_path(state)
    try:
        if not path.exists() or path.read_bytes() != authority.pem:
            write_private(path, authority.pem)
        path.chmod(0o644)
    except OSError as error:
        raise StateError(
            f"cannot write the CA certificate {path}: {error.strerror}"
        ) from error
