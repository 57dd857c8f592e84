"""What a scrape sees, with one process and with several."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from photobooth_daemon.metrics.series import INGEST_SECONDS, Metrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def scrape(metrics: Metrics) -> dict[str, float]:
    body = metrics.encoder("text/plain")[0]()
    return {
        sample.name + repr(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return scrape(metrics).get(name + repr(sorted(labels.items())))


def test_every_slot_is_there_before_its_first_photo(metrics: Metrics) -> None:
    for number in range(1, 16):
        slot = f"slot-{number:03}"
        assert (
            value(metrics, "photobooth_ingest_total", slot=slot, provider="none", outcome="timeout")
            == 0
        )
        assert value(metrics, "photobooth_ingest_waiting", slot=slot) == 0
    assert value(metrics, "photobooth_ingest_in_flight") == 0


def test_an_exchange_is_counted_once_in_each_family(metrics: Metrics) -> None:
    metrics.observe_ingest("slot-003", "gemini", "done", 4.2, window_seconds=48)
    labels = {"slot": "slot-003", "provider": "gemini", "outcome": "done"}
    assert value(metrics, "photobooth_ingest_total", **labels) == 1
    assert value(metrics, "photobooth_ingest_duration_seconds_count", **labels) == 1
    assert value(metrics, "photobooth_ingest_duration_seconds_bucket", le="5.0", **labels) == 1
    assert value(metrics, "photobooth_ingest_duration_seconds_bucket", le="3.0", **labels) == 0
    assert (
        value(metrics, "photobooth_ingest_window_used_ratio_bucket", slot="slot-003", le="0.1") == 1
    )


def test_strangers_cannot_make_series(metrics: Metrics) -> None:
    metrics.observe_ingest("slot-../etc", None, "refused", 0.01, code="slot_not_found")
    metrics.prepare_slot("slot-999", "gemini")
    body = metrics.encoder("")[0]()
    assert b"etc" not in body
    assert b"slot-999" not in body
    assert (
        value(metrics, "photobooth_ingest_refused_total", slot="none", code="slot_not_found") == 1
    )


def test_a_prepared_slot_starts_at_zero(metrics: Metrics) -> None:
    metrics.prepare_slot("slot-002", "local")
    metrics.prepare_slot("slot-002", "local")
    assert (
        value(
            metrics, "photobooth_ingest_total", slot="slot-002", provider="local", outcome="timeout"
        )
        == 0
    )


def test_what_alerts_at_its_first_event_starts_at_zero(metrics: Metrics) -> None:
    """An increase from nothing to one is none for Prometheus."""
    metrics.prepare_slot("slot-002", "gemini")
    assert value(metrics, "photobooth_refused_requests_total", code="internal_error") == 0
    for number in range(1, 16):
        refused = {"slot": f"slot-{number:03}", "code": "rate_limited"}
        assert value(metrics, "photobooth_ingest_refused_total", **refused) == 0
    for reason in ("auth", "model_gone", "bad_request", "input_not_fetched"):
        attempts = {"provider": "gemini", "reason": reason}
        assert value(metrics, "photobooth_provider_attempts_total", **attempts) == 0


def test_a_fact_nobody_knows_has_no_sample(metrics: Metrics) -> None:
    assert value(metrics, "photobooth_media_free_bytes") is None
    metrics.media_free_bytes.set(7)
    assert value(metrics, "photobooth_media_free_bytes") == 7
    metrics.media_free_bytes.clear()
    assert value(metrics, "photobooth_media_free_bytes") is None


def test_a_fact_refuses_labels_it_does_not_have(metrics: Metrics) -> None:
    with pytest.raises(ValueError, match="media_bytes"):
        metrics.media_bytes.set(1)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain"),
        ("*/*", "text/plain"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text"),
    ],
)
def test_the_format_follows_the_accept_header(
    metrics: Metrics, accept: str, content_type: str
) -> None:
    encode, answered = metrics.encoder(accept)
    body = encode()
    assert answered.startswith(content_type)
    assert body.endswith(b"# EOF\n") == (content_type != "text/plain")
    assert b"_created" not in body


def test_buckets_are_narrow_where_windows_lie() -> None:
    for low, high in itertools.pairwise(INGEST_SECONDS):
        if low >= 1.5:
            assert high / low <= 1.34, (low, high)
        if low >= 8:
            assert high / low <= 1.21, (low, high)
    assert INGEST_SECONDS[-1] > 60


def test_processes_are_added_up_and_facts_are_not(tmp_path: Path) -> None:
    """Several processes write into one directory, and a scrape of any of them sees the sum."""
    program = (
        "import sys; from prometheus_client import CollectorRegistry\n"
        "from photobooth_daemon.metrics.series import Metrics\n"
        "m = Metrics(CollectorRegistry(), multiprocess_dir=sys.argv[1])\n"
        "m.observe_ingest('slot-001', 'local', 'done', 2.0, window_seconds=48)\n"
        "m.ingest_in_flight.inc(2)\n"
        "m.media_free_bytes.set(500)\n"
        "print(m.encoder('')[0]().decode())\n"
    )
    output = ""
    for _ in range(2):
        output = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    total = r'photobooth_ingest_total\{outcome="done",provider="local",slot="slot-001"\} 2\.0'
    assert re.search(total, output)
    assert "photobooth_ingest_in_flight 4.0" in output
    assert "photobooth_media_free_bytes 500.0" in output
