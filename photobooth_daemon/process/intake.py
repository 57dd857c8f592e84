"""``photobooth-intake``: photos by FTP and from watched folders, handed to the daemon."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

import aiohttp
import click
from tornado.httpserver import HTTPServer

from photobooth_daemon import __version__
from photobooth_daemon.app.installation import config_option
from photobooth_daemon.app.intake import build_intake
from photobooth_daemon.clock import Clock
from photobooth_daemon.config import start_up
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.errors import ConfigError, Fault
from photobooth_daemon.intake.page import build_page
from photobooth_daemon.process.main import EXIT_CONFIG, start_logging
from photobooth_daemon.process.notify import Notifier
from photobooth_daemon.tasks import end_tasks

log = logging.getLogger(__name__)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@config_option
@click.version_option(__version__, prog_name="photobooth-intake")
def main(config_path: Path | None) -> None:
    """Take up photos from FTP and from watched folders, until told to stop."""
    try:
        config = start_up.load(config_path)
        start_logging(config)
        asyncio.run(serve(config, config_path, Notifier.take_from(os.environ)))
    except ConfigError as error:
        for fault in error.faults:
            click.echo(f"photobooth-intake: {fault.pointer}: {fault.message}", err=True)
        sys.exit(EXIT_CONFIG)


async def serve(config: Config, config_path: Path | None, notifier: Notifier) -> None:
    """Serve until SIGTERM or SIGINT; what is being sent is sent again by the next process.

    Raises:
        ConfigError: a folder or an address cannot be used.
    """
    stop, ready = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False) as http:
        intake, status = build_intake(
            config.intake, http, lambda: start_up.load(config_path).intake.password, Clock()
        )
        page = HTTPServer(build_page(status))
        try:
            page.listen(config.intake.status_port, config.intake.status_host)
        except OSError as error:
            message = f"the address cannot be used: {error.strerror or error}"
            raise ConfigError([Fault("intake.status_listen", message)]) from error
        feeding = asyncio.create_task(notifier.feed_watchdog())
        telling = asyncio.create_task(_tell_when(ready, notifier))
        try:
            await intake.run(stop, ready)
        finally:
            notifier.tell("STOPPING=1")
            page.stop()
            await end_tasks(feeding, telling)
    log.info("stopped")


async def _tell_when(ready: asyncio.Event, notifier: Notifier) -> None:
    await ready.wait()
    log.info("taking photos up", extra={"version": __version__})
    notifier.tell("READY=1", "STATUS=taking photos up")


if __name__ == "__main__":
    main()
