"""Builds one process of the daemon; ``rooms.py`` and those that it calls build its parts.

``app/`` is the only place that builds objects and hands them to each other. What a builder
returns is a bundle of what its room has to give; nobody else holds on to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp
from tornado.web import Application

from photobooth_daemon.administration.passwords import HASH_ROUNDS, Passwords
from photobooth_daemon.administration.penalties import Penalties
from photobooth_daemon.administration.restart import NextStart
from photobooth_daemon.app.foundation import Keys, build_foundation
from photobooth_daemon.app.media import opened_media_store
from photobooth_daemon.app.resources import build_resources
from photobooth_daemon.app.rooms import Rooms, build_rooms
from photobooth_daemon.app.web import build_web
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.database.pool import Database
from photobooth_daemon.ingest.reruns.worker import RerunWorker
from photobooth_daemon.ingest.waiting.gate import Gate
from photobooth_daemon.live.feed import LiveFeed
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.monitoring.background import Operations
from photobooth_daemon.monitoring.certificates import Certificates
from photobooth_daemon.monitoring.health import Health
from photobooth_daemon.monitoring.readiness.service import Readiness
from photobooth_daemon.providers.driver import ProviderDriver
from photobooth_daemon.tasks import InFlight
from photobooth_daemon.web.services import Upkeep
from photobooth_daemon.web.site import Life


@dataclass(frozen=True, slots=True)
class App:
    """One process, as whoever serves it needs it."""

    web: Application
    life: Life
    clock: Clock
    database: Database
    media_store: MediaStore
    metrics: Metrics
    in_flight: InFlight
    http: aiohttp.ClientSession
    camera_passwords: Passwords
    guest_passwords: Passwords
    penalties: Penalties
    gate: Gate
    drivers: Mapping[str, ProviderDriver]
    reruns: RerunWorker
    upkeep: Upkeep
    health: Health
    certificates: Certificates
    operations: Operations
    readiness: Readiness
    feed: LiveFeed
    opened: AsyncExitStack

    async def close(self) -> None:
        """Release everything, the database last; work in flight has been drained before."""
        await self.opened.aclose()
        await self.database.close()


async def build(
    config: Config,
    database: Database,
    *,
    clock: Clock | None = None,
    hash_rounds: int = HASH_ROUNDS,
    next_start: NextStart | None = None,
) -> App:
    """Return one process on an open database; its live feed follows already, the rest waits.

    Raises:
        ConfigError: a key file or the media tree cannot be used.
    """
    clock = clock or Clock()
    async with AsyncExitStack() as opened:
        keys = Keys.load(config)
        media_store = await opened.enter_async_context(opened_media_store(config.media))
        media_store.create()
        foundation = build_foundation(config, keys, database, media_store, clock, next_start)
        resources = build_resources(clock, hash_rounds=hash_rounds)
        opened.push_async_callback(resources.close)
        rooms = await build_rooms(foundation, resources)
        opened.push_async_callback(rooms.close)
        web = build_web(rooms)
        rooms.feed.start()
        return _app(web, rooms, opened.pop_all())


def _app(web: Application, rooms: Rooms, opened: AsyncExitStack) -> App:
    foundation, resources, makers = rooms.foundation, rooms.resources, rooms.makers
    return App(
        web=web,
        life=resources.life,
        clock=foundation.clock,
        database=foundation.database,
        media_store=foundation.media_store,
        metrics=resources.metrics,
        in_flight=resources.in_flight,
        http=resources.http,
        camera_passwords=resources.camera_passwords,
        guest_passwords=resources.guest_passwords,
        penalties=rooms.administration.penalties,
        gate=makers.gate,
        drivers=makers.drivers,
        reruns=rooms.reruns,
        upkeep=rooms.upkeep,
        health=rooms.monitoring.health,
        certificates=rooms.monitoring.certificates,
        operations=rooms.monitoring.operations,
        readiness=rooms.monitoring.readiness,
        feed=rooms.feed,
        opened=opened,
    )
