"""What was registered from any source is known, old values and fakes too."""

import base64
import os
import shlex
import sys
from pathlib import Path
from random import Random

import keyring
import pyrage
import pytest
from keyring.backend import KeyringBackend

from dlp.broker import sources
from dlp.broker.enlist import Enlister
from dlp.model import View
from dlp.state.secrets import SecretStore
from tests.broker.test_sources import token as in_vault
from tests.broker.test_sources import vault

__all__ = ["vault"]  # a fixture, used by its name


def value(seed: int) -> str:
    letters = "abcdefghkmnprstuvwxyzABCDEFGHKLMNPRSTUVWXYZ23456789"
    return "".join(Random(seed).choices(letters, k=36))


class Ring(KeyringBackend):
    priority = 1

    def set_password(self, service, username, password):
        raise NotImplementedError

    def get_password(self, service, username):
        return value(5) if (service, username) == ("app", "me") else None


@pytest.fixture
def ring():
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    yield
    keyring.set_keyring(before)


def read(folder: Path):
    """By name: what a source gives, and the value that is to be known."""
    (folder / "app.env").write_text(f"API_KEY={value(2)}\nDEBUG=true\n")
    identity = pyrage.x25519.Identity.generate()
    (folder / "key").write_text(str(identity))
    sealed = pyrage.encrypt(value(3).encode(), [identity.to_public()])
    (folder / "sealed.age").write_bytes(sealed)
    (folder / "sops").write_text(f'#!/bin/sh\necho \'{{"token": "{value(4)}"}}\'\n')
    (folder / "sops").chmod(0o700)
    prints = shlex.join([sys.executable, "-c", f"print('{value(1)}')"])
    return {
        "env": (sources.variable("MY_TOKEN"), value(0)),
        "exec": (sources.command(prints), value(1)),
        "dotenv/API_KEY": (sources.file_of_values(folder / "app.env"), value(2)),
        "from-env/MY_TOKEN": (sources.environment(), value(0)),
        "age": (sources.age(folder / "sealed.age", folder / "key"), value(3)),
        "sops/token": (sources.sops(folder / "secrets.yaml"), value(4)),
        "keyring": (sources.keyring("app/me"), value(5)),
        "vault/key": (sources.vault("secret/app/prod"), in_vault()),
    }


def known(store: SecretStore, text: str) -> set[str]:
    """The names of the secrets that a text, written plainly or encoded, holds."""
    hits = store.index().scan([View(f"it is {text}.".encode(), 0)])
    return {hit.name for hit in hits if hit.complete}


@pytest.mark.usefixtures("vault", "ring")
def test_values_of_every_source_are_known(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_TOKEN", value(0))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "state").mkdir(mode=0o700)
    store, enlister = SecretStore(tmp_path / "state"), Enlister.load(None)
    for name, (given, brought) in read(tmp_path).items():
        found = enlister.enlist(name.partition("/")[0], given)
        store.add([one for one in found.registrations if one.info.name == name])
        for text in (brought, base64.b64encode(brought.encode()).decode()):
            assert name in known(store, text)
    store.rotate("exec", value(9).encode(), 60)
    assert known(store, value(9)) == {"exec"}
    assert known(store, value(1)) == {"exec@old"}
    bait, text = enlister.canary("bait", "github-token")
    store.add([bait])
    assert "bait" in known(store, text)
