"""Ports: what of ours others can reach, and what agents can reach beside us."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dlp.doctor.check import Check, Look, Severity
from dlp.doctor.picture import Address, CannotTellError, Picture

_OPEN_BY_DEFAULT = {
    2375: "Docker, without TLS",
    2379: "etcd",
    5037: "adb",
    5678: "debugpy",
    5858: "a Node debugger",
    6379: "Redis",
    6443: "Kubernetes",
    8500: "Consul",
    8888: "Jupyter",
    9200: "Elasticsearch",
    9222: "Chrome's debugger",
    9229: "a Node debugger",
    10250: "kubelet",
    11211: "memcached",
    27017: "MongoDB",
}
"""Services that usually ask local callers for nothing."""


def _exposed(which: Callable[[Picture], Address]) -> Look:
    def look(picture: Picture) -> Iterator[str]:
        port = which(picture)[1]
        found = [one for one in picture.listeners if one.port == port]
        if not found:
            raise CannotTellError(f"nobody listens on port {port}")
        yield from (f"it listens on {one}" for one in found if not one.local)

    return look


def _neighbours(picture: Picture) -> Iterator[str]:
    listening = picture.listeners
    if picture.caged:
        return  # a cage has a loopback of its own
    ours = {picture.listen[1], picture.metrics[1], picture.console[1]}
    for one in listening:
        if one.port in _OPEN_BY_DEFAULT and one.port not in ours:
            yield f"{one}, usually {_OPEN_BY_DEFAULT[one.port]}"


CHECKS = (
    Check(
        "port-proxy", Severity.HIGH,
        "The proxy listens on loopback alone",
        "Others on the network use it as agents, and read agents' tokens on the way.",
        "dlp up --listen 127.0.0.1:8080, or a firewall that lets agents in alone",
        ("ASI03", "ASI07", "T9"), _exposed(lambda picture: picture.listen),
    ),
    Check(
        "port-metrics", Severity.MEDIUM,
        "The metrics are told on loopback alone",
        "They name agents and where they go.",
        "dlp up --metrics 127.0.0.1:9464, and let Prometheus run here or in front of "
        "a firewall",
        ("ASI03", "T3"), _exposed(lambda picture: picture.metrics),
    ),
    Check(
        "port-console", Severity.HIGH,
        "The console listens on loopback alone",
        "Who reaches it decides what agents may do.",
        "dlp up --console 127.0.0.1:8081",
        ("ASI03", "ASI09", "T3", "T10"), _exposed(lambda picture: picture.console),
    ),
    Check(
        "port-neighbours", Severity.MEDIUM,
        "Agents reach no service here that asks for nothing",
        "It stores, runs or fetches for them what the proxy would not.",
        "Stop it, give it a password, or start agents with `dlp run` (--caged)",
        ("ASI02", "ASI05", "T2", "T11"), _neighbours,
    ),
)  # fmt: skip
