"""The table of checks as a page of Markdown: `dlp doctor --list`, docs/DOCTOR.md."""

from __future__ import annotations

from itertools import groupby

from dlp.doctor.check import Check
from dlp.doctor.owasp import NAMES
from dlp.doctor.table import CHECKS

HEAD = """\
# dlp doctor: the checks

Made by `dlp doctor --list`; a test compares the two. A check that cannot be made is
skipped, with its reason. The ids are those of the OWASP Top 10 for Agentic Applications
2026 (ASI) and of OWASP Agentic AI: Threats and Mitigations (T).
"""
_COLUMNS = "| id | severity | what holds | why it matters | what to do | OWASP |"


def page() -> str:
    """The reference page."""
    parts = [HEAD]
    for area, checks in groupby(CHECKS, lambda check: check.area):
        parts.append(f"\n## {area.replace('_', ' ').capitalize()}\n\n{_COLUMNS}\n")
        parts.append("|---" * 6 + "|\n")
        parts += map(_row, checks)
    parts.append("\n## The ids\n\n")
    used = {name for check in CHECKS for name in check.owasp}
    parts += [f"- {one}: {name}\n" for one, name in NAMES.items() if one in used]
    return "".join(parts)


def _row(check: Check) -> str:
    mended = " `--fix` does it." if check.repair else ""
    owasp = ", ".join(check.owasp)
    return (
        f"| `{check.id}` | {check.severity} | {check.title}. | {check.why} | "
        f"{check.remedy}.{mended} | {owasp} |\n"
    )
