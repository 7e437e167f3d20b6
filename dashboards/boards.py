"""
The Grafana dashboards as tables: what each panel asks and how it is drawn.

In an expression `NAME[]` stands for the metric `dlp_NAME` of the chosen proxies and
`NAME[label="x"]` for one with a matcher more; `rate5` and `rise` are spelt out below.
"""

from __future__ import annotations

from dataclasses import dataclass

STAT, LINES, STACK, BARS, TABLE = "stat", "lines", "stack", "bars", "table"
GOOD, BAD, PLAIN = "good", "bad", "plain"
"""Colour of a stat: green when not zero, red when not zero, neither."""

COLOURS = {
    "{{action}}": {
        "allow": "green",
        "redact": "yellow",
        "hold": "blue",
        "block": "red",
    },
    "{{coverage}}": {"full": "green", "part": "yellow", "none": "red"},
    "inspected": {"inspected": "green"},
    "not: {{why}}": {
        "not: inspect-none": "red",
        "not: passthrough": "orange",
        "not: refused": "blue",
    },
    "p50": {"p50": "blue"},
    "p99": {"p99": "orange"},
}
"""Of the series of a legend; others take the palette."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel."""

    title: str
    description: str
    kind: str
    queries: tuple[tuple[str, str], ...]
    """(expression, legend)."""
    unit: str = "short"
    width: int = 12
    tone: str = PLAIN
    columns: tuple[str, ...] = ()
    """Of a table: what the number of each query is; empty: it says nothing."""
    log: float = 0.0
    """Where a logarithmic axis begins, for what spans magnitudes; 0: not logarithmic."""


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard: rows of panels."""

    uid: str
    title: str
    description: str
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]


def rate(metric: str, *by: str) -> str:
    """The rate of a counter, summed by labels."""
    return f"sum by ({', '.join(by)}) (rate({metric}[$__rate_interval]))"


def rise(metric: str, *by: str) -> str:
    """What was added to a counter in the time shown."""
    return f"sum by ({', '.join(by)}) (increase({metric}[$__range]))"


def quantile(share: float, metric: str, *by: str) -> str:
    """A quantile of a histogram."""
    return f"histogram_quantile({share}, {rate(metric, 'le', *by)})"


def figure(
    title: str, description: str, expr: str, tone: str = PLAIN, unit: str = "short",
    width: int = 4,
) -> Panel:  # fmt: skip
    """One number."""
    return Panel(title, description, STAT, ((expr, ""),), unit, width, tone)


FIRING = 'count(ALERTS{alertname=~"Dlp.+", alertstate="firing", job=~"$job", instance=~"$instance"})'
BLOCKED = 'decisions_total[action="block"]'
OVERVIEW = Board(
    "agent-dlp-overview",
    "agent-dlp / Overview",
    "Is the proxy healthy, what was stopped, who tried.",
    (
        ("Now", (
            figure("Workers", "Worker processes running.", "sum(workers[])", GOOD, width=3),
            figure("Works", "Whether inspection, state and audit all work.",
                   "min(component_up[])", GOOD, "bool_yes_no", 3),
            figure("Alerts", "Alerts that fire now; see RUNBOOK.md.", f"{FIRING} or vector(0)",
                   BAD, width=3),
            figure("Read in full", "Share of the messages that left in the time shown.",
                   f"{rise('coverage_messages_total[coverage=`full`]')} / "
                   f"{rise('coverage_messages_total[]')}", PLAIN, "percentunit", 3),
            figure("Refused", "Messages refused in the time shown.", rise(BLOCKED), width=3),
            figure("Secrets tried", "Messages with a registered secret outside its "
                   "binding; all were stopped.", rise("secret_attempts_total[]"), BAD, width=3),
            figure("Canaries touched", "Messages with a canary. There is no honest reason.",
                   rise("canary_touches_total[]"), BAD, width=3),
            figure("Failed closed", "Refusals because something did not work, unreadable "
                   "messages aside.", rise("fail_closed_total[why!=`unreadable`]"), BAD, width=3),
        )),
        ("What is stopped", (
            Panel("Decisions", "Messages by what was done.", STACK,
                  ((rate("decisions_total[]", "action"), "{{action}}"),), "reqps"),
            Panel("Refusals by reason", "Refused messages by the reason the agent saw.",
                  STACK, ((rate('decisions_total[action="block", reason!="ok"]', "reason"),
                           "{{reason}}"),), "reqps"),
            Panel("Who is refused", "Agents with the most refusals in the time shown.", BARS,
                  ((f"topk(10, {rise('agent_decisions_total[action=`block`]', 'agent')})",
                    "{{agent}}"),)),
            Panel("What was found", "Findings in the time shown, by family of rules.", BARS,
                  ((f"topk(10, {rise('findings_total[]', 'family')})", "{{family}}"),)),
        )),
        ("How it does", (
            Panel("Added latency", "What messages wait for inspection.", LINES,
                  ((quantile(0.5, 'stage_seconds_bucket[stage="total"]'), "p50"),
                   (quantile(0.99, 'stage_seconds_bucket[stage="total"]'), "p99")), "s",
                  log=1e-5),
            Panel("Coverage", "Share of forwarded messages by how much was inspected.",
                  LINES,
                  (((f"{rate('coverage_messages_total[]', 'coverage')} / ignoring(coverage) "
                    f"group_left() sum(rate(coverage_messages_total[][$__rate_interval]))"),
                    "{{coverage}}"),), "percentunit"),
        )),
    ),
)  # fmt: skip

AGENTS = Board(
    "agent-dlp-agents",
    "agent-dlp / Agents and destinations",
    "Who sends what where, and who is refused.",
    (
        ("Agents", (
            Panel("Messages by agent", "Decisions of every kind.", STACK,
                  ((rate("agent_decisions_total[]", "agent"), "{{agent}}"),), "reqps"),
            Panel("Refusals by agent", "Refused messages.", STACK,
                  ((rate('agent_decisions_total[action="block"]', "agent"), "{{agent}}"),),
                  "reqps"),
            Panel("Known secrets tried by agent",
                  "Messages with a registered secret outside its binding.", BARS,
                  ((rise("secret_attempts_total[]", "agent"), "{{agent}}"),)),
            Panel("Canaries by agent", "Messages with a canary.", BARS,
                  ((rise("canary_touches_total[]", "agent"), "{{agent}}"),)),
            Panel("Opaque bytes by agent", "Of what looks like ciphertext; policy bounds it "
                  "per agent and destination.", LINES,
                  ((rate("opaque_bytes_total[]", "agent"), "{{agent}}"),), "Bps", 24),
            Panel("Wrong credentials", "Clients that were not accepted, by why.", STACK,
                  ((rate("auth_failures_total[]", "kind"), "{{kind}}"),), "reqps"),
            Panel("Locked out", "Pairs of agent and address that have to wait.", LINES,
                  (("sum by (instance) (auth_locked[])", "{{instance}}"),)),
        )),
        ("Destinations", (
            Panel("Messages by destination", "By statement or group of the policy.", STACK,
                  ((rate("destination_decisions_total[]", "destination"),
                    "{{destination}}"),), "reqps"),
            Panel("Refusals by destination", "`none`: no statement covers it.", STACK,
                  ((rate('destination_decisions_total[action="block"]', "destination"),
                    "{{destination}}"),), "reqps"),
            Panel("Decisions in the time shown", "Every destination and what was done.",
                  TABLE, ((rise("destination_decisions_total[]", "destination", "action"),
                           ""),), width=24, columns=("decisions",)),
        )),
    ),
)  # fmt: skip

DETECTION = Board(
    "agent-dlp-detection",
    "agent-dlp / Detection",
    "What was found, how it was found, and what was not looked at.",
    (
        ("Findings", (
            Panel("By family", "Findings that must not leave, by family of rules.", STACK,
                  ((rate("findings_total[]", "family"), "{{family}}"),), "cps", 8),
            Panel("By tier", "How sure the detector was.", STACK,
                  ((rate("findings_total[]", "tier"), "{{tier}}"),), "cps", 8),
            Panel("By kind", "Pattern, registered secret, structure.", STACK,
                  ((rate("findings_total[]", "kind"), "{{kind}}"),), "cps", 8),
            Panel("Credentials in their slots", "Registered, of the host's own vendor, or "
                  "somebody else's.", STACK,
                  ((rate("credentials_total[]", "place"), "{{place}}"),), "cps"),
            Panel("Observe mode would stop", "What enforce mode would do with messages that "
                  "observe mode lets pass.", STACK,
                  ((rate("observed_total[]", "action"), "{{action}}"),), "reqps"),
        )),
        ("Coverage", (
            Panel("Messages", "Forwarded messages by how much of them was inspected.", STACK,
                  ((rate("coverage_messages_total[]", "coverage"), "{{coverage}}"),),
                  "reqps"),
            Panel("Bytes", "Inspected, and not.", STACK,
                  ((rate("inspected_bytes_total[]"), "inspected"),
                   (rate("skipped_bytes_total[]", "why"), "not: {{why}}")), "Bps"),
            Panel("Opaque bytes", "What looks like ciphertext: nobody can read it.",
                  LINES, ((rate("opaque_bytes_total[]"), "opaque"),
                          (rate("out_bytes_total[]"), "all that left")), "Bps"),
            Panel("Unreadable", "Messages over an inspection limit or not decodable.", STACK,
                  ((rate("unreadable_total[]", "why"), "{{why}}"),), "reqps"),
        )),
    ),
)  # fmt: skip

INTERNALS = Board(
    "agent-dlp-internals",
    "agent-dlp / Proxy internals",
    "Time, memory, queues, rules in force.",
    (
        ("State", (
            figure("Rules", "Detection rules in force.", "min(rules_loaded[])", GOOD),
            figure("Statements", "Policy statements in force.", "min(statements_loaded[])"),
            figure("Secrets", "Registered secrets in force.", "min(secrets_loaded[])"),
            figure("Agents", "Registered agents; 0: loopback clients only.",
                   "max(agents_loaded[])"),
            figure("Reloaded", "Whether the rules in force are those on disk.",
                   "min(reload_success[])", GOOD, "bool_yes_no"),
            figure("CA expires in", "Until clients stop trusting us.",
                   "min(ca_expiry_timestamp_seconds[]) - time()", PLAIN, "s"),
        )),
        ("Time", (
            Panel("Stages, p99", "Where messages spend their time.", LINES,
                  ((quantile(0.99, "stage_seconds_bucket[]", "stage"), "{{stage}}"),), "s",
                  log=1e-5),
            Panel("Message size", "As sent.", LINES,
                  ((quantile(0.5, "message_bytes_bucket[]"), "p50"),
                   (quantile(0.99, "message_bytes_bucket[]"), "p99")), "bytes", log=100),
            Panel("Messages", "By channel.", STACK,
                  ((rate("messages_total[]", "channel"), "{{channel}}"),), "reqps"),
            Panel("Upstream errors", "Allowed, but the connection failed.", LINES,
                  ((rate("upstream_errors_total[]", "instance"), "{{instance}}"),), "cps"),
        )),
        ("Load", (
            Panel("In flight", "Messages being inspected or held; client connections.",
                  LINES, (("sum(in_flight_messages[])", "messages"),
                          ("sum(connections[])", "connections"))),
            Panel("Buffered", "Bytes held for inspection.", LINES,
                  (("sum(in_flight_bytes[])", "bytes"),), "bytes"),
            Panel("CPU", "Cores used by the workers.", LINES,
                  ((rate("cpu_seconds_total[]", "instance"), "{{instance}}"),)),
            Panel("Memory", "Held by the workers.", LINES,
                  (("sum by (instance) (resident_memory_bytes[])", "{{instance}}"),),
                  "bytes"),
        )),
        ("Health", (
            Panel("Components", "1 when it works.", LINES,
                  (("min by (component) (component_up[])", "{{component}}"),)),
            Panel("Failures", "Refused because something broke; audit lines not written.",
                  STACK, ((rate("fail_closed_total[]", "why"), "{{why}}"),
                          (rate("audit_errors_total[]"), "audit")), "cps"),
            Panel("Sign of life", "Age of the oldest worker's last sign of life.", LINES,
                  (("time() - min by (instance) (worker_heartbeat_timestamp_seconds[] > 0)",
                    "{{instance}}"),), "s"),
            Panel("Reloads and starts", "In the time shown.", BARS,
                  ((rise("reloads_total[]", "outcome"), "reload: {{outcome}}"),
                   (rise("worker_starts_total[]"), "worker starts"))),
            Panel("Alerts from the proxy", "Of rules/alerts.yaml: raised, and messages that "
                  "were given up.", STACK,
                  ((rate("alerts_total[]", "severity"), "{{severity}}"),
                   (rate("alerts_dropped_total[]", "why"), "given up: {{why}}")), "cps", 24),
            Panel("Builds", "What runs where, and which rules it has.", TABLE,
                  (("max by (instance, version, python) (build_info[])", ""),
                   ("max by (instance) (ruleset_generation[])", ""),
                   ("max by (instance) (observe_mode[])", "")), "none", 24,
                  columns=("", "generation of the rules", "only observes")),
        )),
    ),
)  # fmt: skip

BOARDS = (OVERVIEW, AGENTS, DETECTION, INTERNALS)
