"""
Credentials that one host gives for those of another: handed in, encoded, or signed into
a form. Each passes where it is at home and is refused as soon as it stands elsewhere.
"""

import base64
import json
from urllib.parse import urlencode

import pytest

from dlp.detect.templates import expand
from dlp.model import Action, Part, PartKind
from tests.parts import (
    OTHER,
    body,
    form,
    header,
    inspector_of,
    judge,
    jwt,
    registered,
    target,
)

EKS = "x.gr7.us-east-1.eks.amazonaws.com"
HOSTS = [
    *("upload.pypi.org", "fulcio.sigstore.dev", "vault.example.com", "crates.io"),
    *("sts.amazonaws.com", "b.s3.amazonaws.com", "b.r2.cloudflarestorage.com", EKS),
    *("ghcr.io", "x.azurecr.io", "identitytoolkit.googleapis.com"),
]


def fill(template, seed=5):
    return expand(template, seed=seed)


def upload(fields, file=b"the content of the file\n"):
    """A browser's upload (RFC 7578), as S3 takes it."""
    lines = []
    for name, value in fields.items():
        head = f'Content-Disposition: form-data; name="{name}"'
        lines.append(b"--xYz\r\n%s\r\n\r\n%s\r\n" % (head.encode(), value.encode()))
    head = b'Content-Disposition: form-data; name="file"; filename="a.txt"'
    lines.append(b"--xYz\r\n%s\r\n\r\n%s\r\n--xYz--\r\n" % (head, file))
    kind = "multipart/form-data; boundary=xYz"
    return Part(PartKind.BODY, b"".join(lines), media_type=kind)


def policy(fields):
    said = {"expiration": "2030-01-01T00:00:00Z"}
    said["conditions"] = [{name: value} for name, value in fields.items()]
    return base64.b64encode(json.dumps(said).encode()).decode()


SESSION = "IQoJb3JpZ2lu" + "{base64:400}=="
KEY_ID = "ASIA" + "{base32:16}"


def version4(**more):
    fields = {
        "key": "k/o",
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": fill(KEY_ID) + "/20261121/us-east-1/s3/aws4_request",
        "x-amz-date": "20261121T000000Z",
        **more,
    }
    signed = {"x-amz-signature": fill("{hex:64}")}
    return upload(fields | {"policy": policy(fields)} | signed)


def version2():
    fields = {"key": "k/o", "x-amz-security-token": fill(SESSION)}
    signed = {"signature": fill("{base64:27}="), "AWSAccessKeyId": fill(KEY_ID)}
    return upload(fields | {"policy": policy(fields)} | signed)


def eks_token():
    """What `aws eks get-token` prints: an address presigned for STS."""
    query = {
        "Action": "GetCallerIdentity",
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": fill(KEY_ID) + "/20261121/us-east-1/sts/aws4_request",
        "X-Amz-Security-Token": fill(SESSION),
        "X-Amz-SignedHeaders": "host;x-k8s-aws-id",
        "X-Amz-Signature": fill("{hex:64}"),
    }
    url = "https://sts.us-east-1.amazonaws.com/?" + urlencode(query)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).rstrip(b"=").decode()


def bearer64(token):
    return header(
        "authorization", "Bearer " + base64.b64encode(token.encode()).decode()
    )


OIDC = {"iss": "https://token.actions.githubusercontent.com", "sub": "repo:o/r"}
WEB = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15"}
SIGN_IN = {
    "PyPI trusted publishing": (
        "upload.pypi.org",
        lambda: [target("/_/oidc/mint-token"), body(token=jwt(**OIDC, aud="pypi"))],
    ),
    "PyPI gives its token back": (
        "upload.pypi.org",
        lambda: [
            target("/_/oidc/burn-token"),
            body(token=fill("pypi-AgEIcHlwaS5vcmc" + "{base64url:140}")),
        ],
    ),
    "crates.io trusted publishing": (
        "crates.io",
        lambda: [target("/api/v1/trusted_publishing/tokens"), body(jwt=jwt(**OIDC))],
    ),
    "Fulcio": (
        "fulcio.sigstore.dev",
        lambda: [
            target("/api/v2/signingCert"),
            body(credentials={"oidcIdentityToken": jwt(**OIDC, aud="sigstore")}),
        ],
    ),
    "Vault by JWT": (
        "vault.example.com",
        lambda: [target("/v1/auth/jwt/login"), body(role="ci", jwt=jwt(**OIDC))],
    ),
    "Firebase": (
        "identitytoolkit.googleapis.com",
        lambda: [
            target("/v1/accounts:lookup?key=" + fill("AIza{alnum:35}")),
            body(idToken=jwt(iss="https://securetoken.google.com/p", aud="p")),
        ],
    ),
    "AWS by web identity": (
        "sts.amazonaws.com",
        lambda: [
            target("/"),
            form(**WEB, WebIdentityToken=jwt(**OIDC, aud="sts.amazonaws.com")),
        ],
    ),
    "Azure container registry": (
        "x.azurecr.io",
        lambda: [
            target("/oauth2/exchange"),
            form(grant_type="access_token", access_token=jwt(aud="a")),
        ],
    ),
}
FORMS = {
    "S3 upload by form": ("b.s3.amazonaws.com", lambda: [target("/"), version4()]),
    "S3 upload by form, of a role": (
        "b.s3.amazonaws.com",
        lambda: [target("/"), version4(**{"x-amz-security-token": fill(SESSION)})],
    ),
    "S3 upload by form, the old way": (
        "b.s3.amazonaws.com",
        lambda: [target("/"), version2()],
    ),
    "R2 upload by form": (
        "b.r2.cloudflarestorage.com",
        lambda: [target("/"), version4()],
    ),
}
ENCODED = {
    "ghcr.io takes a token in base64": (
        "ghcr.io",
        lambda: [target("/v2/"), bearer64(fill("{github:ghp_:36}"))],
    ),
    "EKS takes a presigned address": (
        EKS,
        lambda: [target("/api"), header("authorization", "Bearer " + eks_token())],
    ),
}
ALL = {**SIGN_IN, **FORMS, **ENCODED}


@pytest.fixture(scope="module")
def inspector(tmp_path_factory):
    return inspector_of(tmp_path_factory.mktemp("rules"), HOSTS)


@pytest.fixture(scope="module")
def pinning(tmp_path_factory):
    return inspector_of(tmp_path_factory.mktemp("rules"), HOSTS, pinned=True)


@pytest.mark.parametrize("name", ALL)
def test_honest_use_passes(inspector, name):
    host, wire = ALL[name]
    verdict = judge(inspector, host, wire())
    assert verdict.action is Action.ALLOW, verdict


@pytest.mark.parametrize("name", ALL)
def test_a_pinned_host_takes_none_that_is_not_registered(pinning, name):
    host, wire = ALL[name]
    verdict = judge(pinning, host, wire())
    assert verdict.action is Action.BLOCK, verdict


@pytest.mark.parametrize("name", ALL)
def test_over_plain_http_it_is_refused(inspector, name):
    host, wire = ALL[name]
    assert judge(inspector, host, wire(), scheme="http").action is Action.BLOCK


@pytest.mark.parametrize("name", [*ENCODED, "PyPI gives its token back"])
def test_at_another_host_it_is_refused(inspector, name):
    _, wire = ALL[name]
    assert judge(inspector, OTHER, wire()).action is Action.BLOCK


@pytest.mark.parametrize("name", [*SIGN_IN])
def test_the_same_body_sent_to_no_place_of_sign_in_is_refused(inspector, name):
    host, wire = SIGN_IN[name]
    _, sent = wire()
    if b"Action=" in sent.data:
        sent = body(text=sent.data.decode())
    elif b"grant_type" in sent.data:
        sent = form(note=sent.data.decode())
    elif b"pypi-" in sent.data:
        host = "crates.io"
    verdict = judge(inspector, host, [target("/v1/notes"), sent])
    assert verdict.action is Action.BLOCK


KEYS = {
    "aws": KEY_ID + " {base64:40}",
    "github": "{github:ghp_:36}",
    "anthropic": "sk-ant-" + "api03-{base64url:93}AA",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize(
    "wire",
    [
        lambda k: [target("/_/oidc/mint-token"), body(token=k)],
        lambda k: [target("/_/oidc/mint-token"), body(token=jwt(sub=k))],
        lambda k: [target("/login"), body(jwt=jwt(sub="x"), note=k)],
        lambda k: [target("/"), version4(note=k)],
        lambda k: [target("/"), version4(**{"x-amz-security-token": k})],
        lambda k: [target("/"), upload({"policy": policy({"a": k}), "signature": k})],
        lambda k: [
            target("/"),
            upload({"policy": policy({"a": k}), "signature": fill("{base64:27}=")}),
        ],
        lambda k: [bearer64(k)],
        lambda k: [bearer64(f"x {k}")],
    ],
)
def test_no_other_key_rides_along(inspector, key, wire):
    verdict = judge(inspector, OTHER, wire(fill(key)))
    assert verdict.action is Action.BLOCK


def test_in_a_body_the_encoded_token_is_refused_at_its_own_host(inspector):
    _, wire = ENCODED["ghcr.io takes a token in base64"]
    _, sent = wire()
    text = sent.data.decode()
    for part in (body(note=text), target("/v2/?q=" + text.partition(" ")[2])):
        assert judge(inspector, "ghcr.io", [part]).action is Action.BLOCK


def test_a_registered_token_passes_in_base64_where_it_is_bound(inspector, pinning):
    ours = fill("{github:ghp_:36}", seed=9)
    index = registered(ours, "ghcr.io")
    for each in (inspector, pinning):
        knowing = each.with_secrets(index)
        assert judge(knowing, "ghcr.io", [bearer64(ours)]).action is Action.ALLOW
        for host in ("upload.pypi.org", OTHER):
            assert judge(knowing, host, [bearer64(ours)]).action is Action.BLOCK
        more = judge(knowing, "ghcr.io", [bearer64(ours), body(note=ours)])
        assert more.action is Action.BLOCK


def test_a_pinned_host_takes_ours_in_base64_and_nothing_around_it(pinning):
    ours, theirs = (fill("{github:ghp_:36}", seed=seed) for seed in (9, 10))
    knowing = pinning.with_secrets(registered(ours, "ghcr.io"))
    for token in (theirs, f"{ours}{theirs}", f"{theirs}:{ours}"):
        assert judge(knowing, "ghcr.io", [bearer64(token)]).action is Action.BLOCK


def test_a_registered_key_id_may_be_in_a_token_of_eks(inspector):
    index = registered(fill(KEY_ID), "*.amazonaws.com")
    _, wire = ENCODED["EKS takes a presigned address"]
    assert judge(inspector.with_secrets(index), EKS, wire()).action is Action.ALLOW
    elsewhere = registered(fill(KEY_ID), "b.s3.amazonaws.com")
    knowing = inspector.with_secrets(elsewhere)
    assert judge(knowing, EKS, wire()).action is Action.BLOCK
