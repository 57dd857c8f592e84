"""``photoboothctl backup`` and ``photoboothctl restore``."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation, become_service_user, service_account
from photobooth_daemon.app.media import opened_media_store
from photobooth_daemon.cli.printing import log_to_stderr, print_json_line, say
from photobooth_daemon.config.start_up import COPY, EMBEDDED, LEAVE
from photobooth_daemon.errors import PhotoboothError
from photobooth_daemon.model import MB, Actor


@click.command()
@click.argument(
    "directory", required=False, type=click.Path(path_type=Path, file_okay=False, resolve_path=True)
)
@click.option("--keep", type=click.IntRange(1), help="How many backups to keep there.")
@click.option(
    "--media",
    type=click.Choice([COPY, LEAVE]),
    help="Copy what is in the bucket, or name the bucket and leave it there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def backup(
    installation: Installation,
    directory: Path | None,
    keep: int | None,
    media: str | None,
    as_json: bool,
) -> None:
    """Back up database and pictures, while the daemon serves.

    Each backup is a directory of its own below DIRECTORY, by default the
    configured one. Files that the backup before has are linked, not copied.
    Files are always in it; --media is about pictures in a bucket.
    """
    from photobooth_daemon.app.upkeep import build_backup

    config = installation.config
    if media == LEAVE and config.media.bucket is None:
        raise click.UsageError("--media leave: there is no bucket, and files are always copied")
    log_to_stderr(config.logging)
    async with (
        opened_media_store(config.media) as media_store,
        installation.database() as database,
    ):
        media = media or config.backup.media
        work = build_backup(config, database, media_store, installation.clock, media=media)
        report = await work.run(directory or config.backup.directory, keep or config.backup.keep)
    manifest = report.manifest
    if as_json:
        shown = {"path": str(report.path), "removed": report.removed, **asdict(manifest)}
        print_json_line(shown)
        return
    if manifest.bucket is not None:
        say(f"What is in the bucket {manifest.bucket} stays there, and is not in this backup.")
    size_mb = (manifest.dump_bytes + manifest.media_bytes) / MB
    say(f"{report.path}")
    say(
        f"{manifest.media_files} files, {size_mb:.1f} MB, {manifest.linked_files} of them linked;"
        f" {report.removed} old backup(s) removed."
    )


@click.command()
@click.argument(
    "directory", metavar="BACKUP", type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option("--replace", is_flag=True, help="Lose what is here already.")
@click.option(
    "--seal-key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The backup.key of the machine that made it, if that was another one.",
)
@click.option(
    "--unsealed",
    is_flag=True,
    help="Do not look at the seal: whatever is in the backup is believed, passwords included.",
)
@click.pass_obj
@run_async
async def restore(
    installation: Installation,
    directory: Path,
    replace: bool,
    seal_key_file: Path | None,
    unsealed: bool,
) -> None:
    """Bring an installation back from BACKUP, one of the directories that backup made.

    The daemon must be stopped, and the machine have no jobs and pictures of its own.
    """
    from photobooth_daemon.app.upkeep import backup_source
    from photobooth_daemon.housekeeping.backup.restore import Restore
    from photobooth_daemon.housekeeping.backup.seal import load_seal, seal_by

    if unsealed and seal_key_file is not None:
        raise click.UsageError("--unsealed and --seal-key-file exclude each other")
    # Root's own file, perhaps: read before root is given up.
    other = None if seal_key_file is None else seal_by(seal_key_file)
    async with _owning_the_audit_log(installation):
        config = installation.config
        seal = None if unsealed else other or load_seal(config.seal_key_file)
        async with (
            opened_media_store(config.media) as media_store,
            installation.database(check_schema=False) as database,
        ):
            media_store.create()
            source = backup_source(installation.config, database)
            actor = Actor(installation.actor)
            work = Restore(source, database, media_store, installation.clock, actor)
            report = await work.run(directory, seal=seal, replace=replace)
    say(f"Restored the backup of {report.manifest.created_at}: {report.results} results.")
    if unsealed:
        say("Its seal was not looked at: passwords, settings and audit log are whatever was in it.")
    if report.missing_results and report.manifest.bucket is None:
        say(f"{report.missing_results} results expired while it was made.")
    elif report.missing_results:
        say(f"{report.missing_results} results are not in the bucket: have they expired since?")
    if report.applied_migrations:
        say(f"The schema was brought up to date: {report.applied_migrations} migration(s).")
    say("Start the daemon: systemctl start photobooth-daemon.socket photobooth-daemon")


@asynccontextmanager
async def _owning_the_audit_log(installation: Installation) -> AsyncIterator[None]:
    """Let root give the log back to the daemon's role while that one replaces it."""
    from photobooth_daemon.database import audit_owner, setup

    url = installation.read_config().database.url
    if url == EMBEDDED:
        yield
        return
    account = service_account(installation.config_path)
    target = setup.read_target(url, account)
    if os.geteuid() == 0 and target.is_local_socket and await setup.lets_in(target, account):
        await setup.hand_back_audit_log(target, account)
    try:
        yield
    finally:
        become_service_user(installation.config_path)
        # Where the database went away, the next setup-database does it.
        with suppress(PhotoboothError):
            async with (
                installation.database(check_schema=False) as database,
                database.connection() as connection,
            ):
                await audit_owner.keep(connection)
