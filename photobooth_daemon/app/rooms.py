"""Builds one process' rooms, each on those before it."""

from __future__ import annotations

from dataclasses import dataclass

from photobooth_daemon.administration.provider_keys import ProviderKeys
from photobooth_daemon.app.administration import Administration, build_administration
from photobooth_daemon.app.evening import Evening, build_evening
from photobooth_daemon.app.foundation import Foundation
from photobooth_daemon.app.ingest import Ingest, build_ingest
from photobooth_daemon.app.makers import Makers, build_makers
from photobooth_daemon.app.monitoring import Monitoring, Watched, build_monitoring
from photobooth_daemon.app.provider_keys import build_provider_keys
from photobooth_daemon.app.reruns import build_reruns
from photobooth_daemon.app.resources import Resources
from photobooth_daemon.app.upkeep import build_upkeep
from photobooth_daemon.config.start_up import ServerConfig
from photobooth_daemon.ingest.reruns.worker import RerunWorker
from photobooth_daemon.live.feed import LiveFeed
from photobooth_daemon.model import LiveMessage
from photobooth_daemon.repositories.live_messages import LiveMessageRepository
from photobooth_daemon.web.services import Upkeep
from photobooth_daemon.web.site import Site


@dataclass(frozen=True, slots=True)
class Rooms:
    """What a process is made of, apart from its addresses; nothing in it has been started."""

    foundation: Foundation
    resources: Resources
    makers: Makers
    administration: Administration
    provider_keys: ProviderKeys
    evening: Evening
    ingest: Ingest
    reruns: RerunWorker
    upkeep: Upkeep
    monitoring: Monitoring
    feed: LiveFeed
    site: Site

    async def close(self) -> None:
        """Stop whoever works, the last begun first; resources and foundation are still there."""
        await self.feed.close()
        await self.reruns.stop()
        await self.upkeep.close()
        await self.monitoring.close()
        await self.makers.close()


async def build_rooms(foundation: Foundation, resources: Resources) -> Rooms:
    """Return the rooms, with the keys and settings of the database where it is there.

    Raises:
        ConfigError: a file that the configuration names cannot be used.
    """
    makers = build_makers(foundation, resources)
    administration = build_administration(
        foundation, resources.passwords, makers.facts, slot_saved=makers.fresh_start.saved
    )
    provider_keys = build_provider_keys(foundation, administration, makers.facts, makers.use_keys)
    await provider_keys.begin()
    await administration.settings.begin()
    ingest = build_ingest(foundation, resources, makers, administration, provider_keys)
    upkeep = build_upkeep(foundation, administration, resources.http)
    site = _site(foundation.config.server, administration)
    watched = Watched(foundation, resources, makers, administration, site, upkeep.alert_channels)
    return Rooms(
        foundation=foundation,
        resources=resources,
        makers=makers,
        administration=administration,
        provider_keys=provider_keys,
        evening=build_evening(foundation, administration),
        ingest=ingest,
        reruns=build_reruns(foundation, resources, makers, administration, ingest),
        upkeep=upkeep,
        monitoring=build_monitoring(watched, ingest),
        feed=_feed(foundation, resources, makers, administration, provider_keys),
        site=site,
    )


def _site(server: ServerConfig, administration: Administration) -> Site:
    return Site(
        address=administration.public_address,
        trusted_proxies=server.trusted_proxies,
        accel_redirect=server.accel_redirect,
        metrics_from=server.metrics_from,
    )


def _feed(
    foundation: Foundation,
    resources: Resources,
    makers: Makers,
    administration: Administration,
    provider_keys: ProviderKeys,
) -> LiveFeed:
    def heard(message: LiveMessage) -> None:
        makers.heard(message)
        if message.kind == "settings":
            start = resources.in_flight.start
            start(provider_keys.begin(), "look at the providers' keys")
            start(administration.settings.begin(), "look at the settings")

    database = foundation.database
    return LiveFeed(database, LiveMessageRepository(database), foundation.clock, heard=heard)
