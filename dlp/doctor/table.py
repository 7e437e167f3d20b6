"""Every check, in the order in which an operator should think of them."""

from __future__ import annotations

from dlp.doctor import clients, containment, credentials, policy, secrets, state_folder
from dlp.doctor.check import Check

AREAS = (containment, state_folder, policy, clients, secrets, credentials)

CHECKS: tuple[Check, ...] = tuple(check for area in AREAS for check in area.CHECKS)
