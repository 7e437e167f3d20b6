import secrets
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ed25519

from dlp.detect.known.fingerprint import SecretInfo
from dlp.doctor.credentials import _KEEPERS, is_bare_key
from dlp.state.secrets import Registration, SecretStore

NOT_HIDDEN = "cage: {hide: ['~/.aws']}"

BAD_AND_GOOD = {
    "aws": ("home/.aws/credentials", "aws_secret_access_key = {}", "[default]\n"),
    "gcloud": ("home/.config/gcloud/credentials.db", "{}", ""),
    "azure": ("home/.azure/msal_token_cache.json", "{}", ""),
    "clouds": ("home/.config/hcloud/cli.toml", 'token = "{}"', "active = 'x'\n"),
    "netrc": ("home/.netrc", "machine x login y password {}", "machine x login y\n"),
    "npm": ("work/.npmrc", "//r.example/:_authToken={}", "//r/:_authToken=${{NPM}}\n"),
    "python-index": ("home/.pypirc", "[pypi]\npassword = {}", "[pypi]\nusername = u\n"),
    "package-registries": (
        "home/.cargo/credentials.toml",
        'token = "{}"',
        "[registry]",
    ),
    "git": (
        "work/.git/config",
        "url = https://u:{}@github.com/a/b",
        "url = https://github.com/a/b",
    ),
    "forges": ("home/.config/gh/hosts.yml", "  oauth_token: {}", "  user: me\n"),
    "docker": (
        "home/.docker/config.json",
        '{{"auths": {{"r": {{"auth": "{}"}}}}}}',
        '{{"auths": {{"r": {{}}}}, "credsStore": "pass"}}',
    ),
    "kube": ("home/.kube/config", "    token: {}", "    exec:\n      command: aws\n"),
    "kube-pod": ("run/secrets/kubernetes.io/serviceaccount/token", "{}", ""),
    "infrastructure": ("home/.vault-token", "{}\n", "\n"),
    "databases": ("home/.pgpass", "db.example:5432:*:me:{}", "# none\n"),
    "storage": ("home/.config/rclone/rclone.conf", "pass = {}", "type = local\n"),
    "mail": ("home/.msmtprc", "password {}", "passwordeval gpg -d x\n"),
    "browsers": ("home/.mozilla/firefox/a.default/logins.json", "{}", ""),
    "keyrings": ("home/.local/share/keyrings/login.keyring", "{}", ""),
    "gnupg": ("home/.gnupg/private-keys-v1.d/A.key", "{}", ""),
    "wallets": ("home/.config/solana/id.json", "[{}]", ""),
    "agents-own": (
        "home/.codex/auth.json",
        '{{"tokens": {{"access_token": "{}"}}}}',
        '{{"mode": "none"}}',
    ),
    "mcp": (
        "work/.mcp.json",
        '{{"env": {{"GITHUB_TOKEN": "{}"}}}}',
        '{{"env": {{"GITHUB_TOKEN": "${{GITHUB_TOKEN}}"}}}}',
    ),
    "host": ("etc/ssl/private/server.key", "{}", ""),
}


def test_every_program_has_a_row_here():
    assert list(BAD_AND_GOOD) == [keeper.id for keeper in _KEEPERS]


@pytest.fixture
def value():
    return secrets.token_hex(20)


@pytest.mark.parametrize("keeper", BAD_AND_GOOD)
def test_a_file_with_a_credential_is_seen_and_never_quoted(
    write, seen, state, keeper, value
):
    name, bad, good = BAD_AND_GOOD[keeper]
    check = f"credentials-{keeper}"
    write(name, good.format())
    assert seen(check) == ()
    path = write(name, bad.format(value))
    told = seen(check)
    assert str(path) in told[0]
    assert value[:8] not in "".join(told)
    path.chmod(0o600)
    assert seen(check) == ()


def test_a_credential_that_is_registered_is_fine(write, seen, state, value):
    write("home/.netrc", f"machine x login y password {value}")
    assert seen("credentials-netrc")
    store = SecretStore(state)
    store.add([Registration(SecretInfo("netrc"), value.encode())])
    assert seen("credentials-netrc") == ()
    write("home/.netrc", f"password {value}\npassword {secrets.token_hex(20)}")
    assert seen("credentials-netrc")


def test_what_the_cage_hides_is_fine_in_the_cage_alone(write, seen, place, value):
    write("home/.aws/credentials", f"aws_secret_access_key = {value}")
    write("home/.gnupg/private-keys-v1.d/A.key", "x")
    write(
        "rules/policy.yaml",
        "version: 1\nstatements: []\ncage: {hide: ['~/.aws']}\n",
    )
    rules = place / "rules"
    for check in ("credentials-aws", "credentials-gnupg"):
        assert seen(check, rules=rules)
        assert seen(check, rules=rules, caged=True) == ()
    write("rules/policy.yaml", "version: 1\nstatements: []\n")
    assert seen("credentials-aws", rules=rules, caged=True)


def private(kind, passphrase=b""):
    sealed = form.BestAvailableEncryption(passphrase) if passphrase else None
    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        form.Encoding.PEM, kind, sealed or form.NoEncryption()
    )


OPENSSH, PKCS8 = form.PrivateFormat.OpenSSH, form.PrivateFormat.PKCS8
PUTTY = b"PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: %s\r\n"


@pytest.mark.parametrize(
    ("data", "bare"),
    [
        (private(OPENSSH), True),
        (private(OPENSSH, b"long enough"), False),
        (private(PKCS8), True),
        (private(PKCS8, b"long enough"), False),
        (PUTTY % b"none", True),
        (PUTTY % b"aes256-cbc", False),
        (b"ssh-ed25519 AAAA me@here\n", False),
        (b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", False),
        (b"-----BEGIN OPENSSH PRIVATE " + b"KEY-----\n" + b64encode(b"short"), False),
        (b"", False),
    ],
)
def test_a_private_key_is_bare_when_no_passphrase_guards_it(data, bare):
    assert is_bare_key("id", data) is bare


def test_a_key_store_cannot_be_told_and_counts():
    assert is_bare_key("store.p12", b"\x30\x82")


@pytest.mark.parametrize(
    ("check", "name"),
    [
        ("credentials-ssh", "home/.ssh/work"),
        ("credentials-in-work", "work/deploy/server.key"),
        ("credentials-in-work", "work/id_ed25519"),
    ],
)
def test_a_key_without_a_passphrase_is_seen(write, seen, check, name):
    path = write(name, private(OPENSSH, b"long enough").decode())
    assert seen(check) == ()
    write(name, private(OPENSSH).decode())
    assert str(path) in seen(check)[0]


def test_the_ssh_folder_is_hidden_in_the_cage(write, seen):
    write("home/.ssh/id", private(OPENSSH).decode())
    assert seen("credentials-ssh", caged=True) == ()


def test_what_a_tool_installed_is_passed_by(write, seen):
    write("work/node_modules/x/test.key", private(PKCS8).decode())
    assert seen("credentials-in-work") == ()
