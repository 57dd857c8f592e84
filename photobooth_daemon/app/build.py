"""The composition root: the only place that builds objects and hands them to each other."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from prometheus_client import CollectorRegistry
from tornado.web import Application

from photobooth_daemon.administration.audit_key import load_audit_key
from photobooth_daemon.administration.galleries import Galleries
from photobooth_daemon.administration.passwords import HASH_ROUNDS, Passwords
from photobooth_daemon.administration.penalties import Penalties
from photobooth_daemon.administration.signing_key import load_signing_key
from photobooth_daemon.administration.templates import TemplateService
from photobooth_daemon.app.administration import build_administration
from photobooth_daemon.app.background import Shared, build_background, build_readiness
from photobooth_daemon.app.evening import build_evening
from photobooth_daemon.app.ingest import IngestParts, build_ingest
from photobooth_daemon.app.media import build_media_store
from photobooth_daemon.app.presets import build_preset_samples, build_presets
from photobooth_daemon.app.providers import Providers, build_provider_keys, session_for_providers
from photobooth_daemon.app.reruns import build_reruns
from photobooth_daemon.app.upkeep import build_upkeep
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.digest import config_digest
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.database.pool import Database
from photobooth_daemon.ingest.ladder.fresh_start import FreshStart
from photobooth_daemon.ingest.ladder.ladder import Ladder
from photobooth_daemon.ingest.ladder.pricing import PriceTable
from photobooth_daemon.ingest.ladder.shared_cooldowns import SharedCooldowns
from photobooth_daemon.ingest.ladder.spending import Spending
from photobooth_daemon.ingest.reruns.worker import RerunWorker
from photobooth_daemon.ingest.waiting.gate import Gate
from photobooth_daemon.live.feed import LiveFeed
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.media.archive import Archives
from photobooth_daemon.media.links import PublicMedia
from photobooth_daemon.media.results import Results
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import LiveMessage
from photobooth_daemon.monitoring.background import Operations
from photobooth_daemon.monitoring.certificates import Certificates
from photobooth_daemon.monitoring.health import Health
from photobooth_daemon.monitoring.intake_page import IntakePage
from photobooth_daemon.monitoring.readiness.service import Readiness
from photobooth_daemon.monitoring.recent_problems import RecentProblems
from photobooth_daemon.pictures.threads import PictureThreads, threads_for_cores
from photobooth_daemon.providers.catalog import close_drivers
from photobooth_daemon.providers.catalogues import ProviderCatalogues
from photobooth_daemon.providers.driver import ProviderDriver
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.repositories.event_photos import EventPhotos
from photobooth_daemon.repositories.gallery_pictures import GalleryPictures
from photobooth_daemon.repositories.live_messages import LiveMessageRepository
from photobooth_daemon.repositories.media import MediaRepository
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.repositories.spending import SpendingRepository
from photobooth_daemon.tasks import InFlight
from photobooth_daemon.web.access_log import AccessLog
from photobooth_daemon.web.application import DaemonApplication
from photobooth_daemon.web.authenticator import SessionAuthenticator
from photobooth_daemon.web.handler import NotFoundHandler
from photobooth_daemon.web.installed_ui import installed_ui
from photobooth_daemon.web.routes import build_routes
from photobooth_daemon.web.services import Services, Upkeep
from photobooth_daemon.web.site import Life, Site

log = logging.getLogger(__name__)


@dataclass(slots=True)
class App:
    """One process' objects, and the order in which they are let go."""

    web: Application
    life: Life
    clock: Clock
    database: Database
    media_store: MediaStore
    metrics: Metrics
    in_flight: InFlight
    gate: Gate
    pictures: PictureThreads
    passwords: Passwords
    camera_passwords: Passwords
    guest_passwords: Passwords
    penalties: Penalties
    drivers: Mapping[str, ProviderDriver]
    http: aiohttp.ClientSession
    health: Health
    certificates: Certificates
    operations: Operations
    upkeep: Upkeep
    readiness: Readiness
    reruns: RerunWorker
    feed: LiveFeed

    async def close(self) -> None:
        """Release everything; work in flight has been drained before."""
        await self.feed.close()
        await self.reruns.stop()
        await self.upkeep.close()
        await self.operations.close()
        await self.health.close()
        await close_drivers(self.drivers.values())
        await self.http.close()
        self.pictures.close()
        self.passwords.close()
        self.camera_passwords.close()
        self.guest_passwords.close()
        await self.media_store.close()
        await self.database.close()


async def build(
    config: Config,
    database: Database,
    *,
    clock: Clock | None = None,
    hash_rounds: int = HASH_ROUNDS,
) -> App:
    """Build one process of the daemon on an open database.

    Raises:
        ConfigError: a key file or the media tree cannot be used.
    """
    clock = clock or Clock()
    # In this order: a signing key that is there tells of a log that was begun without its own.
    audit_key = load_audit_key(config.audit_key_file, config.server.jwt_key_file)
    signing_key = load_signing_key(config.server.jwt_key_file)
    # Set by the supervisor of several processes, whose figures are added up.
    metrics = Metrics(
        CollectorRegistry(), multiprocess_dir=os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    )
    problems = RecentProblems(clock)
    life = Life()
    in_flight = InFlight()
    media_store = build_media_store(config.media)
    media_store.create()
    threads = threads_for_cores()
    pictures = PictureThreads(clock, threads=threads)
    passwords = Passwords(hash_rounds)
    # Whoever guesses the cameras' password keeps no administrator from logging in.
    camera_passwords = Passwords(hash_rounds)
    # Nor does whoever guesses a gallery's PIN.
    guest_passwords = Passwords(hash_rounds)
    http = session_for_providers()
    gate = Gate(processes=config.server.processes, clock=clock)
    providers = Providers(config.providers, http, pictures)
    drivers, facts = providers.drivers, providers.facts
    prices = PriceTable.read(
        config.server.prices_file,
        free_providers=[name for name, provider in config.providers.items() if provider.local],
    )
    live_messages = LiveMessageRepository(database)
    live = LivePublisher(live_messages, clock)
    cooldowns = SharedCooldowns(database, live, in_flight)
    ladder = Ladder(drivers, gate, clock, metrics, prices=prices, found=cooldowns.found)
    spending = Spending(SpendingRepository(database), prices, clock)

    schemas = ParamSchemas.installed()
    media = MediaRepository(database)
    fresh_start = FreshStart(ladder, SlotRepository(database), in_flight)
    administration = build_administration(
        config,
        database,
        clock,
        live,
        signing_key=signing_key,
        audit_key=audit_key,
        passwords=passwords,
        facts=facts,
        schemas=schemas,
        slot_saved=fresh_start.saved,
    )

    provider_keys = build_provider_keys(config, administration, database, clock, providers, ladder)
    await provider_keys.begin()
    await administration.settings.begin()
    slots, templates = administration.slot_repository, administration.template_repository
    parts = IngestParts(
        config=config,
        database=database,
        administration=administration,
        provider_keys=provider_keys,
        camera_passwords=camera_passwords,
        gate=gate,
        ladder=ladder,
        spending=spending,
        drivers=drivers,
        schemas=schemas,
        pictures=pictures,
        reading_threads=threads,
        media_store=media_store,
        metrics=metrics,
        in_flight=in_flight,
        clock=clock,
    )
    admission, ingest = build_ingest(parts)
    site = Site(
        address=administration.public_address,
        trusted_proxies=config.server.trusted_proxies,
        accel_redirect=config.server.accel_redirect,
        metrics_from=config.server.metrics_from,
    )
    intake = IntakePage(config.intake, http)
    certificates = Certificates(config.server.tls_cert_file, media_store, metrics)
    upkeep = build_upkeep(config, database, administration, media_store, http, clock)
    shared = Shared(
        config=config,
        database=database,
        administration=administration,
        media_store=media_store,
        metrics=metrics,
        problems=problems,
        spending=spending,
        http=http,
        drivers=drivers,
        facts=facts,
        gate=gate,
        ladder=ladder,
        schemas=schemas,
        site=site,
        intake=intake,
        certificates=certificates,
        alert_channels=upkeep.alert_channels,
        config_digest=config_digest(config, signing_key),
        clock=clock,
    )
    health, operations = build_background(shared)
    readiness = build_readiness(shared, admission, ingest)

    def heard(message: LiveMessage) -> None:
        fresh_start.heard(message)
        cooldowns.heard(message, ladder)
        if message.kind == "settings":
            in_flight.start(provider_keys.begin(), "look at the providers' keys")
            in_flight.start(administration.settings.begin(), "look at the settings")

    feed = LiveFeed(database, live_messages, clock, heard=heard)
    evening = build_evening(database, administration, media_store, clock)
    samples = build_preset_samples(database, administration, schemas, drivers, pictures, clock)
    services = Services(
        site=site,
        authenticator=SessionAuthenticator(administration.admins, site),
        life=life,
        clock=clock,
        metrics=metrics,
        in_flight=in_flight,
        media_store=media_store,
        admission=admission,
        ingest=ingest,
        results=Results(administration.job_repository, clock),
        result_service=evening.results,
        archives=evening.archives,
        # Guests with a slow phone keep no administrator from his archive.
        guest_archives=Archives(EventPhotos(database), media_store, clock, for_guests=True),
        retention=evening.retention,
        media=PublicMedia(media, clock),
        health=health,
        readiness=readiness,
        intake=intake,
        reports=evening.reports,
        event_reports=evening.event_reports,
        setting_list=administration.setting_repository,
        admins=administration.admins,
        accounts=administration.accounts,
        settings=administration.settings,
        events=administration.events,
        event_repository=administration.event_repository,
        presets=build_presets(database, administration, media_store, samples, clock),
        preset_samples=samples,
        upkeep=upkeep,
        boards=evening.boards,
        reruns=administration.reruns,
        galleries=Galleries(
            administration.event_repository,
            administration.throttle,
            guest_passwords,
            signing_key,
            clock,
        ),
        gallery_pictures=GalleryPictures(database),
        slots=administration.slots,
        slot_list=slots,
        templates=TemplateService(
            database,
            templates,
            slots,
            administration.slots,
            media_store,
            pictures,
            administration.audit,
            administration.freeze,
            clock,
        ),
        template_list=templates,
        jobs=administration.job_repository,
        job_lists=administration.job_lists,
        stats=administration.stats,
        audit_log=administration.audit_repository,
        feed=feed,
        live_messages=live_messages,
        schemas=schemas,
        provider_facts=facts,
        provider_keys=provider_keys,
        provider_catalogues=ProviderCatalogues(drivers, facts, schemas, clock),
        ui_files=installed_ui(),
    )
    feed.start()
    web = DaemonApplication(
        build_routes(services),
        default_handler_class=NotFoundHandler,
        default_handler_args={"base": services.base()},
        log_function=AccessLog(metrics, problems),
    )
    return App(
        web=web,
        life=life,
        clock=clock,
        database=database,
        media_store=media_store,
        metrics=metrics,
        in_flight=in_flight,
        gate=gate,
        pictures=pictures,
        passwords=passwords,
        camera_passwords=camera_passwords,
        guest_passwords=guest_passwords,
        penalties=administration.penalties,
        drivers=drivers,
        http=http,
        health=health,
        certificates=certificates,
        operations=operations,
        upkeep=upkeep,
        readiness=readiness,
        reruns=build_reruns(parts, admission, ingest, drivers),
        feed=feed,
    )
