"""Who watches a photo is told of each attempt as it begins; the photo never waits for that."""

from __future__ import annotations

import asyncio

from photobooth_daemon.ingest.exchange import Progress
from photobooth_daemon.ingest.jobs import Jobs
from photobooth_daemon.model import Attempt, Job, Rung
from photobooth_daemon.tasks import InFlight


class AttemptNews:
    """Tells of one job's attempts, in the order in which they began."""

    def __init__(self, jobs: Jobs, in_flight: InFlight, job: Job, progress: Progress) -> None:
        self._jobs = jobs
        self._in_flight = in_flight
        self._job = job
        self._progress = progress
        self._turn = asyncio.Lock()

    def begun(self, rung: Rung, model: str | None) -> None:
        """Tell of an attempt on this rung, and how those before it ended."""
        ended = tuple(self._progress.attempts)
        told = self._tell(rung, model, ended)
        self._in_flight.start(told, f"attempt {len(ended) + 1} of {self._job.job_id}")

    async def _tell(self, rung: Rung, model: str | None, ended: tuple[Attempt, ...]) -> None:
        async with self._turn:
            await self._jobs.tell_attempt(self._job, rung, model, ended)
