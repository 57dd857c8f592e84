"""``photoboothctl support-bundle``: one file for the maintainers."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.config import shown
from photobooth_daemon.cli.printing import say
from photobooth_daemon.clock import rfc3339
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.config.told import secrets_of
from photobooth_daemon.errors import PhotoboothError
from photobooth_daemon.logs import SecretMask
from photobooth_daemon.monitoring.support_bundle import (
    create_bundle,
    read_journal,
    read_system,
    read_versions,
    write_bundle,
)


@click.command("support-bundle")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write [default: photobooth-support-HOST-DATE.tar.gz, here].",
)
@click.option("--hours", type=click.IntRange(1, 24 * 14), default=24, show_default=True)
@click.pass_obj
@run_async
async def support_bundle(installation: Installation, output: Path | None, hours: int) -> None:
    """Collect versions, configuration, log and figures; secrets and faces are left out.

    With sudo it has the log of the service, too. It works without a database,
    and says what could not be had.
    """
    now = installation.clock.utcnow()
    # As root, while it is root: installation.config gives that up.
    texts = {**read_system(), **read_journal(hours), **read_versions()}
    name = f"photobooth-support-{socket.gethostname()}-{now:%Y%m%dT%H%M%SZ}.tar.gz"
    path = output or Path.cwd() / name
    mask = SecretMask(secrets_of(installation.read_config()))
    try:
        with create_bundle(path) as file:
            config = installation.config
            texts["config.json"] = _json(shown(config))
            texts |= await _from_database(installation, config)
            await asyncio.to_thread(write_bundle, file, path.name, texts, mask, now)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error
    say(str(path))


async def _from_database(installation: Installation, config: Config) -> dict[str, str]:
    from photobooth_daemon.app.build import build
    from photobooth_daemon.monitoring.readiness.json_form import report_json
    from photobooth_daemon.repositories.support import SupportRepository

    try:
        async with installation.database(check_schema=False) as database:
            app = await build(config, database, clock=installation.clock)
            try:
                found = await SupportRepository(database).read()
                readiness = report_json(await app.readiness.check(live=False))
                health = await app.health.report()
            finally:
                await app.close()
    except PhotoboothError as error:
        return {"database.txt": f"{error.code}: {error.detail}"}
    return {
        **{f"database/{name}.json": _json(rows) for name, rows in found.items()},
        "readiness.json": _json(readiness),
        "health.json": _json({"status": health.status, "checks": health.checks}),
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    return rfc3339(value) if hasattr(value, "astimezone") else str(value)
