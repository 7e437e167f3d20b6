"""
The pipeline: decode -> detect -> bind -> decide. Pure: bytes and facts in, values out.

Strategy: `examine` reads a message and says what stands where; it needs nothing but
the message, so it may run in any thread or process. `conclude` weighs that together
with what only the stores know (earlier partial leaks, grants, limits).
"""

from __future__ import annotations

from collections.abc import Buffer, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace
from pathlib import Path

from dlp.decide import BLOCK, Facts, consequence, decide
from dlp.decode import Recall, Spent, decode, patterns
from dlp.decode.documents.frames import together
from dlp.detect.engine import Engine
from dlp.detect.fetches import fetched, hints
from dlp.detect.known.fingerprint import SecretHit, SecretIndex
from dlp.detect.known.learned import NONE, LearnedIndex
from dlp.detect.opaque import opaque_stretches
from dlp.detect.rule import SURE
from dlp.detect.rules import Rule, load_rules
from dlp.inspector.examination import Detection, Examination
from dlp.inspector.found import a_fetch, distinct, spans, unread
from dlp.inspector.loose import at_home, at_home_in_coded
from dlp.inspector.quiet import Quiet, quiet_names
from dlp.inspector.slots import Slots, key_slots, keyed_digest, masked, unpinned
from dlp.inspector.tickets import Tickets
from dlp.memory import Memory
from dlp.model import (
    Agent,
    Destination,
    Finding,
    Kind,
    Message,
    Part,
    PartKind,
    Tier,
    Verdict,
    View,
    noun,
)
from dlp.patterns import give_back
from dlp.policy import Policy, load_policy, override
from dlp.policy.fetching import may_fetch
from dlp.policy.hosts import expanded
from dlp.policy.opened import breach
from dlp.redact.cutting import is_ours, named

__all__ = ["Examination", "Inspector"]

_FIRST = Message(
    Agent("default"),
    Destination("https", "localhost", 443, "POST"),
    (
        Part(PartKind.BODY, "a first look: a_token = 'café-1/3'".encode()),
        Part(PartKind.BODY, b'{"url": "https://localhost/"}'),
    ),
)


def compile_sieves(cache: Path | None) -> None:
    """What does not depend on rules and is looked for in most messages."""
    for each in (*patterns(), hints().patterns, override.SIEVE.patterns):
        each.database(cache)


@noun
class Inspector:
    """One generation of rules and secrets. Immutable; swapped whole on reload."""

    policy: Policy
    engine: Engine
    index: SecretIndex
    slots: Slots
    rules: Mapping[str, Rule]
    digest: Callable[[bytes], str]
    generation: str
    """Names the rules and secrets in force."""
    barren: Memory[bool] = field(repr=False)
    """Texts that no decoder makes anything of."""
    named: frozenset[str] = field(default=frozenset(), repr=False)
    """Rules and secrets as the placeholders name them that stand for what was cut."""
    quiet: Quiet = field(default_factory=Quiet, repr=False)
    """Texts whose decoding gave nothing that anybody minded."""

    @classmethod
    def load(
        cls, rules: str | Path | None = None, state: str | Path | None = None
    ) -> Inspector:
        """
        Build an inspector from a rules folder (None: the built-in set) and, if one is
        named, the known secrets of a state folder. What took seconds to compile is kept
        there, else in the user's cache.

        Raises:
            RuleError: a rules file is wrong; names file, line, column and remedy.
            StateError: the state folder cannot be read.
        """
        # The public contract asks for this edge, the one of the package.
        from dlp.state.folder import open_folder, read_or_make_key, usual_cache
        from dlp.state.secrets import SecretStore

        folder = Path(rules) if rules is not None else None
        path = open_folder(Path(state)) if state is not None else None
        cache = path / "cache" if path else usual_cache()
        # What is made on first use, seconds of work, no request shall wait for.
        with ThreadPoolExecutor(1) as beside:  # to compile, hyperscan lets the GIL go
            ready = beside.submit(compile_sieves, cache)
            made = load_policy(folder), load_rules(folder, cache=cache)
            if path is None:
                inspector = cls.build(*made, SecretIndex.empty(), cache=cache)
            else:
                index, key = SecretStore(path).index(), read_or_make_key(path, "digest")
                inspector = cls.build(*made, index, cache=cache, key=key)
            ready.result()
        inspector.examine(_FIRST)
        give_back()
        return inspector

    @classmethod
    def build(
        cls,
        policy: Policy,
        rules: Sequence[Rule],
        index: SecretIndex,
        *,
        cache: Path | None = None,
        key: bytes = b"agent-dlp",
    ) -> Inspector:
        """Compile what was loaded."""
        engine = Engine.build(rules, cache, examples=policy.examples == "block")
        return cls._of(policy, engine, index, keyed_digest(key))

    def with_secrets(self, index: SecretIndex) -> Inspector:
        """The same rules with other known secrets: what a registration costs."""
        return self._of(self.policy, self.engine, index, self.digest)

    @classmethod
    def _of(
        cls,
        policy: Policy,
        engine: Engine,
        index: SecretIndex,
        digest: Callable[[bytes], str],
    ) -> Inspector:
        extra = {slot for rule in engine.rules for slot in rule.slots}
        extra.update(slot for info in index.infos.values() for slot in info.slots)
        homes = {
            name: tuple(expanded(info.hosts, policy.groups))
            for name, info in index.infos.items()
        }
        key = digest(b"memory").encode()
        barren = Memory[bool](key)
        slots = Slots(
            engine,
            index,
            policy.limits,
            frozenset(extra),
            homes,
            key_slots(engine.rules),
            digest,
            Recall(barren),
            Memory(key),
        )
        parts = (policy.generation, engine.generation, index.generation)
        generation = "-".join(part[:12] for part in parts)
        by_id = {rule.id: rule for rule in engine.rules}
        rule_names = frozenset(map(named, [*by_id, *index.infos]))
        return cls(
            policy, engine, index, slots, by_id, digest, generation, barren, rule_names
        )

    def scan(self, data: Buffer) -> list[Finding]:
        """Decode and detect, without policy; keeps nothing between calls."""
        body = Part(PartKind.BODY, memoryview(data).tobytes())
        seen = self._detect((body,), Recall(self.barren))
        named = {f.rule for f in seen.findings}
        return [
            *seen.findings,
            *map(self._covered, sorted(set(self._completed(seen)) - named)),
            *map(unread, (*seen.undecodable, *filter(None, [seen.truncated]))),
        ]

    def examine(
        self,
        message: Message,
        learned: LearnedIndex = NONE,
        spent: Spent | None = None,
    ) -> Examination:
        """
        Read a message whole; `learned`: what hosts issued until now.

        Raises:
            UnfinishedError: `spent` says that who asks cannot wait.
        """
        reach = override.reach(self.policy, message)
        if not reach.inspect:
            return Examination(message, reach)
        issued = Tickets(learned, message.destination, self.policy.is_pinned)
        settled = self.slots.settle(
            message, reach, issued.taken, issued.gave_back, spent
        )
        parts = settled.parts
        recall = Recall(self.barren, self.quiet.under(learned))
        seen = self._detect(parts, recall, spent)
        loose = at_home(self.slots, self.rules, seen.findings, message)
        if loose:
            parts = masked(parts, spans(loose))
            seen = self._detect(parts, recall, spent)
        else:
            seen, loose = at_home_in_coded(
                self.slots,
                self.rules,
                seen,
                replace(message, parts=parts),
                lambda plain: self._detect(plain, recall, spent),
            )
        if message.before and not (seen.findings or settled.findings):
            seen = self._continued(seen, message, spent)
        hits = learned.scan(seen.searched)
        if not hits:
            self.quiet.add(learned, seen.quiet)
        return Examination(
            message,
            reach,
            (
                *settled.findings,
                *loose,
                *self.slots.seated(seen.findings, message),
                *self._fetches(parts, seen.views, message),
                *issued.findings(hits, settled.filled, self.digest),
            ),
            seen.partials,
            seen.truncated,
            seen.undecodable,
            settled.foreign or (unpinned(loose) if reach.pinned else ""),
            breach(message, reach.caps, issued.gave),
            seen.inspected,
            tuple(token.value for token in settled.filled),
            opaque_stretches(parts, seen.views),
            seen.cut,
        )

    def conclude(
        self,
        seen: Examination,
        completed: Iterable[str] = (),
        *,
        limit: str = "",
        granted: bool = False,
    ) -> Verdict:
        """
        Weigh an examination with what the stores know: `completed` names the known
        secrets whose pieces, with what left before, make a leak of this message.
        """
        return decide(
            Facts(
                seen.message.agent,
                seen.reach,
                seen.findings,
                seen.truncated,
                seen.undecodable,
                tuple(map(self._covered, sorted({*completed, *self._completed(seen)}))),
                seen.foreign_credential,
                seen.breach,
                limit,
                granted,
                any(part.encodings for part in seen.message.parts),
            )
        )

    def leaks(self, seen: Examination) -> list[Finding]:
        """The findings that may not leave as they are."""
        return [f for f in seen.findings if consequence(f, seen.reach) == BLOCK]

    # -- inside -----------------------------------------------------------------

    def _completed(self, seen: Examination | Detection) -> Iterator[str]:
        """Secrets that the pieces in this one message already make up."""
        for name, pieces in seen.partials.items():
            if self.index.reached(name, pieces):
                yield name

    def _detect(
        self, parts: tuple[Part, ...], recall: Recall, spent: Spent | None = None
    ) -> Detection:
        decoded = decode(parts, self.policy.limits, recall, self.engine.own, spent)
        findings: list[Finding] = []
        partials: dict[str, int] = {}
        searched = decoded.searched
        hits = self.index.scan(searched, decoded.residue)
        for hit in hits:
            if hit.complete:
                findings.append(self._secret(hit))
            else:
                partials[hit.name] = partials.get(hit.name, 0) | hit.coverage
        scanned = self.engine.scan(searched)
        heard = hits or scanned.flooded
        for match in scanned.matches:
            if is_ours(match, self.named):
                continue
            origin = match.view.origin(match.start, match.stop)
            findings.append(
                Finding(
                    match.rule.id,
                    Kind.PATTERN,
                    match.tier,
                    origin.path,
                    origin.part,
                    origin.span,
                    self.digest(match.secret),
                    match.rule.family,
                    on_secret=match.rule.on_secret,
                )
            )
        return Detection(
            distinct(findings),
            partials,
            decoded.truncated or ("candidates" if scanned.flooded else ""),
            decoded.undecodable,
            sum(len(view.data) for view in searched),
            decoded.views,
            searched,
            () if heard else tuple(quiet_names(decoded, scanned.every)),
            decoded.cut,
        )

    def _continued(
        self, seen: Detection, message: Message, spent: Spent | None
    ) -> Detection:
        """The same, and what the messages before it make of a short one."""
        texts = together(message.before, message.parts[0].data)
        joins = tuple(Part(PartKind.FRAME, text) for text in texts)
        if not joins:
            return seen
        more = self._detect(joins, Recall(), spent)
        findings = [
            replace(finding, part=0, span=None, path=f"frames > {finding.path}")
            for finding in more.findings
            if finding.kind is Kind.FINGERPRINT or self.rules[finding.rule].tier in SURE
        ]
        partials = dict(seen.partials)
        for name, pieces in more.partials.items():
            partials[name] = partials.get(name, 0) | pieces
        return replace(seen, findings=distinct(findings), partials=partials)

    def _fetches(
        self, parts: tuple[Part, ...], views: tuple[View, ...], message: Message
    ) -> Iterator[Finding]:
        """The other side is to fetch what the agent may not reach."""
        for fetch in fetched(parts, views):
            if not may_fetch(self.policy, message.agent, fetch.url):
                yield a_fetch(fetch)

    def _secret(self, hit: SecretHit) -> Finding:
        path, part, span = hit.view.path, hit.view.part, None
        if hit.start is not None and hit.stop is not None:
            origin = hit.view.origin(hit.start, hit.stop)
            path, part, span = origin.path, origin.part, origin.span
        return Finding(
            hit.name,
            Kind.FINGERPRINT,
            Tier.CERTAIN,
            path,
            part,
            span,
            self.digest(hit.name.encode()),
            self._family(hit.name),
        )

    def _covered(self, name: str) -> Finding:
        family = self._family(name)
        return Finding(name, Kind.FINGERPRINT, Tier.CERTAIN, "coverage", family=family)

    def _family(self, name: str) -> str:
        return "canary" if self.index.info(name).canary else "secret"
