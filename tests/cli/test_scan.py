import gzip
import json
import os
import random
import string
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dlp.cli.scan import app
from dlp.detect.known.fingerprint import SecretInfo
from dlp.state.secrets import Registration, SecretStore
from tests.harness.leaks import leaks
from tests.harness.proxy import DLP, make_state
from tests.transformations import KNOWN_AND_VENDOR, KNOWN_ONLY

DRAW = random.Random(5)
SECRET = "".join(DRAW.choices(string.ascii_letters + string.digits, k=40))
WRITTEN = {**KNOWN_AND_VENDOR, **KNOWN_ONLY}


@pytest.fixture(scope="module")
def state(tmp_path_factory, compiled):
    folder = tmp_path_factory.mktemp("scan") / "state"
    make_state(folder, compiled)
    SecretStore(folder).add([Registration(SecretInfo("known"), SECRET.encode())])
    return folder


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The secret in every encoding, one file each."""
    folder = tmp_path_factory.mktemp("written")
    for name, write in WRITTEN.items():
        (folder / name).write_bytes(write(SECRET.encode()))
    return folder


def scan(state, *words, stdin=b""):
    result = CliRunner().invoke(app, [*map(str, words), "--state", str(state)], stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def rows(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_known_secret_is_found_in_every_encoding_and_never_printed(state, written):
    result = scan(state, written, "--json")
    found = {row["file"] for row in rows(result) if row["rule"] == "known"}
    assert {str(written / name) for name in WRITTEN} == found
    assert result.exit_code == 1
    table = scan(state, written / "plain", written / "in prose")
    assert leaks(SECRET, result.output, table.output) == []


def test_a_row_says_what_stands_where(state):
    result = scan(state, "--json", stdin=b"it is " + SECRET.encode())
    (row,) = rows(result)
    digest = row.pop("digest")
    assert row == {
        "file": "-",
        "rule": "known",
        "kind": "fingerprint",
        "tier": "certain",
        "path": "body",
        "span": [6, 46],
    }
    assert len(digest) >= 16


def test_pieces_that_make_up_enough_of_it_are_one_finding(state):
    pieces = [SECRET[at : at + 13] for at in (0, 26, 13)]
    between = "\n" + "words that nobody minds, many of them. " * 200 + "\n"
    (row,) = rows(scan(state, "-", "--json", stdin=between.join(pieces).encode()))
    assert (row["rule"], row["kind"], row["span"]) == ("known", "fingerprint", None)


def test_too_little_of_it_is_none(state):
    assert scan(state, stdin=SECRET[:12].encode()).exit_code == 0


def test_nothing_found_is_said_and_ends_with_0(state, tmp_path):
    (tmp_path / "a").write_text("hello")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "b").write_text(SECRET)
    result = scan(state, tmp_path)
    assert (result.exit_code, result.output) == (0, "1 file scanned, nothing found\n")
    assert scan(state, "--json", stdin=b"hello").output == ""


def test_what_cannot_be_read_ends_with_2_after_the_rest(state, written, tmp_path):
    result = scan(state, written / "plain", tmp_path / "gone", "--json")
    assert result.exit_code == 2
    assert f"{tmp_path / 'gone'}: No such file" in result.stderr
    assert [row["rule"] for row in rows(result)] == ["known"]


def test_a_device_that_never_ends_is_not_read(state):
    result = scan(state, "/dev/zero")
    assert result.exit_code == 2
    assert "/dev/zero: is a device, and may never end" in result.stderr


def test_a_pipe_is_read_where_it_is_named_and_not_waited_for_in_a_folder(
    state, tmp_path
):
    """As a shell gives one: `dlp scan <(git log -p)`."""
    os.mkfifo(tmp_path / "waits")
    (tmp_path / "a").write_text("hello")
    (tmp_path / "link").symlink_to(tmp_path / "waits")
    assert scan(state, tmp_path).exit_code == 0
    reads, writes = os.pipe()
    os.write(writes, SECRET.encode())
    os.close(writes)
    (row,) = rows(scan(state, f"/dev/fd/{reads}", "--json"))
    os.close(reads)
    assert row["rule"] == "known"


def test_a_long_name_is_shown_whole(state, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    file = tmp_path / ("a" * 100)
    file.write_text(SECRET)
    shown = scan(state, file).stdout
    assert "".join(shown.split()).count("a") > 100
    assert "…" not in shown


def test_two_keys_of_one_rule_are_two_findings(state):
    keys = [f"ghp_{''.join(DRAW.choices(string.ascii_letters, k=36))}" for _ in "ab"]
    plain, packed = (f"token: {key}\n".encode() for key in keys)
    found = rows(scan(state, "-", "--json", stdin=plain + gzip.compress(packed)))
    assert len({row["digest"] for row in found if row["rule"] == "github-token"}) == 2


def test_a_name_is_shown_as_it_is(state, tmp_path):
    file = tmp_path / "app[slug]:100:[red].tsx"
    file.write_bytes(SECRET.encode())
    assert file.name in scan(state, file).stdout.replace("\n", "")


def test_a_folder_that_may_not_be_entered_is_named(tmp_path, state):
    """Also root is told: in a user namespace of its own it may no more than others."""
    (tmp_path / "open").write_text("words")
    (tmp_path / "closed").mkdir(mode=0)
    command = ["unshare", "-U", DLP, "scan", tmp_path, "--state", state]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (tmp_path / "closed").chmod(0o700)
    assert f"dlp: {tmp_path / 'closed'}: Permission denied\n" in done.stderr
    assert done.returncode == 2


def in_home(home, *words):
    """As a user who may enter no folder that is closed, also when that is root."""
    command = ["unshare", "-U", DLP, *words]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment
    )


def test_without_a_state_that_can_be_seen_it_scans_and_says_so(tmp_path, written):
    home = tmp_path / "home"
    home.mkdir(mode=0)
    done = in_home(home, "scan", str(written / "plain"))
    home.chmod(0o700)
    assert "dlp: known secrets are not looked for: the state folder" in done.stderr
    assert "Permission denied; name another with --state" in done.stderr
    assert (done.returncode, "nothing found" in done.stdout) == (0, True)


def test_a_state_that_is_named_and_cannot_be_seen_ends_with_2(tmp_path, written):
    home = tmp_path / "home"
    home.mkdir(mode=0)
    done = in_home(home, "scan", str(written / "plain"), "--state", str(home / "state"))
    home.chmod(0o700)
    assert done.stderr.startswith(f"dlp: the state folder {home / 'state'} cannot be")
    assert done.returncode == 2


def test_a_user_without_a_home_is_told(monkeypatch, tmp_path):
    """As in a container where the user is a number."""

    def none():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", none)
    (tmp_path / "words").write_text("words")
    done = CliRunner().invoke(app, [str(tmp_path / "words")])
    assert done.exit_code == 0
    assert "no home folder: name the state folder with --state" in done.stderr
