"""
Package registries by their own clients: skopeo, npm, uv. One host issues what another
takes; it goes nowhere else, and not a byte of what is published changes.
"""

import base64
import hashlib
import json
import os
import shutil
import sys
import zipfile

import pytest

from dlp.detect.templates import expand
from tests.harness.registries import Actions, Index, Npm, Registry
from tests.harness.vendors import drawn, jwt

R2 = "docker-images-prod.0123456789abcdef.r2.cloudflarestorage.com"
skopeo = pytest.mark.skipif(
    shutil.which("skopeo") is None, reason="needs the Debian package skopeo"
)
npm = pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")


def fresh(template):
    return expand(template, seed=int.from_bytes(os.urandom(6)))


@pytest.fixture(scope="module")
def docker(flows):
    made = Registry(flows.vendors, "registry-1.docker.io", "auth.docker.io", R2)
    claims = {"iss": "auth.docker.io", "aud": "registry.docker.io", "sub": "me"}
    token = jwt(**claims, access=[{"type": "repository", "name": "me/app"}])
    made.make("me:dckr_" + "pat_" + drawn(27), token)
    return made


@pytest.fixture(scope="module")
def ghcr(flows):
    made = Registry(
        flows.vendors, "ghcr.io", "ghcr.io", "pkg-containers.githubusercontent.com"
    )
    key = fresh("{github:gh" + "p_:36}")
    made.make(f"me:{key}", base64.b64encode(key.encode()).decode())
    return made


def copy(flows, registry, folder, *, push):
    there = f"docker://{registry.host}:{flows.vendors.origin.port}/me/app:1"
    here = f"dir:{folder / 'image'}"
    words = ["skopeo", "--insecure-policy", "copy", "-q"]
    which, ends = (
        ("--dest-creds", (here, there)) if push else ("--src-creds", (there, here))
    )
    flows.run(*words, which, registry.credentials, *ends, cwd=folder)


@skopeo
@pytest.mark.parametrize("name", ["docker", "ghcr"])
def test_an_image_is_pulled_and_pushed_unchanged(flows, request, tmp_path, name):
    registry = request.getfixturevalue(name)
    copy(flows, registry, tmp_path, push=False)
    stored = tmp_path / "image"
    for named, blob in registry.image.blobs.items():
        assert (stored / named.removeprefix("sha256:")).read_bytes() == blob
    copy(flows, registry, tmp_path, push=True)
    manifest = registry.pushed.pop("manifest")
    assert json.loads(manifest) == json.loads(registry.image.manifest)
    assert registry.pushed == registry.image.blobs


def test_dockers_token_is_for_docker_and_in_its_slot(flows, docker):
    issuer = flows.vendors.url("auth.docker.io", "/token")
    user, _, key = docker.credentials.partition(":")
    assert flows.send(issuer, "GET", auth=(user, key)) == 200
    flows.stays(docker.token, in_header=False)
    flows.stays(key, in_header=False)


def test_ghcrs_token_is_for_github(flows, ghcr):
    key = ghcr.credentials.partition(":")[2]
    assert (
        flows.send(flows.vendors.url("ghcr.io", "/token"), "GET", auth=("me", key))
        == 200
    )
    flows.stays(ghcr.token, in_header=False)
    flows.stays(key, in_header=False)


@pytest.fixture(scope="module")
def actions(flows):
    return Actions(flows.vendors)


@pytest.fixture(scope="module")
def packages(flows, actions):
    return Npm(flows.vendors, actions)


def npm_environment(flows, folder, *lines):
    registry = flows.vendors.url(Npm.HOST, "/")
    settings = [
        f"registry={registry}",
        "update-notifier=false",
        "fund=false",
        "provenance=false",
    ]
    (folder / ".npmrc").write_text("\n".join([*settings, *lines, ""]))
    return {"npm_config_userconfig": str(folder / ".npmrc")}


def package(folder, name):
    folder.mkdir()
    about = {"name": name, "version": "1.0.0", "description": "x"}
    (folder / "package.json").write_text(json.dumps(about))
    (folder / "data.bin").write_bytes(os.urandom(50_000))
    return folder


@npm
def test_npm_publishes_and_installs_what_was_published(flows, packages, tmp_path):
    key = fresh("{github:np" + "m_:36}")
    packages.taken.add(key)
    at = f"//{Npm.HOST}:{flows.vendors.origin.port}/:_authToken=" + "${NPM_TOKEN}"
    environment = npm_environment(flows, tmp_path, at) | {"NPM_TOKEN": key}
    made = package(tmp_path / "made", "@me/one")
    flows.run("npm", "publish", cwd=made, **environment)
    used = tmp_path / "used"
    used.mkdir()
    (used / "package.json").write_text("{}")
    flows.run("npm", "install", "@me/one", cwd=used, **environment)
    installed = used / "node_modules" / "@me" / "one" / "data.bin"
    assert installed.read_bytes() == (made / "data.bin").read_bytes()
    flows.stays(key, in_header=False)


@npm
def test_npm_publishes_with_a_token_it_gets_for_the_jobs(
    flows, packages, actions, tmp_path
):
    version = flows.run("npm", "--version", cwd=tmp_path).split(".")
    if tuple(map(int, version[:2])) < (11, 5):
        pytest.skip("needs npm 11.5, which knows trusted publishing")
    packages.minted = fresh("{github:np" + "m_:36}")
    environment = npm_environment(flows, tmp_path) | actions.environment
    flows.run(
        "npm", "publish", cwd=package(tmp_path / "made", "@me/two"), **environment
    )
    assert "@me/two" in packages.published
    flows.stays(packages.minted, in_header=False)


@pytest.fixture(scope="module")
def index(flows, actions):
    return Index(flows.vendors, actions)


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "flow_x-1.0-py3-none-any.whl"
    about = "flow_x-1.0.dist-info/"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("flow_x/data.bin", os.urandom(30_000))
        archive.writestr(
            about + "METADATA", "Metadata-Version: 2.1\nName: flow-x\nVersion: 1.0\n"
        )
        archive.writestr(about + "WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(about + "RECORD", "")
    return path


def publish(flows, wheel, *words, **environment):
    uv = shutil.which("uv", path=os.path.dirname(sys.executable))
    at = flows.vendors.url(Index.HOST, "/legacy/")
    options = ["--no-config", "--no-cache", "--publish-url", at, *words]
    flows.run(uv, "publish", *options, wheel, cwd=wheel.parent, **environment)


def pypi_token():
    return fresh("pypi-" + "AgEIcHlwaS5vcmc{base64url:150}")


def test_uv_publishes_with_a_token(flows, index, wheel):
    key = pypi_token()
    index.taken.add(key)
    publish(flows, wheel, "--trusted-publishing", "never", "--token", key)
    sent = index.uploads[-1]
    assert wheel.read_bytes() in sent
    assert hashlib.sha256(wheel.read_bytes()).hexdigest().encode() in sent
    flows.stays(key, in_header=False)


def test_uv_publishes_with_a_token_it_gets_for_the_jobs(flows, index, actions, wheel):
    index.minted = pypi_token()
    publish(flows, wheel, "--trusted-publishing", "always", **actions.environment)
    assert wheel.read_bytes() in index.uploads[-1]
    assert index.burnt[-1:] in ([], [index.minted])
    flows.stays(index.minted, in_header=False)
    (job,) = (token for token, named in actions.tokens.items() if named == "pypi")
    flows.stays(job, in_header=True)
