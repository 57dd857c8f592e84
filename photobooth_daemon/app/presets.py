"""Builds the recipes that administrators begin from, and what shows what they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from photobooth_daemon.administration.preset_samples import PresetSamples
from photobooth_daemon.administration.presets import PresetService
from photobooth_daemon.app.administration import Administration
from photobooth_daemon.app.foundation import Foundation
from photobooth_daemon.app.sample import sample_photo
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.providers.driver import ProviderDriver
from photobooth_daemon.repositories.preset_samples import PresetSampleRepository
from photobooth_daemon.repositories.presets import PresetRepository


@dataclass(frozen=True, slots=True)
class Presets:
    """The shipped recipes and those that administrators kept, and the samples of both."""

    service: PresetService
    samples: PresetSamples


def build_presets(
    foundation: Foundation,
    administration: Administration,
    drivers: Mapping[str, ProviderDriver],
    pictures: PictureThreads,
) -> Presets:
    """Return them; looks and frames are shown on the photo that comes with the program."""
    database, clock, audit = foundation.database, foundation.clock, administration.audit
    samples = PresetSamples(
        database,
        PresetSampleRepository(database),
        administration.job_repository,
        audit,
        clock,
        foundation.schemas,
        drivers,
        pictures,
        sample_photo(),
    )
    service = PresetService(
        database,
        PresetRepository(database),
        administration.slot_repository,
        administration.job_lists,
        foundation.media_store,
        audit,
        clock,
        samples,
    )
    return Presets(service, samples)
