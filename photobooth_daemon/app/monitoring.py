"""Builds what a process does besides serving: it looks after itself, and tells people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from photobooth_daemon.administration.alert_channels import AlertChannels
from photobooth_daemon.app.administration import Administration
from photobooth_daemon.app.foundation import Foundation
from photobooth_daemon.app.ingest import Ingest
from photobooth_daemon.app.makers import Makers
from photobooth_daemon.app.resources import Resources
from photobooth_daemon.app.sample import sample_photo
from photobooth_daemon.config.digest import config_digest
from photobooth_daemon.config.told import installation_name
from photobooth_daemon.housekeeping.build import build_housekeeping
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
from photobooth_daemon.monitoring.troubles import HostTroubles
from photobooth_daemon.monitoring.vitals import Vitals
from photobooth_daemon.repositories.admins import AdminRepository
from photobooth_daemon.repositories.alerts import AlertRepository
from photobooth_daemon.repositories.cleanup import CleanupRepository
from photobooth_daemon.repositories.processes import ProcessRepository
from photobooth_daemon.repositories.trials import TrialRepository
from photobooth_daemon.repositories.vitals import VitalsRepository
from photobooth_daemon.web.site import Site


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked after, and how people are told of it."""

    foundation: Foundation
    resources: Resources
    makers: Makers
    administration: Administration
    site: Site
    alert_channels: AlertChannels


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What looks after a process, and what tells how it does."""

    health: Health
    operations: Operations
    readiness: Readiness
    intake: IntakePage
    certificates: Certificates

    async def close(self) -> None:
        """Stop the background work, then the checks."""
        await self.operations.close()
        await self.health.close()


def build_monitoring(watched: Watched, ingest: Ingest) -> Monitoring:
    """Return it, not yet started."""
    config, media_store = watched.foundation.config, watched.foundation.media_store
    digest = config_digest(config, watched.foundation.keys.signing)
    intake = IntakePage(config.intake, watched.resources.http)
    certificates = Certificates(config.server.tls_cert_file, media_store, watched.resources.metrics)
    health = _health(watched)
    vitals = _vitals(watched, health)
    troubles = _troubles(watched, vitals, intake, certificates)
    return Monitoring(
        health=health,
        operations=_operations(watched, vitals, troubles, digest),
        readiness=_readiness(watched, ingest, intake, digest),
        intake=intake,
        certificates=certificates,
    )


def _health(watched: Watched) -> Health:
    foundation = watched.foundation
    return build_health(
        vitals=VitalsRepository(foundation.database),
        settings=watched.administration.setting_repository,
        cleanup=CleanupRepository(foundation.database),
        media_store=foundation.media_store,
        drivers=watched.makers.drivers,
        facts=watched.makers.facts,
        cooling=watched.makers.ladder.cooldowns.seconds_left,
        clock=foundation.clock,
    )


def _troubles(
    watched: Watched, vitals: Vitals, intake: IntakePage, certificates: Certificates
) -> HostTroubles:
    foundation = watched.foundation
    return HostTroubles(
        host=foundation.config.server.host_name,
        failing_checks=vitals.failing_checks,
        problems=watched.resources.problems,
        intake=intake,
        certificates=certificates,
        vitals=VitalsRepository(foundation.database),
        processes=ProcessRepository(foundation.database),
        metrics=watched.resources.metrics,
        clock=foundation.clock,
    )


def _operations(
    watched: Watched, vitals: Vitals, troubles: HostTroubles, digest: str
) -> Operations:
    foundation, makers = watched.foundation, watched.makers
    database = foundation.database
    gauges = Gauges(watched.resources.metrics, makers.gate, makers.ladder, database)
    watched.resources.metrics.refresh_by(gauges.refresh)
    return Operations(
        housekeeping=build_housekeeping(
            database,
            foundation.media_store,
            watched.administration.heads,
            foundation.live,
            foundation.clock,
        ),
        throttle=watched.administration.throttle,
        vitals=vitals,
        gauges=gauges,
        presence=Presence(
            ProcessRepository(database),
            troubles.process_id,
            foundation.config.server.host_name,
            digest,
            lambda: watched.site.noticed,
            makers.gate.share_providers,
            vitals.own_disk,
            troubles.own,
            foundation.clock,
        ),
        troubles=troubles,
        live=foundation.live,
        watch=_watch(watched, vitals, troubles),
        heartbeat=_heartbeat(watched, vitals),
    )


def _vitals(watched: Watched, health: Health) -> Vitals:
    foundation, administration = watched.foundation, watched.administration
    database = foundation.database
    return Vitals(
        metrics=watched.resources.metrics,
        health=health,
        database=database,
        repository=VitalsRepository(database),
        settings=administration.setting_repository,
        slots=administration.slot_repository,
        events=administration.event_repository,
        cleanup=CleanupRepository(database),
        processes=ProcessRepository(database),
        live=foundation.live,
        spending=watched.makers.spending,
        media_store=foundation.media_store,
        clock=foundation.clock,
    )


def _readiness(watched: Watched, ingest: Ingest, intake: IntakePage, digest: str) -> Readiness:
    foundation, administration = watched.foundation, watched.administration
    media_store, clock = foundation.media_store, foundation.clock
    slots = administration.slot_repository
    photo = sample_photo().data
    next_start = foundation.next_start

    async def digest_on_disk() -> str:
        return digest if next_start is None else await next_start.config_digest()

    return Readiness(
        config=foundation.config,
        digest_on_disk=digest_on_disk,
        can_restart=next_start is not None and next_start.begin is not None,
        address=administration.public_address,
        alert_channels=watched.alert_channels,
        records=_records(watched),
        heads=administration.heads,
        schemas=foundation.schemas,
        facts=watched.makers.facts,
        drivers=watched.makers.drivers,
        media_store=media_store,
        live_probe=LiveProbe(ingest.admission, ingest.story, slots, media_store, photo, clock),
        intake=intake,
        http=watched.resources.http,
        clock=clock,
        clock_is_synchronised=clock_is_synchronised,
    )


def _records(watched: Watched) -> Records:
    database, administration = watched.foundation.database, watched.administration
    return Records(
        settings=administration.setting_repository,
        slots=administration.slot_repository,
        templates=administration.template_repository,
        admins=AdminRepository(database),
        cleanup=CleanupRepository(database),
        alerts=AlertRepository(database),
        vitals=VitalsRepository(database),
        processes=ProcessRepository(database),
        events=administration.event_repository,
        audit=administration.audit_repository,
        trials=TrialRepository(database),
    )


def _watch(watched: Watched, vitals: Vitals, troubles: HostTroubles) -> AlertWatch:
    channels = watched.alert_channels
    outbox = Outbox(
        build_channels(channels.config, watched.resources.http), watched.resources.metrics
    )
    used = channels.config

    async def keep_up() -> bool:
        nonlocal used
        await channels.keep_up()
        if channels.config != used:
            used = channels.config
            await outbox.use(build_channels(used, watched.resources.http))
        return outbox.has_channels

    async def surroundings() -> Surroundings:
        return Surroundings(
            troubles=troubles.of_all(),
            cooling=tuple(sorted(watched.makers.ladder.cooldowns.seconds_left())),
            disks={
                **{host.host: (host.free_bytes, host.hours_until_full) for host in vitals.hosts},
                watched.foundation.config.server.host_name: vitals.own_disk(),
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
        repository=AlertRepository(watched.foundation.database),
        board=AlertBoard(timedelta(hours=watched.foundation.config.alerts.repeat_hours)),
        outbox=outbox,
        surroundings=surroundings,
        clock=watched.foundation.clock,
        installation=lambda: installation_name(watched.administration.public_address.url),
        keep_up=keep_up,
    )


def _heartbeat(watched: Watched, vitals: Vitals) -> Heartbeat | None:
    alerts, resources = watched.foundation.config.alerts, watched.resources
    if alerts.heartbeat_url is None:
        return None

    async def well() -> bool:
        return not vitals.failing_checks()

    return Heartbeat(
        resources.http, alerts.heartbeat_url, alerts.heartbeat_seconds, well, resources.metrics
    )
