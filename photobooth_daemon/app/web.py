"""Builds what is asked over HTTP: each group of routes gets its own, and no more."""

from __future__ import annotations

from tornado.web import Application

from photobooth_daemon.administration.galleries import Galleries
from photobooth_daemon.administration.templates import TemplateService
from photobooth_daemon.app.presets import build_presets
from photobooth_daemon.app.rooms import Rooms
from photobooth_daemon.media.archive import Archives
from photobooth_daemon.media.links import PublicMedia
from photobooth_daemon.media.results import Results
from photobooth_daemon.providers.catalogues import ProviderCatalogues
from photobooth_daemon.repositories.event_photos import EventPhotos
from photobooth_daemon.repositories.gallery_pictures import GalleryPictures
from photobooth_daemon.repositories.live_messages import LiveMessageRepository
from photobooth_daemon.repositories.media import MediaRepository
from photobooth_daemon.web.access_log import AccessLog
from photobooth_daemon.web.application import DaemonApplication
from photobooth_daemon.web.authenticator import SessionAuthenticator
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import NotFoundHandler
from photobooth_daemon.web.installed_ui import installed_ui
from photobooth_daemon.web.routes import build_routes
from photobooth_daemon.web.services import (
    Accounts,
    Evenings,
    Guests,
    History,
    Recipes,
    Services,
)


def build_web(rooms: Rooms) -> Application:
    """Return the application: every route, and a page for what is none."""
    services = _services(rooms)
    return DaemonApplication(
        build_routes(services),
        default_handler_class=NotFoundHandler,
        default_handler_args={"base": services.base},
        log_function=AccessLog(rooms.resources.metrics, rooms.resources.problems),
    )


def _services(rooms: Rooms) -> Services:
    foundation, resources = rooms.foundation, rooms.resources
    return Services(
        base=Base(
            rooms.site,
            SessionAuthenticator(rooms.administration.admins, rooms.site),
            resources.life,
        ),
        clock=foundation.clock,
        metrics=resources.metrics,
        in_flight=resources.in_flight,
        media_store=foundation.media_store,
        admission=rooms.ingest.admission,
        ingest=rooms.ingest.story,
        feed=rooms.feed,
        health=rooms.monitoring.health,
        readiness=rooms.monitoring.readiness,
        intake=rooms.monitoring.intake,
        ui_files=installed_ui(),
        accounts=_accounts(rooms),
        recipes=_recipes(rooms),
        evenings=_evenings(rooms),
        guests=_guests(rooms),
        history=_history(rooms),
        upkeep=rooms.upkeep,
    )


def _accounts(rooms: Rooms) -> Accounts:
    administration = rooms.administration
    return Accounts(administration.admins, administration.accounts, administration.settings)


def _recipes(rooms: Rooms) -> Recipes:
    foundation, administration, makers = rooms.foundation, rooms.administration, rooms.makers
    pictures, schemas, clock = rooms.resources.pictures, foundation.schemas, foundation.clock
    presets = build_presets(foundation, administration, makers.drivers, pictures)
    return Recipes(
        slots=administration.slots,
        slot_repository=administration.slot_repository,
        templates=TemplateService(
            foundation.database,
            administration.template_repository,
            administration.slot_repository,
            administration.slots,
            foundation.media_store,
            pictures,
            administration.audit,
            administration.freeze,
            clock,
        ),
        template_repository=administration.template_repository,
        presets=presets.service,
        preset_samples=presets.samples,
        schemas=schemas,
        provider_facts=makers.facts,
        provider_keys=rooms.provider_keys,
        provider_catalogues=ProviderCatalogues(makers.drivers, makers.facts, schemas, clock),
    )


def _evenings(rooms: Rooms) -> Evenings:
    administration, evening = rooms.administration, rooms.evening
    return Evenings(
        events=administration.events,
        event_repository=administration.event_repository,
        results=evening.results,
        reruns=administration.reruns,
        archives=evening.archives,
        retention=evening.retention,
        reports=evening.event_reports,
        boards=evening.boards,
    )


def _guests(rooms: Rooms) -> Guests:
    foundation, administration = rooms.foundation, rooms.administration
    database, clock = foundation.database, foundation.clock
    return Guests(
        results=Results(administration.job_repository, clock),
        media=PublicMedia(MediaRepository(database), clock),
        galleries=Galleries(
            administration.event_repository,
            administration.throttle,
            rooms.resources.guest_passwords,
            foundation.keys.signing,
            clock,
        ),
        pictures=GalleryPictures(database),
        # Guests with a slow phone keep no administrator from his archive.
        archives=Archives(EventPhotos(database), foundation.media_store, clock, for_guests=True),
    )


def _history(rooms: Rooms) -> History:
    administration = rooms.administration
    return History(
        jobs=administration.job_repository,
        job_lists=administration.job_lists,
        stats=administration.stats,
        reports=rooms.evening.reports,
        audit_log=administration.audit_repository,
        setting_repository=administration.setting_repository,
        live_messages=LiveMessageRepository(rooms.foundation.database),
    )
