"""What each health check looks at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import DatabaseUnavailable
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import MB, Settings
from photobooth_daemon.monitoring.health import (
    CachedProbe,
    Health,
    Status,
    Verdict,
    cleanup_verdict,
)
from photobooth_daemon.providers.driver import ProviderDriver
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.repositories.cleanup import CleanupRepository
from photobooth_daemon.repositories.settings import SettingsRepository
from photobooth_daemon.repositories.vitals import VitalsRepository

QUICK_SECONDS = 2.0
SLOW_SECONDS = 60.0
SETTING_SECONDS = 1.0


def build_health(
    *,
    vitals: VitalsRepository,
    settings: SettingsRepository,
    cleanup: CleanupRepository,
    media_store: MediaStore,
    drivers: Mapping[str, ProviderDriver],
    facts: Mapping[str, ProviderFacts],
    cooling: Callable[[], Mapping[tuple[str, str], float]],
    clock: Clock,
) -> Health:
    """Return the health service with all its probes."""
    storage = StorageProbe(settings, media_store)
    probes = [
        CachedProbe(
            "database", DatabaseProbe(vitals), clock, life_seconds=QUICK_SECONDS, critical=True
        ),
        CachedProbe("media", storage, clock, life_seconds=QUICK_SECONDS, critical=True),
        CachedProbe(
            "cleanup",
            CleanupProbe(cleanup, clock),
            clock,
            life_seconds=QUICK_SECONDS,
            critical=False,
        ),
    ]
    provider_probes = [
        CachedProbe(
            name,
            ProviderProbe(name, drivers, cooling),
            clock,
            life_seconds=SLOW_SECONDS,
            critical=False,
            is_wanted=partial(_is_configured, name, facts),
        )
        for name in sorted(drivers)
    ]
    return Health(probes, provider_probes)


class DatabaseProbe:
    """The database answers."""

    def __init__(self, vitals: VitalsRepository) -> None:
        self._vitals = vitals

    async def __call__(self) -> Verdict:
        """Ask it."""
        await self._vitals.ping()
        return Verdict(Status.OK)


class StorageProbe:
    """The media store can be written to, and there is room for photos."""

    def __init__(self, settings: SettingsRepository, media_store: MediaStore) -> None:
        self._settings = settings
        self._media_store = media_store
        self._min_free_mb = Settings().min_free_mb

    async def __call__(self) -> Verdict:
        """Write and remove a small file; compare the free space with the setting."""
        # Without a database the setting as it was known last: that has a check of its own.
        with suppress(DatabaseUnavailable, TimeoutError):
            async with asyncio.timeout(SETTING_SECONDS):
                self._min_free_mb = (await self._settings.get()).values.min_free_mb
        free_bytes = self._media_store.free_bytes()
        figures = {"free_bytes": free_bytes, "min_free_bytes": self._min_free_mb * MB}
        if free_bytes < self._min_free_mb * MB:
            return Verdict(Status.FAILING, figures)
        await self._media_store.prove_writable()
        return Verdict(Status.OK, figures)


class CleanupProbe:
    """Cleanup has succeeded within the last half hour."""

    def __init__(self, repository: CleanupRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock
        self._since: datetime = clock.utcnow()

    async def __call__(self) -> Verdict:
        """Look at the last runs."""
        last = await self._repository.find_last_run()
        success = await self._repository.find_last_run(succeeded=True)
        return cleanup_verdict(
            self._clock.utcnow(),
            None if success is None else success.started_at,
            None if last is None else last.succeeded,
            self._since,
        )


class ProviderProbe:
    """The provider answers and takes our key; a model that keeps failing counts as down."""

    def __init__(
        self,
        name: str,
        drivers: Mapping[str, ProviderDriver],
        cooling: Callable[[], Mapping[tuple[str, str], float]],
    ) -> None:
        """``drivers`` is looked into each time: an administrator may have given a key."""
        self._name = name
        self._drivers = drivers
        self._cooling = cooling

    async def __call__(self) -> Verdict:
        """Ask it for something free of charge."""
        cooling = sorted(model for name, model in self._cooling() if name == self._name)
        check = await self._drivers[self._name].check(None, {})
        # A model that is not listed is the slot's trouble, not the provider's.
        answers = check.ok or check.model_listed is False
        figures: dict[str, object] = {"provider_latency_ms": check.latency_ms}
        if not answers:
            figures["reason"] = check.detail.partition(":")[0][:60]
        if cooling:
            figures["cooling_down"] = cooling
        return Verdict(Status.OK if answers and not cooling else Status.DEGRADED, figures)


def _is_configured(name: str, facts: Mapping[str, ProviderFacts]) -> bool:
    return facts[name].configured
