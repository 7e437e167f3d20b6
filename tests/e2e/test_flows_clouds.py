"""Clouds by their own SDKs: sign in at one host, work at another."""

import json
import sys
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.harness.registries import random64
from tests.harness.vendors import answer, bearer, data, drawn, form, jwt

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@pytest.fixture(scope="module")
def private_key():
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def python(flows, folder, script, *words, **environment):
    return flows.run(sys.executable, "-c", script, *words, cwd=folder, **environment)


# -- Google ---------------------------------------------------------------------------


class Google:
    """oauth2.googleapis.com gives what storage.googleapis.com takes."""

    def __init__(self, vendors):
        self.vendors = vendors
        self.issued = []
        self.grants = []
        self.received = []
        for host in ("oauth2.googleapis.com", "sts.googleapis.com"):
            vendors.hosts[host] = {"/": self.token}
        vendors.hosts["storage.googleapis.com"] = {"/": self.store}

    def token(self, request):
        self.grants.append(form(request)["grant_type"])
        self.issued.append("ya" + f"29.c.{drawn(220)}")
        named = {"token_type": "Bearer", "expires_in": 3599, "scope": "s"}
        return answer({"access_token": self.issued[-1], **named})

    def store(self, request):
        if bearer(request) not in self.issued:
            return answer({}, 401)
        self.received.append(request.body)
        return answer({"name": "o"})


GOOGLE = """
import json, sys
from google.auth import identity_pool
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import credentials, service_account
kind, info, token, url = sys.argv[1], json.loads(sys.argv[2]), *sys.argv[3:]
scopes = ["https://www.googleapis.com/auth/cloud-platform"]
if kind == "service account":
    found = service_account.Credentials.from_service_account_info(info, scopes=scopes)
elif kind == "federated":
    found = identity_pool.Credentials.from_info(info).with_scopes(scopes)
else:
    found = credentials.Credentials(None, token_uri=token, **info)
answer = AuthorizedSession(found).post(url, data=bytes(range(256)) * 9)
sys.exit(answer.status_code != 200 and answer.text)
"""


@pytest.fixture(scope="module")
def google(flows):
    return Google(flows.vendors)


def google_credentials(google, kind, key, folder):
    if kind == "service account":
        at = google.vendors.url("oauth2.googleapis.com", "/token")
        who = {
            "client_email": "a@p.iam.gserviceaccount.com",
            "private_key_id": drawn(40),
        }
        return {"type": "service_account", "private_key": key, "token_uri": at, **who}
    if kind == "refresh token":
        app = {"client_id": "1-x.apps.googleusercontent.com"}
        app["client_secret"] = "GOC" + f"SPX-{drawn(28)}"
        return {"refresh_token": "1/" + f"/0{drawn(100)}", **app}
    pool = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p"
    (folder / "subject").write_text(jwt(iss="https://gitlab.com", aud=f"https:{pool}"))
    return {
        "type": "external_account",
        "audience": pool,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": google.vendors.url("sts.googleapis.com", "/v1/token"),
        "credential_source": {"file": str(folder / "subject")},
    }


GRANTS = {
    "service account": "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "refresh token": "refresh_token",
    "federated": "urn:ietf:params:oauth:grant-type:token-exchange",
}


@pytest.mark.parametrize("kind", GRANTS)
def test_google_gives_a_token_for_its_other_hosts(
    flows, google, private_key, tmp_path, kind
):
    info = google_credentials(google, kind, private_key, tmp_path)
    token = flows.vendors.url("oauth2.googleapis.com", "/token")
    url = flows.vendors.url("storage.googleapis.com", "/upload/storage/v1/b/b/o?name=o")
    python(flows, tmp_path, GOOGLE, kind, json.dumps(info), token, url)
    assert google.grants[-1] == GRANTS[kind]
    assert google.received[-1] == bytes(range(256)) * 9
    flows.stays(google.issued[-1], in_header=False)
    if kind == "refresh token":
        flows.stays(info["refresh_token"], in_header=False)


# -- AWS ------------------------------------------------------------------------------


class Amazon:
    """STS gives credentials that S3 takes."""

    def __init__(self, vendors):
        self.issued = {}
        self.asked = []
        self.objects = []
        vendors.hosts["sts.us-east-1.amazonaws.com"] = {"/": self.assume}
        vendors.hosts["s3.us-east-1.amazonaws.com"] = {"/": self.store}

    def assume(self, request):
        action = form(request)["Action"]
        self.asked.append(action)
        self.issued = {
            "AccessKeyId": f"ASIA{drawn(16, BASE32)}",
            "SecretAccessKey": drawn(40),
            "SessionToken": "IQoJb3" + f"JpZ2luX2Vj{random64(390)}",
            "Expiration": "2030-01-01T00:00:00Z",
        }
        named = "".join(f"<{k}>{v}</{k}>" for k, v in self.issued.items())
        text = (
            f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<{action}Result><Credentials>{named}</Credentials></{action}Result>"
            f"</{action}Response>"
        )
        return data(text.encode(), kind="text/xml")

    def store(self, request):
        self.objects.append(request)
        return data(b"object" if request.method == "GET" else b"", kind="text/plain")


AWS = """
import os, sys, boto3, requests
from botocore.config import Config
kind, sts, s3, token = sys.argv[1:]
settings = Config(s3={"addressing_style": "path"}, signature_version="s3v4" if kind == "role" else None)
who = boto3.Session(region_name="us-east-1").client("sts", endpoint_url=sts)
role = {"RoleArn": "arn:aws:iam::123456789012:role/work", "RoleSessionName": "session"}
if kind == "role":
    found = who.assume_role(**role)
else:
    found = who.assume_role_with_web_identity(WebIdentityToken=token, **role)
found = found["Credentials"]
keys = found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]
client = boto3.Session(*keys, region_name="us-east-1").client("s3", endpoint_url=s3, config=settings)
client.put_object(Bucket="b", Key="o", Body=b"put by key")
where = {"Bucket": "b", "Key": "o"}
put = client.generate_presigned_url("put_object", Params=where)
requests.put(put, data=b"put by address").raise_for_status()
get = client.generate_presigned_url("get_object", Params=where)
assert requests.get(get).content == b"object"
post = client.generate_presigned_post("b", "o")
files = {"file": ("o", b"put by form")}
requests.post(post["url"], data=post["fields"], files=files).raise_for_status()
"""


@pytest.mark.parametrize("kind", ["role", "web identity"])
def test_sts_gives_credentials_that_s3_takes(flows, tmp_path, kind):
    amazon = Amazon(flows.vendors)
    mine = {
        "AWS_ACCESS_KEY_ID": f"AKIA{drawn(16, BASE32)}",
        "AWS_SECRET_ACCESS_KEY": drawn(40),
    }
    job = jwt(
        iss="https://token.actions.githubusercontent.com", aud="sts.amazonaws.com"
    )
    urls = [
        flows.vendors.url(f"{name}.us-east-1.amazonaws.com") for name in ("sts", "s3")
    ]
    python(flows, tmp_path, AWS, kind, *urls, job, **mine)
    by_key, by_address, got, by_form = amazon.objects
    assert b"put by key" in by_key.body
    assert by_address.body == b"put by address"
    assert got.method == "GET"
    assert b"put by form" in by_form.body
    flows.stays(amazon.issued["SecretAccessKey"], in_header=True)
    flows.stays(amazon.issued["SessionToken"], in_header=False)
    flows.stays(mine["AWS_ACCESS_KEY_ID"], in_header=False)


# -- Azure ----------------------------------------------------------------------------


class Azure:
    """login.microsoftonline.com gives a token for a service, by that service's name."""

    TENANT = "11111111-1111-1111-1111-111111111111"

    def __init__(self, vendors):
        self.issued = []
        self.received = []
        login = "login.microsoftonline.com"
        self.authority = vendors.url(login, f"/{self.TENANT}")
        vendors.hosts[login] = {
            "/": self.describe,
            f"/{self.TENANT}/oauth2/v2.0/token": self.token,
        }
        for host in SERVICES.values():
            vendors.hosts[host] = {"/": self.work}

    def describe(self, _):
        at = f"{self.authority}/oauth2/v2.0"
        named = {"token_endpoint": f"{at}/token", "issuer": f"{self.authority}/v2.0"}
        return answer({**named, "authorization_endpoint": f"{at}/authorize"})

    def token(self, request):
        wanted = parse_qs(request.body.decode())["scope"][0]
        audience = wanted.removesuffix("/.default")
        self.issued.append(jwt(aud=audience, iss="https://sts.windows.net/1/", tid="1"))
        return answer(
            {
                "token_type": "Bearer",
                "expires_in": 3599,
                "access_token": self.issued[-1],
            }
        )

    def work(self, request):
        if bearer(request) not in self.issued:
            return answer({}, 401)
        self.received.append(request.body)
        return answer({})


SERVICES = {
    "https://vault.azure.net": "team.vault.azure.net",
    "https://storage.azure.com": "team.blob.core.windows.net",
    "https://management.core.windows.net/": "management.azure.com",
}
AZURE = """
import sys, msal, requests
authority, credential, scope, url = sys.argv[1:]
if credential.startswith("ey"):
    credential = {"client_assertion": credential}
app = msal.ConfidentialClientApplication(
    "2b1d9f8e-0000-4000-8000-000000000000", authority=authority,
    client_credential=credential, instance_discovery=False,
)
token = app.acquire_token_for_client([scope])["access_token"]
headers = {"authorization": "Bearer " + token}
requests.put(url, data=b"work" * 99, headers=headers).raise_for_status()
"""


@pytest.mark.parametrize("service", SERVICES)
def test_entra_gives_a_token_for_the_service_it_names(flows, tmp_path, service):
    azure = Azure(flows.vendors)
    if "vault" in service:
        credential = jwt(iss="https://gitlab.com", aud="api://AzureADTokenExchange")
    else:
        credential = f"{drawn(3)}8Q~{drawn(34)}"
    url = flows.vendors.url(SERVICES[service], "/secrets/x")
    words = [azure.authority, credential, f"{service}/.default", url]
    python(flows, tmp_path, AZURE, *words)
    assert azure.received == [b"work" * 99]
    flows.stays(azure.issued[-1], in_header=False)
