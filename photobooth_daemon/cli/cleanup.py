"""``photoboothctl cleanup``: what the timer runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.printing import log_to_stderr, print_json_line, say
from photobooth_daemon.model import MB

if TYPE_CHECKING:
    from photobooth_daemon.housekeeping.cleanup import CleanupReport


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def cleanup(installation: Installation, dry_run: bool, as_json: bool) -> None:
    """Remove what has expired and what crashes left behind.

    A second run beside another leaves at once; both exit with 0. Each object is
    a line in the log, on standard error.
    """
    from photobooth_daemon.administration.audit_key import load_audit_key
    from photobooth_daemon.app.administration import build_head_keeper
    from photobooth_daemon.app.media import opened_media_store
    from photobooth_daemon.housekeeping.build import build_housekeeping
    from photobooth_daemon.live.publish import LivePublisher
    from photobooth_daemon.repositories.live_messages import LiveMessageRepository

    config = installation.config
    log_to_stderr(config.logging)
    audit_key = load_audit_key(config.audit_key_file, config.server.jwt_key_file)
    async with (
        installation.database() as database,
        opened_media_store(config.media) as media_store,
    ):
        housekeeping = build_housekeeping(
            database,
            media_store,
            build_head_keeper(config, database, audit_key),
            LivePublisher(LiveMessageRepository(database), installation.clock),
            installation.clock,
        )
        report = await housekeeping.cleanup.run(dry_run=dry_run)
    if as_json:
        print_json_line(asdict(report))
    else:
        _print(report)


def _print(report: CleanupReport) -> None:
    if report.outcome == "skipped":
        say("Another cleanup is at work; nothing to do.")
        return
    for kind, number in report.counts.items():
        say(f"{number:>8}  {kind}")
    verb = "would be freed" if report.dry_run else "freed"
    say(f"{report.freed_bytes / MB:.1f} MB {verb}, {report.duration_ms} ms.")
