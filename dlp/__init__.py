"""The library of agent-dlp: decode, detect, decide. Never imports mitmproxy."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from dlp.errors import DLPError, RuleError, SecretError, StateError

if TYPE_CHECKING:
    from dlp.inspector import Inspector

try:
    __version__ = version("agent-dlp")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0+unknown"

__all__ = [
    "DLPError",
    "Inspector",
    "RuleError",
    "SecretError",
    "StateError",
    "__version__",
]


def __getattr__(name: str) -> Any:
    # `from dlp import Inspector` without making `dlp --version` pay for numpy.
    if name == "Inspector":
        return import_module("dlp.inspector").Inspector
    raise AttributeError(name)
