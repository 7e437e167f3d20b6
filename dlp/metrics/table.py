"""Every metric of the product, declared once. Base units, prefix `dlp_`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from dlp.model import Action, Channel, Kind, Place, Reason, Tier
from dlp.record.volume import Flowed
from dlp.state.agents import CHALLENGES

OVERFLOW = "other"
"""The value of a label that is not in its vocabulary, or beyond its cap."""

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"
SUM, MAX, MIN = "sum", "max", "min"
WORKER, SUPERVISOR = "worker", "supervisor"

SECONDS = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
    0.25, 0.5, 1.0, 2.5, 10.0,
)  # fmt: skip
BYTES = (256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0,
         16777216.0, 67108864.0)  # fmt: skip

STAGES = ("examine", "decide", "redact", "tally", "record", "total")
COMPONENTS = ("inspection", "state", "audit")
SKIPPED = ("inspect-none", "passthrough", "refused")
UNREAD = (
    "depth", "expansions", "decoded", "ratio", "time", "buffer", "stream",
    "undecodable",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Label:
    """A label and the values it may have."""

    name: str
    known: tuple[str, ...] = ()
    """Values whose children exist from the start."""
    cap: int = 0
    """How many more values may appear; 0 closes the vocabulary."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family."""

    name: str
    kind: str
    help: str
    labels: tuple[Label, ...] = ()
    merge: str = SUM
    """How the gauges of several workers become one."""
    buckets: tuple[float, ...] = ()
    start: float = 0.0
    """What a gauge is until it is set."""
    owner: str = WORKER
    """Which kind of process counts it."""

    @property
    def cells(self) -> int:
        """Cells that one child takes: buckets, the overflow bucket and the sum."""
        return len(self.buckets) + 2 if self.kind == HISTOGRAM else 1

    def children(self) -> list[tuple[str, ...]]:
        """The label values whose children exist from the start."""
        return list(product(*(label.known for label in self.labels)))


CHANNEL = Label("channel", (), cap=64)
AGENT = Label("agent", ("default",), cap=200)
DESTINATION = Label("destination", (), cap=300)
FAMILY = Label("family", (), cap=100)
ACTION = Label("action", tuple(Action))
REASON = Label("reason", tuple(Reason))
REFUSAL = Label("reason", tuple(reason for reason in Reason if reason is not Reason.OK))

TABLE: tuple[Metric, ...] = (
    Metric("dlp_workers", GAUGE, "Worker processes running now.", start=1.0),
    Metric(
        "dlp_decisions_total", COUNTER,
        "Decisions, by what was done and the coarse reason.", (ACTION, REASON),
    ),
    Metric(
        "dlp_agent_decisions_total", COUNTER,
        "Decisions by agent and what was done.", (AGENT, ACTION),
    ),
    Metric(
        "dlp_destination_decisions_total", COUNTER,
        "Decisions by destination group (a statement or group of the policy, `none` "
        "where no statement covers it) and what was done.", (DESTINATION, ACTION),
    ),
    Metric(
        "dlp_observed_total", COUNTER,
        "Messages that observe mode let pass, by what enforce mode would have done.",
        (ACTION,),
    ),
    Metric(
        "dlp_messages_total", COUNTER, "Messages decided on, by channel.",
        (Label("channel", tuple(Channel)),),
    ),
    Metric(
        "dlp_findings_total", COUNTER, "Findings that must not leave, by rule family.",
        (FAMILY, Label("kind", tuple(Kind)), Label("tier", tuple(Tier))),
    ),
    Metric(
        "dlp_credentials_total", COUNTER,
        "Credentials seen in a credential slot, by whose they are.",
        (Label("place", (Place.BOUND, Place.VENDOR_SLOT, Place.OTHER_SLOT)),),
    ),
    Metric(
        "dlp_secret_attempts_total", COUNTER,
        "Messages that carried a registered secret outside its binding.", (AGENT,),
    ),
    Metric(
        "dlp_canary_touches_total", COUNTER,
        "Messages that carried a canary: a registered secret nobody should use.",
        (AGENT,),
    ),
    Metric(
        "dlp_out_bytes_total", COUNTER,
        "Bytes of messages that were forwarded, or had been before a refusal.",
    ),
    Metric(
        "dlp_streamed_total", COUNTER,
        "Bodies over the buffer, judged as they went on, by how they ended: `cut` is "
        "a peer that went away.",
        (Label("end", (Flowed.WHOLE, Flowed.REFUSED, Flowed.CUT)),),
    ),
    Metric(
        "dlp_streamed_bytes_total", COUNTER,
        "Bytes of such bodies that went on, broken off later or not.",
    ),
    Metric(
        "dlp_inspected_bytes_total", COUNTER, "Bytes that were inspected in full.",
    ),
    Metric(
        "dlp_skipped_bytes_total", COUNTER, "Bytes that were not inspected, and why.",
        (Label("why", SKIPPED),),
    ),
    Metric(
        "dlp_opaque_bytes_total", COUNTER,
        "Bytes that left and that nobody can read, as the ledger counts them: what "
        "looks like ciphertext, once; not pictures and archives.",
        (AGENT,),
    ),
    Metric(
        "dlp_coverage_messages_total", COUNTER,
        "Forwarded messages by how much of them was inspected.",
        (Label("coverage", ("full", "part", "none")),),
    ),
    Metric(
        "dlp_unreadable_total", COUNTER,
        "Messages that could not be read in full, by the limit or the decoder.",
        (Label("why", UNREAD),),
    ),
    Metric(
        "dlp_fail_closed_total", COUNTER,
        "Refusals because something did not work, not because of what was asked; "
        "`internal` is an exception of our own.",
        (Label("why", ("unavailable", "unreadable", "internal")),),
    ),
    Metric(
        "dlp_stage_seconds", HISTOGRAM,
        "Time spent on a message: reading it whole, weighing it, cutting a secret "
        "out, counting in the store, writing the record. `total` is all but the last.",
        (Label("stage", STAGES),), buckets=SECONDS,
    ),
    Metric(
        "dlp_message_bytes", HISTOGRAM, "Size of messages as sent.", buckets=BYTES,
    ),
    Metric("dlp_in_flight_messages", GAUGE, "Messages being inspected or held now."),
    Metric("dlp_in_flight_bytes", GAUGE, "Bytes buffered for inspection now."),
    Metric("dlp_connections", GAUGE, "Client connections open now."),
    Metric(
        "dlp_upstream_errors_total", COUNTER,
        "Connections to a destination that failed after we had allowed them.",
    ),
    Metric(
        "dlp_auth_failures_total", COUNTER, "Clients that were not accepted, and why.",
        (Label("kind", CHALLENGES),),
    ),
    Metric("dlp_auth_locked", GAUGE, "Pairs of agent and address locked out now."),
    Metric(
        "dlp_reloads_total", COUNTER, "Reloads of the rules folder.",
        (Label("outcome", ("success", "failure")),),
    ),
    Metric(
        "dlp_reload_success", GAUGE,
        "1 when the rules folder in force is the one on disk, 0 after a failed reload.",
        merge=MIN, start=1.0,
    ),
    Metric(
        "dlp_reload_timestamp_seconds", GAUGE, "When rules came into force.", merge=MAX,
    ),
    Metric(
        "dlp_ruleset_generation", GAUGE,
        "The first 48 bits of the hash of the rules in force: equal means the same.",
        merge=MAX,
    ),
    Metric("dlp_rules_loaded", GAUGE, "Detection rules in force.", merge=MIN),
    Metric("dlp_statements_loaded", GAUGE, "Policy statements in force.", merge=MIN),
    Metric("dlp_secrets_loaded", GAUGE, "Registered secrets in force.", merge=MIN),
    Metric("dlp_agents_loaded", GAUGE, "Agents that may use the proxy.", merge=MAX),
    Metric(
        "dlp_observe_mode", GAUGE, "1 when the policy only observes.", merge=MAX,
    ),
    Metric("dlp_audit_errors_total", COUNTER, "Audit lines that could not be written."),
    Metric(
        "dlp_component_up", GAUGE, "1 when a part of the proxy works; see /healthz.",
        (Label("component", COMPONENTS),), merge=MIN,
    ),
    Metric(
        "dlp_ca_expiry_timestamp_seconds", GAUGE, "When the CA certificate expires.",
        merge=MIN,
    ),
    Metric(
        "dlp_ca_start_timestamp_seconds", GAUGE,
        "From when on the CA certificate is valid: two days before it was made.",
        merge=MIN,
    ),
    Metric(
        "dlp_worker_starts_total", COUNTER,
        "Worker processes started; more than the workers there are means restarts.",
    ),
    Metric(
        "dlp_worker_heartbeat_timestamp_seconds", GAUGE,
        "Oldest sign of life of a running worker.", merge=MIN,
    ),
    Metric("dlp_cpu_seconds_total", COUNTER, "CPU time used by the workers."),
    Metric("dlp_resident_memory_bytes", GAUGE, "Memory held by the workers."),
    Metric(
        "dlp_alerts_total", COUNTER, "Alerts that a route took or could have taken.",
        (Label("severity", ("info", "warning", "critical")),), owner=SUPERVISOR,
    ),
    Metric(
        "dlp_alerts_sent_total", COUNTER, "Messages that a channel accepted.",
        (CHANNEL,), owner=SUPERVISOR,
    ),
    Metric(
        "dlp_alerts_failed_total", COUNTER,
        "Attempts to send a message that failed; it is tried again.",
        (CHANNEL,), owner=SUPERVISOR,
    ),
    Metric(
        "dlp_alerts_dropped_total", COUNTER,
        "Messages or alerts that are given up: too many wait (`full`), too old "
        "(`old`), refused for what they are (`refused`), for no channel (`removed`).",
        (Label("why", ("full", "old", "refused", "removed")),), owner=SUPERVISOR,
    ),
    Metric(
        "dlp_alerts_spooled", GAUGE, "Messages that wait to be sent, by channel.",
        (CHANNEL,), owner=SUPERVISOR,
    ),
    Metric(
        "dlp_alerts_reload_success", GAUGE,
        "0 when alerts.yaml has a mistake and an earlier one is in force.",
        start=1.0, owner=SUPERVISOR,
    ),
    Metric(
        "dlp_build_info", GAUGE, "Always 1; the labels tell what is running.",
        (Label("version", (), cap=1), Label("python", (), cap=1)), merge=MAX,
    ),
)  # fmt: skip

BY_NAME = {metric.name: metric for metric in TABLE}
