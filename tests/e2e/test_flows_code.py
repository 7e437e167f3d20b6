"""Git LFS, GitHub Apps and job tokens, by git itself: one host names another's keys."""

import base64
import hashlib
import json
import os
import re
import secrets
import shutil

import pytest

from dlp.detect.templates import expand
from tests.harness import git as git_host
from tests.harness.registries import HEX, LFS, OCTETS, random64
from tests.harness.vendors import answer, basic, bearer, data, drawn, jwt

pytestmark = pytest.mark.skipif(
    shutil.which("git-lfs") is None, reason="needs the Debian package git-lfs"
)
BUCKET, STORE = "github-cloud.s3.amazonaws.com", "lfs-store.example.com"
PROMISE = {"expires_in": 900, "expires_at": "2030-01-01T00:00:00Z"}


def fresh(template):
    return expand(template, seed=int.from_bytes(os.urandom(6)))


class Forge:
    """A Git host; its large files are with somebody else (git-lfs, docs/api/batch.md)."""

    def __init__(self, flows, root):
        self.flows, self.root = flows, root
        self.tokens = set()
        self.large = {}
        self.signs = True
        """Whether addresses are signed; else the answer brings a header."""
        self.issued = ""
        batch = {"/me/app.git/info/lfs/objects/batch": self.batch}
        locks = {
            "/me/app.git/info/lfs/locks": lambda _: self.lfs({"ours": [], "theirs": []})
        }
        for host in ("github.com", "gitlab.com"):
            flows.vendors.hosts[host] = {"/": self.git, **batch, **locks}
        flows.vendors.hosts[BUCKET] = {"/": self.stored}
        flows.vendors.hosts[STORE] = {"/": self.stored}
        installed = {"/app/installations/7/access_tokens": self.install}
        flows.vendors.hosts["api.github.com"] = installed

    def lfs(self, document, status=200, **headers):
        return data(json.dumps(document).encode(), status, LFS, **headers)

    def may(self, request):
        return basic(request).partition(":")[2] in self.tokens

    def git(self, request):
        if not self.may(request):
            return answer({}, 401, www_authenticate='Basic realm="Git"')
        return git_host.answer(request, self.root)

    def batch(self, request):
        if not self.may(request):
            return self.lfs(
                {"message": "sign in"}, 401, www_authenticate='Basic realm="Git"'
            )
        asked = json.loads(request.body)
        action = asked["operation"]
        objects = [
            {
                **one,
                "authenticated": True,
                "actions": {action: self.action(one["oid"], action)},
            }
            for one in asked["objects"]
        ]
        return self.lfs({"transfer": "basic", "objects": objects})

    def action(self, oid, operation):
        if not self.signs:
            url = self.flows.vendors.url(STORE, f"/objects/{oid}")
            self.issued = random64(60)
            return {
                "href": url,
                "header": {"Authorization": f"Bearer {self.issued}"},
                **PROMISE,
            }
        scope = (
            "AK"
            f"IA{drawn(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')}/20261121/us-east-1/s3/aws4_request"
        )
        signature = drawn(64, HEX)
        if operation == "upload":
            signed = (
                f"AWS4-HMAC-SHA256 Credential={scope},"
                f"SignedHeaders=host;x-amz-date,Signature={signature}"
            )
            header = {"Authorization": signed, "x-amz-date": "20261121T000000Z"}
            return {
                "href": self.flows.vendors.url(BUCKET, f"/objects/{oid}"),
                "header": header,
                **PROMISE,
            }
        query = (
            f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope.replace('/', '%2F')}"
            "&X-Amz-Date=20261121T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
            f"&X-Amz-Signature={signature}&actor_id=1&token=1"
        )
        return {
            "href": self.flows.vendors.url(BUCKET, f"/objects/{oid}?{query}"),
            **PROMISE,
        }

    def stored(self, request):
        oid = re.search(f"[{HEX}]{{64}}", request.target)[0]
        if not self.signs and bearer(request) != self.issued:
            return answer({}, 401)
        if request.method == "PUT":
            self.large[oid] = request.body
            return data(b"")
        return data(self.large[oid], kind=OCTETS)

    def install(self, request):
        """GitHub: an app's signed claim gets a token of its installation."""
        if bearer(request).count(".") != 2:
            return answer({}, 401)
        token = fresh("{github:gh" + "s_:36}")
        self.tokens.add(token)
        self.installed = token
        return answer({"token": token, "expires_at": "2030-01-01T00:00:00Z"}, 201)


@pytest.fixture(scope="module")
def forge(flows, tmp_path_factory):
    root = tmp_path_factory.mktemp("forge")
    git_host.bare(root / "me" / "app.git")
    return Forge(flows, root)


def push_and_clone(flows, forge, folder, host, user, token):
    """A commit with a large file goes up and comes down unchanged."""
    names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.test"}
    names |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.test"}
    one, two = folder / "one", folder / "two"

    def git(*words, cwd=folder):
        flows.run(
            "git", *words, cwd=cwd, GIT_CONFIG_GLOBAL=str(folder / "config"), **names
        )

    git("lfs", "install", "--skip-repo")
    git("init", "-q", "-b", "main", one)
    content = secrets.token_bytes(70_000)
    (one / "large.bin").write_bytes(content)
    (one / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    git("add", "-A", cwd=one)
    git("commit", "-qm", "add", cwd=one)
    url = flows.vendors.url(host, "/me/app.git")
    url = url.replace("https://", f"https://{user}:{token}@")
    git("push", "-q", "-f", url, "main", cwd=one)
    assert forge.large[hashlib.sha256(content).hexdigest()] == content
    git("clone", "-q", "-b", "main", url, two)
    assert (two / "large.bin").read_bytes() == content


def test_large_files_go_to_a_bucket_by_signed_addresses(flows, forge, tmp_path):
    key = fresh("{github:gh" + "p_:36}")
    forge.tokens.add(key)
    forge.signs = True
    push_and_clone(flows, forge, tmp_path, "github.com", "me", key)
    flows.stays(key, in_header=False)


def test_large_files_go_to_a_store_by_a_header(flows, forge, tmp_path):
    key = "gl" + "cbt-64_" + drawn(20)
    forge.tokens.add(key)
    forge.signs = False
    push_and_clone(flows, forge, tmp_path, "gitlab.com", "gitlab-ci-token", key)
    flows.stays(forge.issued, in_header=True)
    flows.stays(key, in_header=False)


def test_an_app_pushes_with_the_token_of_its_installation(flows, forge, tmp_path):
    forge.signs = True
    claim = jwt(iss="123", iat=1_795_000_000, exp=1_900_000_000)
    url = flows.vendors.url("api.github.com", "/app/installations/7/access_tokens")
    assert flows.send(url, headers={"authorization": f"Bearer {claim}"}) == 201
    push_and_clone(
        flows, forge, tmp_path, "github.com", "x-access-token", forge.installed
    )
    flows.stays(forge.installed, in_header=False)
    encoded = base64.b64encode(f"x-access-token:{forge.installed}".encode()).decode()
    flows.sink.clear()
    sink = flows.sink.url("/x", "b.test")
    assert flows.send(sink, headers={"authorization": f"Basic {encoded}"}) == 403
    assert flows.sink.empty
