"""``photoboothctl job``: what happened to each photo."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import click

from photobooth_daemon.app.failures import Failure, run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.event_lookup import find_event
from photobooth_daemon.cli.printing import print_fields, print_json, print_table
from photobooth_daemon.cli.services import services
from photobooth_daemon.errors import JobNotFound
from photobooth_daemon.model import JobSource, JobStatus
from photobooth_daemon.model.job_view import job_story_view, job_view
from photobooth_daemon.model.jobs import JobFilter

MAX_LIMIT = 1000


@click.group()
def job() -> None:
    """Look at the history."""


@job.command(name="list")
@click.option("--slot", "slot_id", help="Of this slot only.")
@click.option("--status", type=click.Choice([status.value for status in JobStatus]))
@click.option("--source", type=click.Choice([source.value for source in JobSource]))
@click.option("--since", type=click.DateTime(), help="Started at or after this instant, UTC.")
@click.option("--event", "event_name", metavar="EVENT", help="Of this event only.")
@click.option("--limit", type=click.IntRange(1, MAX_LIMIT), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def list_jobs(
    installation: Installation,
    slot_id: str | None,
    status: str | None,
    source: str | None,
    since: datetime | None,
    event_name: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List jobs, newest first."""
    wanted = JobFilter(
        slot_id=slot_id,
        status=None if status is None else JobStatus(status),
        source=None if source is None else JobSource(source),
        since=None if since is None else since.replace(tzinfo=UTC),
    )
    async with services(installation) as here:
        if event_name is not None:
            found_event = (await find_event(here, event_name)).event
            wanted = replace(wanted, event_id=found_event.event_id)
        jobs = await here.administration.job_lists.list_newest(wanted, None, limit)
    if as_json:
        print_json([job_view(found, installation.clock) for found in jobs])
        return
    print_table(
        ["STARTED", "JOB", "SLOT", "SOURCE", "STATUS", "REASON", "PROVIDER", "TOTAL MS"],
        [
            [
                found.started_at,
                found.job_id,
                found.slot_id,
                found.source.value,
                found.status.value,
                found.provider_code or found.failure_code,
                found.provider,
                found.timings.get("total_ms"),
            ]
            for found in jobs
        ],
    )


@job.command()
@click.argument("job_id", type=click.UUID)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def show(installation: Installation, job_id: UUID, as_json: bool) -> None:
    """Print everything that is known about a job."""
    async with services(installation) as here:
        jobs = here.administration.job_repository
        found, prompts = await jobs.find(job_id), await jobs.list_prompts(job_id)
    if found is None:
        raise Failure(JobNotFound())
    (print_json if as_json else print_fields)(job_story_view(found, prompts, installation.clock))
