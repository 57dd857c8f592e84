"""Which drivers are installed: ours and other packages', announced by one entry-point group."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata

import aiohttp

from photobooth_daemon.providers.driver import PictureWork, ProviderConfig, ProviderDriver
from photobooth_daemon.providers.params import announced_drivers

logger = logging.getLogger(__name__)

DriverClass = Callable[[ProviderConfig, aiohttp.ClientSession, PictureWork], ProviderDriver]


def installed_drivers() -> dict[str, DriverClass]:
    """Return the driver classes by provider name.

    A driver that cannot be imported is logged and left out: somebody else's
    broken package must not keep the booths waiting.
    """
    return dict(_loaded(announced_drivers()))


def build_drivers(
    classes: Mapping[str, DriverClass],
    configs: Mapping[str, ProviderConfig],
    http: aiohttp.ClientSession,
    pictures: PictureWork,
) -> dict[str, ProviderDriver]:
    """Return one driver of each class, with its configuration or, where it has none, without."""
    drivers = {}
    for name, driver_class in classes.items():
        config = configs.get(name) or ProviderConfig(name)
        drivers[name] = driver_class(config, http, pictures)
    return drivers


async def close_drivers(drivers: Iterable[ProviderDriver]) -> None:
    """Let the drivers that have a ``close`` finish what they do behind their attempts' backs."""
    closing = [driver.close() for driver in drivers if hasattr(driver, "close")]
    for outcome in await asyncio.gather(*closing, return_exceptions=True):
        if isinstance(outcome, Exception):
            logger.error("a driver was not closed: %s", type(outcome).__name__)


def _loaded(entry_points: Iterable[metadata.EntryPoint]) -> Iterable[tuple[str, DriverClass]]:
    for entry_point in sorted(entry_points, key=lambda e: e.name):
        try:
            yield entry_point.name, entry_point.load()
        except Exception as error:  # noqa: BLE001 an import runs code that is not ours
            logger.error("the driver of provider %s cannot be loaded (%s)", entry_point.name, error)
