"""Certificates: our CA, those it is to be found in, and those of the other side."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_connection

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.utils import CryptographyDeprecationWarning

from dlp.cage.environment import BUNDLE, SYSTEM_BUNDLES, write_trust
from dlp.doctor.access import NOBODY, may_replace
from dlp.doctor.check import Check, Severity
from dlp.doctor.picture import CannotTellError, Picture
from dlp.policy.hosts import is_literal
from dlp.state import ca

OURS_DAYS, ROOTS_DAYS, THEIRS_DAYS = 60, 30, 14
"""How long before it expires a certificate of each kind is remarked on."""
MOST_HOSTS = 20
PATIENCE_S = 5.0


def _authority(picture: Picture) -> bytes:
    path = picture.kept() / "ca" / "authority.pem"
    if not path.exists():
        raise CannotTellError("there is no CA yet")
    return path.read_bytes()


def _certificate(picture: Picture) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_authority(picture))
    except ValueError:
        raise CannotTellError("the CA cannot be read: see ca-sound") from None


def _unsound(picture: Picture) -> Iterator[str]:
    data = _authority(picture)
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    try:
        key = load_pem_private_key(data, None).public_key()
        certified = x509.load_pem_x509_certificate(data).public_key()
        if key.public_bytes(*form) != certified.public_bytes(*form):
            yield "its key belongs to another certificate"
    except (ValueError, TypeError):
        yield "authority.pem is damaged"


def _expiring(picture: Picture) -> Iterator[str]:
    yield from _dates(picture, "the CA", _certificate(picture), OURS_DAYS)


def _dates(
    picture: Picture, what: str, certificate: x509.Certificate, days: int
) -> Iterator[str]:
    now = datetime.fromtimestamp(picture.now, UTC)
    until, since = certificate.not_valid_after_utc, certificate.not_valid_before_utc
    if since > now:
        yield f"{what} is not valid before {since:%Y-%m-%d}"
    elif until < now:
        yield f"{what} expired on {until:%Y-%m-%d}"
    elif until - now < timedelta(days=days):
        yield f"{what} expires on {until:%Y-%m-%d}"


def _unpublished(picture: Picture) -> Iterator[str]:
    pem = _certificate(picture).public_bytes(Encoding.PEM)
    folder = picture.kept() / "ca"
    for name in ("ca.pem", BUNDLE):
        path = folder / name
        if name == BUNDLE and not path.exists():
            continue  # `dlp env` writes it when it is first asked
        if not path.exists() or pem not in path.read_bytes():
            yield f"{path} lacks the CA that signs"


def _publish(picture: Picture) -> Iterator[str]:
    picture.only_owner()
    ca.open_authority(picture.kept())
    if (picture.kept() / "ca" / BUNDLE).exists():
        write_trust(picture.kept())
    yield "the certificate of the CA was written again"


def _trusted_by_all(picture: Picture) -> Iterator[str]:
    pem = _certificate(picture).public_bytes(Encoding.PEM).strip()
    paths = [picture.root / name.removeprefix("/") for name in SYSTEM_BUNDLES]
    there = [path for path in paths if path.is_file()]
    if not there:
        raise CannotTellError("there is no list of trusted roots")
    for path in there:
        if pem in path.read_bytes():
            yield f"{path} holds it"


def _made_elsewhere(picture: Picture) -> Iterator[str]:
    here = picture.text("proc/sys/kernel/hostname").strip()
    name = _certificate(picture).subject.rfc4514_string()
    if "agent-dlp CA (" in name and f"agent-dlp CA ({here})"[:64] not in name:
        yield f"it was made on another machine than {here}"


def _roots(picture: Picture) -> Iterator[str]:
    named = picture.policy.upstream.trusted_ca
    if not named:
        raise CannotTellError("`upstream.trusted_ca` names none")
    for path in map(Path, named):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", CryptographyDeprecationWarning)
                found = x509.load_pem_x509_certificates(path.read_bytes())
        except ValueError:
            yield f"{path} holds no certificate"
            continue
        for one in found:
            yield from _dates(picture, f"a root in {path}", one, ROOTS_DAYS)
        if may_replace(NOBODY, path):
            yield f"{path} can be written by others"


def _theirs(picture: Picture) -> Iterator[str]:
    if not picture.probing:
        raise CannotTellError("it connects to the hosts of the policy: --probe does it")
    hosts = list(dict.fromkeys(_hosts(picture)))[:MOST_HOSTS]
    if not hosts:
        raise CannotTellError("the policy allows no host by name")
    context = ssl.create_default_context()
    for path in picture.policy.upstream.trusted_ca:
        context.load_verify_locations(path)
    for host, port in hosts:
        yield from _their(picture, context, host, port)


def _hosts(picture: Picture) -> Iterator[tuple[str, int]]:
    for one in picture.policy.statements:
        ports = one.ports or {443}
        for host in one.hosts:
            named = "*" not in host or is_literal(host)
            if one.effect == "allow" and one.inspect and named:
                yield from ((host, port) for port in sorted(ports - {80}))


def _their(
    picture: Picture, context: ssl.SSLContext, host: str, port: int
) -> Iterator[str]:
    try:
        with (
            create_connection((host, port), PATIENCE_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            shown = secure.getpeercert(binary_form=True)
    except ssl.SSLCertVerificationError as error:
        yield f"{host}: {error.verify_message}"
        return
    except OSError:
        return  # not reached: that is no word on its certificate
    if shown:
        certificate = x509.load_der_x509_certificate(shown)
        yield from _dates(picture, f"that of {host}", certificate, THEIRS_DAYS)


CHECKS = (
    Check(
        "ca-sound", Severity.CRITICAL,
        "The CA has its key",
        "Without it no TLS connection can be read, and none is let through.",
        "Restore STATE/ca/authority.pem from a backup, or remove it and run "
        "`dlp ca rotate`",
        ("ASI08", "T4"), _unsound,
    ),
    Check(
        "ca-expiry", Severity.HIGH,
        "The CA is valid for some time",
        "When it expires every client refuses every host at once.",
        "dlp ca rotate, then let clients trust the new one",
        ("ASI08", "T4"), _expiring,
    ),
    Check(
        "ca-published", Severity.MEDIUM,
        "Clients are given the CA that signs",
        "With another one they refuse every host.",
        "dlp env writes the files again",
        ("ASI08", "T4"), _unpublished, _publish,
    ),
    Check(
        "ca-trusted-by-all", Severity.MEDIUM,
        "The CA is trusted by agents alone",
        "Whoever gets its key can pose as any host to every program of this machine.",
        "Take it out of the system's roots; `dlp env` tells agents of it",
        ("ASI03", "T9"), _trusted_by_all,
    ),
    Check(
        "ca-made-here", Severity.MEDIUM,
        "The CA was made on this machine",
        "A copied key is as safe as the least safe place it is in.",
        "dlp ca rotate",
        ("ASI03", "T9"), _made_elsewhere,
    ),
    Check(
        "upstream-roots", Severity.HIGH,
        "The roots that the policy adds are valid and nobody else's",
        "Whoever can put one there answers in any host's name.",
        "Renew or remove what is named in `upstream.trusted_ca`",
        ("ASI04", "ASI07", "T12"), _roots,
    ),
    Check(
        "upstream-certificates", Severity.LOW,
        "The hosts of the policy show valid certificates",
        "When one expires agents are cut off from it, as they should be.",
        "Tell who runs the host",
        ("ASI08", "T4"), _theirs,
    ),
)  # fmt: skip
