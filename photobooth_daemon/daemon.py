"""The life of one process: configuration, database, listening, signals, drain."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tornado.httpserver import HTTPServer

from photobooth_daemon import __version__, migrations
from photobooth_daemon import config as config_module
from photobooth_daemon.app import App, build
from photobooth_daemon.config import Config, ServerConfig
from photobooth_daemon.database import Database
from photobooth_daemon.errors import ConfigError, DatabaseUnavailable, Fault, SchemaMismatch
from photobooth_daemon.logs import configure_logging
from photobooth_daemon.rehearsal.embedded_postgres import database_at
from photobooth_daemon.rehearsal.postgres_binaries import EmbeddedPostgresError

EXIT_CONFIG = 78
"""EX_CONFIG of sysexits.h: restarting does not help, somebody has to mend the configuration."""
IDLE_CONNECTION_SECONDS = 75
MAX_HEADER_BYTES = 64 * 1024
SCHEMA_RETRY_SECONDS = 1.0
DRAIN_SECONDS = 65.0
"""The longest window, and what its answer needs."""

log = logging.getLogger(__name__)


def main() -> None:
    """Run the daemon until it is told to stop; the exit status says how it went."""
    parser = argparse.ArgumentParser(
        prog="photobooth-daemon", description="Takes photos in and answers with pictures."
    )
    parser.add_argument("--config", type=Path, help="the start-up file")
    parser.add_argument("--version", action="version", version=__version__)
    arguments = parser.parse_args()
    try:
        config = config_module.load(arguments.config)
        configure_logging(
            level=config.logging.level, style=config.logging.format, secrets=_secrets(config)
        )
        with database_at(config.database.url, config.state_dir) as url:
            asyncio.run(serve(config, url))
    except ConfigError as error:
        for fault in error.faults:
            print(f"photobooth-daemon: {fault.pointer}: {fault.message}", file=sys.stderr)
        sys.exit(EXIT_CONFIG)
    except (SchemaMismatch, EmbeddedPostgresError) as error:
        print(f"photobooth-daemon: {error}", file=sys.stderr)
        sys.exit(EXIT_CONFIG)


async def serve(
    config: Config,
    database_url: str,
    *,
    ready: Callable[[int], None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until ``stop``, SIGTERM or SIGINT; then finish what is in flight.

    ``ready`` is called with the port once photos are taken. A database that is
    away does not keep the daemon from starting: it answers 503 until it is back.

    Raises:
        ConfigError: files or the address cannot be used.
        SchemaMismatch: the database needs another version of the schema.
    """
    stop = stop or asyncio.Event()
    _listen_for_signals(stop)
    database = await Database.open(database_url, min_size=0, max_size=config.database.pool_size)
    try:
        await _check_schema(database)
        app = await build(config, database)
    except BaseException:
        await database.close()
        raise
    server = HTTPServer(
        app.web,
        ssl_options=_tls(config.server),
        idle_connection_timeout=IDLE_CONNECTION_SECONDS,
        max_header_size=MAX_HEADER_BYTES,
    )
    try:
        port = _listen(server, config.server)
        log.info("listening", extra={"port": port, "version": __version__})
        if ready is not None:
            ready(port)
        await stop.wait()
    finally:
        await _drain(server, app)
        await app.close()
        log.info("stopped")


async def _check_schema(database: Database) -> None:
    """Refuse a schema that is not ours; a database that is away is looked at again later."""
    try:
        await migrations.check(database)
    except DatabaseUnavailable as error:
        log.warning("the database is away", extra={"detail": error.detail})


async def _drain(server: HTTPServer, app: App) -> None:
    """Take no new connection, let photos in flight be answered, then close the others."""
    app.life.draining = True
    await app.feed.close()
    server.stop()
    log.info("draining", extra={"in_flight": len(app.in_flight)})
    given_up = await app.in_flight.drain(DRAIN_SECONDS)
    if given_up:
        log.error("photos given up", extra={"count": given_up})
    with suppress(TimeoutError):
        await asyncio.wait_for(server.close_all_connections(), 5)


def _listen(server: HTTPServer, config: ServerConfig) -> int:
    try:
        server.listen(config.listen.port, config.listen.host, backlog=1024)
    except OSError as error:
        message = f"cannot listen on {config.listen.host}:{config.listen.port}: {error.strerror}"
        raise ConfigError([Fault("server.listen", message)]) from error
    sockets = list(server._sockets.values())
    port: int = sockets[0].getsockname()[1]
    return port


def _tls(config: ServerConfig) -> ssl.SSLContext | None:
    if config.tls_cert_file is None or config.tls_key_file is None:
        return None
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        tls.load_cert_chain(config.tls_cert_file, config.tls_key_file)
    except (OSError, ssl.SSLError) as error:
        fault = Fault("server.tls_cert_file", f"cannot be used: {error.strerror}")
        raise ConfigError([fault]) from error
    return tls


def _listen_for_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)


def _secrets(config: Config) -> list[str]:
    keys = [provider.api_key for provider in config.providers.values()]
    alerts = [config.alerts.telegram_token, config.alerts.smtp_url]
    return [secret for secret in (*keys, *alerts) if secret]
