"""Keeps the shown figures fresh, so that a scrape costs nothing but writing them down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from photobooth_daemon.clock import Clock
from photobooth_daemon.config.digest import said_alike
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import DatabaseUnavailable
from photobooth_daemon.ingest.ladder.spending import ALL_SLOTS, Cap, Spending, caps_of
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import MB, HostPresence, Settings, Slot
from photobooth_daemon.monitoring.disk_forecast import DiskForecast
from photobooth_daemon.monitoring.health import Health, HealthReport, Status
from photobooth_daemon.monitoring.hosts_alike import groups_alike
from photobooth_daemon.repositories.cleanup import CleanupRepository
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.processes import ProcessRepository
from photobooth_daemon.repositories.settings import SettingsRepository
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.repositories.vitals import VitalsRepository

LAG_PAUSE_SECONDS = 0.05
SUM_SECONDS = 300.0
"""How often to add up all files that are kept: a few million of them take a second."""
PUT_BACK_TOLD_FOR = timedelta(hours=24)

log = logging.getLogger(__name__)


class Vitals:
    """One process' view of the whole installation."""

    def __init__(
        self,
        *,
        metrics: Metrics,
        health: Health,
        database: Database,
        repository: VitalsRepository,
        settings: SettingsRepository,
        slots: SlotRepository,
        events: EventRepository,
        cleanup: CleanupRepository,
        processes: ProcessRepository,
        live: LivePublisher,
        spending: Spending,
        media_store: MediaStore,
        clock: Clock,
    ) -> None:
        self._metrics = metrics
        self._health = health
        self._database = database
        self._repository = repository
        self._settings_list = settings
        self._slots = slots
        self._events = events
        self._cleanup = cleanup
        self._processes = processes
        self._live = live
        self._spending = spending
        self._media_store = media_store
        self._clock = clock
        self._last_run_id: int | None = None
        self._sum_due_monotonic_seconds = clock.monotonic()
        self._shown: dict[str, str] | None = None
        self.settings = Settings()
        self.caps: tuple[Cap, ...] = ()
        self.silent: tuple[tuple[str, int], ...] = ()
        """Slots of running events that have stopped sending, and for how many minutes."""
        self.hosts: tuple[HostPresence, ...] = ()
        """Every host of the last day, as this process last saw them."""
        self.differing: tuple[str, ...] = ()
        """Those that run, those together that are alike, if some are not."""
        self.audit_head_was_put_back = False
        self.disk = DiskForecast(clock)
        self.free_bytes: int | None = None
        self.report = HealthReport(Status.OK, {})

    async def refresh(self) -> None:
        """Learn everything anew; what cannot be learned now keeps its last figure."""
        self._look_at_disk()
        self.report = await self._health.report()
        flat = _flat(self.report.checks)
        for name, status in flat.items():
            self._metrics.health_status.set(float(status == Status.OK), name)
        try:
            await self._tell_viewers(flat)
            await self._look_at_database()
        except DatabaseUnavailable:
            log.info("figures not refreshed: no database")

    def own_disk(self) -> tuple[int | None, float | None]:
        """Return how many bytes are free here, and in how many hours photos will be refused."""
        return self.free_bytes, self.disk.hours_until(self.settings.min_free_mb * MB)

    def failing_checks(self) -> tuple[str, ...]:
        """Return the checks without which no photo can be taken, and which fail."""
        return tuple(
            name
            for name in ("database", "media")
            if self.report.checks.get(name, {}).get("status") == Status.FAILING
        )

    async def measure_lag(self) -> None:
        """Measure, until cancelled, how late the loop wakes up."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_PAUSE_SECONDS
            await asyncio.sleep(LAG_PAUSE_SECONDS)
            self._metrics.event_loop_lag_seconds.observe(max(0.0, loop.time() - due))

    def _look_at_disk(self) -> None:
        try:
            space = self._media_store.space()
        except OSError as error:
            log.error("the media directory cannot be looked at: %s", error.strerror)
            self._metrics.media_free_bytes.clear()
            self.free_bytes = None
            return
        self.free_bytes = space.free_bytes
        self.disk.note(space.free_bytes)
        self._metrics.media_free_bytes.set(space.free_bytes)
        self._metrics.media_size_bytes.set(space.size_bytes)
        self._metrics.media_min_free_bytes.set(self.settings.min_free_mb * MB)

    async def _look_at_database(self) -> None:
        self.settings = (await self._settings_list.get()).values
        self._metrics.reruns_queued.set(await self._repository.count_queued_reruns())
        slots = await self._slots.list_all()
        for slot in slots:
            self._metrics.slot_enabled.set(float(slot.enabled), slot.slot_id)
            for rung in slot.ladder():
                self._metrics.prepare_slot(slot.slot_id, rung.provider)
        await self._look_at_spending(slots)
        self.silent = tuple(await self._events.list_silent(self._clock.utcnow()))
        silent_slots = {slot_id for slot_id, _ in self.silent}
        for slot in slots:
            self._metrics.slot_silent.set(float(slot.slot_id in silent_slots), slot.slot_id)
        self.hosts = tuple(await self._processes.list_hosts(self._clock.utcnow()))
        self._metrics.host_silent.clear()
        for host in self.hosts:
            self._metrics.host_silent.set(float(host.processes == 0), host.host)
        self.differing = _differing(self.hosts)
        self._metrics.hosts_differ.set(float(bool(self.differing)))
        since = self._clock.utcnow() - PUT_BACK_TOLD_FOR
        self.audit_head_was_put_back = await self._repository.audit_head_was_put_back(since)
        self._metrics.audit_head_put_back.set(float(self.audit_head_was_put_back))
        backup_at = await self._repository.last_backup_at()
        if backup_at is not None:
            self._metrics.backup_last_success_timestamp_seconds.set(backup_at.timestamp())
        await self._look_at_cleanup()
        await self._look_at_media()

    async def _look_at_media(self) -> None:
        """Add up the files, last of all: with very many of them it may take too long."""
        if self._clock.monotonic() < self._sum_due_monotonic_seconds:
            return
        self._sum_due_monotonic_seconds = self._clock.monotonic() + SUM_SECONDS
        for kind, size_bytes in (await self._repository.media_bytes()).items():
            self._metrics.media_bytes.set(size_bytes, kind)

    async def _look_at_spending(self, slots: Iterable[Slot]) -> None:
        spent = await self._spending.spent_today()
        wanted = {slot.slot_id: slot.cost_cap_per_day for slot in slots}
        self.caps = caps_of({**wanted, ALL_SLOTS: self.settings.cost_cap_per_day}, spent)
        self._metrics.cost_today.clear()
        for scope, cost in spent.items():
            self._metrics.cost_today.set(cost, scope)
        self._metrics.cost_cap_per_day.clear()
        for cap in self.caps:
            self._metrics.cost_cap_per_day.set(cap.cap, cap.scope)

    async def _look_at_cleanup(self) -> None:
        last = await self._cleanup.find_last_run()
        if last is None:
            return
        self._metrics.cleanup_last_run_success.set(float(last.succeeded is True))
        success = await self._cleanup.find_last_run(succeeded=True)
        if success is not None:
            self._metrics.cleanup_last_success_timestamp_seconds.set(success.started_at.timestamp())
        if self._last_run_id is None:  # counters begin with this process
            self._last_run_id = last.run_id
        for run in await self._cleanup.list_finished_runs(self._last_run_id):
            self._last_run_id = run.run_id
            self._metrics.cleanup_runs_total.inc(1, "success" if run.succeeded else "failure")
            self._metrics.cleanup_freed_bytes_total.inc(run.freed_bytes)
            for kind, number in run.counts.items():
                self._metrics.cleanup_removed_total.inc(number, kind)

    async def _tell_viewers(self, flat: dict[str, str]) -> None:
        """Publish a change of health to live viewers; the first look is no change."""
        before, self._shown = self._shown, flat
        if before is None or before == flat:
            return
        data = {"status": self.report.status.value, "checks": flat}
        async with self._database.transaction() as connection:
            await self._live.publish(connection, "health", data)


def _differing(hosts: Iterable[HostPresence]) -> tuple[str, ...]:
    """Return the living hosts by version and configuration; nothing where they have one."""
    groups = groups_alike(
        (host.host, f"{version} {said_alike(digest)}")
        for host in hosts
        if host.processes
        for version in host.versions
        for digest in host.config_digests
    )
    return tuple(groups) if len(groups) > 1 else ()


def _flat(checks: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return each check's status by its name; providers as ``provider:NAME``."""
    flat = {name: check["status"] for name, check in checks.items() if name != "providers"}
    for name, check in checks.get("providers", {}).items():
        flat[f"provider:{name}"] = check["status"]
    return flat
