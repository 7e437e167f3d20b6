from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as prometheus

from dlp.metrics import TABLE, Metrics
from dlp.metrics.exposition import page
from dlp.model import (
    Action,
    Agent,
    Destination,
    Finding,
    Kind,
    Reason,
    Tier,
    Verdict,
)
from dlp.record import Facts, make_record

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def record(took=0.3, action=Action.BLOCK):
    verdict = Verdict(action, Reason.CONTENT, "r")
    facts = Facts(
        Agent("a"), Destination("https", "h.example", 443), timings=(("total", took),)
    )
    return make_record("dlp-ref", 5.0, verdict, facts)


def samples(folder, parse=prometheus, accept=""):
    body, _ = page(folder, accept)
    return {
        (sample.name, *sorted(sample.labels.items())): sample
        for family in parse(body.decode())
        for sample in family.samples
    }


def test_workers_add_up(tmp_path):
    one, two = Metrics(tmp_path), Metrics(tmp_path)
    one.observe(record())
    two.observe(record())
    one.set("dlp_in_flight_messages", 2)
    two.set("dlp_in_flight_messages", 3)
    one.set("dlp_rules_loaded", 400)
    two.set("dlp_rules_loaded", 399)
    one.set("dlp_reload_timestamp_seconds", 10)
    two.set("dlp_reload_timestamp_seconds", 20)
    found = samples(tmp_path)
    decisions = ("dlp_decisions_total", ("action", "block"), ("reason", "content"))
    assert found[decisions].value == 2
    assert found["dlp_in_flight_messages",].value == 5
    assert found["dlp_rules_loaded",].value == 399
    assert found["dlp_reload_timestamp_seconds",].value == 20
    assert found["dlp_workers",].value == 2
    two.close()
    found = samples(tmp_path)
    assert found[decisions].value == 2
    assert found["dlp_in_flight_messages",].value == 2
    assert found["dlp_workers",].value == 1
    one.close()


def test_a_histogram_is_cumulative(tmp_path):
    metrics = Metrics(tmp_path)
    for took in (0.0001, 0.3, 99.0):
        metrics.observe(record(took))
    found = samples(tmp_path)

    def bucket(bound):
        return found[
            "dlp_stage_seconds_bucket", ("le", bound), ("stage", "total")
        ].value

    assert (bucket("5e-05"), bucket("0.0001"), bucket("0.25")) == (0, 1, 1)
    assert (bucket("0.5"), bucket("10.0"), bucket("+Inf")) == (2, 2, 3)
    assert found["dlp_stage_seconds_count", ("stage", "total")].value == 3
    total = found["dlp_stage_seconds_sum", ("stage", "total")].value
    assert total == pytest.approx(99.3001)
    metrics.close()


def test_openmetrics_has_exemplars_with_the_reference(tmp_path):
    metrics = Metrics(tmp_path)
    metrics.observe(record())
    metrics.observe(replace(record(), reference="dlp-newer", at=9.0))
    metrics.beat(1.0)
    body, media_type = page(tmp_path, OPENMETRICS)
    assert media_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    found = samples(tmp_path, openmetrics, OPENMETRICS)
    decisions = ("dlp_decisions_total", ("action", "block"), ("reason", "content"))
    assert found[decisions].exemplar.labels == {"reference": "dlp-newer"}
    leak = Finding("k", Kind.FINGERPRINT, Tier.CERTAIN, "body", family="canary")
    verdict = Verdict(Action.BLOCK, Reason.CONTENT, "k", (leak,))
    facts = Facts(Agent("a"), Destination("https", "h.example", 443))
    metrics.observe(make_record("dlp-leak", 11.0, verdict, facts))
    metrics.beat(2.0)
    told = samples(tmp_path, openmetrics, OPENMETRICS)
    for name in ("dlp_secret_attempts_total", "dlp_canary_touches_total"):
        assert told[name, ("agent", "a")].exemplar.labels == {"reference": "dlp-leak"}
    bucket = ("dlp_stage_seconds_bucket", ("le", "0.5"), ("stage", "total"))
    assert found[bucket].exemplar.value == 0.3
    metrics.close()


def test_every_declared_metric_is_there(tmp_path):
    metrics = Metrics(tmp_path)
    body, _ = page(tmp_path, "")
    for declared in TABLE:
        assert f"# HELP {declared.name} {declared.help}" in body.decode()
    metrics.close()


def test_without_workers_the_page_says_so(tmp_path):
    assert samples(tmp_path)["dlp_workers",].value == 0
