"""Builds the recipes that administrators begin from, and what shows what they make."""

from __future__ import annotations

from collections.abc import Mapping

from photobooth_daemon.administration.preset_samples import PresetSamples
from photobooth_daemon.administration.presets import PresetService
from photobooth_daemon.app.administration import Administration
from photobooth_daemon.app.sample import sample_photo
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.providers.driver import ProviderDriver
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.repositories.preset_samples import PresetSampleRepository
from photobooth_daemon.repositories.presets import PresetRepository


def build_presets(
    database: Database,
    administration: Administration,
    media_store: MediaStore,
    samples: PresetSamples,
    clock: Clock,
) -> PresetService:
    """Return the recipes: the shipped ones, and those that administrators kept."""
    return PresetService(
        database,
        PresetRepository(database),
        administration.slot_repository,
        administration.job_lists,
        media_store,
        administration.audit,
        clock,
        samples,
    )


def build_preset_samples(
    database: Database,
    administration: Administration,
    schemas: ParamSchemas,
    drivers: Mapping[str, ProviderDriver],
    pictures: PictureThreads,
    clock: Clock,
) -> PresetSamples:
    """Return their samples: of looks and frames made of the photo that comes with the program."""
    return PresetSamples(
        database,
        PresetSampleRepository(database),
        administration.job_repository,
        administration.audit,
        clock,
        schemas,
        drivers,
        pictures,
        sample_photo(),
    )
