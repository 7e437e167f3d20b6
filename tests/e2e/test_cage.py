"""
`dlp run` and `dlp probe`: real cages round a real proxy, for an unprivileged user.

All of it on an island without routes (`tests.harness.island`), so that what a hole lets
out reaches nothing.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from dlp.cage.probe import CHECKS
from tests.harness.proxy import DLP

pytestmark = pytest.mark.timeout(300)  # the first one compiles the rules

MODES = ("bubblewrap", "unshare")
HOLED = Path(__file__).parents[1] / "harness" / "holed.py"


@pytest.fixture
def plain(island):
    island.origins["plain"].clear()
    return island.origins["plain"]


@pytest.fixture
def secure(island):
    island.origins["secure"].clear()
    return island.origins["secure"]


@pytest.fixture(params=MODES)
def cage(request, island, tmp_path):
    """Run a command in the cage, with a home of its own."""
    island.need(request.param)
    folder = island.make(tmp_path.name + request.param)
    island.furnish(folder)

    def run(*words, options=(), **variables):
        options = ["--cage", request.param, *options]
        return island.contained(folder, options, *words, **variables)

    run.home, run.work, run.mode = folder / "home", folder / "work", request.param
    return run


def test_the_user_is_no_root(island):
    assert island.run("id", "-u").stdout != "0\n"


def test_the_probe_finds_no_way_out_of_the_cage(cage):
    done = cage(DLP, "probe", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    checks = json.loads(done.stdout)
    assert [check["name"] for check in checks] == [name for name, _ in CHECKS]
    assert not any(check["escaped"] for check in checks)


def test_what_is_not_contained_is_said_to_get_out(island):
    done = island.run(DLP, "probe", "--json")
    escaped = {c["name"] for c in json.loads(done.stdout) if c["escaped"]}
    assert done.returncode == 1
    assert "services on loopback" in escaped
    table = island.run(DLP, "probe")
    assert table.returncode == 1
    assert "ways out round the proxy" in table.stdout


def test_a_route_is_a_way_out(island):
    script = (
        "ip addr add 198.51.100.1/32 dev lo && ip link set lo up &&"
        'ip route add default dev lo src 198.51.100.1 && "$0" probe --json'
    )
    done = island.run("unshare", "-Urn", "sh", "-c", script, DLP)
    if not done.stdout:
        pytest.skip(f"no namespace with a route can be made here: {done.stderr}")
    escaped = {c["name"] for c in json.loads(done.stdout) if c["escaped"]}
    assert {
        "UDP", "QUIC", "NTP", "ICMP", "DNS to a public resolver", "private networks",
        "SCTP, UDP-Lite, DCCP, MPTCP", "multicast DNS and neighbours", "raw sockets",
        "packet sockets", "capabilities",
    } <= escaped  # fmt: skip


@pytest.mark.parametrize(
    ("hole", "noticed"),
    [
        ("bubblewrap: network", "services on loopback"),
        ("bubblewrap: processes", "processes outside"),
        ("bubblewrap: home", "~/.ssh"),
        ("bubblewrap: calls", "key rings"),
        ("unshare: network", "services on loopback"),
        ("unshare: processes", "processes"),
        ("unshare: privileges", "setuid programs|key rings"),
        ("unshare: mounts", "~/.ssh"),
    ],
)
def test_a_hole_is_noticed_and_the_command_not_run(island, hole, noticed):
    mode = hole.partition(":")[0]
    island.need(mode)
    folder = island.make(hole.replace(": ", "-"))
    (folder / "work").mkdir()
    holed = shutil.copy(HOLED, folder / "work")
    program = [sys.executable, holed, hole, "dlp.cli"]
    done = island.contained(folder, ["--cage", mode], "touch", "ran", program=program)
    assert done.returncode == 70, done.stdout + done.stderr
    assert any(name in done.stderr for name in noticed.split("|")), done.stderr
    assert not (folder / "work" / "ran").exists()


DIRECT = """
import socket, sys
trial = socket.socket()
trial.settimeout(2)
print(trial.connect_ex(("127.0.0.1", int(sys.argv[1]))) != 0)
"""


def test_what_policy_allows_is_reached_and_nothing_round_it(
    cage, island, secure, plain
):
    """Namespaces of our own redirect what knows of no proxy; bubblewrap's are dead."""
    script = """
    curl -sS -d hello "$1"; echo
    curl -sS https://elsewhere.example/; echo
    "$5" -c "$3" "$4"
    curl -sS --noproxy "*" "http://127.0.0.1:$4/" && echo out
    env -i PATH="$PATH" curl -sS -m 5 http://192.0.2.1/ && echo out
    env -i PATH="$PATH" curl -sSd redirected "$2" || echo closed; echo
    env -i PATH="$PATH" curl -sSd x "http://elsewhere.example:$4/" || echo closed; echo
    curl -sS "http://$6/metrics"; curl -sS -m 5 --noproxy "*" "http://$6/metrics"
    """
    urls = secure.url("/echo", "b.test"), plain.url("/echo", "b.test")
    words = (*urls, DIRECT, str(plain.port), sys.executable, island.metrics)
    done = cage("sh", "-c", script, "sh", *words)
    lines = [line for line in done.stdout.splitlines() if line]
    assert lines[0] == "hello", done.stderr
    assert json.loads(lines[1])["type"] == "urn:agent-dlp:destination"
    assert lines[2] == "True"
    assert lines[3] in {"closed", "redirected"}
    if lines[3] == "redirected":
        assert cage.mode == "unshare"
        assert json.loads(lines[4])["type"] == "urn:agent-dlp:destination"
    else:
        assert lines[4] == "closed"
    assert json.loads(lines[5])["status"] == 403
    assert [r.body for r in secure.requests] == [b"hello"]
    assert all(r.body == b"redirected" for r in plain.requests)


ESCAPES = r"""
umount "$HOME/.ssh" 2>/dev/null && echo umount
unshare -Urm sh -c 'umount -l "$HOME/.ssh" && ls "$HOME/.ssh"' 2>/dev/null
unshare -Urm sh -c 'mount -o remount,rw,bind / && touch /etc/out' 2>/dev/null
nsenter -t 1 -m -n true 2>/dev/null && echo nsenter
ls /proc/[0-9]*/root/"$HOME"/.ssh 2>/dev/null | grep id_test
unshare -Urn ip link add type dummy 2>/dev/null; ip route | grep .
cat "$HOME/.ssh/id_test" "$HOME/token" "$STATE/keys/"* 2>/dev/null
mv a/b c 2>/dev/null && echo swapped
mv a c 2>/dev/null && echo swapped
rm -rf a 2>/dev/null
echo x 2>/dev/null >> a/b/kept/policy.yaml && echo policy
echo x 2>/dev/null > "$HOME/there"
echo x 2>/dev/null > /etc/there && echo etc
echo x > here; echo x > "$EXTRA/e"; echo x > "$HOME/file"; echo x > /tmp/private
echo "$MY_FLAG"
"""


def test_what_a_hostile_command_tries_changes_and_shows_nothing(cage, island):
    """Policy's `cage:` says what else is hidden, writable and known."""
    kept, extra = cage.work / "a" / "b" / "kept", island.make(f"extra-{cage.mode}")
    kept.mkdir(parents=True)
    policy = (
        (island.rules / "policy.yaml")
        .read_text()
        .replace("cage: {hide: [/etc/hosts]}\n", "")
        + f"cage:\n  writable: [{extra}, ~/nowhere, ~/file]\n  hide: [~/token]\n"
        "  environment: [MY_FLAG, EXTRA, STATE]\n"
    )
    (kept / "policy.yaml").write_text(policy)
    (cage.home / "token").write_text("private")
    (cage.home / "file").write_text("old")
    island.give(cage.home)
    island.give(cage.work)
    given = {"MY_FLAG": "flag", "EXTRA": str(extra), "STATE": str(island.state)}
    done = cage("sh", "-c", ESCAPES, options=["--rules", kept], **given)
    assert done.stdout == "flag\n", done.stderr
    assert "~/nowhere, which policy's" in done.stderr
    assert "~/file, which policy's" not in done.stderr
    assert (kept / "policy.yaml").read_text() == policy
    written = (cage.work / "here", extra / "e", cage.home / "file")
    assert [path.read_text() for path in written] == ["x\n"] * 3
    assert not (cage.home / "there").exists()
    assert not Path("/tmp/private").exists()


KEEPS = """\
#!/bin/sh
echo x > "$CLAUDE_CONFIG_DIR/kept" && cat "$CLAUDE_CONFIG_DIR/.claude.json"
echo y > "$HOME/.claude.json"
"""


def test_a_known_agent_keeps_its_own_folder_and_no_more(cage, island):
    """Without it no tool of Claude Code runs; `hide` in policy takes it away."""
    agent = cage.work / "claude"
    agent.write_text(KEEPS)
    agent.chmod(0o755)
    (cage.home / ".claude.json").write_text("settings\n")
    island.give(cage.home)
    island.give(cage.work)
    done = cage("./claude")
    assert done.stdout == "settings\n", done.stderr
    assert (cage.home / ".claude" / "kept").read_text() == "x\n"
    assert (cage.home / ".claude.json").read_text() == "settings\n"
    hidden = cage.work / "rules"
    hidden.mkdir()
    policy = (island.rules / "policy.yaml").read_text()
    taken = policy.replace("hide: [/etc/hosts]", "hide: [~/.claude]")
    (hidden / "policy.yaml").write_text(taken)
    island.give(hidden)
    (cage.home / ".claude" / "kept").unlink()
    cage("./claude", options=["--rules", hidden])
    assert not (cage.home / ".claude" / "kept").exists()


def test_the_environment_is_a_list_and_no_argument_and_its_secrets_are_named(
    cage, island
):
    """Arguments can be read by every user of the machine."""
    secret = "".join(f"{os.urandom(2).hex()}Zq" for _ in range(8))
    name = f"test-{cage.mode}"
    environment = {"PATH": os.environ["PATH"], "VALUE": secret}
    command = [DLP, "secrets", "add", name, "--env", "VALUE", "--state", island.state]
    added = island.run(*command, "--host", "b.test", environment=environment)
    assert added.returncode == 0, added.stderr
    given = {"LD_PRELOAD": "", "PYTHONPATH": "/x", "MY_THING": "1", "LANG": "C"}
    given |= {"NODE_OPTIONS": "--inspect", "OPENAI_API_KEY": secret}
    given["DATABASE_URL"] = f"postgres://user:{secret}@b.test/"
    script = 'cat /proc/[0-9]*/cmdline | tr "\\0" "\\n"; echo; env; exit 3'
    done = cage("sh", "-c", script, options=["--env", "MY_THING"], **given)
    assert done.returncode == 3, done.stderr
    table = dict(x.split("=", 1) for x in done.stdout.splitlines() if "=" in x)
    assert (table["LANG"], table["MY_THING"]) == ("C", "1")
    assert not table.keys() & {"LD_PRELOAD", "PYTHONPATH", "DATABASE_URL"}
    assert "--inspect" not in table["NODE_OPTIONS"]
    assert done.stdout.count(secret) == 1
    assert f"DATABASE_URL (stays out) holds {name}" in done.stderr
    assert f"OPENAI_API_KEY (goes in) holds {name}" in done.stderr
    assert secret not in done.stderr


@pytest.mark.parametrize(
    ("words", "code"), [(["sh", "-c", "kill -TERM $$"], 143), (["/no"], 127)]
)
def test_the_exit_code_is_the_commands(cage, words, code):
    assert cage(*words, options=["--no-probe"]).returncode == code


TRAPPED = 'trap "exit 9" TERM; touch ready; for i in $(seq 300); do sleep 0.1; done'
SENT = """
"$@" & child=$!
for i in $(seq 300); do [ -e ready ] && break; sleep 0.1; done
kill -TERM $child; wait $child; echo $?
"""


def test_the_command_is_told_to_end(cage):
    done = cage(
        "sh", "-c", TRAPPED, options=["--no-probe"],
        program=("sh", "-c", SENT, "sh", DLP),
    )  # fmt: skip
    assert done.stdout == "9\n", done.stderr


AT_A_TERMINAL = """
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while b"ready" not in seen:
    seen += os.read(terminal, 1024)
os.write(terminal, b"\\x03")
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
INTERRUPTED = 'trap "exit 9" INT; echo ready; for i in $(seq 300); do sleep 0.1; done'


def test_the_keys_of_the_terminal_reach_the_command_and_leave_the_cage(cage):
    program = (sys.executable, "-c", AT_A_TERMINAL, DLP)
    done = cage("sh", "-c", INTERRUPTED, options=["--no-probe"], program=program)
    assert done.stdout == "9\n", done.stderr


SERVER = """
import socket, threading
stream, datagram = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX, 2)
stream.bind("stream.sock"); stream.listen(); datagram.bind("datagram.sock")
print("ready", flush=True)
def hear(heard):
    heard()
    open("heard", "w").close()
threading.Thread(target=hear, args=(stream.accept,), daemon=True).start()
threading.Timer(60, lambda: __import__("os")._exit(0)).start()
hear(lambda: datagram.recv(9))
"""
CLIENT = """
import socket
for name, kind in (("stream.sock", 1), ("datagram.sock", 2)):
    with socket.socket(socket.AF_UNIX, kind) as trial:
        print(trial.connect_ex(name) != 0)
"""


def test_a_socket_in_the_working_folder_is_hidden(cage, island):
    where = {"folder": cage.work, "until": "ready"}
    island.run(sys.executable, "-u", "-c", SERVER, **where)
    assert (cage.work / "datagram.sock").exists()
    done = cage(sys.executable, "-c", CLIENT, options=["--no-probe"])
    assert done.stdout == "True\nTrue\n", done.stderr
    assert not (cage.work / "heard").exists()


def test_without_a_proxy_nothing_starts(island):
    folder = island.make("no-proxy")
    done = island.contained(folder, ["--proxy", "127.0.0.1:1"], "touch", "ran")
    assert done.returncode == 2
    assert "no proxy answers" in done.stderr
    assert not (folder / "work" / "ran").exists()


def test_a_machine_without_bubblewrap_has_the_second_cage(island):
    island.need("unshare")
    folder = island.make("no-bubblewrap")
    done = island.contained(folder, ["--require-cage"], "/bin/true", PATH="/nowhere")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_machine_without_any_cage_is_told_so_and_a_required_one_refused(island):
    folder = island.make("no-cage")
    # A user namespace that may have no mount namespaces has no cage (namespaces(7)).
    script = 'echo 0 > /proc/sys/user/max_mnt_namespaces || exit 77; exec "$@"'
    program = ["unshare", "-Ur", "sh", "-c", script, "sh", DLP]
    given = {"LD_PRELOAD": "", "LANG": "C"}
    done = island.contained(folder, [], "env", program=program, **given)
    if done.returncode in {1, 77}:
        pytest.skip(f"no limit on namespaces can be set here: {done.stderr}")
    assert done.returncode == 0, done.stderr
    assert "NOT contained" in done.stderr
    names = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert {"HTTPS_PROXY", "LANG"} <= names
    assert "LD_PRELOAD" not in names
    options = ["--require-cage"]
    done = island.contained(folder, options, "touch", "ran", program=program)
    assert done.returncode == 2
    assert "no cage can be built" in done.stderr
    assert not (folder / "work" / "ran").exists()
