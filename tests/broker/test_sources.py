import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from random import Random

import pyrage
import pytest

from dlp.broker import sources
from dlp.errors import SecretError, UsageError


def token(seed: int = 0) -> str:
    return "".join(Random(seed).choices("abcdefghkmnprstuvwxyzABCDEFGH23456789", k=30))


def python(code: str) -> str:
    return f'{sys.executable} -c "{code}"'


def test_a_program_is_run_without_a_shell():
    assert sources.command(python("print('$HOME; x')")) == b"$HOME; x"


@pytest.mark.parametrize(
    ("line", "error", "told"),
    [
        ("", UsageError, "no program"),
        ("'unclosed", UsageError, "--exec"),
        ("no-such-program-anywhere", UsageError, "cannot start"),
        (python("print('swordfish'); raise SystemExit(3)"), SecretError, "status 3"),
    ],
)
def test_a_program_that_fails_is_told_without_its_output(line, error, told):
    with pytest.raises(error, match=told) as caught:
        sources.command(line)
    assert "swordfish" not in str(caught.value)


def test_a_variable_that_is_not_set_is_told():
    with pytest.raises(UsageError, match="NOT_THERE"):
        sources.variable("NOT_THERE")


def test_sops_gives_the_leaves_of_a_file(tmp_path, monkeypatch):
    """A stand-in for sops: it is called with the file and prints JSON."""
    program = tmp_path / "sops"
    plain = {"db": {"password": token()}, "hosts": ["a.example"], "port": 5432}
    program.write_text(
        f"#!/bin/sh\n[ \"$1 $2 $3\" = '--decrypt --output-type json' ] || exit 9\n"
        "case $4 in /*) ;; *) exit 8 ;; esac  # a path that is no option\n"
        f"cat <<'END'\n{json.dumps(plain)}\nEND\n"
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = sources.sops(Path("-i.yaml"))
    assert found == {"db.password": token(), "hosts.0": "a.example"}


def test_without_sops_the_program_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="needs the program sops"):
        sources.sops(tmp_path / "x.yaml")


@pytest.mark.parametrize("armored", [False, True])
def test_an_age_file_gives_its_entries_or_itself(tmp_path, armored):
    identity = pyrage.x25519.Identity.generate()
    key = tmp_path / "key.txt"
    key.write_text(f"# made today\n{identity}\n")
    file = tmp_path / "x.age"
    for plain, expected in (
        (f"A={token()}\nB=2\n", {"A": token(), "B": "2"}),
        (f"{token()}\n", token().encode()),
    ):
        to = [identity.to_public()]
        file.write_bytes(pyrage.encrypt(plain.encode(), to, armored=armored))
        assert sources.age(file, key) == expected


def test_the_wrong_age_key_is_told(tmp_path):
    mine, other = (pyrage.x25519.Identity.generate() for _ in range(2))
    (tmp_path / "key").write_text(str(other))
    (tmp_path / "x.age").write_bytes(pyrage.encrypt(b"x", [mine.to_public()]))
    with pytest.raises(SecretError, match="does not open"):
        sources.age(tmp_path / "x.age", tmp_path / "key")
    with pytest.raises(SecretError, match="cannot read"):
        sources.age(tmp_path / "x.age", tmp_path / "missing")


class Vault(BaseHTTPRequestHandler):
    """The two KV engines of Vault's HTTP API, as far as reading goes."""

    def do_GET(self):
        pages = {
            "/v1/secret/data/app/prod": {
                "data": {"data": {"key": token(), "n": {"m": "x"}}}
            },
            "/v1/old/app": {"data": {"password": token(1)}},
            "/v1/sys/internal/ui/mounts/kv/team/app": {"data": {"path": "kv/team/"}},
            "/v1/kv/team/data/app": {"data": {"data": {"key": token(2)}}},
            "/v1/sys/internal/ui/mounts/v1/team/app": {"data": {"path": "v1/team/"}},
            "/v1/v1/team/app": {"data": {"key": token(3)}},
        }
        held = self.headers.get("X-Vault-Token")
        allowed = held == "t0ken" or (held, self.path) == ("narrow", "/v1/old/app")
        page = pages.get(self.path) if allowed else None
        body = json.dumps(page or {"errors": [f"{self.path} is not for you"]}).encode()
        if "/pages/" in self.path:
            page = body = b"<html>"
        self.send_response(200 if page else 404 if allowed else 403)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def vault(monkeypatch):
    server = HTTPServer(("127.0.0.1", 0), Vault)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    for name in ("VAULT_NAMESPACE", "VAULT_CACERT", "BAO_ADDR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VAULT_ADDR", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("VAULT_TOKEN", "t0ken")
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("vault")
def test_a_vault_gives_fields_or_one_of_them():
    assert sources.vault("secret/app/prod") == {"key": token(), "n.m": "x"}
    assert sources.vault("secret/app/prod#key") == token().encode()
    assert sources.vault("old/app#password") == token(1).encode()


@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize("reference", ["secret/nothing", "secret/app/prod#nothing"])
def test_what_a_vault_has_not_is_told(reference):
    with pytest.raises(SecretError, match=r"from the vault|no field") as caught:
        sources.vault(reference)
    assert "not for you" not in str(caught.value)


@pytest.mark.usefixtures("vault")
def test_a_token_for_one_path_reads_the_first_version_too(monkeypatch):
    monkeypatch.setenv("VAULT_TOKEN", "narrow")
    assert sources.vault("old/app") == {"password": token(1)}
    with pytest.raises(SecretError, match="may not read"):
        sources.vault("secret/app/prod")


@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize(("mount", "n"), [("kv/team", 2), ("v1/team", 3)])
def test_a_mount_may_have_a_slash_in_its_name(mount, n):
    assert sources.vault(f"{mount}/app") == {"key": token(n)}
    assert sources.vault(f"/{mount}/app#key") == token(n).encode()


@pytest.mark.usefixtures("vault")
def test_a_vault_that_refuses_is_told(monkeypatch):
    monkeypatch.setenv("VAULT_TOKEN", "wrong")
    with pytest.raises(SecretError, match="VAULT_TOKEN"):
        sources.vault("secret/app/prod")


@pytest.mark.usefixtures("vault")
def test_what_is_no_vault_is_told():
    """A page instead of JSON."""
    with pytest.raises(SecretError, match="no vault"):
        sources.vault("pages/app")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("VAULT_ADDR", "vault.example", "must begin with https"),
        ("VAULT_ADDR", "http://127.0.0.1:1", "nobody answers at VAULT_ADDR"),
        ("VAULT_CACERT", "/not/there.pem", "/not/there.pem, which does not exist"),
    ],
)
@pytest.mark.usefixtures("vault")
def test_a_setting_that_cannot_be_is_told(monkeypatch, name, value, told):
    monkeypatch.setenv(name, value)
    with pytest.raises((SecretError, UsageError), match=told):
        sources.vault("secret/app")


def test_a_vault_without_an_address_is_told(monkeypatch):
    monkeypatch.delenv("VAULT_ADDR", raising=False)
    monkeypatch.delenv("BAO_ADDR", raising=False)
    with pytest.raises(UsageError, match="VAULT_ADDR"):
        sources.vault("secret/app")


def test_a_keyring_entry_is_the_value(monkeypatch):
    import keyring
    from keyring.backend import KeyringBackend

    class Memory(KeyringBackend):
        priority = 1

        def set_password(self, service, username, password):
            raise NotImplementedError

        def get_password(self, service, username):
            return token() if (service, username) == ("my/app", "me") else None

    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    try:
        assert sources.keyring("my/app/me") == token().encode()
        with pytest.raises(SecretError, match="no entry"):
            sources.keyring("my/app/you")
    finally:
        keyring.set_keyring(before)
    with pytest.raises(UsageError, match="SERVICE/USER"):
        sources.keyring("alone")


@pytest.mark.parametrize("backend", ["no.such.Ring", "keyring.backends.fail.Keyring"])
def test_a_keyring_that_does_not_work_is_told(monkeypatch, backend):
    from keyring import core

    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    monkeypatch.setattr(core, "_keyring_backend", None)
    with pytest.raises(SecretError, match="cannot be used"):
        sources.keyring("my/app/me")


def test_a_dotenv_that_cannot_be_used_is_told(tmp_path):
    with pytest.raises(SecretError, match="cannot read"):
        sources.file_of_values(tmp_path / "missing")
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(SecretError, match="no KEY=value"):
        sources.file_of_values(tmp_path / "x")
