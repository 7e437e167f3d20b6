"""Rules files -> who may send what where, with which credential."""

from dlp.policy.compile import load_policy
from dlp.policy.reach import Caps, Reach
from dlp.policy.ruleset import Policy

__all__ = ["Caps", "Policy", "Reach", "load_policy"]
