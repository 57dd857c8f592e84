"""Builds a photo's way: who is let in, and the story from there on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from photobooth_daemon.administration.passwords import IngestPasswordVerdicts, Passwords
from photobooth_daemon.administration.provider_keys import ProviderKeys
from photobooth_daemon.app.administration import Administration
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.database.pool import Database
from photobooth_daemon.ingest.admission import AdmissionService
from photobooth_daemon.ingest.jobs import Jobs
from photobooth_daemon.ingest.ladder.ladder import Ladder
from photobooth_daemon.ingest.ladder.spending import Spending
from photobooth_daemon.ingest.open_job import OpenJobs
from photobooth_daemon.ingest.originals import Originals
from photobooth_daemon.ingest.password import IngestPassword
from photobooth_daemon.ingest.requests import ProviderRequests
from photobooth_daemon.ingest.stamps import Stamps
from photobooth_daemon.ingest.story import IngestService
from photobooth_daemon.ingest.waiting.aside import Aside
from photobooth_daemon.ingest.waiting.doorway import Doorway
from photobooth_daemon.ingest.waiting.gate import Gate
from photobooth_daemon.ingest.waiting.turns import UploadTurns
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.providers.driver import ProviderDriver, calls_nobody
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.repositories.idempotency import IdempotencyRepository
from photobooth_daemon.repositories.media import MediaRepository
from photobooth_daemon.tasks import InFlight


@dataclass(frozen=True, slots=True)
class IngestParts:
    """What a photo's way shares with the rest of the process."""

    config: Config
    database: Database
    administration: Administration
    provider_keys: ProviderKeys
    camera_passwords: Passwords
    gate: Gate
    ladder: Ladder
    spending: Spending
    drivers: Mapping[str, ProviderDriver]
    schemas: ParamSchemas
    pictures: PictureThreads
    reading_threads: int
    media_store: MediaStore
    metrics: Metrics
    in_flight: InFlight
    clock: Clock


def build_ingest(parts: IngestParts) -> tuple[AdmissionService, IngestService]:
    """Return who lets photos in, and who takes them to their answer."""
    administration = parts.administration
    password = IngestPassword(
        parts.database,
        IngestPasswordVerdicts(parts.camera_passwords),
        administration.throttle,
        administration.penalties,
        administration.audit,
        parts.metrics,
    )
    admission = AdmissionService(
        slot_repository=administration.slot_repository,
        password=password,
        gate=parts.gate,
        doorway=Doorway(),
        turns=UploadTurns(parts.pictures.photo_cost, threads=parts.reading_threads),
        provider_keys=parts.provider_keys,
        address=administration.public_address,
        media_store=parts.media_store,
        metrics=parts.metrics,
        clock=parts.clock,
        store_reserve_seconds=parts.config.server.store_reserve_seconds,
    )
    jobs = Jobs(
        parts.database,
        administration.job_repository,
        IdempotencyRepository(parts.database),
        administration.live,
        parts.clock,
    )
    ingest = IngestService(
        jobs=jobs,
        open_jobs=OpenJobs(
            jobs,
            parts.pictures,
            parts.media_store,
            parts.metrics,
            parts.in_flight,
            parts.clock,
        ),
        originals=Originals(parts.media_store, parts.clock),
        password=password,
        aside=Aside(),
        ladder=parts.ladder,
        spending=parts.spending,
        requests=ProviderRequests(
            params=parts.schemas,
            pictures=parts.pictures,
            templates=administration.template_repository,
            media=MediaRepository(parts.database),
            media_store=parts.media_store,
            address=administration.public_address,
            made_here={name for name, made in parts.drivers.items() if calls_nobody(made)},
        ),
        pictures=parts.pictures,
        stamps=Stamps(parts.pictures, administration.event_repository),
        media_store=parts.media_store,
        metrics=parts.metrics,
        in_flight=parts.in_flight,
        clock=parts.clock,
    )
    return admission, ingest
