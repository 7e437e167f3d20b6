import stat

import pytest
from typer.testing import CliRunner

from dlp.cage.environment import share_trust, trust_in, variables
from dlp.cli.ca import app as ca
from dlp.cli.env import app as env
from dlp.errors import StateError, UsageError

PROXY = "http://a:t@10.0.0.1:8080"


@pytest.fixture
def shared(tmp_path):
    (tmp_path / "state").mkdir(mode=0o700)
    share_trust(tmp_path / "state", tmp_path / "trust")
    return tmp_path / "trust"


def test_what_is_shared_can_be_read_by_everybody_and_holds_no_key(shared):
    paths = sorted(shared.iterdir())
    names = ["bundle.pem", "ca.pem", "node-proxy.cjs", "truststore.p12"]
    assert [path.name for path in paths] == names
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o644}
    assert all(b"PRIVATE KEY" not in path.read_bytes() for path in paths)


def test_every_path_in_the_variables_is_in_the_shared_folder(shared):
    """The client has neither the state folder nor this package."""
    text = " ".join(variables(PROXY, trust_in(shared)).values())
    paths = [word.rpartition("=")[2] for word in text.split() if "/" in word]
    paths = [path for path in paths if not path.startswith("http")]
    assert len(paths) > 10
    assert {path.rpartition("/")[0] for path in paths} == {str(shared)}


@pytest.mark.parametrize(
    "name", ["all_proxy", "CARGO_HTTP_PROXY", "GRPC_PROXY", "OPENCLAW_PROXY_URL"]
)
def test_who_reads_another_name_is_told_of_the_proxy(shared, name):
    assert variables(PROXY, trust_in(shared))[name] == PROXY


def test_env_prints_a_file_for_systemd_and_containers(shared):
    words = ["--shell", "file", "--proxy", PROXY, "--trust", str(shared)]
    rows = CliRunner().invoke(env, words, catch_exceptions=False).stdout.splitlines()
    table = dict(row.split("=", 1) for row in rows)
    assert table == variables(PROXY, trust_in(shared))


def test_env_says_what_is_missing(tmp_path):
    with pytest.raises(UsageError, match="dlp ca trust"):
        CliRunner().invoke(env, ["--trust", str(tmp_path)], catch_exceptions=False)


def test_ca_trust_writes_them(tmp_path):
    words = ["trust", str(tmp_path / "t"), "--state", str(tmp_path / "s")]
    assert CliRunner().invoke(ca, words, catch_exceptions=False).exit_code == 0
    assert (tmp_path / "t" / "ca.pem").read_bytes() == (
        tmp_path / "s" / "ca" / "ca.pem"
    ).read_bytes()


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "f").write_text("")
    with pytest.raises(StateError, match="cannot write"):
        share_trust(tmp_path / "s", tmp_path / "f")
