"""Looks at everything and says whether tonight can come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import aiohttp

from photobooth_daemon.administration.alert_channels import AlertChannels
from photobooth_daemon.administration.head_keeper import HeadKeeper
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.public_address import PublicAddress
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import MB, HostPresence
from photobooth_daemon.model.events import EventState
from photobooth_daemon.monitoring.intake_page import IntakePage
from photobooth_daemon.monitoring.readiness import machine_ready
from photobooth_daemon.monitoring.readiness.audit_ready import check_audit
from photobooth_daemon.monitoring.readiness.hosts_ready import NOBODY, check_daemon, clock_time
from photobooth_daemon.monitoring.readiness.intake_ready import check_intake
from photobooth_daemon.monitoring.readiness.live_probe import LiveProbe
from photobooth_daemon.monitoring.readiness.model import (
    Finding,
    ReadinessReport,
    fault,
    ok,
    or_ok,
    warning,
)
from photobooth_daemon.monitoring.readiness.slots_ready import SlotSituation, check_slots
from photobooth_daemon.providers.driver import ProviderDriver
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.repositories.admins import AdminRepository
from photobooth_daemon.repositories.alerts import AlertRepository
from photobooth_daemon.repositories.audit import AuditRepository
from photobooth_daemon.repositories.cleanup import CleanupRepository
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.processes import ProcessRepository
from photobooth_daemon.repositories.settings import SettingsRepository
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.repositories.templates import TemplateRepository
from photobooth_daemon.repositories.trials import TrialRepository
from photobooth_daemon.repositories.vitals import VitalsRepository

AHEAD = timedelta(days=1)
"""How far before an event what it needs is looked at."""
MOST_EVENTS = 100
TRIAL_COUNTS = timedelta(hours=1)
"""How long a picture that was made stands for a trial photo."""


@dataclass(frozen=True, slots=True)
class Records:
    """The repositories that readiness reads."""

    settings: SettingsRepository
    slots: SlotRepository
    templates: TemplateRepository
    admins: AdminRepository
    cleanup: CleanupRepository
    alerts: AlertRepository
    vitals: VitalsRepository
    processes: ProcessRepository
    events: EventRepository
    audit: AuditRepository
    trials: TrialRepository


class Readiness:
    """Runs all checks; each finds its own faults, and none hides another's."""

    def __init__(
        self,
        *,
        config: Config,
        digest_on_disk: Callable[[], Awaitable[str]],
        can_restart: bool,
        address: PublicAddress,
        alert_channels: AlertChannels,
        records: Records,
        heads: HeadKeeper,
        schemas: ParamSchemas,
        facts: Mapping[str, ProviderFacts],
        drivers: Mapping[str, ProviderDriver],
        media_store: MediaStore,
        live_probe: LiveProbe,
        intake: IntakePage,
        http: aiohttp.ClientSession,
        clock: Clock,
        clock_is_synchronised: Callable[[], Awaitable[bool | None]],
    ) -> None:
        self._config = config
        self._digest_on_disk = digest_on_disk
        self._can_restart = can_restart
        self._address = address
        self._alert_channels = alert_channels
        self._records = records
        self._heads = heads
        self._schemas = schemas
        self._facts = facts
        self._drivers = drivers
        self._media_store = media_store
        self._live_probe = live_probe
        self._intake = intake
        self._http = http
        self._clock = clock
        self._clock_is_synchronised = clock_is_synchronised

    async def check(self, *, live: bool) -> ReadinessReport:
        """Look at everything; ``live`` sends a photo through each slot that is on.

        Raises:
            DatabaseUnavailable: nothing can be said.
        """
        self._address.follow(await self._records.settings.get())
        here = await self._situation()
        findings = [
            ok("database"),
            *await self._daemon(),
            *await self._event(),
            *await self._passwords(),
            *await self._connections(),
            *await check_slots(here),
            *await machine_ready.check_public_url(
                self._http, self._address.url, self._needing_links(here)
            ),
            *machine_ready.check_stamps(self._address.url, await self._stamping_events()),
            *await self._disk(),
            *await machine_ready.check_store(self._media_store),
            *await check_intake(self._intake, await self._min_free_bytes()),
            *machine_ready.check_clock(
                await self._records.vitals.clock_skew_seconds(self._clock),
                await self._clock_is_synchronised(),
            ),
            *await self._chores(),
            *await self._alerts(),
            *(await self._live_probe.probe(here.enabled) if live else await self._trials(here)),
        ]
        hosts = tuple(await self._hosts())
        return ReadinessReport(self._clock.utcnow(), live, tuple(findings), hosts)

    async def _situation(self) -> SlotSituation:
        slots = await self._records.slots.list_all()
        bound = {binding.media_id for slot in slots for binding in slot.template_media}
        templates = await self._records.templates.list_by_ids(bound)
        return SlotSituation(
            slots=slots,
            templates={media.media_id: media for media in templates},
            schemas=self._schemas,
            facts=self._facts,
            drivers=self._drivers,
            public_url=self._address.url,
            media_store=self._media_store,
        )

    async def _daemon(self) -> list[Finding]:
        return await check_daemon(
            self._records.processes,
            self._config.server.host_name,
            self._digest_on_disk,
            self._can_restart,
            self._clock.utcnow(),
        )

    async def _hosts(self) -> list[HostPresence]:
        return await self._records.processes.list_hosts(self._clock.utcnow())

    async def _event(self) -> list[Finding]:
        """Tell of an evening that is under way: whoever looks may be about to restart something."""
        running = await self._records.events.list_running(self._clock.utcnow())
        return or_ok(
            "event",
            [
                warning(
                    "event",
                    "event_running",
                    event.name,
                    until=clock_time(event.ends_at),
                )
                for event in running
                if event.frozen
            ],
        )

    async def _stamping_events(self) -> list[str]:
        """Return the events of today and tomorrow whose prints carry a link."""
        now = self._clock.utcnow()
        events = await self._records.events.list_newest(None, MOST_EVENTS)
        return [
            event.name
            for event in events
            if event.stamp is not None
            and event.state(now) is not EventState.ENDED
            and event.starts_at <= now + AHEAD
        ]

    async def _passwords(self) -> list[Finding]:
        findings = []
        if (await self._records.settings.get()).ingest_password_hash is None:
            findings.append(fault("passwords", "ingest_password_missing"))
        admins = await self._records.admins.list_all()
        if not any(admin.password_hash for admin in admins):
            findings.append(fault("passwords", "admin_password_missing"))
        return or_ok("passwords", findings)

    async def _connections(self) -> list[Finding]:
        now = self._clock.utcnow()
        living = await self._records.processes.list_living(now)
        noticed = [process.noticed for process in living]
        troubles = await self._records.processes.list_troubles(now, NOBODY)
        return [
            *machine_ready.check_connections(self._config.server, self._address.url, noticed),
            *machine_ready.check_certificates(troubles, now),
        ]

    async def _disk(self) -> list[Finding]:
        busiest = await self._records.vitals.bytes_of_busiest_hour(self._clock.utcnow())
        return machine_ready.check_disk(
            self._media_store.free_bytes(), await self._min_free_bytes(), busiest
        )

    async def _min_free_bytes(self) -> int:
        return (await self._records.settings.get()).values.min_free_mb * MB

    async def _chores(self) -> list[Finding]:
        now = self._clock.utcnow()
        find_run = partial(self._records.cleanup.find_last_run)
        return [
            *machine_ready.check_cleanup(now, await find_run(), await find_run(succeeded=True)),
            *machine_ready.check_backup(now, await self._records.vitals.last_backup_at()),
            *await check_audit(self._heads, self._records.audit, now),
        ]

    async def _alerts(self) -> list[Finding]:
        now = self._clock.utcnow()
        windows = await self._records.alerts.list_windows(now)
        await self._alert_channels.keep_up()
        return machine_ready.check_alerts(self._alert_channels.config.configured, windows, now)

    def _needing_links(self, here: SlotSituation) -> list[str]:
        """Return the providers in use that fetch photos by a link from outside this network."""
        configs = self._config.providers
        return [
            name
            for name in here.providers()
            if self._facts[name].needs_public_url and not (name in configs and configs[name].local)
        ]

    async def _trials(self, here: SlotSituation) -> list[Finding]:
        """Return which slots made a picture lately, by a test run or for a camera."""
        since = self._clock.utcnow() - TRIAL_COUNTS
        trials = await self._records.trials.newest_of_each_slot(since)
        findings, untried = [], []
        for slot in here.enabled:
            trial = trials.get(slot.slot_id)
            if trial is None or trial.operation != (slot.provider, slot.operation):
                untried.append(slot.slot_id)
                continue
            facts = {"seconds": round(trial.seconds, 1), "window": round(trial.window_seconds)}
            findings.append(ok("probe", slot.slot_id, **facts))
        if untried or not findings:
            # Named only where others have been tried: else it is all of them.
            names = ", ".join(untried) if findings else ""
            findings.append(warning("probe", "probe_skipped", names))
        return findings
