"""``photobooth-daemon``: one process, or a supervisor and its workers, by the configuration."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from pathlib import Path

import click

from photobooth_daemon import __version__
from photobooth_daemon.app.installation import config_option
from photobooth_daemon.config import start_up
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.config.told import secrets_of
from photobooth_daemon.database.binaries import EmbeddedPostgresError
from photobooth_daemon.database.embedded import database_at
from photobooth_daemon.errors import ConfigError, SchemaMismatch
from photobooth_daemon.logs import configure_logging, printable
from photobooth_daemon.process import listening
from photobooth_daemon.process.notify import Notifier
from photobooth_daemon.process.supervisor import Supervisor

EXIT_FAILED = 1
RESTART_STATUS = "PHOTOBOOTH_RESTART_STATUS"
"""Names the exit status after which whoever started us starts us again; set beside the rule that
makes it do so, in the unit."""
EXIT_CONFIG = 78
"""EX_CONFIG of sysexits.h: restarting does not help, somebody has to mend the configuration."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@config_option
@click.option("--worker", type=int, hidden=True, help="Its number, where a supervisor starts it.")
@click.option("--listen-fd", "listen_fds", type=int, multiple=True, hidden=True)
@click.version_option(__version__, prog_name="photobooth-daemon")
def main(config_path: Path | None, worker: int | None, listen_fds: tuple[int, ...]) -> None:
    """Take photos in and answer with pictures, until told to stop."""
    try:
        sys.exit(_run(config_path, worker, listen_fds))
    except ConfigError as error:
        for fault in error.faults:
            _say(f"{fault.pointer}: {fault.message}")
    except (SchemaMismatch, EmbeddedPostgresError) as error:
        _say(str(error))
    except OSError as error:
        # A disk that is not mounted yet, say. Unlike a fault of the configuration this may pass,
        # so whoever starts us may try again.
        _say(str(error))
        sys.exit(EXIT_FAILED)
    sys.exit(EXIT_CONFIG)


def _say(line: str) -> None:
    click.echo(f"photobooth-daemon: {printable(line)}", err=True)


def _run(config_path: Path | None, worker: int | None, listen_fds: tuple[int, ...]) -> int:
    config = start_up.load(config_path)
    start_logging(config)
    notifier = Notifier.take_from(os.environ)
    restart_status = int(os.environ.get(RESTART_STATUS, 0)) or None
    sockets = (
        listening.adopt(listen_fds)
        or listening.take_from_systemd(os.environ)
        or listening.bind(config.server.listen)
    )
    with database_at(config.database.url, config.state_dir) as database_url:
        if worker is None and config.server.processes > 1:
            path = ["--config", str(config_path)] if config_path else []
            return Supervisor(
                [sys.executable, "-m", "photobooth_daemon.process.main", *path],
                sockets,
                processes=config.server.processes,
                notifier=notifier,
                fatal_status=EXIT_CONFIG,
                restart_status=restart_status,
            ).run()
        # A supervisor has no use for all of the program; its workers import it.
        from photobooth_daemon.process.serve import serve

        # What has been imported stays for good: looking through it again, the garbage
        # collector would stop the loop for tens of milliseconds.
        gc.collect()
        gc.freeze()
        is_to_restart = asyncio.run(
            serve(
                config,
                database_url,
                sockets=sockets,
                notifier=notifier,
                read_config=lambda: start_up.load(config_path),
                is_started_again=restart_status is not None,
            )
        )
    return restart_status if is_to_restart and restart_status else 0


def start_logging(config: Config) -> None:
    """Log as configured; the configured secrets are masked in every line."""
    configure_logging(
        level=config.logging.level,
        style=config.logging.format,
        secrets=secrets_of(config),
    )


if __name__ == "__main__":
    main()
