"""
`make fuzz`: `FUZZ_SECONDS` (60) for each target, or for those in `ARGS`.

A finding is kept as `.venv/fuzz/TARGET/crash-*`; `python -m tests.fuzz TARGET FILE`
plays it again. Each target runs in a process of its own, since atheris never returns.
"""

import os
import subprocess
import sys
from pathlib import Path

KEPT = Path(".venv/fuzz")
LONGEST = 4096
INSTRUMENTED = ("dlp", "addons")


def begin(name: str) -> None:
    """Search in this process, until the time is over or something does not hold."""
    import atheris

    with atheris.instrument_imports(include=list(INSTRUMENTED)):
        from tests.fuzz import targets
    corpus = KEPT / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets.seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
        if not number:
            targets.TARGETS[name](seed)  # rules are compiled before the clock runs
    seconds = os.environ.get("FUZZ_SECONDS", "60")
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={corpus}/",
        "-timeout=60",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], targets.TARGETS[name])
    atheris.Fuzz()


def replay(name: str, path: str) -> None:
    """One input, with its traceback."""
    from tests.fuzz import targets

    targets.TARGETS[name](Path(path).read_bytes())


def main(arguments: list[str]) -> int:
    """The number of targets that did not hold."""
    from tests.fuzz import targets

    broken = []
    for name in arguments or targets.TARGETS:
        script = f"from tests.fuzz.__main__ import begin; begin({name!r})"
        if subprocess.run([sys.executable, "-c", script], check=False).returncode:
            broken.append(name)
    print(f"did not hold: {', '.join(broken)}" if broken else "all held")
    return len(broken)


if __name__ == "__main__":
    if len(sys.argv) == 3 and Path(sys.argv[2]).is_file():
        replay(*sys.argv[1:])
    else:
        sys.exit(main(sys.argv[1:]))
