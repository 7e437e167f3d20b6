import base64
import hashlib
import itertools
import os
import subprocess
import sys
import threading
from dataclasses import replace
from random import Random

import pytest

from dlp.detect.known.fingerprint import SecretInfo
from dlp.errors import SecretError, StateError
from dlp.model import View
from dlp.state import vault
from dlp.state.secrets import Registration, SecretStore


def token(seed: int = 0, size: int = 40) -> bytes:
    alphabet = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return bytes(Random(seed).choices(alphabet, k=size))


def registration(name: str, value: bytes, **bindings) -> Registration:
    return Registration(SecretInfo(name, **bindings), value)


def found(store: SecretStore, value: bytes) -> set[str]:
    return {hit.name for hit in store.index().scan([View(b"x=" + value, 0)])}


def test_a_registered_secret_is_known_to_another_process(tmp_path):
    SecretStore(tmp_path).add([registration("a", token(), hosts=("x.example",))])
    store = SecretStore(tmp_path)
    assert found(store, token()) == {"a"}
    assert store.index().info("a").hosts == ("x.example",)
    assert store.verify("a", token())
    assert not store.verify("a", token(1))


@pytest.mark.parametrize("size", [12, 40])
def test_many_values_are_verified_each_by_its_own(tmp_path, size):
    values = {f"s{n}": token(n, size) for n in range(5)}
    store = SecretStore(tmp_path)
    assert store.add(itertools.starmap(registration, values.items())) == tuple(values)
    assert all(store.verify(name, value) for name, value in values.items())
    assert not store.verify("s0", values["s1"])
    assert len({stored.hashed for stored in store.entries()}) == 5


def test_a_value_hashed_at_the_cost_of_older_versions_is_verified(tmp_path):
    store, path = SecretStore(tmp_path), tmp_path / "secrets"
    store.add([registration("a", token())])
    content = vault.read(path)
    (stored,) = content.secrets
    slow = hashlib.scrypt(token(), salt=stored.salt, n=1 << 14, r=8, p=1, dklen=32)
    assert slow != stored.hashed
    vault.write(path, replace(content, secrets=(replace(stored, hashed=slow),)))
    assert store.verify("a", token())
    assert not store.verify("a", token(1))


def test_a_running_reader_sees_a_change(tmp_path):
    reader, writer = SecretStore(tmp_path), SecretStore(tmp_path)
    before = reader.generation()
    assert found(reader, token()) == set()
    writer.add([registration("a", token())])
    assert reader.generation() != before
    assert found(reader, token()) == {"a"}
    assert reader.index() is reader.index()
    writer.remove(["a"])
    assert found(reader, token()) == set()


def test_no_file_holds_the_value_or_a_form_of_it(tmp_path):
    value = token(size=64)
    SecretStore(tmp_path).add([registration("a", value)])
    forms = [value, value.lower(), value[::-1], value.hex().encode()]
    forms += [base64.b64encode(bytes(n) + value)[4:] for n in range(3)]
    pieces = {form[i : i + 8] for form in forms for i in range(len(form) - 8)}
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [piece for piece in pieces if piece in content], path
            assert path.stat().st_mode & 0o077 == 0, path


def test_tags_do_not_stand_in_the_file(tmp_path):
    store = SecretStore(tmp_path)
    store.add([registration("a", token())])
    tags = store.entries()[0].taken.tags
    sealed = (tmp_path / "secrets").read_bytes()
    assert not [tag for tag in tags if tag.tobytes() in sealed]


def test_adding_again_renews_the_bindings(tmp_path):
    store = SecretStore(tmp_path)
    assert store.add([registration("a", token())]) == ("a",)
    assert store.add([registration("a", token(), hosts=("x.example",))]) == ()
    assert store.index().info("a").hosts == ("x.example",)


def test_another_value_under_the_name_is_refused(tmp_path):
    store = SecretStore(tmp_path)
    store.add([registration("a", token())])
    with pytest.raises(SecretError, match="rotate a"):
        store.add([registration("b", token(2)), registration("a", token(1))])
    assert [stored.info.name for stored in store.entries()] == ["a"]


def test_a_rotation_keeps_bindings_and_knows_the_old_value_for_a_while(tmp_path):
    now = 1000.0
    store = SecretStore(tmp_path, now=lambda: now)
    store.add([registration("a", token(), hosts=("x.example",))])
    assert store.rotate("a", token(1), keep_s=60) == "a@old"
    assert found(store, token()) == {"a@old"}
    assert found(store, token(1)) == {"a"}
    assert store.index().info("a").hosts == ("x.example",)
    assert store.index().info("a@old").hosts == ("x.example",)
    assert store.rotate("a", token(2), keep_s=90) == "a@old2"
    now = 1070.0
    assert {stored.info.name for stored in store.entries()} == {"a", "a@old2"}
    with pytest.raises(SecretError, match="already"):
        store.rotate("a", token(2), keep_s=60)


@pytest.mark.parametrize("name", ["", "-x", "a b", "a\n", "x" * 129, "ключ"])
def test_a_name_that_reports_could_not_show_is_refused(tmp_path, name):
    with pytest.raises(SecretError, match="cannot name"):
        SecretStore(tmp_path).add([registration(name, token())])


def test_a_refused_value_is_not_in_the_message(tmp_path):
    with pytest.raises(SecretError) as caught:
        SecretStore(tmp_path).add([registration("pin", b"hunter22")])
    assert "pin" in str(caught.value)
    assert "hunter22" not in str(caught.value)


def damage_tail(folder):
    path = folder / "secrets"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "a flipped bit": damage_tail,
    "cut short": lambda folder: os.truncate(folder / "secrets", 100),
    "empty": lambda folder: os.truncate(folder / "secrets", 0),
    "another key": lambda folder: (folder / "keys/secrets").write_bytes(bytes(32)),
    "no key": lambda folder: (folder / "keys/secrets").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_told_and_nothing_is_overwritten(tmp_path, damage):
    store = SecretStore(tmp_path)
    store.add([registration("a", token())])
    damage(tmp_path)
    present = (tmp_path / "secrets").read_bytes()
    for act in (
        SecretStore(tmp_path).index,
        lambda: store.add([registration("b", token(1))]),
    ):
        with pytest.raises(SecretError, match="restore"):
            act()
    assert (tmp_path / "secrets").read_bytes() == present


def test_a_key_of_the_wrong_size_is_told(tmp_path):
    SecretStore(tmp_path).add([registration("a", token())])
    (tmp_path / "keys/secrets").write_bytes(b"short")
    with pytest.raises(StateError, match="damaged"):
        SecretStore(tmp_path).index()


def test_the_key_can_be_a_systemd_credential(tmp_path, monkeypatch):
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "agent-dlp-secrets-key").write_bytes(bytes(range(32)))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    state = tmp_path / "state"
    state.mkdir()
    SecretStore(state).add([registration("a", token())])
    assert not (state / "keys").exists()
    assert found(SecretStore(state), token()) == {"a"}
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(SecretError, match="missing"):
        SecretStore(state).index()


def test_threads_lose_no_write(tmp_path):
    def add(number: int) -> None:
        SecretStore(tmp_path).add([registration(f"n{number}", token(number))])

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(SecretStore(tmp_path).entries()) == 8


def test_processes_lose_no_write(tmp_path):
    script = """
import sys
from pathlib import Path
from random import Random
from dlp.detect.known.fingerprint import SecretInfo
from dlp.state.secrets import Registration, SecretStore
name = sys.argv[2]
value = bytes(Random(name).choices(range(97, 123), k=40))
SecretStore(Path(sys.argv[1])).add([Registration(SecretInfo(name), value)])
"""
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path), f"n{number}"])
        for number in range(4)
    ]
    assert [process.wait() for process in running] == [0, 0, 0, 0]
    assert len(SecretStore(tmp_path).entries()) == 4


def test_a_store_of_another_version_is_told(tmp_path):
    (tmp_path / "secrets").write_bytes(b"agent-dlp secrets 2\n" + bytes(64))
    with pytest.raises(SecretError, match="another version of dlp"):
        SecretStore(tmp_path).entries()
