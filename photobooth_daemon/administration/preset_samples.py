"""What presets are shown by: pictures before and after, of the sample photo or of one's own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from uuid import UUID, uuid4

import asyncpg

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import PhotoboothError, PresetNotFound
from photobooth_daemon.model import Actor, Job, PictureBytes, Rung, Slot
from photobooth_daemon.model.presets import Preset
from photobooth_daemon.pictures.steps import megapixels_of, preview
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.providers.driver import ProviderDriver, ProviderRequest
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.repositories.jobs import JobRepository
from photobooth_daemon.repositories.preset_samples import PresetSampleRepository

SAMPLE_SECONDS = 10.0

log = logging.getLogger(__name__)


class PresetSamples:
    """Draws what this machine can make, small and once; of the rest keeps what test runs made."""

    def __init__(
        self,
        database: Database,
        repository: PresetSampleRepository,
        jobs: JobRepository,
        audit: Audit,
        clock: Clock,
        schemas: ParamSchemas,
        drivers: Mapping[str, ProviderDriver],
        pictures: PictureThreads,
        sample: PictureBytes,
    ) -> None:
        """``sample`` is the photo that the shipped presets are shown on."""
        self._database = database
        self._repository = repository
        self._jobs = jobs
        self._audit = audit
        self._clock = clock
        self._schemas = schemas
        self._drivers = drivers
        self._pictures = pictures
        self._sample = sample
        self._small: PictureBytes | None = None
        self._drawn: dict[str, bytes] = {}
        self._drawing = asyncio.Lock()

    async def list_made(self) -> dict[str, datetime]:
        """Return which presets a test run has made a sample of, and since when."""
        return await self._repository.list_made()

    async def find_made(self, preset_id: str) -> tuple[bytes, bytes] | None:
        """Return what a test run was given and has made, two JPEGs."""
        return await self._repository.find(preset_id)

    async def photo(self) -> bytes:
        """Return the sample photo, a small JPEG."""
        async with self._drawing:
            return (await self._small_sample()).data

    async def draw(self, preset: Preset) -> bytes:
        """Return what a preset makes of the sample photo on this machine, a JPEG.

        It is drawn once in this process.
        """
        async with self._drawing:
            if preset.preset_id not in self._drawn:
                request = ProviderRequest(
                    job_id=uuid4(),
                    slot_id="",
                    operation=preset.operation,
                    params=self._schemas.with_defaults(
                        preset.provider, preset.operation, preset.params
                    ),
                    photo=await self._small_sample(),
                    templates=(),
                    deadline=Deadline.after(self._clock, SAMPLE_SECONDS),
                )
                drawn = await self._drivers[preset.provider].process(request)
                self._drawn[preset.preset_id] = drawn.picture
            return self._drawn[preset.preset_id]

    async def keep(
        self, preset: Preset, recipe: Slot, job_id: UUID, photo: bytes, after_jpeg: bytes
    ) -> None:
        """Show a preset by a test run's pictures from now on, if it was its recipe that made them.

        A run that succeeded stays a success: what goes wrong here is logged.
        """
        try:
            job = await self._jobs.find(job_id)
            if job is None:
                return
            alike = [rung for rung in recipe.ladder() if _made(rung, job)]
            # Of two rungs of one operation nobody knows which it was.
            if len(alike) != 1 or not preset.is_recipe_of(alike[0]):
                return
            megapixels = await asyncio.to_thread(megapixels_of, BytesIO(photo))
            before = await self._pictures.look(preview, photo, megapixels=megapixels)
            await self._repository.insert(
                preset.preset_id, job_id, before.data, after_jpeg, self._clock.utcnow()
            )
        except PhotoboothError:
            log.exception("a recipe's sample is not kept", extra={"preset_id": preset.preset_id})

    async def forget(self, preset_id: str, actor: Actor) -> None:
        """Show a preset without the pictures that a test run made.

        Raises:
            PresetNotFound: there are none.
        """
        async with self._database.transaction() as connection:
            if not await self._repository.delete(connection, preset_id):
                raise PresetNotFound
            await self._audit.record(
                connection, actor=actor, action="preset.forget", entity=f"preset:{preset_id}"
            )

    async def drop(self, connection: asyncpg.Connection, preset_id: str) -> None:
        """Drop the pictures of a preset that is deleted."""
        await self._repository.delete(connection, preset_id)

    async def _small_sample(self) -> PictureBytes:
        if self._small is None:
            megapixels = self._sample.width * self._sample.height / 1e6
            self._small = await self._pictures.look(
                preview, self._sample.data, megapixels=megapixels
            )
        return self._small


def _made(rung: Rung, job: Job) -> bool:
    return (rung.provider, rung.operation) == (job.provider, job.operation)
