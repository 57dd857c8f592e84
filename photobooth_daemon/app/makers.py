"""Builds who makes pictures: providers' drivers, the ladder that asks them, and its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from photobooth_daemon.app.foundation import Foundation
from photobooth_daemon.app.providers import Providers
from photobooth_daemon.app.resources import Resources
from photobooth_daemon.ingest.ladder.fresh_start import FreshStart
from photobooth_daemon.ingest.ladder.ladder import Ladder
from photobooth_daemon.ingest.ladder.pricing import PriceTable
from photobooth_daemon.ingest.ladder.shared_cooldowns import SharedCooldowns
from photobooth_daemon.ingest.ladder.spending import Spending
from photobooth_daemon.ingest.waiting.gate import Gate
from photobooth_daemon.model import LiveMessage
from photobooth_daemon.providers.catalog import close_drivers
from photobooth_daemon.providers.driver import ProviderDriver
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.repositories.spending import SpendingRepository


@dataclass(frozen=True, slots=True)
class Makers:
    """Whom a photo is given to, how many at a time, and for how much."""

    providers: Providers
    gate: Gate
    ladder: Ladder
    spending: Spending
    cooldowns: SharedCooldowns
    fresh_start: FreshStart

    @property
    def drivers(self) -> Mapping[str, ProviderDriver]:
        """The drivers in use, which change when an administrator enters a key."""
        return self.providers.drivers

    @property
    def facts(self) -> Mapping[str, ProviderFacts]:
        """What is known of them, kept up with them."""
        return self.providers.facts

    def use_keys(self, keys: Mapping[str, str]) -> None:
        """Have drivers use administrators' keys; one whose key is another one begins afresh."""
        for name in self.providers.use_keys(keys):
            self.ladder.clear_cooldowns(name)

    def heard(self, message: LiveMessage) -> None:
        """Take over what other processes have found out of models, or have mended."""
        self.fresh_start.heard(message)
        self.cooldowns.heard(message, self.ladder)

    async def close(self) -> None:
        """Close the drivers."""
        await close_drivers(self.drivers.values())


def build_makers(foundation: Foundation, resources: Resources) -> Makers:
    """Return them, as the configuration names them.

    Raises:
        ConfigError: the prices' file or a provider cannot be used.
    """
    config, database, clock = foundation.config, foundation.database, foundation.clock
    in_flight = resources.in_flight
    providers = Providers(config.providers, resources.http, resources.pictures)
    prices = PriceTable.read(
        config.server.prices_file,
        free_providers=[name for name, provider in config.providers.items() if provider.local],
    )
    gate = Gate(processes=config.server.processes, clock=clock)
    cooldowns = SharedCooldowns(database, foundation.live, in_flight)
    ladder = Ladder(
        providers.drivers,
        gate,
        clock,
        resources.metrics,
        prices=prices,
        found=cooldowns.found,
    )
    return Makers(
        providers=providers,
        gate=gate,
        ladder=ladder,
        spending=Spending(SpendingRepository(database), prices, clock),
        cooldowns=cooldowns,
        fresh_start=FreshStart(ladder, SlotRepository(database), in_flight),
    )
