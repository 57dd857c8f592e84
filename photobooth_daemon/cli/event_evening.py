"""``photoboothctl event``: what an evening made, made again, and what is kept of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import BinaryIO

import click

from photobooth_daemon.app.failures import EXIT_FAILED, run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.event_lookup import find_event
from photobooth_daemon.cli.event_views import local
from photobooth_daemon.cli.printing import print_fields, print_json, print_table, say
from photobooth_daemon.cli.services import services
from photobooth_daemon.model import MB, JobStatus
from photobooth_daemon.model.job_view import job_view
from photobooth_daemon.model.jobs import JobFilter
from photobooth_daemon.model.reruns import RERUNNABLE, rerun_view

MAX_LIMIT = 1000


@click.command()
@click.argument("event_name", metavar="EVENT")
@click.option("--limit", type=click.IntRange(1, MAX_LIMIT), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def results(installation: Installation, event_name: str, limit: int, as_json: bool) -> None:
    """List an event's pictures, newest first, hidden ones too."""
    async with services(installation) as here:
        found = (await find_event(here, event_name)).event
        wanted = JobFilter(status=JobStatus.DONE, event_id=found.event_id)
        jobs = await here.administration.job_lists.list_newest(wanted, None, limit)
    shown = [job_view(job, installation.clock) for job in jobs]
    if as_json:
        print_json(shown)
        return
    print_table(
        ["STARTED", "JOB", "SLOT", "HIDDEN", "KEPT UNTIL", "LINK"],
        [
            [
                local(job.started_at),
                job.job_id,
                job.slot_id,
                job.hidden,
                local(job.result_expires_at)
                if view["result_url"] and job.result_expires_at
                else None,
                view["result_url"],
            ]
            for job, view in zip(jobs, shown, strict=True)
        ],
    )


@click.command()
@click.argument("event_name", metavar="EVENT")
# At once: reading the configuration gives up root, and with it the caller's directories.
@click.argument("file", type=click.File("wb", lazy=False))
@click.option("--originals", is_flag=True, help="With the photos as they came, where kept.")
@click.pass_obj
@run_async
async def archive(
    installation: Installation, event_name: str, file: BinaryIO, originals: bool
) -> None:
    """Write an event's pictures and their index into one ZIP file; - is standard output."""
    from photobooth_daemon.media.archive import Wanted

    async with services(installation) as here:
        found = (await find_event(here, event_name)).event
        wanted = Wanted(hidden=True, originals=originals, index=True)
        size_bytes = 0
        async with here.evening.archives.open(found.event_id, wanted) as blocks:
            async for block in blocks:
                file.write(block)
                size_bytes += len(block)
    if file.name != "-" and not file.name.startswith("<"):
        say(f"{file.name}: {size_bytes / MB:.1f} MB")


@click.command()
@click.argument("event_name", metavar="EVENT")
@click.option(
    "--status",
    "statuses",
    type=click.Choice([status.value for status in RERUNNABLE]),
    multiple=True,
    help="Only what ended so.  [default: both]",
)
@click.option("--show", is_flag=True, help="Only tell how the reruns are.")
@click.option("--cancel", is_flag=True, help="Empty the queue instead; what runs goes on.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def rerun(
    installation: Installation,
    event_name: str,
    statuses: tuple[str, ...],
    show: bool,
    cancel: bool,
    as_json: bool,
) -> None:
    """Have the photos made again that have no picture and were kept.

    The daemon does it, where no camera waits.
    """
    async with services(installation) as here:
        event_id = (await find_event(here, event_name)).event.event_id
        reruns = here.administration.reruns
        if show:
            counts = await reruns.counts(event_id)
        elif cancel:
            counts = await reruns.cancel_event(event_id, here.actor)
        else:
            body = {"statuses": list(statuses)} if statuses else None
            counts = await reruns.request_event(event_id, body, here.actor)
    (print_json if as_json else print_fields)(rerun_view(counts))


@click.command()
@click.argument("event_name", metavar="EVENT")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
@run_async
async def retention(ctx: click.Context, event_name: str, as_json: bool) -> None:
    """Prove what is kept of an event, until when, and that nothing older is there.

    Rows and disk are compared; exit 1 if something is there that should not be.
    """
    installation: Installation = ctx.obj
    async with services(installation) as here:
        found = (await find_event(here, event_name)).event
        proof = await here.evening.retention.prove(found.event_id)
    shown = asdict(proof)
    if as_json:
        print_json(shown)
    else:
        print_fields(
            {
                "as_of": proof.as_of,
                **asdict(proof.kept),
                **{key: shown[key] for key in ("past_their_time", "orphans")},
            }
        )
    if proof.past_their_time or proof.orphans:
        ctx.exit(EXIT_FAILED)
