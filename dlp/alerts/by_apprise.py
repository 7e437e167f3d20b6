"""
A program: one message by apprise. JSON on stdin, the outcome as exit code.

0 delivered, 3 not delivered, 4 an unknown URL, 5 apprise is missing. What apprise
prints or logs is dropped, because it may name the URL, which is a secret.
"""

from __future__ import annotations

import json
import logging
import os
import sys


def main() -> int:
    """Read a message and send it."""
    told = json.load(sys.stdin)
    try:
        import apprise
    except ImportError:
        return 5
    logging.disable(logging.CRITICAL)
    asset = apprise.AppriseAsset(
        storage_mode=apprise.PersistentStoreMode.MEMORY, async_mode=False
    )
    sender = apprise.Apprise(asset=asset)
    if not sender.add(told["url"]):
        return 4
    sent = sender.notify(
        body=told["body"],
        title=told["title"],
        notify_type=told["type"],
        body_format=apprise.NotifyFormat.TEXT,
    )
    return 0 if sent else 3


if __name__ == "__main__":
    sys.stderr = sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
    sys.exit(main())
