"""Many who ask for one result at once: one visit to the database, and nobody depends on another."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import DatabaseUnavailable, ResultNotFound
from photobooth_daemon.media.results import Results
from photobooth_daemon.model import Job


class SlowJobs:
    """Finds nothing, when it is told to; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def find(self, job_id: UUID) -> Job | None:
        self.asked += 1
        await self.answer
        return None


async def begun(results: Results, job_id: UUID) -> asyncio.Task[Job]:
    task = asyncio.create_task(results.get(job_id))
    for _ in range(3):
        await asyncio.sleep(0)
    return task


async def test_those_who_ask_meanwhile_share_one_search() -> None:
    jobs = SlowJobs()
    results = Results(jobs, Clock())  # type: ignore[arg-type]
    job_id = uuid4()
    asking = [await begun(results, job_id) for _ in range(5)]
    other = await begun(results, uuid4())
    assert jobs.asked == 2
    jobs.answer.set_result(None)
    for task in (*asking, other):
        with pytest.raises(ResultNotFound):
            await task
    with pytest.raises(ResultNotFound):
        await results.get(job_id)
    assert jobs.asked == 3


async def test_whoever_leaves_takes_nobody_along() -> None:
    jobs = SlowJobs()
    results = Results(jobs, Clock())  # type: ignore[arg-type]
    job_id = uuid4()
    first, second = [await begun(results, job_id) for _ in range(2)]
    first.cancel()
    jobs.answer.set_result(None)
    with pytest.raises(ResultNotFound):
        await second
    assert jobs.asked == 1


async def test_a_lost_database_is_told_to_all_and_not_remembered() -> None:
    jobs = SlowJobs()
    results = Results(jobs, Clock())  # type: ignore[arg-type]
    job_id = uuid4()
    asking = [await begun(results, job_id) for _ in range(2)]
    jobs.answer.set_exception(DatabaseUnavailable())
    for task in asking:
        with pytest.raises(DatabaseUnavailable):
            await task
    jobs.answer = asyncio.get_running_loop().create_future()
    jobs.answer.set_result(None)
    with pytest.raises(ResultNotFound):
        await results.get(job_id)
