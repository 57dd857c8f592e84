"""How a job's end is written down: what the row says about success and about each failure."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from photobooth_daemon.errors import (
    DeadlinePassed,
    PhotoboothError,
    ProviderError,
    ProviderTimeout,
)
from photobooth_daemon.ingest.exchange import Admitted, Progress
from photobooth_daemon.ingest.ladder.errand import Climbed
from photobooth_daemon.model import JobEnd, JobStatus, ResultFacts
from photobooth_daemon.pictures.steps import FinishedPicture


def done_end(
    progress: Progress,
    climbed: Climbed[FinishedPicture],
    finished_at: datetime,
    expires_at: datetime,
    *,
    drops_original: bool,
) -> JobEnd:
    """Return the end of a job whose result is stored until ``expires_at``."""
    picture = climbed.value.picture
    return dataclasses.replace(
        _end(progress, JobStatus.DONE, finished_at),
        provider=climbed.rung.provider,
        operation=climbed.rung.operation,
        result=ResultFacts(
            content_type=picture.content_type,
            width=picture.width,
            height=picture.height,
            size_bytes=len(picture.data),
            sha256=climbed.value.sha256,
            preview_size_bytes=len(climbed.value.preview),
            expires_at=expires_at,
        ),
        drops_original=drops_original,
    )


def failed_end(
    progress: Progress, error: PhotoboothError, finished_at: datetime, *, fallback: bool
) -> JobEnd:
    """Return the end of a job that brought no picture; ``fallback`` says what was given instead."""
    return dataclasses.replace(
        _end(progress, status_of(error), finished_at),
        failure_code=error.code,
        provider_code=_provider_code(error, progress),
        fallback=fallback,
    )


def status_of(error: PhotoboothError) -> JobStatus:
    """Return what a job becomes by this failure."""
    return JobStatus.TIMEOUT if isinstance(error, ProviderTimeout) else JobStatus.FAILED


def failure_of(problem: PhotoboothError | DeadlinePassed, admitted: Admitted) -> PhotoboothError:
    """Return the failure as the client is told it, with the job that it ended."""
    error = ProviderTimeout() if isinstance(problem, DeadlinePassed) else problem
    error.job_id = admitted.job_id
    return error


def _end(progress: Progress, status: JobStatus, finished_at: datetime) -> JobEnd:
    costs = [attempt.cost for attempt in progress.attempts if attempt.cost is not None]
    return JobEnd(
        status=status,
        finished_at=finished_at,
        attempts=tuple(dataclasses.asdict(attempt) for attempt in progress.attempts),
        prompts=tuple(progress.prompts),
        timings=dataclasses.asdict(progress.timings()),
        cost=sum(costs) if costs else None,
    )


def _provider_code(error: PhotoboothError, progress: Progress) -> str | None:
    if isinstance(error, ProviderError):
        return error.provider_code.value
    if isinstance(error, ProviderTimeout) and progress.attempts:
        return progress.attempts[-1].reason
    return None
