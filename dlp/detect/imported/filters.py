"""
Heuristic filters of detect-secrets, which serve as checks under `ds:NAME`.

The package is imported when the first of them runs: it takes half a second.
"""

from __future__ import annotations

from importlib import import_module
from inspect import signature

FILTERS = (
    "is_indirect_reference",
    "is_likely_id_string",
    "is_not_alphanumeric_string",
    "is_potential_uuid",
    "is_prefixed_with_dollar_sign",
    "is_sequential_string",
    "is_templated_secret",
)
"""Heuristic filters that judge a secret or its line; true means: not a secret."""


def filtered(name: str, secret: bytes, line: bytes) -> bool:
    """Whether the filter would drop the secret that stands in this line."""
    judge = getattr(import_module("detect_secrets.filters.heuristic"), name)
    texts = {"secret": secret.decode("latin-1"), "line": line.decode("latin-1")}
    wanted = signature(judge).parameters
    return bool(judge(**{key: text for key, text in texts.items() if key in wanted}))
