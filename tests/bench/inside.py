"""
What inspection costs in one process: `python -m tests.bench.inside`.

The rows of design section 13 that need no socket, no body twice; then throughput on the
same bytes beside three other scanners (in `.venv-rivals`; what cannot be installed is left out):
chat bodies, every tenth with a key in it, and how many of them each one found. Between
the two, what 10,000 known secrets cost over 100.
"""

from __future__ import annotations

import itertools
import json
import random
import statistics
import string
import tempfile
import time
import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from pydoc_data.topics import topics

from rich.console import Console
from rich.table import Table

from dlp import Inspector
from dlp.detect.known.enrol import Fingerprint, fingerprint
from dlp.detect.known.fingerprint import SecretIndex, SecretInfo
from dlp.detect.templates import expand
from dlp.model import Action, Agent, Destination, Message, Part, PartKind, View
from tests.bench.__main__ import chat
from tests.bench.detect.__main__ import environment, rival

POLICY = "version: 1\nstatements:\n  - {id: llm, effect: allow, hosts: [llm.example]}\n"
SECRETS = 100
MANY = 10_000
ROUNDS = 7
KEY = b"k" * 32
SOURCES = Path(random.__file__).parent
PROSE = "\n".join(topics.values())
"""What is talked about: the documentation of Python, prose and code."""
KEYS = ("sk-ant-api03-{base64url:93}AA", "{github:ghp_:36}", "sk_live_{alnum:24}")


def prints(count: int) -> list[tuple[SecretInfo, Fingerprint]]:
    """Fingerprints of random values, 40 letters and digits each."""
    draw = random.Random(1)
    values = (
        "".join(draw.choices(string.ascii_letters + string.digits, k=40)).encode()
        for _ in range(count)
    )
    return [(SecretInfo(f"s{n}"), fingerprint(v, KEY)) for n, v in enumerate(values)]


def inspector() -> Inspector:
    """The built-in rules, a policy of one statement, 100 known secrets."""
    index = SecretIndex.build(prints(SECRETS), KEY)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "policy.yaml").write_text(POLICY)
        return Inspector.load(folder).with_secrets(index)


def many(console: Console) -> None:
    """Index and scan of 100 secrets and of 10,000, on the same bytes."""
    taken = prints(MANY)
    few = SecretIndex.build(taken[:SECRETS], KEY)
    tracemalloc.start()
    full = SecretIndex.build(taken, KEY)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    built = seconds(lambda: SecretIndex.build(taken, KEY), 1)
    source = b"".join(path.read_bytes() for path in sorted(SOURCES.glob("*.py")))
    table = Table("known secrets", str(SECRETS), f"{MANY:,}", "target")
    table.add_row("memory", "", f"{held / 1e6:.0f} MB", "64 MB")
    table.add_row("index built", "", f"{built:.2f} s", "")
    texts = {"2 KB chat": (chat(2048), 200), "1 MB chat": (chat(1 << 20), 3)}
    texts |= {"1 MB source": (source[: 1 << 20], 3)}
    texts |= {"1 MB base64": (b64encode(random.Random(2).randbytes(3 << 18)), 3)}
    for name, (text, times) in texts.items():
        views = (View(text, 0),)
        spent = [seconds(partial(of.scan, views), times) for of in (few, full)]
        cells = [f"{1e3 * each:.2f} ms" for each in spent]
        table.add_row(name, *cells, f"2x (is {spent[1] / spent[0]:.1f}x)")
    console.print(table)


def message(body: bytes) -> Message:
    """A chat request as an SDK sends it: twelve headers and a body."""
    fields = {
        "host": b"llm.example",
        "accept": b"application/json",
        "accept-encoding": b"gzip, deflate, br, zstd",
        "connection": b"keep-alive",
        "user-agent": b"Anthropic/Python 0.97.0",
        "content-type": b"application/json",
        "content-length": str(len(body)).encode(),
        "x-stainless-lang": b"python",
        "x-stainless-os": b"Linux",
        "x-stainless-retry-count": b"0",
        "anthropic-version": b"2023-06-01",
        "authorization": b"Bearer " + expand("{alnum:40}", seed=3).encode(),
    }
    parts = [
        Part(PartKind.HOST, b"llm.example"),
        Part(PartKind.METHOD, b"POST"),
        Part(PartKind.TARGET, b"/v1/messages"),
        Part(PartKind.HEADER, b"\r\n".join(name.encode() for name in fields)),
        *(Part(PartKind.HEADER, value, name) for name, value in fields.items()),
        Part(PartKind.BODY, body, media_type="application/json"),
    ]
    to = Destination("https", "llm.example", 443, "POST", "/v1/messages")
    return Message(Agent("default"), to, tuple(parts))


def judged(of: Inspector, sent: Message) -> bool:
    """The whole way in process, without the record; whether it may go on."""
    return of.conclude(of.examine(sent)).action is Action.ALLOW


def seconds(work: Callable[[], object], times: int) -> float:
    """Of CPU: median over rounds of the mean of `times` calls."""
    work()
    rounds = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        for _ in range(times):
            work()
        rounds.append((time.thread_time() - began) / times)
    return statistics.median(rounds)


def cost(
    of: Inspector, sent: Iterator[Message], times: int, wrong: list[Message]
) -> float:
    """
    Processor time of one message in the fastest of some rounds of `times`; none comes
    twice. `wrong` gets the honest ones that were refused.
    """
    judged(of, next(sent))
    rounds = []
    for _ in range(ROUNDS):
        batch = list(itertools.islice(sent, times))
        began = time.process_time()
        for one in batch:
            wrong.extend([] if judged(of, one) else [one])
        rounds.append((time.process_time() - began) / times)
    return min(rounds)


def turns(size: int, seed: int) -> Iterator[bytes]:
    """The requests of a conversation: each the one before, an answer, a question."""
    draw = random.Random(seed)
    messages, length = [], 100
    while True:
        for role in ("user", "assistant", "user"):
            if messages and messages[-1]["role"] == role:
                continue
            at = draw.randrange(len(PROSE) - 600)
            text = PROSE[at : at + draw.randint(20, 600)]
            messages.append({"role": role, "content": text})
            length += len(text) + 38
        if length >= size:
            yield json.dumps(
                {"model": "model-large-1", "max_tokens": 1024, "messages": messages}
            ).encode()


def conversations(size: int) -> Iterator[bytes]:
    """The first requests of different conversations."""
    for seed in itertools.count():
        yield next(turns(size, seed))


def ours(of: Inspector, console: Console) -> None:
    """The rows of section 13."""
    table = Table("in one process, processor time", "measured", "target")
    wrong: list[Message] = []
    small = map(message, conversations(2048))
    table.add_row(
        f"2 KB, 12 headers, {len(of.rules)} rules, {SECRETS} secrets",
        f"{1e6 * cost(of, small, 100, wrong):.0f} us",
        "150 us",
    )
    size = 100 << 10
    spent = cost(of, map(message, conversations(size)), 10, wrong)
    table.add_row("100 KB chat body", f"{1e3 * spent:.1f} ms", "4 ms")
    again = cost(of, map(message, turns(size, 0)), 10, wrong)
    table.add_row("100 KB chat body, next turn", f"{1e3 * again:.1f} ms", "1.2 ms")
    table.add_row("chat JSON", f"{size / 1e6 / spent:.0f} MB/s", "40 MB/s")
    table.add_row("refused, and should not be", str(len(wrong)), "0")
    console.print(table)


def beside(of: Inspector, console: Console) -> None:
    """Throughput and found counts of four scanners on the same bytes."""
    texts = []
    for number in range(300):
        text = chat(2048).decode()
        if number % 10 == 0:
            key = expand(KEYS[number // 10 % len(KEYS)], seed=number)
            text = text.replace("writes", f"writes {key}", 1)
        texts.append(text)
    size = sum(map(len, texts))
    bodies = [text.encode() for text in texts]
    of.scan(bodies[0])
    began = time.perf_counter()
    found = [bool(of.scan(body)) for body in bodies]
    spent = time.perf_counter() - began
    table = Table("2 KB chat bodies, 30 of 300 with a key", "us each", "MB/s", "found")
    rows = {"agent-dlp, decoding too": (spent, sum(found))}
    for name, python in environment().items():
        run = rival(python, name, texts)
        rows[name] = run.seconds, sum(map(bool, run.found))
    for name, (took, hits) in rows.items():
        each, speed = 1e6 * took / len(texts), size / 1e6 / took
        table.add_row(name, f"{each:.0f}", f"{speed:.1f}", str(hits))
    console.print(table)


def main() -> None:
    """Print the tables."""
    console, of = Console(), inspector()
    ours(of, console)
    many(console)
    beside(of, console)


if __name__ == "__main__":
    main()
