"""Every check, in the order in which an operator should think of them."""

from __future__ import annotations

from dlp.doctor import (
    agents,
    certificates,
    clients,
    containment,
    credentials,
    host,
    install,
    operation,
    policy,
    ports,
    process,
    record,
    secrets,
    state_folder,
    watching,
)
from dlp.doctor.check import Check

AREAS = (
    containment,
    state_folder,
    policy,
    agents,
    clients,
    secrets,
    credentials,
    ports,
    certificates,
    operation,
    watching,
    record,
    process,
    host,
    install,
)

CHECKS: tuple[Check, ...] = tuple(check for area in AREAS for check in area.CHECKS)
