import json
import os
import re
from random import Random

import pytest
from typer.testing import CliRunner

from dlp.audit import lines
from dlp.broker import sources
from dlp.broker.recognise import matches
from dlp.cli.secrets import app
from dlp.detect.rules import load_rules
from dlp.detect.templates import expand
from dlp.errors import SecretError, StateError, UsageError
from dlp.model import View
from dlp.state.secrets import SecretStore


def token(seed: int = 0, size: int = 40) -> str:
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return "".join(Random(seed).choices(alphabet, k=size))


def run(state, *words, stdin: str | bytes | None = None):
    result = CliRunner().invoke(app, [*words, "--state", str(state)], input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def names(state) -> list[str]:
    return [stored.info.name for stored in SecretStore(state).entries()]


def knows(state, value: str) -> bool:
    hits = SecretStore(state).index().scan([View(value.encode(), 0)])
    return any(hit.whole for hit in hits)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_stdin_without_its_last_newline_is_the_value(tmp_path, ending):
    result = run(tmp_path, "add", "api", "--stdin", stdin=token() + ending)
    assert result.exit_code == 0
    assert knows(tmp_path, token())
    assert token() not in result.output


@pytest.mark.parametrize("given", ["", "\n"])
def test_an_empty_value_is_told(tmp_path, given):
    with pytest.raises(SecretError, match="api: the value is empty"):
        run(tmp_path, "add", "api", "--stdin", stdin=given)


def test_only_one_newline_is_dropped(tmp_path):
    run(tmp_path, "add", "api", "--stdin", stdin=token() + "\n\n")
    assert run(tmp_path, "verify", "api", "--stdin", stdin=token()).exit_code == 1
    assert (
        run(tmp_path, "verify", "api", "--stdin", stdin=token() + "\n\n").exit_code == 0
    )


def test_an_environment_variable_is_the_value(tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", token())
    run(tmp_path, "add", "api", "--env", "SOME_TOKEN", "--host", "API.Example.com.")
    assert knows(tmp_path, token())
    assert SecretStore(tmp_path).index().info("api").hosts == ("api.example.com",)


def test_a_dotenv_registers_what_is_secret_and_says_what_is_not(tmp_path):
    file = tmp_path / "app.env"
    file.write_text(
        f"# comment\nexport API_TOKEN={token()}\nDB_PASSWORD='{token(1, 16)}'\n"
        "DEBUG=true\nHOST=db.internal.example.com\nEMPTY=\nAPI_KEY=<your key>\n"
        f"RANDOM={token(2)} # why\n"
    )
    result = run(tmp_path, "add", "app", "--dotenv", str(file))
    assert names(tmp_path) == ["app/API_TOKEN", "app/DB_PASSWORD", "app/RANDOM"]
    for line in (
        "skipped DEBUG, HOST: an address, a path, a number or a switch",
        "skipped EMPTY: empty",
        "skipped API_KEY: a placeholder",
    ):
        assert line in result.output
    assert knows(tmp_path, token(2))
    assert token() not in result.output


def test_a_dotenv_without_secrets_is_an_error(tmp_path):
    file = tmp_path / "app.env"
    file.write_text("DEBUG=true\n")
    with pytest.raises(SecretError, match="nothing to register"):
        run(tmp_path, "add", "app", "--dotenv", str(file))


def test_list_shows_names_and_bindings(tmp_path):
    words = ("--host", "*.example.com", "--host", "@github", "--slot", "header:X-Key")
    run(tmp_path, "add", "api", "--stdin", *words, stdin=token())
    assert "*.example.com, @github in header:x-key" in run(tmp_path, "list").output
    (row,) = json.loads(run(tmp_path, "list", "--json").stdout)
    assert row["name"] == "api"
    assert row["slots"] == ["header:x-key"]


def test_remove_forgets(tmp_path):
    run(tmp_path, "add", "api", "--stdin", stdin=token())
    run(tmp_path, "remove", "api")
    assert names(tmp_path) == []
    with pytest.raises(SecretError, match="no secret is called"):
        run(tmp_path, "remove", "api")


def test_what_cannot_be_recorded_is_not_forgotten(tmp_path):
    run(tmp_path, "add", "api", "--stdin", stdin=token())
    (tmp_path / "audit" / "cli.lock").unlink()
    (tmp_path / "audit" / "cli.lock").mkdir()
    with pytest.raises(StateError):
        run(tmp_path, "remove", "api")
    assert names(tmp_path) == ["api"]


def test_a_name_that_is_not_known_leaves_the_others_and_no_record(tmp_path):
    run(tmp_path, "add", "api", "--stdin", stdin=token())
    with pytest.raises(SecretError, match="no secret is called"):
        run(tmp_path, "remove", "api", "nobody")
    assert names(tmp_path) == ["api"]
    assert [line.data["verb"] for line in lines(tmp_path / "audit")] == ["secret.add"]


def test_what_was_done_is_on_record(tmp_path):
    run(tmp_path, "add", "api", "--stdin", stdin=token())
    run(tmp_path, "remove", "api")
    told = [
        (line.data["verb"], line.data["object"]) for line in lines(tmp_path / "audit")
    ]
    assert told == [("secret.add", "api"), ("secret.remove", "api")]


@pytest.mark.parametrize(
    "words",
    [
        ("--host", "https://api.example.com"),
        ("--host", "api.example.com:443"),
        ("--host", "*"),
        ("--host", "*.com"),
        ("--host", "*.github.io"),
        ("--slot", "header:two words"),
        ("--slot", "cookie"),
        ("--slot", "header:"),
        ("--env", "NOT_SET_ANYWHERE"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, words):
    with pytest.raises(UsageError):
        run(tmp_path, "add", "api", *words, stdin=token())
    assert names(tmp_path) == []


@pytest.mark.parametrize("host", ["*.example.com", "*.zendesk.com", "*.googleapis.com"])
def test_every_host_of_one_company_may_be_meant(tmp_path, host):
    run(tmp_path, "add", "api", "--stdin", "--host", host, stdin=token())
    assert SecretStore(tmp_path).index().info("api").hosts == (host,)


def test_a_file_taken_for_a_value_is_refused_at_once(tmp_path):
    """Its length is looked at before any rule is."""
    with pytest.raises(SecretError, match="api: the value has 10000000 bytes"):
        run(tmp_path, "add", "api", "--stdin", stdin=token(size=10_000_000))


def test_nothing_is_not_a_value_to_verify(tmp_path):
    run(tmp_path, "add", "api", "--stdin", stdin=token())
    with pytest.raises(SecretError, match="api: the value is empty"):
        run(tmp_path, "verify", "api", "--stdin", stdin="\n")


def test_a_name_said_twice_is_removed_once(tmp_path):
    run(tmp_path, "add", "api", "--stdin", stdin=token())
    assert run(tmp_path, "remove", "api", "api").output == "removed api\n"


def test_other_bytes_than_utf_8_are_the_value_as_they_stand(tmp_path, monkeypatch):
    odd = b"\xe9" + token(3).encode()
    monkeypatch.setitem(os.environb, b"ODD_TOKEN", odd)
    run(tmp_path, "add", "here", "--from-env")
    file = tmp_path / "app.env"
    file.write_bytes(b"ODD_TOKEN=" + odd + b"\n")
    run(tmp_path, "add", "file", "--dotenv", str(file))
    store = SecretStore(tmp_path)
    assert store.verify("here/ODD_TOKEN", odd)
    assert store.verify("file/ODD_TOKEN", odd)


def test_a_line_of_a_dotenv_that_cannot_be_read_is_told(tmp_path):
    file = tmp_path / "app.env"
    long = token(size=20_000)
    file.write_text(
        f"A_TOKEN={token()}\nSCHLÜSSEL={token(1)}\n\nexport\nB_TOKEN={long}\n"
    )
    result = run(tmp_path, "add", "app", "--dotenv", str(file))
    assert "skipped line 2, line 4: no KEY=value" in result.output
    assert "skipped B_TOKEN: longer than any key" in result.output
    assert names(tmp_path) == ["app/A_TOKEN"]


def test_two_sources_are_refused(tmp_path):
    with pytest.raises(UsageError, match="--stdin and --env"):
        run(tmp_path, "add", "api", "--stdin", "--env", "HOME", stdin=token())


def test_what_a_program_prints_is_the_value(tmp_path):
    run(tmp_path, "add", "api", "--exec", f"printf '%s\\n' {token()}")
    assert knows(tmp_path, token())


def test_the_environment_registers_what_is_secret_in_it(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_SERVICE_TOKEN", token())
    result = run(tmp_path, "add", "here", "--from-env")
    assert "here/MY_SERVICE_TOKEN" in names(tmp_path)
    assert "here/PATH" not in names(tmp_path)
    assert re.search("^skipped (.*, )?PATH(, .*)?: ", result.output, re.MULTILINE)
    assert token() not in result.output


def github_token() -> str:
    return expand("{github:gh" + "p_:36}", seed=5)


def test_a_vendors_key_is_bound_to_its_vendor(tmp_path):
    run(tmp_path, "add", "gh", "--stdin", stdin=github_token())
    info = SecretStore(tmp_path).index().info("gh")
    assert "api.github.com" in info.hosts
    assert info.rule == "github-token"
    assert info.slots[0] == "default"


def test_named_hosts_replace_the_vendors(tmp_path):
    run(
        tmp_path,
        "add",
        "gh",
        "--stdin",
        "--host",
        "git.example.com",
        stdin=github_token(),
    )
    assert SecretStore(tmp_path).index().info("gh").hosts == ("git.example.com",)


def test_a_rotation_keeps_the_bindings_and_the_old_value(tmp_path):
    run(tmp_path, "add", "api", "--stdin", "--host", "a.example", stdin=token())
    result = run(tmp_path, "rotate", "api", "--stdin", "--keep", "2h", stdin=token(1))
    assert "api@old for 2h" in result.output
    assert knows(tmp_path, token())
    assert knows(tmp_path, token(1))
    assert SecretStore(tmp_path).index().info("api").hosts == ("a.example",)
    assert "(forgotten 20" in run(tmp_path, "list").output


def test_rotation_and_verification_take_what_a_vault_or_keyring_gives(
    tmp_path, monkeypatch
):
    held = {"app/key": token(1).encode(), "app": {"key": token(1), "other": token(2)}}
    monkeypatch.setattr(sources, "vault", held.__getitem__)
    monkeypatch.setattr(sources, "keyring", held.__getitem__)
    run(tmp_path, "add", "api", "--stdin", stdin=token())
    run(tmp_path, "rotate", "api", "--vault", "app/key")
    assert run(tmp_path, "verify", "api", "--keyring", "app/key").exit_code == 0
    with pytest.raises(UsageError, match="#FIELD"):
        run(tmp_path, "rotate", "api", "--vault", "app")


def test_a_group_that_no_policy_has_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"@gitbub is no group .* it has @github"):
        run(tmp_path, "add", "api", "--stdin", "--host", "@gitbub", stdin=token())
    run(tmp_path, "add", "api", "--stdin", "--host", "@github", stdin=token())


@pytest.mark.parametrize("keep", ["", "2", "2w", "-1h", "1.5h"])
def test_an_unclear_duration_is_refused(tmp_path, keep):
    run(tmp_path, "add", "api", "--stdin", stdin=token())
    with pytest.raises(UsageError, match="90m"):
        run(tmp_path, "rotate", "api", "--stdin", "--keep", keep, stdin=token(1))


def test_a_canary_looks_real_and_goes_nowhere(tmp_path):
    first = run(tmp_path, "canary", "bait").stdout.strip()
    second = run(tmp_path, "canary", "bait2", "--like", "github-token").stdout.strip()
    index = SecretStore(tmp_path).index()
    assert knows(tmp_path, first)
    assert knows(tmp_path, second)
    assert index.info("bait").canary
    assert index.info("bait2").hosts == ()
    rule = next(rule for rule in load_rules() if rule.id == "github-token")
    assert matches(second.encode(), (rule,))


def test_a_canary_like_nothing_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"no rule is called 'github'.*github-token"):
        run(tmp_path, "canary", "bait", "--like", "github")


def test_without_a_source_and_a_terminal_the_sources_are_named(tmp_path):
    with pytest.raises(UsageError, match="--stdin"):
        run(tmp_path, "add", "api", stdin=token())
