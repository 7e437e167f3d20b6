"""
One message through everything that has side effects.

Why not in a sibling: the inspector is pure and the addons are thin; the sequence of
identity, inspection, stores and record needs one owner that HTTP and WebSocket share
and that a test can drive without a proxy.

Rule 1: nothing returns before its record is written; what cannot be recorded is
refused. Rule 2: every way out of `judge` that is not a verdict is a refusal.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from dlp.audit import AuditLog
from dlp.errors import StateError
from dlp.gate.laps import Laps
from dlp.gate.observer import Observer
from dlp.gate.offload import Offload, Source, spare_cores
from dlp.gate.recorder import REFUSED, Judgement, Recorder
from dlp.gate.rewriting import Rewritten, rewritten
from dlp.gate.tally import Charged, Tally, volume_of
from dlp.inspector import Examination, Inspector
from dlp.metrics import Metrics
from dlp.metrics.table import DESTINATION
from dlp.model import (
    Action,
    Agent,
    Channel,
    Deadlines,
    Destination,
    Limits,
    Message,
    Part,
    PartKind,
    Reason,
    Settings,
    Verdict,
)
from dlp.policy.addresses import may_connect
from dlp.policy.opened import carries_data
from dlp.policy.reach import Reach
from dlp.record import Volume
from dlp.state.agents import DEFAULT, AgentRegistry, Challenge
from dlp.state.folder import open_folder
from dlp.state.learned import LearnedTokens
from dlp.state.secrets import SecretStore
from dlp.state.sqlite import Store

__all__ = ["Gate", "Judgement"]

_STATEMENTS_AT_0 = 100
"""Statements that count from 0; those of a longer policy begin with their first use."""


class Gate:
    """Judges messages. One per worker process; every method runs on its loop."""

    def __init__(
        self,
        settings: Settings,
        inspector: Inspector,
        audit: AuditLog,
        agents: AgentRegistry,
        counted: Metrics,
    ) -> None:
        self.settings = settings
        self.inspector = inspector
        self.audit = audit
        self.agents = agents
        self.metrics = counted
        self.recorder = Recorder(audit, counted)
        self.secrets = SecretStore(Path(settings.state))
        self.store = Store.open(Path(settings.state))
        self.tally = Tally(self.store)
        self.learned = LearnedTokens(
            self.store, Path(settings.state), lambda: self.inspector.index
        )
        self.observer = Observer(self.learned, lambda: self.inspector.policy.groups)
        self.offload = Offload(spare_cores(settings.workers))

    @classmethod
    def open(cls, settings: Settings, writer: str = "w0") -> Gate:
        """
        Load rules and open every store.

        Raises:
            RuleError: a rules file is wrong.
            StateError: the state folder cannot be used.
        """
        state = open_folder(Path(settings.state) if settings.state else None)
        settings = replace(settings, state=str(state))
        gate = cls(
            settings,
            Inspector.load(settings.rules, state),
            AuditLog.open(state, writer),
            AgentRegistry(state),
            Metrics.open(state, settings.metrics),
        )
        gate.audit.keep(gate.inspector.policy.retention)
        gate.tell_reload()
        return gate

    @property
    def _on_loopback(self) -> bool:
        return self.settings.listen[0] in {"127.0.0.1", "::1", "localhost"}

    @property
    def limits(self) -> Limits:
        """The bounds on one message."""
        return self.inspector.policy.limits

    @property
    def deadlines(self) -> Deadlines:
        """How long a peer may take, as the rules in force say."""
        return self.inspector.policy.deadlines

    def address_allowed(self, address: str) -> bool:
        """Whether policy lets a connection go to this resolved address."""
        return may_connect(address, self.inspector.policy.upstream.allow_private)

    def identify(self, peer: str, credentials: str | None) -> Agent | Challenge:
        """Who a client is, by its address and `Proxy-Authorization` value."""
        who = self.agents.authenticate(peer, credentials)
        if isinstance(who, Agent) and who.id == DEFAULT and not self._on_loopback:
            who = Challenge("missing")
        if isinstance(who, Challenge) and (credentials or who.kind != "missing"):
            self.metrics.count("dlp_auth_failures_total", who.kind)
        return who

    def reload(self) -> None:
        """
        Load rules and secrets again and swap them in whole.

        Raises:
            RuleError: a file is wrong; what is in force stays in force.
            StateError: the state folder cannot be read; likewise.
        """
        self.inspector = Inspector.load(self.settings.rules, self.settings.state)
        self.audit.keep(self.inspector.policy.retention)
        self.tell_reload()

    def reload_secrets(self) -> None:
        """
        Take the known secrets anew; the rules stay.

        Raises:
            SecretError: the store is damaged; what is in force stays in force.
            StateError: it cannot be read; likewise.
        """
        self.inspector = self.inspector.with_secrets(self.secrets.index())
        self.tell_reload()

    def tell_reload(self) -> None:
        """Count what is in force."""
        inspector = self.inspector
        counts = {
            "rules": len(inspector.rules),
            "statements": len(inspector.policy.statements),
            "secrets": len(inspector.index.infos),
            "agents": len(self.agents.registered()),
        }
        generation = inspector.policy.generation
        self.metrics.reloaded(generation, time.time(), counts)
        self.metrics.set("dlp_observe_mode", inspector.policy.mode == "observe")
        statements = inspector.policy.statements[:_STATEMENTS_AT_0]
        rules = inspector.rules.values()
        self.metrics.meet_rules((rule.family, rule.tier) for rule in rules)
        self.metrics.meet(DESTINATION, ("none", *(one.id for one in statements)))

    def failed(self, why: str) -> None:
        """Something was refused because a hook failed, before there was a decision."""
        self.metrics.count("dlp_fail_closed_total", why)

    def unread(self, size: int) -> None:
        """So many bytes went on in a tunnel that policy leaves closed."""
        self.metrics.count("dlp_skipped_bytes_total", "passthrough", by=size)
        self.metrics.count("dlp_out_bytes_total", by=size)

    def close(self) -> None:
        """Finish the record and let go of every store."""
        self.offload.close()
        self.learned.close()
        self.store.close()
        self.audit.close()
        self.metrics.close()

    # -- decisions --------------------------------------------------------------

    def reach(self, agent: Agent, destination: Destination) -> Reach:
        """What policy says of a destination; for a CONNECT, of any request to it."""
        policy = self.inspector.policy
        if destination.channel is Channel.CONNECT:
            return policy.reach_host(agent.id, destination.host, destination.port)
        return policy.reach(agent.id, destination)

    def admit(self, agent: Agent, destination: Destination) -> Judgement | None:
        """
        Destination policy alone, before a body is read. None: go on and judge it.

        Raises:
            StateError: the refusal cannot be recorded.
        """
        seen = self._unread(agent, destination)
        verdict = self.inspector.conclude(seen)
        if verdict.action is not Action.BLOCK:
            return None
        return self._without_body(seen, verdict, "refused")

    def refuse(
        self,
        agent: Agent,
        destination: Destination,
        guard: str,
        status: int,
        reason: Reason,
        detail: str = "",
    ) -> Judgement:
        """
        Record that a transport guard fired. `detail` holds no payload.

        Raises:
            StateError: it cannot be recorded; refuse all the same.
        """
        verdict = Verdict(Action.BLOCK, reason, guard, status=status, detail=detail)
        return self._without_body(self._unread(agent, destination), verdict, "refused")

    def let_pass(self, agent: Agent, destination: Destination) -> Judgement:
        """
        Record that a tunnel goes on unread, as its statement says (`inspect: none`).

        Raises:
            StateError: it cannot be recorded; the tunnel must not go on.
        """
        seen = self._unread(agent, destination)
        verdict = Verdict(Action.ALLOW, Reason.OK, seen.reach.statement)
        return self._without_body(seen, verdict, "passthrough")

    def judge_name(self, agent: Agent, destination: Destination) -> Judgement | None:
        """
        A refusal if the host name itself carries something, before any lookup.

        Raises:
            StateError: the refusal cannot be recorded.
        """
        name = Part(PartKind.HOST, destination.host.encode())
        message = Message(agent, destination, (name,))
        inspector = self.inspector
        seen = inspector.examine(message, self.learned.index)
        leaks = inspector.leaks(seen)
        if leaks:
            verdict = Verdict(
                Action.BLOCK, Reason.CONTENT, leaks[0].rule, findings=seen.findings
            )
        elif self.reach(agent, destination).caps and carries_data(destination.host):
            verdict = Verdict(Action.BLOCK, Reason.DESTINATION, "open-name")
        else:
            return None
        return self.recorder.record(inspector, seen, verdict, volume_of(seen))

    async def judge(self, message: Message) -> Judgement:
        """
        Inspect a message whole, decide, and record the decision.

        Raises:
            StateError: a store or the inspection failed; the message must not go on.
        """
        inspector = self.inspector
        laps = Laps()
        seen = await self.examine(inspector, message)
        laps.end("examine")
        verdict = inspector.conclude(seen)
        laps.end("decide")
        cut: Rewritten | None = None
        charged: Charged = ()
        if verdict.action is Action.REDACT:
            verdict, cut = await self._redacted(inspector, seen, verdict)
            laps.end("redact")
        elif seen.partials and verdict.action not in REFUSED:
            verdict = await self.tally.cover(inspector, seen, verdict)
        if verdict.action not in REFUSED:
            verdict, charged = await self.tally.charge(inspector, seen, verdict)
        if verdict.action not in REFUSED:
            self.learned.sent(seen.credentials)
        laps.end("tally")
        try:
            volume = volume_of(seen, charged)
            judgement = self.recorder.record(
                inspector, seen, verdict, volume, laps.taken
            )
        except StateError:
            await self.tally.refund(seen, charged)
            raise
        return judgement.rewritten(cut, restore=seen.reach.restore)

    async def witness(self, message: Message) -> None:
        """
        Look into what a request that was refused already would have sent, and record
        it if something stands in it: a known secret meant for a denied host.

        Raises:
            StateError: the inspection failed, or it cannot be recorded.
        """
        inspector = self.inspector
        seen = await self.examine(inspector, message)
        verdict = inspector.conclude(seen)
        if verdict.findings:
            verdict = replace(verdict, action=Action.BLOCK, would=None)
            self.recorder.record(inspector, seen, verdict, volume_of(seen))

    # -- inside -----------------------------------------------------------------

    def _unread(self, agent: Agent, destination: Destination) -> Examination:
        return Examination(
            Message(agent, destination, ()), self.reach(agent, destination)
        )

    def _without_body(self, seen: Examination, verdict: Verdict, why: str) -> Judgement:
        volume = Volume(why_skipped=why)
        return self.recorder.record(self.inspector, seen, verdict, volume)

    def _source(self, inspector: Inspector) -> Source:
        return Source(
            self.settings.rules,
            self.settings.state,
            inspector.generation,
            self.learned.index,
        )

    async def examine(self, inspector: Inspector, message: Message) -> Examination:
        """
        What stands in a message, wherever that is found out.

        Raises:
            StateError: the inspection failed.
        """
        if self.learned.is_behind():
            with suppress(StateError):  # upkeep tells; inspection goes on
                await self.learned.catch_up()
        source = self._source(inspector)
        return await self.offload.examine(inspector, source, message)

    async def _redacted(
        self, inspector: Inspector, seen: Examination, verdict: Verdict
    ) -> tuple[Verdict, Rewritten | None]:
        """
        The rewritten message, or a block.

        Pieces of other secrets that are left count like those of any message.
        """
        again = await rewritten(inspector, seen, lambda m: self.examine(inspector, m))
        if again is None:
            return replace(verdict, action=Action.BLOCK), None
        if again.seen.partials:
            covered = await self.tally.cover(inspector, again.seen, verdict)
            if covered.action in REFUSED:
                return covered, None
        return verdict, again
