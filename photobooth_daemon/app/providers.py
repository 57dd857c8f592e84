"""Builds the providers' drivers, and builds one anew when its key is another one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp

from photobooth_daemon.clock import Clock
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.providers.catalog import build_drivers, close_drivers, installed_drivers
from photobooth_daemon.providers.driver import PictureWork, ProviderConfig, ProviderDriver
from photobooth_daemon.providers.facts import ADMINISTRATOR, ProviderFacts, provider_facts


class Providers:
    """The drivers and what is known of them: two maps that everybody holds and this one changes."""

    def __init__(
        self,
        configs: Mapping[str, ProviderConfig],
        http: aiohttp.ClientSession,
        pictures: PictureWork,
    ) -> None:
        self._classes = installed_drivers()
        self._configs = configs
        self._http = http
        self._pictures = pictures
        self._keys: Mapping[str, str] = {}
        self.drivers: dict[str, ProviderDriver] = build_drivers(
            self._classes, configs, http, pictures
        )
        self.facts: dict[str, ProviderFacts] = provider_facts(self.drivers, configs)

    def use_keys(self, keys: Mapping[str, str]) -> list[str]:
        """Have drivers use these keys of administrators; return whose key is another one.

        Attempts under way end with the driver that they began with.
        """
        changed = []
        for name in list(self.drivers):
            config = self._configs.get(name) or ProviderConfig(name)
            if config.api_key_source is not None or keys.get(name) == self._keys.get(name):
                continue
            if name in keys:
                config = replace(config, api_key=keys[name], api_key_source=ADMINISTRATOR)
            anew = {name: config}
            self.drivers.update(
                build_drivers({name: self._classes[name]}, anew, self._http, self._pictures)
            )
            self.facts.update(provider_facts({name: self.drivers[name]}, anew))
            changed.append(name)
        self._keys = dict(keys)
        return changed


@asynccontextmanager
async def opened_drivers(
    configs: Mapping[str, ProviderConfig], clock: Clock
) -> AsyncIterator[Mapping[str, ProviderDriver]]:
    """Give the drivers for as long as the block runs, each with its key of the configuration."""
    pictures = PictureThreads(clock)
    try:
        async with session_for_providers() as http:
            drivers = Providers(configs, http, pictures).drivers
            try:
                yield drivers
            finally:
                await close_drivers(drivers.values())
    finally:
        pictures.close()


def session_for_providers() -> aiohttp.ClientSession:
    """Return the connections to providers: their places bound them; nobody's cookies are kept."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=True,
    )
