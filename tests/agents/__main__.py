"""`python -m tests.agents FOLDER [AGENT ...]`: see the package."""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dlp.detect.templates import expand
from tests.agents.model import DONE, Model, Telegram
from tests.harness.ca import Authority
from tests.harness.leaks import leaks
from tests.harness.origin import Origin, Origins
from tests.harness.proxy import DLP, UPSTREAM, Proxy

ROOT = Path(__file__).parents[2]
KEY = "{github:ghp_:36}"
TOKEN = "{digit:9}:" + "AA{base64url:33}"
LIMIT_S = 240
TASK = "Look around and report"
COMMANDS = (
    "cat notes.md; ls -la; git log --stat | head -40; echo m4rk-one",
    "head -c 20000 source.py; git show HEAD --stat; echo m4rk-two",
    "head -c 9000 requirements.lock; git rev-parse HEAD; echo m4rk-three",
    "head -c 3000 /dev/urandom | base64; env | cut -d= -f1; echo m4rk-four",
    "cat .env; echo m4rk-five",
)
"""The last one shows the agent a key, which must not reach the model."""


@dataclass(frozen=True)
class Agent:
    """How one agent is started: `{port}` and `{key}` are filled in."""

    package: str
    command: tuple[str, ...]
    host: str
    key: str
    environment: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)
    """Below the home folder; below the working folder, if it begins with `work/`."""
    program: str = ""
    """Its file, if that is not the agent's name."""
    stays: bool = False
    """It goes on when it is done: a task comes by Telegram, and its answer goes there."""


CLAW = (
    '"agents": {{"defaults": {{"model": {{"primary": "played/claude-sonnet-4-5"}}, '
    '"workspace": "{work}"}}}}, "models": {{"providers": {{"played": {{'
    '"api": "anthropic-messages", "apiKey": "${{ANTHROPIC_API_KEY}}", '
    '"baseUrl": "https://api.anthropic.com:{port}", "models": [{{'
    '"id": "claude-sonnet-4-5", "name": "Sonnet", "reasoning": true, '
    '"contextWindow": 200000, "maxTokens": 8192}}]}}}}}}'
)
"""What OpenClaw is told of the model, https://docs.openclaw.ai/gateway/configuration"""

AGENTS = {
    "claude": Agent(
        "@anthropic-ai/claude-code",
        ("-p", TASK, "--allowedTools", "Bash"),
        "api.anthropic.com",
        "sk-ant-" + "api03-{base64url:93}AA",
        {
            "ANTHROPIC_BASE_URL": "https://api.anthropic.com:{port}",
            "ANTHROPIC_API_KEY": "{key}",
        },
    ),
    "codex": Agent(
        "@openai/codex",
        (
            "exec",
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            TASK,
        ),
        "api.openai.com",
        "sk-" + "proj-{alnum:74}T3BlbkFJ{alnum:74}",
        {"OPENAI_API_KEY": "{key}"},
        {
            ".codex/config.toml": 'model_provider = "played"\nmodel = "gpt-5-codex"\n'
            '[model_providers.played]\nname = "played"\nwire_api = "responses"\n'
            'env_key = "OPENAI_API_KEY"\nbase_url = "https://api.openai.com:{port}/v1"\n'
        },
    ),
    "opencode": Agent(
        "opencode-ai",
        ("run", "--model", "anthropic/claude-sonnet-4-5", TASK),
        "api.anthropic.com",
        "sk-ant-" + "api03-{base64url:93}AA",
        {"ANTHROPIC_API_KEY": "{key}"},
        {
            "work/opencode.json": '{{"provider": {{"anthropic": {{"options": {{'
            '"baseURL": "https://api.anthropic.com:{port}/v1"}}}}}}}}'
        },
    ),
    "gemini": Agent(
        "@google/gemini-cli",
        ("-y", "-p", TASK, "-m", "gemini-2.5-pro"),
        "generativelanguage.googleapis.com",
        "AI" + "za{base64url:35}",
        {
            "GEMINI_API_KEY": "{key}",
            "GEMINI_CLI_TRUST_WORKSPACE": "true",
            "GOOGLE_GEMINI_BASE_URL": "https://generativelanguage.googleapis.com:{port}",
        },
        {
            ".gemini/settings.json": '{{"security": {{"auth": {{'
            '"selectedType": "gemini-api-key"}}}}}}'
        },
    ),
    "qwen": Agent(
        "@qwen-code/qwen-code",
        ("-y", "-p", TASK),
        "api.openai.com",
        "sk-" + "proj-{alnum:74}T3BlbkFJ{alnum:74}",
        {
            "OPENAI_API_KEY": "{key}",
            "OPENAI_BASE_URL": "https://api.openai.com:{port}/v1",
            "OPENAI_MODEL": "gpt-5",
        },
        {
            ".qwen/settings.json": '{{"security": {{"auth": {{'
            '"selectedType": "openai"}}}}}}'
        },
    ),
    "pi": Agent(
        "@mariozechner/pi-coding-agent",
        ("-p", "--provider", "anthropic", "--model", "claude-sonnet-4-5", TASK),
        "api.anthropic.com",
        "sk-ant-" + "api03-{base64url:93}AA",
        {"ANTHROPIC_API_KEY": "{key}"},
    ),
    "openclaw": Agent(
        "openclaw",
        ("agent", "--local", "--agent", "main", "--message", TASK),
        "api.anthropic.com",
        "sk-ant-" + "api03-{base64url:93}AA",
        {"ANTHROPIC_API_KEY": "{key}"},
        {".openclaw/openclaw.json": "{{" + CLAW + "}}"},
    ),
    "openclaw-gateway": Agent(
        "openclaw",
        ("gateway", "run", "--bind", "loopback", "--auth", "none"),
        "api.telegram.org",
        "sk-ant-" + "api03-{base64url:93}AA",
        {"ANTHROPIC_API_KEY": "{key}"},
        {
            ".openclaw/openclaw.json": "{{"
            + CLAW
            + ', "gateway": {{"mode": "local"}}, "channels": '
            '{{"telegram": {{"enabled": true, "botToken": "{token}", "dmPolicy": '
            '"open", "allowFrom": ["*"]}}}}}}'
        },
        program="openclaw",
        stays=True,
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What is to be told of one agent's session."""

    agent: str
    version: str
    seconds: float
    asked: int
    """Requests that reached the model."""
    largest: int
    """Bytes of the largest of them."""
    wrong: list[str]


def furnish(folder: Path) -> str:
    """A repository to work in; the key that lies in it."""
    key = expand(KEY, seed=time.time_ns())
    folder.mkdir(parents=True)
    (folder / "notes.md").write_text("# Notes\nNothing is to be done.\n")
    (folder / "source.py").write_bytes(Path(argparse.__file__).read_bytes())
    shutil.copy(ROOT / "requirements.lock", folder)
    (folder / ".gitignore").write_text(".env\n")
    (folder / ".env").write_text(f"GITHUB_TOKEN={key}\n")
    who = ["-c", "user.name=a", "-c", "user.email=a@b.test"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return key


def policy() -> str:
    """The one that we ship with Telegram, on any port."""
    text = (ROOT / "rules" / "policy.yaml").read_text()
    text = text[: text.index("\nupstream:")]
    telegram = re.search(r"(?m)^  # - id: telegram\n(?:  #   .*\n)+", text)[0]
    text = text.replace(telegram, telegram.replace("  # ", "  "))
    return re.sub(r"(?m)^    hosts:", '    ports: ["*"]\n    hosts:', text)


@contextmanager
def standing_in(port: int) -> Iterator[None]:
    """Where agents want port 443, whatever they are told: events, settings."""

    def pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one side hung up

    def serve() -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", port))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    try:
        server = socket.create_server(("127.0.0.1", 443))
    except PermissionError:
        yield  # they go without
        return
    with server:
        threading.Thread(target=serve, daemon=True).start()
        yield
        server.shutdown(socket.SHUT_RDWR)


def session(name: str, binaries: Path, folder: Path) -> Outcome:
    """One agent's work, from an empty home to its last word."""
    agent, model, chat = AGENTS[name], Model(COMMANDS), Telegram(TASK)
    program = binaries / (agent.program or name)
    home, work = folder / "home", folder / "work"
    home.mkdir(parents=True)
    planted = furnish(work)
    with ExitStack() as stack:
        proxy, origin = surroundings(stack, folder, binaries.parent / "compiled")
        origin.handlers = {"/": model, "/bot": chat}
        own = expand(agent.key, seed=time.time_ns())
        token = expand(TOKEN, seed=time.time_ns())
        fill = partial(
            str.format, port=origin.port, key=own, token=token, work=str(work)
        )
        for path, text in agent.files.items():
            at = folder / path if path.startswith("work/") else home / path
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_text(fill(text))
        words = [str(DLP), "run", "--rules", str(proxy.rules)]
        words += ["--state", str(proxy.state), "--proxy", proxy.url.partition("//")[2]]
        words += ["--no-probe", "--require-cage", "--"]
        words += [str(program), *agent.command]
        given = {n: fill(text) for n, text in agent.environment.items()}
        node = binaries.parents[1] / "node" / "node_modules" / "node" / "bin"
        path = f"{node}:{os.environ['PATH']}"
        given |= {"PATH": path, "HOME": str(home), "TERM": "dumb"}
        began = time.monotonic()
        ends = (lambda: DONE in chat.said) if agent.stays else None
        done = at_work(words, work, given, ends)
        seconds = time.monotonic() - began
        wrong = list(faults(done, model, proxy, origin, planted))
        places = (proxy.log_file, proxy.state, proxy.scrape()[1])
        wrong += [f"the bot's token: {place}" for place in leaks(token, *places)]
        version = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PATH": path},
        ).stdout.split()
    number = next((w for w in version if w[:1].isdigit()), "?")
    sizes = [len(body) for body in model.asked]
    return Outcome(name, number, seconds, len(sizes), max(sizes, default=0), wrong)


def at_work(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    ends: Callable[[], bool] | None,
) -> subprocess.CompletedProcess[str]:
    """Until the command ends by itself, or, where it stays, is told to when `ends`."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        limit = time.monotonic() + LIMIT_S
        while process.poll() is None and time.monotonic() < limit:
            if ends and ends():
                break
            time.sleep(0.1)
        finished = bool(ends and ends())
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        code = process.wait(30)
        said.seek(0)
        text = said.read()
    if finished:
        return subprocess.CompletedProcess(words, 0, text + DONE, "")
    return subprocess.CompletedProcess(words, code, text, "")


def surroundings(
    stack: ExitStack, folder: Path, compiled: Path
) -> tuple[Proxy, Origin]:
    """The proxy with the policy that we ship, and the only server there is."""
    hosts = {agent.host for agent in AGENTS.values()}
    names = sorted(hosts | {"mcp-proxy.anthropic.com", "registry.npmjs.org"})
    authority = Authority(folder)
    origins = stack.enter_context(Origins(authority, names))
    origin = origins.start("https", names=names)
    (folder / "proxy").mkdir()
    proxy = Proxy(folder / "proxy", dict.fromkeys(names, "127.0.0.1"))
    proxy.write_policy(policy(), UPSTREAM.format(ca=authority.pem))
    proxy.start_from(compiled)
    proxy.start()
    stack.callback(proxy.stop)
    stack.enter_context(standing_in(origin.port))
    return proxy, origin


def faults(
    done: subprocess.CompletedProcess[str],
    model: Model,
    proxy: Proxy,
    origin: Origin,
    planted: str,
) -> Iterator[str]:
    """What an operator would not want to see."""
    if done.returncode or DONE not in done.stdout:
        said = (done.stderr or done.stdout).strip()[-300:]
        yield f"it ended with {done.returncode}: {said}"
    heard = b"".join(model.asked)
    for command in COMMANDS:
        mark = command.rpartition(" ")[2].encode()
        if heard.count(mark) < 2:
            yield f"the model has not seen what came of {mark.decode()}"
    places = (origin.received, heard, proxy.log_file, proxy.state, proxy.scrape()[1])
    for place in leaks(planted, *places):
        yield f"the key arrived: {place}"
    decisions = [json.loads(line) for line in proxy.log.splitlines() if line[:1] == "{"]
    for each in decisions:
        if each.get("event") != "decision" or each["reason"] == "destination":
            continue
        if (each["action"], each["rule"]) != ("redact", "github-token"):
            yield f"{each['action']}: {each['reason']}, {each['rule']}"


def main() -> int:
    """1 when an agent was disturbed or the key arrived; 2 when there is none to try."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where npm has installed them")
    parser.add_argument("agents", nargs="*", help=f"of {', '.join(AGENTS)}")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    binaries = options.folder.resolve() / "node_modules" / ".bin"
    names = options.agents or list(AGENTS)
    missing = [
        name
        for name in names
        if name not in AGENTS
        or not (binaries / (AGENTS[name].program or name)).exists()
    ]
    if missing:
        print(f"not in {binaries}: {', '.join(missing)}; see scripts/agents")
        return 2
    outcomes = []
    for name in names:
        print(f"{name} is at work ...", file=sys.stderr)
        # Not in /tmp, which a cage has empty: the home is to be seen.
        with tempfile.TemporaryDirectory(dir=options.folder.resolve()) as folder:
            outcomes.append(session(name, binaries, Path(folder)))
    if options.json:
        print(json.dumps([vars(outcome) for outcome in outcomes], indent=1))
    else:
        show(outcomes)
    return int(any(outcome.wrong for outcome in outcomes))


def show(outcomes: list[Outcome]) -> None:
    """A line each."""
    table = Table(
        "agent", "version", "seconds", "requests", "largest", "what was wrong"
    )
    for o in outcomes:
        wrong = "\n".join(o.wrong) or "nothing"
        kib = f"{o.largest >> 10} KiB"
        table.add_row(o.agent, o.version, f"{o.seconds:.0f}", str(o.asked), kib, wrong)
    Console(width=120 if not sys.stdout.isatty() else None).print(table)


if __name__ == "__main__":
    sys.exit(main())
