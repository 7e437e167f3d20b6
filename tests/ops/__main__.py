"""`python -m tests.ops`: see the package."""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.ops import pictures, proof, story
from tests.ops.company import Company
from tests.ops.watch import SCRAPE_S, TOOLS, Watch, until

FACTOR = 15
MINUTES = 60


def main() -> int:
    """Play the hour and prove it; 2 when something that is needed is missing."""
    parser = argparse.ArgumentParser(description="An hour of operations in fast time.")
    parser.add_argument("--factor", type=float, default=FACTOR)
    parser.add_argument(
        "--keep", type=Path, help="an empty folder for all that is left"
    )
    parser.add_argument("--pictures", type=Path, help="where dashboards are drawn to")
    parser.add_argument(
        "--kit", type=Path, help="what draws them; see scripts/pictures"
    )
    options = parser.parse_args()
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print(
            f"missing: {', '.join(missing)} (Debian: prometheus, prometheus-alertmanager)"
        )
        return 2
    folder = options.keep or Path(tempfile.mkdtemp(prefix="dlp-ops-"))
    try:
        run(folder, options)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def run(folder: Path, options: argparse.Namespace) -> None:
    """Everything, told line by line."""
    factor = options.factor
    company = Company.found(folder, folder / "compiled", "32m")
    target = company.proxy.metrics
    try:
        with Watch(folder / "watch", target, factor, SCRAPE_S / factor) as watch:
            print(f"an hour in {3600 / factor / 60:.0f} minutes")
            starts = story.play(company, factor, MINUTES, _say)
            until(lambda: _idle(company))
            end = time.time()
            kept = proof.Kept.of(company, folder / "kept")
            said = [proof.panels_show_it(watch, end)]
            if options.pictures:
                pictures.draw(watch, end, factor, options.kit, options.pictures)
            assert company.proxy.stop() == 0
            _say("minute 60.0: stop the proxy")
            until(lambda: ("DlpProxyDown", "") in watch.firing(), 60)
            until(lambda: set(story.SILENCE) <= watch.notified(), 60)
            said.insert(0, proof.alerts_are_right(watch, starts, end, factor))
            said.append(proof.the_proxy_tells_it_too(company))
            said.append(proof.the_audit_trail_proves_it(company, kept))
            said.append(proof.a_changed_trail_is_noticed(kept))
            watch.look()
            said.append(proof.nothing_is_a_secret(company, watch, kept))
            print("\n".join(f"- {sentence}" for sentence in said))
    finally:
        company.close()


def _idle(company: Company) -> bool:
    """Whether what was asked is also counted."""
    return "dlp_in_flight_messages 0.0" in company.proxy.scrape()[1]


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
