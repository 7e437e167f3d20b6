"""
Package registries as their own clients know them: OCI, npm, PyPI, Git LFS.

Each issues a token on one host that another host takes, and keeps what is published.
"""

import base64
import gzip
import hashlib
import io
import json
import re
import secrets
import tarfile
from urllib.parse import parse_qs, quote, urlsplit

from tests.harness.origin import Reply, Request
from tests.harness.vendors import (
    Vendors,
    answer,
    basic,
    bearer,
    data,
    drawn,
    jwt,
    redirect,
)

HEX = "0123456789abcdef"
OCTETS = "application/octet-stream"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
LFS = "application/vnd.git-lfs+json"


def digest(blob: bytes) -> str:
    return "sha256:" + hashlib.sha256(blob).hexdigest()


def random64(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode()


class Image:
    """A small image: a layer, a configuration, a manifest."""

    def __init__(self) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            content = secrets.token_bytes(20_000) + b"text\n" * 100
            entry = tarfile.TarInfo("file")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        layer = packed.getvalue()
        layers = {"type": "layers", "diff_ids": [digest(gzip.decompress(layer))]}
        about = {"architecture": "amd64", "os": "linux", "rootfs": layers}
        config = json.dumps(about).encode()
        self.blobs = {digest(blob): blob for blob in (config, layer)}
        kind = "application/vnd.docker."
        described = [
            {"mediaType": kind + name, "size": len(blob), "digest": digest(blob)}
            for name, blob in (
                ("container.image.v1+json", config),
                ("image.rootfs.diff.tar.gzip", layer),
            )
        ]
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST}
        manifest |= {"config": described[0], "layers": described[1:]}
        self.manifest = json.dumps(manifest).encode()


class Registry:
    """
    A registry `host` whose tokens `issuer` gives for Basic credentials, and whose blobs
    `store` serves below signed addresses (distribution.github.io, token specification).
    """

    def __init__(self, vendors: Vendors, host: str, issuer: str, store: str) -> None:
        self._vendors, self.host, self._issuer, self._store = (
            vendors, host, issuer, store,
        )  # fmt: skip
        self.image = Image()
        self.pushed: dict[str, bytes] = {}
        self.credentials = ""
        self.token = ""
        vendors.hosts[host] = {"/": self._serve}
        vendors.hosts[store] = {"/": self._blob}
        vendors.hosts[issuer] = {**vendors.hosts.get(issuer, {}), "/token": self._issue}

    def make(self, credentials: str, token: str) -> None:
        """What signs in, and what it gets."""
        self.credentials, self.token = credentials, token

    def _issue(self, request: Request) -> Reply:
        if basic(request) != self.credentials:
            return answer({"details": "incorrect username or password"}, 401)
        named = {"token": self.token, "access_token": self.token, "expires_in": 300}
        return answer(named | {"issued_at": "2026-11-21T00:00:00Z"})

    def _serve(self, request: Request) -> Reply:
        if bearer(request) != self.token:
            realm = self._vendors.url(self._issuer, "/token")
            asked = f'Bearer realm="{realm}",service="{self.host}"'
            return answer({"errors": []}, 401, www_authenticate=asked)
        path = request.target.partition("?")[0]
        name = path.rsplit("/", 1)[1]
        if path == "/v2/":
            return answer({})
        if "/manifests/" in path:
            if request.method == "PUT":
                self.pushed["manifest"] = request.body
                return data(b"", 201, location=path)
            return data(self.image.manifest, kind=MANIFEST)
        if "/blobs/uploads/" in path:
            return self._upload(request, path)
        if request.method == "HEAD":
            return data(b"", 404)
        signed = self._signed(f"/blobs/{name}/data")
        return redirect(self._vendors.url(self._store, signed))

    def _upload(self, request: Request, path: str) -> Reply:
        state = quote(random64(150), safe="")
        if request.method == "POST":
            session = f"{drawn(8, HEX)}-{drawn(4, HEX)}-4c1e-9a3e-{drawn(12, HEX)}"
            return data(b"", 202, location=f"{path}{session}?_state={state}")
        if request.body:
            self.pushed[digest(request.body)] = request.body
        if request.method == "PATCH":
            return data(b"", 202, location=f"{path}?_state={state}")
        return data(b"", 201, location=path)

    def _signed(self, path: str) -> str:
        """As R2, which serves Docker Hub's blobs, signs an address."""
        key = drawn(32, HEX)
        return (
            f"{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={key}%2F20261121"
            "%2Fauto%2Fs3%2Faws4_request&X-Amz-Date=20261121T000000Z&X-Amz-Expires=1200"
            f"&X-Amz-SignedHeaders=host&X-Amz-Signature={drawn(64, HEX)}"
        )

    def _blob(self, request: Request) -> Reply:
        if bearer(request):
            return answer({"message": "two ways to sign in"}, 400)
        found = re.search(r"sha256:[0-9a-f]{64}", request.target)
        return data(self.image.blobs[found[0]] if found else b"", kind=OCTETS)


class Actions:
    """Continuous integration that vouches for a job (OpenID Connect)."""

    HOST = "run-actions-1.actions.githubusercontent.com"

    def __init__(self, vendors: Vendors) -> None:
        self.tokens: dict[str, str] = {}
        """What was given, with its audience."""
        vendors.hosts[self.HOST] = {"/": self._issue}
        self.environment = {
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "GITHUB_REPOSITORY": "me/flow",
            "GITHUB_SERVER_URL": "https://github.com",
            "ACTIONS_ID_TOKEN_REQUEST_URL": vendors.url(self.HOST, "/1/token?v=2.0"),
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": jwt(aud="vstoken", scp="read"),
        }

    def _issue(self, request: Request) -> Reply:
        audience = parse_qs(urlsplit(request.target).query)["audience"][0]
        issuer = "https://token.actions.githubusercontent.com"
        token = jwt(iss=issuer, aud=audience, sub="repo:me/flow", jti=drawn(20))
        self.tokens[token] = audience
        return answer({"count": len(token), "value": token})


class Npm:
    """The registry of npm; its tarballs are on another host."""

    HOST, FILES = "registry.npmjs.org", "tarballs.example.com"

    def __init__(self, vendors: Vendors, actions: Actions) -> None:
        self._vendors, self._actions = vendors, actions
        self.taken: set[str] = set()
        self.published: dict[str, bytes] = {}
        """By name: the tarball."""
        self.minted = ""
        vendors.hosts[self.HOST] = {
            "/@me": self._package,
            "/-/npm/v1/oidc/token/exchange": self._exchange,
            "/-/npm/v1/security": lambda _: answer({}),
            "/-/package": lambda _: answer({"visibility": "public"}),
        }
        vendors.hosts[self.FILES] = {"/": self._tarball}

    def _exchange(self, request: Request) -> Reply:
        if bearer(request) not in self._actions.tokens:
            return answer({"message": "not known"}, 401)
        self.taken.add(self.minted)
        return answer({"token": self.minted, "token_type": "oidc"}, 201)

    def _package(self, request: Request) -> Reply:
        name = request.target[1:].replace("%2f", "/").replace("%2F", "/")
        if request.method != "PUT":
            return self._described(name)
        if bearer(request) not in self.taken:
            return answer({"error": "sign in"}, 401)
        (attached,) = json.loads(request.body)["_attachments"].values()
        self.published[name] = base64.b64decode(attached["data"])
        return answer({"ok": True, "success": True}, 201)

    def _described(self, name: str) -> Reply:
        tarball = self.published.get(name)
        if tarball is None:
            return answer({"error": "not_found"}, 404)
        sha512 = base64.b64encode(hashlib.sha512(tarball).digest()).decode()
        address = self._vendors.url(self.FILES, f"/{name}/-/1.0.0.tgz")
        files = {"tarball": address, "integrity": f"sha512-{sha512}"}
        version = {"name": name, "version": "1.0.0", "dist": files}
        tags = {"latest": "1.0.0"}
        return answer({"name": name, "dist-tags": tags, "versions": {"1.0.0": version}})

    def _tarball(self, request: Request) -> Reply:
        name = request.target[1:].partition("/-/")[0]
        return data(self.published[name], kind=OCTETS)


class Index:
    """PyPI's side of uploading."""

    HOST = "upload.pypi.org"

    def __init__(self, vendors: Vendors, actions: Actions) -> None:
        self._actions = actions
        self.taken: set[str] = set()
        self.uploads: list[bytes] = []
        self.minted = ""
        self.burnt: list[str] = []
        vendors.hosts[self.HOST] = {
            "/legacy/": self._upload,
            "/_/oidc/audience": lambda _: answer({"audience": "pypi"}),
            "/_/oidc/mint-token": self._mint,
            "/_/oidc/burn-token": self._burn,
        }

    def _upload(self, request: Request) -> Reply:
        user, _, token = basic(request).partition(":")
        if user != "__token__" or token not in self.taken:
            return answer({}, 403)
        self.uploads.append(request.body)
        return data(b"", 200)

    def _mint(self, request: Request) -> Reply:
        token = json.loads(request.body)["token"]
        if self._actions.tokens.get(token) != "pypi":
            return answer({"message": "not known"}, 422)
        self.taken.add(self.minted)
        return answer({"success": True, "token": self.minted})

    def _burn(self, request: Request) -> Reply:
        self.burnt.append(json.loads(request.body)["token"])
        return data(b"", 200)
