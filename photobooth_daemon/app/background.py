"""Builds what a process does besides serving; ``build.py`` hands in what it shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files

import aiohttp

from photobooth_daemon.administration.alert_channels import AlertChannels
from photobooth_daemon.app.administration import Administration
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.start_up import AlertsConfig, Config
from photobooth_daemon.config.told import installation_name
from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.build import build_housekeeping
from photobooth_daemon.ingest.admission import AdmissionService
from photobooth_daemon.ingest.ladder.ladder import Ladder
from photobooth_daemon.ingest.ladder.spending import Spending
from photobooth_daemon.ingest.story import IngestService
from photobooth_daemon.ingest.waiting.gate import Gate
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import MB
from photobooth_daemon.monitoring.alerts.board import AlertBoard
from photobooth_daemon.monitoring.alerts.channels import build_channels
from photobooth_daemon.monitoring.alerts.heartbeat import Heartbeat
from photobooth_daemon.monitoring.alerts.outbox import Outbox
from photobooth_daemon.monitoring.alerts.watch import AlertWatch, Surroundings
from photobooth_daemon.monitoring.background import Operations
from photobooth_daemon.monitoring.certificates import Certificates
from photobooth_daemon.monitoring.gauges import Gauges
from photobooth_daemon.monitoring.health import Health
from photobooth_daemon.monitoring.intake_page import IntakePage
from photobooth_daemon.monitoring.presence import Presence
from photobooth_daemon.monitoring.probes import build_health
from photobooth_daemon.monitoring.readiness.live_probe import LiveProbe
from photobooth_daemon.monitoring.readiness.machine_ready import clock_is_synchronised
from photobooth_daemon.monitoring.readiness.service import Readiness, Records
from photobooth_daemon.monitoring.recent_problems import RecentProblems
from photobooth_daemon.monitoring.troubles import HostTroubles
from photobooth_daemon.monitoring.vitals import Vitals
from photobooth_daemon.providers.driver import ProviderDriver
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.repositories.admins import AdminRepository
from photobooth_daemon.repositories.alerts import AlertRepository
from photobooth_daemon.repositories.cleanup import CleanupRepository
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.processes import ProcessRepository
from photobooth_daemon.repositories.trials import TrialRepository
from photobooth_daemon.repositories.vitals import VitalsRepository
from photobooth_daemon.web.site import Site


@dataclass(frozen=True, slots=True)
class Shared:
    """What serving and the background work both use."""

    config: Config
    database: Database
    administration: Administration
    media_store: MediaStore
    metrics: Metrics
    problems: RecentProblems
    spending: Spending
    http: aiohttp.ClientSession
    drivers: Mapping[str, ProviderDriver]
    facts: Mapping[str, ProviderFacts]
    gate: Gate
    ladder: Ladder
    schemas: ParamSchemas
    site: Site
    intake: IntakePage
    certificates: Certificates
    alert_channels: AlertChannels
    config_digest: str
    clock: Clock


def build_background(shared: Shared) -> tuple[Health, Operations]:
    """Return the health service and the background work, not yet started."""
    database = shared.database
    administration = shared.administration
    settings = administration.setting_repository
    cleanup = CleanupRepository(database)
    repository = VitalsRepository(database)
    health = build_health(
        vitals=repository,
        settings=settings,
        cleanup=cleanup,
        media_store=shared.media_store,
        drivers=shared.drivers,
        facts=shared.facts,
        cooling=shared.ladder.cooldowns.seconds_left,
        clock=shared.clock,
    )
    vitals = Vitals(
        metrics=shared.metrics,
        health=health,
        database=database,
        repository=repository,
        settings=settings,
        slots=administration.slot_repository,
        events=administration.event_repository,
        cleanup=cleanup,
        processes=ProcessRepository(database),
        live=administration.live,
        spending=shared.spending,
        media_store=shared.media_store,
        clock=shared.clock,
    )
    troubles = HostTroubles(
        host=shared.config.server.host_name,
        failing_checks=vitals.failing_checks,
        problems=shared.problems,
        intake=shared.intake,
        certificates=shared.certificates,
        vitals=repository,
        processes=ProcessRepository(database),
        metrics=shared.metrics,
        clock=shared.clock,
    )
    gauges = Gauges(shared.metrics, shared.gate, shared.ladder, database)
    shared.metrics.refresh_by(gauges.refresh)
    operations = Operations(
        housekeeping=build_housekeeping(
            database, shared.media_store, administration.heads, administration.live, shared.clock
        ),
        throttle=administration.throttle,
        vitals=vitals,
        gauges=gauges,
        presence=Presence(
            ProcessRepository(database),
            troubles.process_id,
            shared.config.server.host_name,
            shared.config_digest,
            lambda: shared.site.noticed,
            shared.gate.share_providers,
            vitals.own_disk,
            troubles.own,
            shared.clock,
        ),
        troubles=troubles,
        live=administration.live,
        watch=_watch(shared, vitals, troubles),
        heartbeat=_heartbeat(shared.config.alerts, shared, vitals),
    )
    return health, operations


def build_readiness(
    shared: Shared, admission: AdmissionService, ingest: IngestService
) -> Readiness:
    """Return the readiness check."""
    database = shared.database
    administration = shared.administration
    slots = administration.slot_repository
    photo = (files("photobooth_daemon.app") / "sample_photo.jpg").read_bytes()
    return Readiness(
        config=shared.config,
        config_digest=shared.config_digest,
        address=administration.public_address,
        alert_channels=shared.alert_channels,
        records=Records(
            settings=administration.setting_repository,
            slots=slots,
            templates=administration.template_repository,
            admins=AdminRepository(database),
            cleanup=CleanupRepository(database),
            alerts=AlertRepository(database),
            vitals=VitalsRepository(database),
            processes=ProcessRepository(database),
            events=EventRepository(database),
            audit=administration.audit_repository,
            trials=TrialRepository(database),
        ),
        heads=administration.heads,
        schemas=shared.schemas,
        facts=shared.facts,
        drivers=shared.drivers,
        media_store=shared.media_store,
        live_probe=LiveProbe(admission, ingest, slots, shared.media_store, photo, shared.clock),
        intake=shared.intake,
        http=shared.http,
        clock=shared.clock,
        clock_is_synchronised=clock_is_synchronised,
    )


def _watch(shared: Shared, vitals: Vitals, troubles: HostTroubles) -> AlertWatch:
    channels = shared.alert_channels
    outbox = Outbox(build_channels(channels.config, shared.http), shared.metrics)
    used = channels.config

    async def keep_up() -> bool:
        nonlocal used
        await channels.keep_up()
        if channels.config != used:
            used = channels.config
            await outbox.use(build_channels(used, shared.http))
        return outbox.has_channels

    async def surroundings() -> Surroundings:
        return Surroundings(
            troubles=troubles.of_all(),
            cooling=tuple(sorted(shared.ladder.cooldowns.seconds_left())),
            disks={
                **{host.host: (host.free_bytes, host.hours_until_full) for host in vitals.hosts},
                shared.config.server.host_name: vitals.own_disk(),
            },
            min_free_bytes=vitals.settings.min_free_mb * MB,
            silent_hosts=tuple(
                (host.host, host.seen_at) for host in vitals.hosts if host.processes == 0
            ),
            differing=vitals.differing,
            caps=tuple((cap.scope, round(100 * cap.share)) for cap in vitals.caps),
            silent=vitals.silent,
            audit_head_was_put_back=vitals.audit_head_was_put_back,
            locale=vitals.settings.locale,
        )

    return AlertWatch(
        repository=AlertRepository(shared.database),
        board=AlertBoard(timedelta(hours=shared.config.alerts.repeat_hours)),
        outbox=outbox,
        surroundings=surroundings,
        clock=shared.clock,
        installation=lambda: installation_name(shared.administration.public_address.url),
        keep_up=keep_up,
    )


def _heartbeat(config: AlertsConfig, shared: Shared, vitals: Vitals) -> Heartbeat | None:
    if config.heartbeat_url is None:
        return None

    async def well() -> bool:
        return not vitals.failing_checks()

    return Heartbeat(
        shared.http, config.heartbeat_url, config.heartbeat_seconds, well, shared.metrics
    )
