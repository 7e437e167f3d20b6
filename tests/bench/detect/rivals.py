"""
Runs one other scanner over texts; started in their own environment by `__main__`.

Standard input: the scanner's name on one line, then a JSON list of texts. Standard
output: JSON with the findings of each text and the seconds they took. Imports nothing
of ours, so that the environments never meet.
"""

import json
import sys
import time


def kingfisher():
    import kingfisher_sdk

    scanner = kingfisher_sdk.Scanner()
    return lambda text: len(scanner.scan(text))


def betterleaks():
    import betterleaks as engine

    return lambda text: len(engine.scan_string(text))


def detect_secrets():
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import default_settings, get_settings

    settings = default_settings()
    settings.__enter__()
    get_settings().disable_filters(
        "detect_secrets.filters.common.is_ignored_due_to_verification_policies"
    )

    def scan(text, _kept=settings):  # once collected, the settings are undone
        return sum(1 for line in text.splitlines() for _ in scan_line(line))

    return scan


SCANNERS = {
    "kingfisher": kingfisher,
    "betterleaks": betterleaks,
    "detect-secrets": detect_secrets,
}


def main():
    scan = SCANNERS[sys.stdin.readline().strip()]()
    texts = json.loads(sys.stdin.read())
    scan("warm up")
    began = time.perf_counter()
    found = [scan(text) for text in texts]
    spent = time.perf_counter() - began
    print(json.dumps({"found": found, "seconds": spent}))


if __name__ == "__main__":
    main()
