import secrets
import string

import pytest

from dlp.detect.known.fingerprint import SecretIndex, SecretInfo
from dlp.detect.rules import load_rules
from dlp.doctor.examine import examine
from dlp.inspector import Inspector
from dlp.policy import load_policy
from dlp.state.secrets import Registration, SecretStore
from tests.doctor.conftest import BY_ID

DAY_S = 86400


@pytest.fixture(scope="module")
def reader():
    """An inspector with a few rules: what is looked for is not what is tested here."""
    few = ("github-", "assigned-")
    rules = [rule for rule in load_rules() if rule.id.startswith(few)]
    return Inspector.build(load_policy(), rules, SecretIndex.empty())


@pytest.fixture
def look(picture, reader):
    """What a check sees when that inspector reads."""

    def made(name, **other):
        drawn = picture(**other)
        vars(drawn)["inspector"] = reader.with_secrets(drawn.secrets)
        (result,) = examine(drawn, [BY_ID[name]]).results
        assert result.status != "skipped", result.seen
        return result.seen

    return made


@pytest.fixture
def token():
    letters = string.ascii_letters + string.digits
    return "ghp" + "_" + "".join(secrets.choice(letters) for _ in range(36))


def register(state, value, name="one", **info):
    store = SecretStore(state)
    store.add([Registration(SecretInfo(name, **info), value.encode())])


def test_a_store_that_opens_is_fine(state, seen, skipped, token):
    assert "ever registered" in skipped("secret-store")
    register(state, token)
    assert seen("secret-store") == ()


def test_a_store_that_does_not_open_is_seen(state, seen, token):
    register(state, token)
    path = state / "secrets"
    path.write_bytes(path.read_bytes()[:-1])
    assert "damaged" in seen("secret-store")[0]
    path.write_bytes(token.encode())
    told = seen("secret-store")
    assert "not sealed" in told[0]
    assert token not in "".join(told)


def test_a_store_without_its_key_is_seen(state, seen, token):
    register(state, token)
    (state / "keys/secrets").unlink()
    assert "is missing" in seen("secret-store")[0]


def test_a_key_that_systemd_keeps_is_not_missing(
    state, write, seen, skipped, token, monkeypatch
):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    register(state, token)
    (state / "keys/secrets").unlink()
    unit = "[Service]\nExecStart=/usr/bin/dlp up\n{}=agent-dlp-secrets-key:/etc/x\n"
    write("etc/systemd/system/dlp.service", unit.format("#LoadCredentialEncrypted"))
    assert "is missing" in seen("secret-store")[0]
    write("etc/systemd/system/dlp.service", unit.format("LoadCredentialEncrypted"))
    assert "service alone" in skipped("secret-store")


def test_that_nothing_is_registered_is_seen(state, seen, token):
    assert seen("secrets-registered") == ("no secret is registered",)
    register(state, token, canary=True)
    assert seen("secrets-registered")
    register(state, token[::-1], "two")
    assert seen("secrets-registered") == ()


def test_that_no_canary_is_laid_out_is_seen(state, seen, token):
    register(state, token)
    assert seen("canary")
    register(state, token[::-1], "bait", canary=True)
    assert seen("canary") == ()


def test_a_key_beside_its_store_is_seen(state, seen, token, tmp_path, monkeypatch):
    register(state, token)
    assert "beside" in seen("secret-key-apart")[0]
    key = state / "keys/secrets"
    (tmp_path / "agent-dlp-secrets-key").write_bytes(key.read_bytes())
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    key.unlink()
    assert seen("secret-key-apart") == ()


def test_an_old_secret_is_seen(state, seen, token):
    register(state, token)
    (entry,) = SecretStore(state).entries()
    fresh, old = entry.added_at + 300 * DAY_S, entry.added_at + 400 * DAY_S
    assert seen("secret-age", now=fresh) == ()
    assert seen("secret-age", now=old) == ("one is 400 days old",)


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "X"])
def test_an_unregistered_secret_in_the_environment_is_seen(state, look, token, name):
    environment = {name: token, "HOME": "/home/me", "LANG": "C.UTF-8"}
    told = look("secrets-in-environment", environment=environment)
    assert len(told) == 1
    assert f"variable {name} holds github-token" in told[0]
    assert token[4:12] not in told[0]
    register(state, token)
    assert look("secrets-in-environment", environment=environment) == ()


def test_a_secret_that_only_its_name_tells_is_seen(look):
    value = secrets.token_hex(24)
    told = look("secrets-in-environment", environment={"ACME_SECRET_KEY": value})
    assert "ACME_SECRET_KEY" in told[0]


@pytest.mark.parametrize(
    ("check", "name"),
    [
        ("secrets-in-dotenv", "work/.env"),
        ("secrets-in-dotenv", "work/app/.env.production"),
        ("secrets-in-dotenv", "work/deploy/prod.env"),
        ("secrets-in-dotenv", "home/.openclaw/.env"),
        ("secrets-in-startup-files", "home/.bashrc"),
        ("secrets-in-startup-files", "home/.config/environment.d/10-x.conf"),
        ("secrets-in-startup-files", "etc/environment"),
        ("secrets-in-history", "home/.bash_history"),
    ],
)
def test_an_unregistered_secret_in_a_file_is_seen(
    write, state, look, token, check, name
):
    path = write(name, "export LANG=C.UTF-8\nexport EDITOR=vi\n")
    assert look(check) == ()
    write(name, f"export LANG=C\nexport GITHUB_TOKEN={token}\n")
    told = look(check)
    assert str(path) in told[0]
    assert "github-token" in told[0]
    assert token[4:12] not in told[0]
    path.chmod(0o600)
    assert look(check) == ()
    path.chmod(0o644)
    register(state, token)
    assert look(check) == ()


@pytest.mark.parametrize("name", ["work/.env.example", "work/node_modules/x/.env"])
def test_a_sample_and_what_tools_installed_are_passed_by(write, look, token, name):
    write(name, f"GITHUB_TOKEN={token}\n")
    assert look("secrets-in-dotenv") == ()
