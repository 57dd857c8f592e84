"""Builds a photo's way: who is let in, and the story from there on."""

from __future__ import annotations

from dataclasses import dataclass

from photobooth_daemon.administration.passwords import IngestPasswordVerdicts
from photobooth_daemon.administration.provider_keys import ProviderKeys
from photobooth_daemon.app.administration import Administration
from photobooth_daemon.app.foundation import Foundation
from photobooth_daemon.app.makers import Makers
from photobooth_daemon.app.resources import Resources
from photobooth_daemon.ingest.admission import AdmissionService
from photobooth_daemon.ingest.jobs import Jobs
from photobooth_daemon.ingest.open_job import OpenJobs
from photobooth_daemon.ingest.originals import Originals
from photobooth_daemon.ingest.password import IngestPassword
from photobooth_daemon.ingest.requests import ProviderRequests
from photobooth_daemon.ingest.stamps import Stamps
from photobooth_daemon.ingest.story import IngestService
from photobooth_daemon.ingest.waiting.aside import Aside
from photobooth_daemon.ingest.waiting.doorway import Doorway
from photobooth_daemon.ingest.waiting.turns import UploadTurns
from photobooth_daemon.providers.driver import calls_nobody
from photobooth_daemon.repositories.idempotency import IdempotencyRepository
from photobooth_daemon.repositories.media import MediaRepository


@dataclass(frozen=True, slots=True)
class Ingest:
    """Who lets photos in, and who takes them to their answer."""

    admission: AdmissionService
    story: IngestService


def build_ingest(
    foundation: Foundation,
    resources: Resources,
    makers: Makers,
    administration: Administration,
    provider_keys: ProviderKeys,
) -> Ingest:
    """Return both; they share what has been learned of passwords."""
    password = IngestPassword(
        foundation.database,
        IngestPasswordVerdicts(resources.camera_passwords),
        administration.throttle,
        administration.penalties,
        administration.audit,
        resources.metrics,
    )
    admission = AdmissionService(
        slot_repository=administration.slot_repository,
        password=password,
        gate=makers.gate,
        doorway=Doorway(),
        turns=UploadTurns(resources.pictures.photo_cost, threads=resources.picture_threads),
        provider_keys=provider_keys,
        address=administration.public_address,
        media_store=foundation.media_store,
        metrics=resources.metrics,
        clock=foundation.clock,
        store_reserve_seconds=foundation.config.server.store_reserve_seconds,
    )
    return Ingest(admission, _story(foundation, resources, makers, administration, password))


def _story(
    foundation: Foundation,
    resources: Resources,
    makers: Makers,
    administration: Administration,
    password: IngestPassword,
) -> IngestService:
    database, media_store, clock = foundation.database, foundation.media_store, foundation.clock
    pictures, metrics, in_flight = resources.pictures, resources.metrics, resources.in_flight
    jobs = Jobs(
        database,
        administration.job_repository,
        IdempotencyRepository(database),
        foundation.live,
        clock,
    )
    return IngestService(
        jobs=jobs,
        open_jobs=OpenJobs(jobs, pictures, media_store, metrics, in_flight, clock),
        originals=Originals(media_store, clock),
        password=password,
        aside=Aside(),
        ladder=makers.ladder,
        spending=makers.spending,
        requests=ProviderRequests(
            params=foundation.schemas,
            pictures=pictures,
            templates=administration.template_repository,
            media=MediaRepository(database),
            media_store=media_store,
            address=administration.public_address,
            made_here={name for name, made in makers.drivers.items() if calls_nobody(made)},
        ),
        pictures=pictures,
        stamps=Stamps(pictures, administration.event_repository),
        media_store=media_store,
        metrics=metrics,
        in_flight=in_flight,
        clock=clock,
    )
