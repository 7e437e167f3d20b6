"""
What a client's environment must say so that it uses the proxy and trusts its CA.

Strategy: one table, `variables`. A variable that *adds* a CA gets ours alone; one that
*replaces* the client's roots gets a bundle of the system's roots and ours, so that a
host reached some other way still verifies. NO_PROXY is set empty in both cases: an
inherited value would be a way round.
"""

from __future__ import annotations

import os
import ssl
import warnings
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PKCS12Certificate,
    serialize_java_truststore,
)
from cryptography.utils import CryptographyDeprecationWarning

from dlp.errors import StateError
from dlp.state.ca import open_authority

BUNDLE = "bundle.pem"
TRUSTSTORE = "truststore.p12"
NODE_SHIM = "node-proxy.cjs"
TRUSTSTORE_PASSWORD = "changeit"  # noqa: S105  # Java's own default; it guards nothing
SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_PROXY_NAMES = ("http_proxy", "https_proxy", "all_proxy")


def _node_shim() -> Path:
    with as_file(files("dlp.cage") / NODE_SHIM) as path:
        return path


@dataclass(frozen=True, slots=True)
class Trust:
    """The files that make a client trust the proxy's CA."""

    ca: Path
    """Our CA alone (PEM)."""
    bundle: Path
    """The system's roots and our CA (PEM)."""
    truststore: Path
    """The same for Java (PKCS#12)."""
    shim: Path = field(default_factory=_node_shim)
    """What makes older versions of Node use a proxy."""


def trust_in(folder: Path) -> Trust:
    """The trust files in a folder that `share_trust` wrote."""
    return Trust(
        folder / "ca.pem", folder / BUNDLE, folder / TRUSTSTORE, folder / NODE_SHIM
    )


def share_trust(state: Path, folder: Path) -> Trust:
    """
    Write all trust files for clients that may not read the state folder.

    Raises:
        StateError: one cannot be written.
    """
    trust = trust_in(folder)
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        write_trust(state, folder)
        trust.shim.write_bytes(_node_shim().read_bytes())
        for path in (trust.ca, trust.bundle, trust.truststore, trust.shim):
            path.chmod(0o644)
    except OSError as error:
        raise StateError(f"cannot write {error.filename}: {error.strerror}") from error
    return trust


def write_trust(state: Path, folder: Path | None = None) -> Trust:
    """
    Write the trust files into `folder` (default: `STATE/ca`), readable by everybody.

    Raises:
        StateError: one cannot be written.
    """
    authority = open_authority(state)
    folder = folder or state / "ca"
    roots = _system_roots()
    trust = Trust(folder / "ca.pem", folder / BUNDLE, folder / TRUSTSTORE)
    try:
        if folder != state / "ca":
            trust.ca.write_bytes(authority.pem)
        trust.bundle.write_bytes(roots + b"\n" + authority.pem)
        trust.truststore.write_bytes(_truststore(roots, authority.certificate))
    except OSError as error:
        raise StateError(f"cannot write {error.filename}: {error.strerror}") from error
    return trust


def variables(proxy: str, trust: Trust) -> dict[str, str]:
    """Every variable that some common client reads, with its value."""
    parts = urlsplit(proxy)
    host, port = parts.hostname or "", str(parts.port or 80)
    ca, bundle = str(trust.ca), str(trust.bundle)
    java = " ".join(
        (
            f"-Dhttp.proxyHost={host} -Dhttp.proxyPort={port}",
            f"-Dhttps.proxyHost={host} -Dhttps.proxyPort={port}",
            "-Dhttp.nonProxyHosts= -Djdk.http.auth.tunneling.disabledSchemes=",
            f"-Djavax.net.ssl.trustStore={trust.truststore}",
            "-Djavax.net.ssl.trustStoreType=PKCS12",
            f"-Djavax.net.ssl.trustStorePassword={TRUSTSTORE_PASSWORD}",
        )
    )
    table = dict.fromkeys(_PROXY_NAMES, proxy)
    table |= {name.upper(): proxy for name in _PROXY_NAMES}
    table |= {"no_proxy": "", "NO_PROXY": ""}
    return table | {
        # replace the client's roots: the bundle
        "SSL_CERT_FILE": bundle,  # OpenSSL, Go, Python httpx, Ruby, rustls-native
        "REQUESTS_CA_BUNDLE": bundle,  # Python requests
        "CURL_CA_BUNDLE": bundle,
        "GIT_SSL_CAINFO": bundle,
        "CARGO_HTTP_CAINFO": bundle,
        "PIP_CERT": bundle,
        "UV_SYSTEM_CERTS": "true",
        "AWS_CA_BUNDLE": bundle,
        "NPM_CONFIG_CAFILE": bundle,
        "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE": bundle,
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": bundle,
        "NIX_SSL_CERT_FILE": bundle,
        # add to them: our CA
        "NODE_EXTRA_CA_CERTS": ca,
        "DENO_CERT": ca,
        # proxies under other names
        "CARGO_HTTP_PROXY": proxy,
        "NPM_CONFIG_PROXY": proxy,
        "NPM_CONFIG_HTTPS_PROXY": proxy,
        "NPM_CONFIG_NOPROXY": "",
        "GRPC_PROXY": proxy,
        # https://docs.openclaw.ai/security/network-proxy; without it OpenClaw looks up
        # by itself, where there are no names, whence to fetch what chats attach
        "OPENCLAW_PROXY_URL": proxy,
        "DENO_TLS_CA_STORE": "mozilla,system",
        # Node 24 and later read the proxy variables when told to; older ones need
        # the shim (https://nodejs.org/api/cli.html#node_use_env_proxy1)
        "NODE_USE_ENV_PROXY": "1",
        "NODE_OPTIONS": f"--require={trust.shim}",
        "JAVA_TOOL_OPTIONS": java,
    }


def cache_variables() -> dict[str, str]:
    """Where caches that programs insist on go in a cage: its home is unwritable."""
    return {
        "TMPDIR": "/tmp",  # noqa: S108  # the cage's own
        "NPM_CONFIG_CACHE": "/tmp/.npm",  # noqa: S108
        "NPM_CONFIG_UPDATE_NOTIFIER": "false",
        "PIP_CACHE_DIR": "/tmp/.pip",  # noqa: S108
        "UV_CACHE_DIR": "/tmp/.uv",  # noqa: S108
        "GOCACHE": "/tmp/.go",  # noqa: S108
        "YARN_CACHE_FOLDER": "/tmp/.yarn",  # noqa: S108
    }


def _system_roots() -> bytes:
    """The machine's trusted roots, as PEM."""
    named = ssl.get_default_verify_paths().openssl_cafile
    for name in (*SYSTEM_BUNDLES, named):
        if os.path.isfile(name):  # noqa: PTH113  # names from the table, no more
            return Path(name).read_bytes()
    return b""


def _truststore(roots: bytes, ours: x509.Certificate) -> bytes:
    """All roots as a PKCS#12 file that Java takes as a trust store."""
    with warnings.catch_warnings():
        # Some old root has a serial number that RFC 5280 no longer allows.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        certificates = x509.load_pem_x509_certificates(roots) if roots else []
    entries = [
        PKCS12Certificate(certificate, f"root-{number}".encode())
        for number, certificate in enumerate([*certificates, ours])
    ]
    return serialize_java_truststore(
        entries, BestAvailableEncryption(TRUSTSTORE_PASSWORD.encode())
    )
