"""`dlp run` and `dlp probe`: the real programs in a real cage, round the real proxy."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.harness.proxy import DLP

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed"
)


@pytest.fixture
def cage(proxy, tmp_path):
    """Run a command in the cage, with a home of its own."""
    home, work = tmp_path / "home", tmp_path / "work"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_test").write_text("private")
    work.mkdir()

    def run(*words, options=(), **variables):
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), **variables}
        address = proxy.url.removeprefix("http://")
        command = [DLP, "run", "--proxy", address, "--state", proxy.state]
        return subprocess.run(
            [*command, "--rules", proxy.rules, *options, "--", *words],
            env=environment,
            cwd=work,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    run.home, run.work = home, work
    return run


def test_the_probe_finds_no_way_out_of_the_cage(cage):
    done = cage(DLP, "probe", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    checks = json.loads(done.stdout)
    assert len(checks) >= 15
    assert not any(check["escaped"] for check in checks)


def test_the_probe_says_so_where_there_is_a_way_out():
    # A namespace with a route of its own: nothing leaves this machine.
    script = (
        "ip link set lo up; ip addr add 198.51.100.1/32 dev lo;"
        'ip route add default dev lo src 198.51.100.1; "$0" probe --json'
    )
    done = subprocess.run(
        ["unshare", "-Urn", "sh", "-c", script, DLP],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    escaped = {c["name"] for c in json.loads(done.stdout) if c["escaped"]}
    assert {"UDP", "QUIC"} <= escaped


def test_curl_in_the_cage_reaches_the_origin_through_the_proxy(cage, secure):
    done = cage("curl", "-sS", "-d", "hello", secure.url("/echo", "b.test"))
    assert (done.returncode, done.stdout) == (0, "hello"), done.stderr
    assert secure.requests[0].body == b"hello"


def test_what_policy_refuses_is_refused_in_the_cage(cage):
    done = cage("curl", "-sS", "https://elsewhere.example/")
    assert json.loads(done.stdout)["type"] == "urn:agent-dlp:destination"


def test_node_and_python_in_the_cage(cage, secure):
    url = secure.url("/echo", "b.test")
    script = f"fetch('{url}', {{method: 'POST', body: 'node'}}).then(r => r.text())"
    done = cage("node", "-e", f"{script}.then(t => console.log(t))")
    assert done.stdout == "node\n", done.stderr
    code = f"import requests; print(requests.post('{url}', data='python').text)"
    done = cage(sys.executable, "-c", code)
    assert done.stdout == "python\n", done.stderr


def test_a_socket_that_ignores_the_proxy_reaches_nothing(cage, plain):
    code = (
        "import socket; s = socket.socket(); s.settimeout(2);"
        f"print(s.connect_ex(('127.0.0.1', {plain.port})))"
    )
    done = cage(sys.executable, "-c", code)
    assert int(done.stdout) != 0
    assert plain.empty


def test_noproxy_reaches_nothing(cage, plain):
    done = cage("curl", "-sS", "--noproxy", "*", plain.url("/", "127.0.0.1"))
    assert done.returncode != 0
    assert plain.empty


def test_a_socket_in_the_file_system_is_hidden(cage):
    path = cage.work / "service.sock"
    with socket.socket(socket.AF_UNIX) as service:
        service.bind(str(path))
        service.listen()
        heard = []
        threading.Thread(target=_hear, args=(service, heard), daemon=True).start()
        code = (
            "import socket, sys; s = socket.socket(socket.AF_UNIX);"
            "print(s.connect_ex(sys.argv[1]))"
        )
        done = cage(sys.executable, "-c", code, str(path))
    assert int(done.stdout) != 0
    assert heard == []


def _hear(service, heard):
    try:
        heard.append(service.accept())
    except OSError:
        pass


def test_keys_and_the_proxys_state_cannot_be_seen(cage, proxy):
    done = cage("ls", "-A", str(cage.home / ".ssh"), str(proxy.state))
    assert "id_test" not in done.stdout
    assert "ca" not in done.stdout.split()


def test_only_the_working_folder_is_writable(cage, proxy):
    done = cage("sh", "-c", 'echo x > here; echo x > "$HOME/there"')
    assert (cage.work / "here").read_text() == "x\n"
    assert not (cage.home / "there").exists()
    policy = Path(proxy.rules, "policy.yaml")
    before = policy.read_text()
    done = cage("sh", "-c", f"echo x >> {policy}")
    assert done.returncode != 0
    assert policy.read_text() == before


def test_the_environment_is_a_list_of_what_may_go_in(cage):
    done = cage("env", LD_PRELOAD="", PYTHONPATH="/x", SECRET_THING="1", LANG="C")
    names = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert "LANG" in names
    assert not names & {"LD_PRELOAD", "PYTHONPATH", "SECRET_THING"}


def test_a_named_variable_goes_in(cage):
    done = cage("env", options=["--env", "SECRET_THING"], SECRET_THING="1")
    assert "SECRET_THING=1" in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "code"),
    [(["sh", "-c", "exit 3"], 3), (["sh", "-c", "kill -TERM $$"], 143), (["/no"], 127)],
)
def test_the_exit_code_is_the_commands(cage, words, code):
    assert cage(*words).returncode == code


def test_without_a_proxy_nothing_starts(cage, tmp_path):
    done = cage("touch", "ran", options=["--proxy", "127.0.0.1:1"])
    assert done.returncode == 2
    assert "no proxy answers" in done.stderr
    assert not (cage.work / "ran").exists()


def test_without_bubblewrap_a_required_cage_is_refused(cage, tmp_path):
    only_curl = tmp_path / "bin"
    only_curl.mkdir()
    (only_curl / "true").symlink_to(shutil.which("true"))
    done = cage("true", options=["--require-cage"], PATH=str(only_curl))
    assert done.returncode == 2
    assert "no cage can be built" in done.stderr
    done = cage("true", PATH=str(only_curl))
    assert done.returncode == 0
    assert "NOT contained" in done.stderr
