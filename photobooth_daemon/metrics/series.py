"""Every Prometheus series, on a registry that is handed in.

Two kinds of series. What a process did itself (photos, attempts, lag) is a
prometheus-client object: with several processes on a host the client's
multiprocess mode adds them up, so every gauge of this kind has a mode that
makes sense when added. What is true of the whole installation (free bytes,
the last cleanup) is a :class:`Fact`: each process knows it all, so it is
never added.

The attributes are named after the series without the ``photobooth_`` prefix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from photobooth_daemon import __version__
from photobooth_daemon.errors import CONFIGURATION_REASONS, PhotoboothError, RateLimited
from photobooth_daemon.metrics.exposition import Exposed, Fact, Source
from photobooth_daemon.model.slot_ids import SLOT_IDS

PREFIX = "photobooth_"
NONE = "none"
"""The label of something that does not exist: an unknown slot, a slot without a provider."""

INGEST_OUTCOMES = ("done", "timeout", "failed", "refused", "replayed", "aborted")
"""How an exchange ended: a job's status; ``refused`` before there was a job; ``replayed`` from
an Idempotency-Key; ``aborted`` by a client that hung up before its photo was here."""

RERUN_OUTCOMES = ("done", "failed")
STREAM_KINDS = ("page", "show")
INGEST_STEPS = ("upload", "prepare", "wait", "provider", "store")

# Windows are 10 to 60 s: from 1 s up no bucket is wider than a quarter of its own value,
# so a quantile read off the buckets is near the true one wherever the window lies.
INGEST_SECONDS = (
    0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10, 12, 14,
    16, 18, 20, 22.5, 25, 27.5, 30, 33, 36, 40, 44, 48, 52, 56, 60, 65,
)  # fmt: skip
# A histogram for each slot, provider and outcome: every bucket is there hundreds of times.
ANSWER_SECONDS = (0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 25, 30, 40, 50, 60)
STEP_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60)
LAG_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5)
WINDOW_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)


class Metrics:
    """All series of one process. Unlabelled and per-slot series are there from the first scrape."""

    def __init__(self, registry: CollectorRegistry, *, multiprocess_dir: str | None = None) -> None:
        self._registry = registry
        self._multiprocess_dir = multiprocess_dir
        self._facts: list[Fact] = []
        self._labels: set[str] = set()
        self._refreshers: list[Callable[[], None]] = []
        self._known_slots: set[tuple[str, str]] = set()

        ingest = ("slot", "provider", "outcome")
        self.ingest_total = self._counter("ingest_total", "Photos by how they ended.", ingest)
        self.ingest_duration_seconds = self._histogram(
            "ingest_duration_seconds",
            "From the arrival of a photo's headers to its answer, for photos that became jobs.",
            ingest,
            ANSWER_SECONDS,
        )
        self.ingest_window_used_ratio = self._histogram(
            "ingest_window_used_ratio",
            "Share of its window that a photo used, for photos that became jobs.",
            ("slot",),
            WINDOW_SHARES,
        )
        self.ingest_step_duration_seconds = self._histogram(
            "ingest_step_duration_seconds", "Where photos' time goes.", ("step",), STEP_SECONDS
        )
        self.ingest_refused_total = self._counter(
            "ingest_refused_total", "Photos refused before they became jobs.", ("slot", "code")
        )
        self.ingest_fallback_total = self._counter(
            "ingest_fallback_total", "Answers that gave the untouched photo.", ("slot",)
        )
        self.ingest_in_flight = self._gauge(
            "ingest_in_flight", "Photos being taken in, waiting or processed."
        )
        self.ingest_waiting = self._gauge(
            "ingest_waiting", "Photos waiting for a place of their slot or provider.", ("slot",)
        )

        provider = ("provider", "model")
        self.provider_attempts_total = self._counter(
            "provider_attempts_total",
            "Provider calls by reason of failure; reason ok brought the picture.",
            ("provider", "reason"),
        )
        self.provider_latency_seconds = self._histogram(
            "provider_latency_seconds", "How long provider calls took.", provider, INGEST_SECONDS
        )
        self.provider_cost_total = self._counter(
            "provider_cost_total", "What provider calls cost, in the price table's currency.",
            ("slot", "provider"),
        )  # fmt: skip
        self.provider_cooling_down = self._gauge(
            "provider_cooling_down",
            "Processes in which the provider's model is cooling down after failures.",
            provider,
        )
        self.provider_stray_attempts = self._gauge(
            "provider_stray_attempts", "Attempts still running although their window has closed."
        )

        self.refused_requests_total = self._counter(
            "refused_requests_total", "Error answers of any route, by their code.", ("code",)
        )
        self.http_requests_total = self._counter(
            "http_requests_total", "Requests answered.", ("method", "status")
        )
        self.auth_failures_total = self._counter(
            "auth_failures_total", "Wrong passwords, of administrators and of cameras.", ("kind",)
        )
        self.live_stream_clients = self._gauge(
            "live_stream_clients", "Browsers that follow the live feed."
        )

        self.gallery_stream_clients = self._gauge(
            "gallery_stream_clients", "Galleries and slideshows that are followed now.", ("kind",)
        )
        self.reruns_total = self._counter(
            "reruns_total", "Kept photos made again, by how that ended.", ("outcome",)
        )

        self.event_loop_lag_seconds = self._histogram(
            "event_loop_lag_seconds", "How late the event loop woke up.", (), LAG_SECONDS
        )
        self.database_pool_connections = self._gauge(
            "database_pool_connections", "Database connections held.", ("state",)
        )
        self.database_pool_max_connections = self._gauge(
            "database_pool_max_connections", "Database connections that may be held."
        )
        self.alerts_sent_total = self._counter(
            "alerts_sent_total", "Notifications sent by the daemon.", ("channel", "outcome")
        )

        self.build_info = self._fact("build_info", "The running version.", ("version",))
        self.media_bytes = self._fact("media_bytes", "Bytes of stored media, by kind.", ("kind",))
        self.media_free_bytes = self._fact(
            "media_free_bytes", "Free bytes where the media directory lies."
        )
        self.media_size_bytes = self._fact(
            "media_size_bytes", "Size of the file system where the media directory lies."
        )
        self.media_min_free_bytes = self._fact(
            "media_min_free_bytes", "Free bytes under which photos are refused."
        )
        self.cleanup_last_success_timestamp_seconds = self._fact(
            "cleanup_last_success_timestamp_seconds", "When a cleanup last succeeded."
        )
        self.cleanup_last_run_success = self._fact(
            "cleanup_last_run_success", "Whether the last finished cleanup succeeded: 1 or 0."
        )
        self.cleanup_runs_total = self._fact(
            "cleanup_runs_total", "Cleanups seen to finish.", ("outcome",), "counter"
        )
        self.cleanup_removed_total = self._fact(
            "cleanup_removed_total", "Objects that cleanups removed.", ("kind",), "counter"
        )
        self.cleanup_freed_bytes_total = self._fact(
            "cleanup_freed_bytes_total", "Bytes that cleanups freed.", (), "counter"
        )
        self.backup_last_success_timestamp_seconds = self._fact(
            "backup_last_success_timestamp_seconds", "When a backup last succeeded."
        )
        self.audit_head_put_back = self._fact(
            "audit_head_put_back", "Whether the audit log's head was put back within a day: 1 or 0."
        )
        self.health_status = self._fact(
            "health_status", "Whether a health check passes: 1 or 0.", ("check",)
        )
        self.cost_today = self._fact(
            "cost_today", "What photos have cost since midnight UTC: a slot's, or all.", ("scope",)
        )
        self.cost_cap_per_day = self._fact(
            "cost_cap_per_day", "The most that may be spent a day, where it is capped.", ("scope",)
        )
        self.slot_silent = self._fact(
            "slot_silent", "Whether a slot of a running event has stopped sending.", ("slot",)
        )
        self.host_silent = self._fact(
            "host_silent", "Whether a host has stopped showing itself without a stop.", ("host",)
        )
        self.hosts_differ = self._fact(
            "hosts_differ", "Whether running hosts differ in version or configuration: 1 or 0."
        )
        self.tls_expires_timestamp_seconds = self._fact(
            "tls_expires_timestamp_seconds", "When a TLS certificate ends.", ("certificate",)
        )
        self.clock_skew_seconds = self._fact(
            "clock_skew_seconds", "How far the database's clock is ahead of this host's."
        )
        self.reruns_queued = self._fact("reruns_queued", "Photos that wait to be made again.")
        self.slot_enabled = self._fact("slot_enabled", "Whether the slot takes photos.", ("slot",))

        self._initialise()

    def observe_ingest(
        self,
        slot: str,
        provider: str | None,
        outcome: str,
        duration_seconds: float,
        *,
        window_seconds: float | None = None,
        code: str | None = None,
        steps_ms: Mapping[str, int] | None = None,
    ) -> None:
        """Count one exchange: its outcome, its duration, and the code when it was refused.

        ``window_seconds`` and ``steps_ms`` are given for photos that became jobs. A slot id that
        does not exist is counted under ``none``, so that strangers cannot make series.
        """
        slot = slot if slot in SLOT_IDS else NONE
        labels = (slot, provider or NONE, outcome)
        self.ingest_total.labels(*labels).inc()
        if window_seconds:
            self.ingest_duration_seconds.labels(*labels).observe(duration_seconds)
            self.ingest_window_used_ratio.labels(slot).observe(duration_seconds / window_seconds)
        for name, took_ms in (steps_ms or {}).items():
            step = name.removesuffix("_ms")
            self.ingest_step_duration_seconds.labels(step).observe(took_ms / 1000)
        if outcome == "refused" and code:
            self.ingest_refused_total.labels(slot, code).inc()

    def prepare_slot(self, slot: str, provider: str | None) -> None:
        """Make a slot's and its provider's series exist, so that a rate sees the first photo."""
        key = (slot, provider or NONE)
        if key in self._known_slots or slot not in SLOT_IDS:
            return
        self._known_slots.add(key)
        for outcome in INGEST_OUTCOMES:
            self.ingest_total.labels(*key, outcome)
        self.ingest_duration_seconds.labels(*key, "done")
        if provider is not None:
            for reason in CONFIGURATION_REASONS:
                self.provider_attempts_total.labels(provider, reason)

    def refresh_by(self, refresh: Callable[[], None]) -> None:
        """Call ``refresh`` before each exposition, for gauges that are cheap to read."""
        self._refreshers.append(refresh)

    def labels(self) -> set[str]:
        """Return every label that a series of ours may have."""
        known = set(self._labels)
        return known.union(*(fact.labels for fact in self._facts))

    def encoder(self, accept: str) -> tuple[Callable[[], bytes], str]:
        """Return what makes the answer to a scrape with this Accept header, and its content type.

        Making it may take a thread; the gauges are read here, on the loop that they belong to.
        """
        for refresh in self._refreshers:
            refresh()
        encode, content_type = choose_encoder(accept)
        return (lambda: encode(Exposed(self._sources()))), content_type

    def _sources(self) -> Sequence[Source]:
        if self._multiprocess_dir is None:
            return (self._registry, *self._facts)
        processes = MultiProcessCollector(None, path=self._multiprocess_dir)  # type: ignore[no-untyped-call]
        return (processes, *self._facts)

    def _initialise(self) -> None:
        self.build_info.set(1, __version__)
        for slot in SLOT_IDS:
            for outcome in INGEST_OUTCOMES:
                self.ingest_total.labels(slot, NONE, outcome)
            self.ingest_waiting.labels(slot)
            self.ingest_window_used_ratio.labels(slot)
            self.ingest_fallback_total.labels(slot)
            self.ingest_refused_total.labels(slot, RateLimited.code)
        self.refused_requests_total.labels(PhotoboothError.code)
        for step in INGEST_STEPS:
            self.ingest_step_duration_seconds.labels(step)
        for kind in STREAM_KINDS:
            self.gallery_stream_clients.labels(kind)
        for outcome in RERUN_OUTCOMES:
            self.reruns_total.labels(outcome)
        for kind in ("login", "ingest"):
            self.auth_failures_total.labels(kind)
        for state in ("idle", "busy"):
            self.database_pool_connections.labels(state)
        for outcome in ("success", "failure"):
            self.cleanup_runs_total.inc(0, outcome)
        self.cleanup_freed_bytes_total.inc(0)
        if self._multiprocess_dir is None:
            ProcessCollector(registry=self._registry)

    def _counter(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Counter:
        self._labels.update(labels)
        return Counter(PREFIX + name, documentation, labels, registry=self._registry)

    def _gauge(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Gauge:
        self._labels.update(labels)
        return Gauge(
            PREFIX + name,
            documentation,
            labels,
            registry=self._registry,
            multiprocess_mode="livesum",
        )

    def _histogram(
        self, name: str, documentation: str, labels: Sequence[str], buckets: Sequence[float]
    ) -> Histogram:
        self._labels.update(labels)
        return Histogram(
            PREFIX + name, documentation, labels, registry=self._registry, buckets=buckets
        )

    def _fact(
        self, name: str, documentation: str, labels: Sequence[str] = (), kind: str = "gauge"
    ) -> Fact:
        fact = Fact(PREFIX + name, documentation, labels, kind)
        self._facts.append(fact)
        return fact
