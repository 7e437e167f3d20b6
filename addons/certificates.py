"""
Certificates for the client side of inspected TLS, and the settings of both sides.

Why not in mitmproxy's `TlsConfig`: its store makes an RSA authority of its own, copies
names of the upstream certificate into ours, and keeps a hundred leaves.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from mitmproxy import certs, ctx
from mitmproxy.addons.tlsconfig import TlsConfig
from mitmproxy.proxy.context import Context
from mitmproxy.tls import TlsData

from addons.upstream_roots import bundle
from dlp.state import ca

MAX_LEAVES = 1000


class LeafStore(certs.CertStore):
    """
    One leaf per host name, all on one key, the last `MAX_LEAVES` kept.

    A leaf names exactly the host the client asked for.
    """

    def __init__(self, state: Path) -> None:
        self.authority = ca.open_authority(state)
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._leaves: OrderedDict[str, certs.CertStoreEntry] = OrderedDict()
        super().__init__(
            self.authority.key,  # type: ignore[arg-type]  # typed for RSA, works with EC
            certs.Cert(self.authority.certificate),
            default_chain_file=None,
            default_crl=b"",
            dhparams=certs.DHParams(b""),
        )

    def get_cert(
        self,
        commonname: str | None,
        sans: Iterable[x509.GeneralName],  # noqa: ARG002  # the upstream's word
        organization: str | None = None,  # noqa: ARG002
        crl_url: str | None = None,  # noqa: ARG002
    ) -> certs.CertStoreEntry:
        """The leaf for `commonname` and nothing else."""
        name = commonname or "invalid"
        entry = self._leaves.get(name)
        if entry is not None:
            self._leaves.move_to_end(name)
            return entry
        certificate = self.authority.sign(name, self._leaf_key.public_key())
        entry = certs.CertStoreEntry(
            certs.Cert(certificate),
            self._leaf_key,  # type: ignore[arg-type]
            chain_file=None,
            chain_certs=self.default_chain_certs,
        )
        self._leaves[name] = entry
        if len(self._leaves) > MAX_LEAVES:
            self._leaves.popitem(last=False)
        return entry


class Certificates(TlsConfig):
    """mitmproxy's TLS addon on our authority."""

    name = "tlsconfig"

    def __init__(self, state: Path, trusted: Callable[[], tuple[str, ...]]) -> None:
        self._state = state
        self._trusted = trusted
        self._trusting: tuple[str, ...] = ()
        self._take()

    def configure(self, updated: set[str]) -> None:
        """Never reads mitmproxy's own store in `confdir`."""
        super().configure(updated - {"certs", "confdir", "key_size", "cert_passphrase"})

    def running(self) -> None:
        """The one of mitmproxy would make its own store in `confdir`."""

    def reload(self) -> None:
        """Take over a rotated authority."""
        if ca.generation(self._state) != self._generation:
            self._take()

    def _take(self) -> None:
        self._generation = ca.generation(self._state)
        store = LeafStore(self._state)
        self.certstore = store
        self.authority = store.authority
        """What leaves are signed with now."""

    def follow_policy(self) -> None:
        """
        Verify upstream against the roots that policy names now.

        Raises:
            StateError: one cannot be read.
        """
        trusted = self._trusted()
        if trusted != self._trusting:
            roots = bundle(self._state, trusted)
            ctx.options.update(ssl_verify_upstream_trusted_ca=roots)
            self._trusting = trusted

    def tls_start_server(self, tls_start: TlsData) -> None:
        """With the roots of the policy in force."""
        self.follow_policy()
        super().tls_start_server(tls_start)

    def get_cert(self, conn_context: Context) -> certs.CertStoreEntry:
        """For the name the client will check: its SNI, else the CONNECT host."""
        address = conn_context.server.address
        name = conn_context.client.sni or (address[0] if address else "")
        return self.certstore.get_cert(_a_label(name), ())

    def tls_clienthello(self, tls_clienthello: object) -> None:
        """The one of mitmproxy never asks upstream first; `transport` decides."""

    def request(self, flow: object) -> None:
        """The one of mitmproxy answers any path that ends like its CRL."""


def _a_label(name: str) -> str:
    try:
        return name.encode("idna").decode() if name else "invalid"
    except UnicodeError:
        return "invalid"
