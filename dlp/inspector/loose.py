"""
Credentials at their own host that only detection can find: in JSON, a path, a frame.

Why not in `slots`: that reads slots by grammar before anything is decoded; this places
what was found. A body under a content coding is looked at in plain, for nothing in
coded bytes can be masked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from dlp.detect.rule import Rule
from dlp.inspector.examination import Detection
from dlp.inspector.found import spans
from dlp.inspector.slots import SECURE, Slots, masked
from dlp.model import Finding, Kind, Message, Part, Place
from dlp.policy.credentials import host_matches, innermost, loose_slot
from dlp.redact import in_plain

type Detect = Callable[[tuple[Part, ...]], Detection]


def at_home(
    slots: Slots,
    rules: Mapping[str, Rule],
    findings: Iterable[Finding],
    message: Message,
) -> tuple[Finding, ...]:
    """Those that stand at home, placed."""
    if message.destination.scheme not in SECURE:
        return ()
    placed = (_placed(slots, rules, f, f.span[0], message) for f in findings if f.span)
    return tuple(finding for finding in placed if finding)


def _placed(
    slots: Slots,
    rules: Mapping[str, Rule],
    finding: Finding,
    start: int,
    message: Message,
) -> Finding | None:
    to = message.destination.host
    if finding.kind is Kind.FINGERPRINT:
        hosts = slots.homes[finding.rule]
        named, place = slots.index.info(finding.rule).slots, Place.BOUND
    else:
        hosts, named = slots.vendors(rules[finding.rule], to)
        place = Place.VENDOR_SLOT
    if not named or not host_matches(to, hosts):
        return None
    here = loose_slot(message.parts[finding.part], finding.path, start)
    places = {"any", here}
    if place is Place.VENDOR_SLOT:
        places.add(innermost(here))
    slot = next((s for s in named if s in places), None)
    return replace(finding, slot=slot, place=place) if slot else None


def at_home_in_coded(
    slots: Slots,
    rules: Mapping[str, Rule],
    seen: Detection,
    message: Message,
    detect: Detect,
) -> tuple[Detection, tuple[Finding, ...]]:
    """
    What was seen in a message, less what is at home under a content coding; and that.

    Keys of vendors only: of a registered secret pieces are counted, too. What stands
    besides is found in plain, so the same bytes elsewhere in the message are a leak
    still.
    """
    none: tuple[Finding, ...] = ()
    if not any(message.parts[finding.part].encodings for finding in seen.findings):
        return seen, none
    parts = in_plain(message.parts, slots.limits)
    if parts is None:
        return seen, none
    plain = replace(message, parts=parts)
    found = detect(parts).findings
    vendors = (finding for finding in found if finding.kind is Kind.PATTERN)
    loose = at_home(slots, rules, vendors, plain)
    if not loose:
        return seen, none
    again = detect(masked(parts, spans(loose)))
    known = {(finding.rule, finding.digest) for finding in found}
    others = [f for f in seen.findings if (f.rule, f.digest) not in known]
    # Their places are in bytes that are not sent.
    besides = (replace(finding, span=None) for finding in again.findings)
    homely = tuple(replace(finding, span=None) for finding in loose)
    return replace(seen, findings=(*others, *besides)), homely
