"""The life of one serving process: database, listening, signals, drain."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from photobooth_daemon import __version__
from photobooth_daemon.administration.restart import NextStart
from photobooth_daemon.app.build import App, build
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.database import schema_watch
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import SchemaMismatch
from photobooth_daemon.process import listening
from photobooth_daemon.process.certificate import tls_context
from photobooth_daemon.process.notify import Notifier
from photobooth_daemon.process.reload import ReadConfig, Reload, read_for_start
from photobooth_daemon.tasks import end_tasks
from photobooth_daemon.web.incoming.server import Server

LAST_ARRIVALS_SECONDS = 0.3
"""A camera whose connection was taken just before the port closed is still sending its headers:
it is let in, because nobody else will serve that connection."""
SEATS_LOOK_SECONDS = 0.05
DRAIN_SECONDS = 65.0
"""The longest window, and what its answer needs."""

log = logging.getLogger(__name__)


async def serve(
    config: Config,
    database_url: str,
    *,
    sockets: Sequence[socket.socket],
    notifier: Notifier,
    read_config: ReadConfig,
    is_started_again: bool,
) -> bool:
    """Serve until SIGTERM or SIGINT; then finish what is in flight.

    Returns True where an administrator asked for the end in order to have the
    service started again, which he may where it ``is_started_again``.

    ``sockets`` are served where somebody holds them already; the configured
    address is opened otherwise. A database that is away does not keep the daemon
    from starting: it answers 503 until it is back. SIGHUP reads the certificate
    and the log level again, by ``read_config``.

    Raises:
        ConfigError: files or the address cannot be used.
        SchemaMismatch: the database needs another version of the schema.
    """
    stop, restart = asyncio.Event(), asyncio.Event()
    tls = tls_context(config.server)
    reload = Reload(read_config, tls)
    _listen_for_signals(stop, reload.now)

    def start_anew() -> None:
        restart.set()
        stop.set()

    next_start = NextStart(
        partial(read_for_start, read_config), start_anew if is_started_again else None
    )
    database = await Database.open(database_url, min_size=0, max_size=config.database.pool_size)
    try:
        schema_is_ours = await schema_watch.is_ours(database)
        app = await build(config, database, next_start=next_start)
    except BaseException:
        await database.close()
        raise
    reload.certificate_taken = app.certificates.take_up
    server = Server(app.web, ssl_options=tls, trusted_proxies=config.server.trusted_proxies)
    feeding = asyncio.create_task(notifier.feed_watchdog())
    watching = [] if schema_is_ours else [asyncio.create_task(_watch_schema(database, stop))]
    try:
        await app.operations.start()
        app.reruns.start()
        _listen(server, sockets or listening.bind(config.server.listen), notifier)
        await stop.wait()
        notifier.tell("STOPPING=1")
        await _give_notice(app, config.server.drain_notice_seconds)
    finally:
        await _drain(server, app)
        await app.close()
        await end_tasks(feeding, *watching)
        log.info("stopped")
    for watch in watching:
        with suppress(asyncio.CancelledError):
            watch.result()
    return restart.is_set()


def _listen(server: Server, sockets: Sequence[socket.socket], notifier: Notifier) -> None:
    """Take photos from here on, and say so."""
    server.add_sockets(sockets)
    port: int = sockets[0].getsockname()[1]
    log.info("listening", extra={"port": port, "version": __version__})
    notifier.tell("READY=1", f"STATUS=serving on port {port}")


async def _watch_schema(database: Database, stop: asyncio.Event) -> None:
    """End the process when the database comes back with a schema that is not ours.

    Raises:
        SchemaMismatch: after everything has been told to stop.
    """
    try:
        await schema_watch.wait_until_ours(database)
    except SchemaMismatch:
        stop.set()
        raise


async def _give_notice(app: App, seconds: float) -> None:
    """Let a balancer find out by ``/readyz`` before the port closes; until then all is served."""
    app.life.leaving = True
    if seconds:
        log.info("leaving", extra={"notice_seconds": seconds})
        await asyncio.sleep(seconds)


async def _drain(server: Server, app: App) -> None:
    """Take no new connection, let photos in flight be answered, then close the others."""
    server.stop()
    await asyncio.sleep(LAST_ARRIVALS_SECONDS)
    app.life.draining = True
    app.penalties.end()
    await app.reruns.stop()
    await app.feed.close()
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + DRAIN_SECONDS
    log.info("draining", extra={"in_flight": len(app.in_flight), "seats": app.gate.seats()})
    while app.gate.seats() and loop.time() < give_up_at:  # noqa: ASYNC110 - given back anywhere
        await asyncio.sleep(SEATS_LOOK_SECONDS)
    given_up = await app.in_flight.drain(max(0.0, give_up_at - loop.time()))
    if given_up:
        log.error("photos given up", extra={"count": given_up})
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            await server.close_all_connections()


def _listen_for_signals(stop: asyncio.Event, reload: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reload)
