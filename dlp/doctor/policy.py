"""The rules: what is legal in them and weak, and who can change them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from dlp.detect.rules import load_rules
from dlp.doctor.access import NOBODY, may_replace
from dlp.doctor.check import Check, Severity
from dlp.doctor.picture import CannotTellError, Picture
from dlp.errors import RuleError
from dlp.model import Limits
from dlp.policy.advice import advise
from dlp.policy.hosts import pattern_covers
from dlp.policy.statement import READING, Statement
from dlp.rulefile import builtin_folder

_WIDE = {4: 1 << 16, 6: 1 << 80}
"""Addresses by version of IP: so many are more than a network of one's own."""
_TIMES = 4
"""How far beyond its default a limit may be set before it is remarked on."""


def _unloadable(picture: Picture) -> Iterator[str]:
    for load in (lambda: picture.policy, lambda: picture.detectors):
        try:
            load()
        except CannotTellError as error:
            cause = error.__cause__
            problems = cause.problems if isinstance(cause, RuleError) else (error,)
            yield from map(str, problems)


def _advice(*names: str) -> Callable[[Picture], Iterator[str]]:
    def look(picture: Picture) -> Iterator[str]:
        known = {one.id for one in picture.agents if not one.revoked_at}
        found = advise(picture.located, picture.policy, known or {"default"}, names)
        return (f"{one.file}:{one.line}: {one.what}" for one in found)

    return look


def _allowing(picture: Picture) -> Iterator[Statement]:
    return (one for one in picture.policy.statements if one.effect == "allow")


def _plain_http(picture: Picture) -> Iterator[str]:
    names = [one.id for one in _allowing(picture) if one.has_port(80)]
    if names:
        yield f"port 80 is open in {', '.join(names)}"


def _any_port(picture: Picture) -> Iterator[str]:
    for one in _allowing(picture):
        if one.ports is None:
            yield f"`{one.id}` allows every port"


def _wide_private(picture: Picture) -> Iterator[str]:
    yield from _advice("opened")(picture)
    for network in picture.policy.upstream.allow_private:
        if network.num_addresses >= _WIDE[network.version]:
            yield f"`allow_private` opens all of {network}"


def _unpinned(picture: Picture) -> Iterator[str]:
    infos = picture.secrets.infos.values()
    hosts = {host for info in infos for host in info.hosts if host[:1] not in {"@", ""}}
    if not hosts:
        raise CannotTellError("no secret is registered for a host, so none can be kept")
    for host in sorted(hosts):
        written = any(
            _writes(one) and any(pattern_covers(p, host) for p in one.hosts)
            for one in _allowing(picture)
        )
        if written and not any(picture.policy.pinned.find(host.removeprefix("*."))):
            yield f"{host} takes anybody's credentials"


def _writes(one: Statement) -> bool:
    return one.kind == "plain" and (one.methods is None or not one.methods <= READING)


def _loose_limits(picture: Picture) -> Iterator[str]:
    usual, limits = Limits(), picture.policy.limits
    for name in (
        "buffer",
        "expansions",
        "decoded",
        "ratio",
        "seconds",
        "opaque",
        "stream",
    ):
        default, found = getattr(usual, name), getattr(limits, name)
        if found > _TIMES * default:
            yield f"`inspection.{name}` is {found}, usually {default}"


def _one_for_all(picture: Picture) -> Iterator[str]:
    present = [one for one in picture.agents if not one.revoked_at]
    if len(present) < 2:
        raise CannotTellError("there are not several agents")
    everyone = [one.id for one in _allowing(picture) if one.agents.everyone]
    if everyone and len(everyone) == len(list(_allowing(picture))):
        yield f"each of {len(everyone)} statements lets each of {len(present)} agents"


def _switched_off(picture: Picture) -> Iterator[str]:
    if picture.rules is None:
        return
    kept = {rule.id for rule in picture.detectors}
    gone = sorted(
        rule.id for rule in load_rules(None, cache=picture.cache) if rule.id not in kept
    )
    yield from (f"the detector {name} is off" for name in gone)


def _writable(picture: Picture) -> Iterator[str]:
    folder = picture.rules or builtin_folder()
    as_a_whole = tuple(written_by_others(picture, [folder]))
    files = [] if as_a_whole else sorted(folder.rglob("*.y*ml"))
    yield from (*as_a_whole, *written_by_others(picture, files))


def _close(picture: Picture) -> Iterator[str]:
    """Takes the write permission of group and others away from what is ours."""
    folder = picture.rules or builtin_folder()
    for path in (folder, *sorted(folder.rglob("*.y*ml"))):
        status = path.lstat()
        mode = stat.S_IMODE(status.st_mode)
        if mode & 0o022 and status.st_uid == os.geteuid() and not path.is_symlink():
            path.chmod(mode & ~0o022)
            yield f"{path}: mode {mode:04o} is now {mode & ~0o022:04o}"


def written_by_others(picture: Picture, paths: Iterable[Path]) -> Iterator[str]:
    """Which of the paths others, or the agent outside of a cage, can replace."""
    users = [NOBODY]
    if not picture.caged:
        users.append(picture.agent)
    for path in paths:
        for user in users:
            found = may_replace(user, path)
            if found:
                through = f", through {found}" if found != path.resolve() else ""
                yield f"{path} can be written by {user.name}{through}"
                break


CHECKS = (
    Check(
        "rules-load", Severity.CRITICAL,
        "Policy and detector rules load",
        "A proxy that runs keeps the last good set; one that is started does not "
        "start.",
        "Correct what is named; `dlp rules check` says the same",
        ("ASI08", "T4"), _unloadable,
    ),
    Check(
        "rules-writable", Severity.CRITICAL,
        "Only the operator can change the rules",
        "An agent that writes them allows itself what it likes, within two seconds.",
        "Give the folder to another user without write permission for the rest, or "
        "start agents with `dlp run` and say --caged",
        ("ASI03", "T3"), _writable, _close,
    ),
    Check(
        "policy-observe", Severity.HIGH,
        "The policy is enforced",
        "`mode: observe` lets most of what it would refuse pass.",
        "Write `mode: enforce` once the record looks right",
        ("ASI02", "T2"), _advice("observe"),
    ),
    Check(
        "policy-empty", Severity.MEDIUM,
        "The policy allows something",
        "A proxy that refuses everything is switched off by those who need to work.",
        "Add a statement that allows something",
        ("ASI08", "T4"), _advice("nothing"),
    ),
    Check(
        "policy-everywhere", Severity.HIGH,
        "No statement lets agents write to every host",
        "What no rule knows leaves to any host there is.",
        "Name the hosts, or write `kind: open`",
        ("ASI02", "T2"), _advice("everywhere"),
    ),
    Check(
        "policy-shared-wildcard", Severity.HIGH,
        "No wildcard reaches hosts that anybody can have",
        "Below a shared suffix the attacker has a host too.",
        "Name the hosts",
        ("ASI02", "T2"), _advice("everybody"),
    ),
    Check(
        "policy-tenants", Severity.MEDIUM,
        "Hosts with a tenant in the path are kept to one",
        "An upload to the attacker's own bucket or channel is to an allowed host.",
        "Add `paths` that name yours, or `methods: [GET, HEAD]`",
        ("ASI02", "T2"), _advice("tenants"),
    ),
    Check(
        "policy-uninspected", Severity.HIGH,
        "Everything that is allowed is read",
        "A secret that goes to a host with `inspect: none` is not seen.",
        "Keep `inspect: none` to programs that pin certificates, without a way to "
        "upload",
        ("ASI02", "T2"), _advice("unread"),
    ),
    Check(
        "policy-private", Severity.HIGH,
        "No private network is open as a whole",
        "The agent reaches this machine's services, the neighbours, or the cloud's "
        "metadata service with its credentials.",
        "Narrow `upstream.allow_private` to the addresses that are needed",
        ("ASI03", "T3"), _wide_private,
    ),
    Check(
        "policy-any-port", Severity.MEDIUM,
        "Statements name their ports",
        "Other ports lead to services that nobody meant to open.",
        "Write `ports`, as in `ports: [443]`",
        ("ASI02", "T2"), _any_port,
    ),
    Check(
        "policy-plain-http", Severity.LOW,
        "Nothing is allowed without TLS",
        "Whoever is on the way reads it, and answers in the host's name.",
        "Write `ports: [443]` where plain http is not needed",
        ("ASI07", "T12"), _plain_http,
    ),
    Check(
        "policy-unpinned", Severity.MEDIUM,
        "Hosts with a registered secret take no other",
        "With a key of their own an attacker gets data out through a host that you "
        "allow.",
        "Add the host to `pinned`",
        ("ASI02", "ASI03", "T2"), _unpinned,
    ),
    Check(
        "policy-limits", Severity.MEDIUM,
        "The limits of inspection are near their defaults",
        "The more a message may expand and the more unreadable bytes may leave, the "
        "less is sure to be seen.",
        "Lower what is named, or give large uploads a host of their own",
        ("ASI08", "T4"), _loose_limits,
    ),
    Check(
        "policy-one-for-all", Severity.LOW,
        "Agents do not all have the same rights",
        "One that is taken over can do what any other can.",
        "Name `agents` in the statements that write",
        ("ASI03", "T3"), _one_for_all,
    ),
    Check(
        "policy-loose-ends", Severity.LOW,
        "Pins, agents and addresses in the policy lead somewhere",
        "A name that does not fit protects nothing.",
        "Correct or remove what is named",
        ("ASI03", "T3"), _advice("unreachable-pins", "private", "strangers"),
    ),
    Check(
        "detectors-off", Severity.HIGH,
        "No built-in detector is switched off",
        "Secrets of that kind pass unless they are registered.",
        "Take `enabled: false` or `disable` out of rules/detectors",
        ("ASI02", "T2"), _switched_off,
    ),
)  # fmt: skip
