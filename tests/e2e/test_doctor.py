"""`dlp doctor` beside the real proxy, and what it tells of planted secrets."""

import json
import os
import random
import shutil
import string
import subprocess

import pytest

from dlp.detect.known.fingerprint import SecretInfo
from dlp.state.secrets import Registration, SecretStore
from tests.harness.proxy import DLP

RUNNING = [
    "proxy-answers", "proxy-guards-itself", "health", "worker-restarts", "reload-good",
    "reload-late", "secrets-in-force", "enforcing", "audit-written", "fail-closed",
    "port-proxy", "port-metrics", "proxy-root", "core-dumps", "open-files",
    "capabilities", "no-new-privileges", "system-calls", "audit-intact", "state-mode",
    "ca-key-mode", "key-mode", "state-file-mode", "state-owner", "store-damaged",
    "ca-sound", "ca-expiry", "ca-published", "alerts-in-force", "alerts-delivered",
]  # fmt: skip

SURE = [
    "proxy-answers", "proxy-guards-itself", "reload-good", "enforcing", "port-proxy",
    "port-metrics", "audit-intact", "state-mode", "ca-key-mode", "key-mode",
    "state-file-mode", "state-owner", "store-damaged", "ca-sound", "ca-expiry",
    "ca-published", "alerts-in-force", "alerts-delivered",
]  # fmt: skip
"""Fine whatever other tests did with the proxy that all share."""


@pytest.fixture
def doctor(proxy, tmp_path):
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()

    def run(*words, **variables):
        place = ["--state", proxy.state, "--rules", proxy.rules, "--work", work]
        addresses = [
            word
            for flag in ("listen", "metrics", "console")
            for word in (f"--{flag}", "{}:{}".format(*getattr(proxy, flag)))
        ]
        return subprocess.run(
            [DLP, "doctor", *place, *addresses, *words],
            env={"PATH": os.environ["PATH"], "HOME": str(home), **variables},
            cwd=work,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    run.home, run.work = home, work
    return run


def test_every_check_of_a_running_proxy_is_made_and_it_works(doctor, secure, proxy):
    done = doctor("--json", *(word for name in RUNNING for word in ("--check", name)))
    rows = {row["id"]: row for row in json.loads(done.stdout)["checks"]}
    assert set(rows) == set(RUNNING), done.stderr
    assert {n: r["seen"] for n, r in rows.items() if r["status"] == "skipped"} == {}
    assert {n: rows[n]["seen"] for n in SURE if rows[n]["status"] != "ok"} == {}


@pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")
def test_the_cage_is_tried_round_the_real_proxy(doctor):
    done = doctor("--json", "--caged", "--probe", "--check", "cage-holds")
    (row,) = json.loads(done.stdout)["checks"]
    assert (row["status"], row["seen"]) == ("ok", []), (row["seen"], done.stderr)


def secret(prefix=""):
    letters = string.ascii_letters + string.digits
    return prefix + "".join(random.choices(letters, k=36))


def test_no_secret_that_is_found_is_ever_told(doctor, proxy):
    """Planted in variables, files and the store; looked for in all that is printed."""
    token = secret("ghp" + "_")
    planted = {
        name: secret()
        for name in ("API_KEY", "netrc", "aws", "history", "npm", "proxy", "known")
    }
    home = doctor.home
    (doctor.work / ".env").write_text(f"GITHUB_TOKEN={token}\n")
    (home / ".bashrc").write_text(f"export API_KEY={planted['API_KEY']}\n")
    (home / ".bash_history").write_text(f"curl -H 'x-api-key: {planted['history']}'\n")
    (home / ".netrc").write_text(f"machine x login y password {planted['netrc']}\n")
    (home / ".npmrc").write_text(f"//r.example/:_authToken={planted['npm']}\n")
    (home / ".aws").mkdir()
    (home / ".aws/credentials").write_text(f"aws_secret_access_key={planted['aws']}\n")
    store = SecretStore(proxy.state)
    store.add([Registration(SecretInfo("known"), planted["known"].encode())])
    variables = {
        "GITHUB_TOKEN": token,
        "API_KEY": planted["API_KEY"],
        "KNOWN": planted["known"],
        "HTTPS_PROXY": f"http://me:{planted['proxy']}@127.0.0.1:3128",
        "OPENAI_BASE_URL": f"https://u:{planted['proxy']}@collector.example/v1",
    }
    try:
        told = [doctor(*words, **variables) for words in (("--json",), ("--all",))]
    finally:
        store.remove(["known"])
    assert [done.returncode for done in told] == [1, 1], told[0].stderr
    text = "".join(done.stdout + done.stderr for done in told)
    for value in (token, *planted.values()):
        assert value[-12:] not in text
    rows = json.loads(told[0].stdout)["checks"]
    found = {row["id"] for row in rows if row["status"] == "finding"}
    assert found >= {
        "secrets-in-environment", "secrets-in-dotenv", "secrets-in-startup-files",
        "credentials-netrc", "credentials-npm", "credentials-aws", "proxy-variables",
        "base-urls",
    }  # fmt: skip
    assert len(rows) >= 50
    variable = next(r for r in rows if r["id"] == "secrets-in-environment")["seen"]
    assert not any("KNOWN" in line for line in variable)
