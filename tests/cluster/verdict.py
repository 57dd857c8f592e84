"""One look at rows, files and answers afterwards: what must not have happened did not."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import aiohttp

from tests.cluster.cameras import Sent
from tests.cluster.installation import WINDOW_SECONDS, Installation
from tests.cluster.leftovers import bucket_faults, clean_up, scratch_faults
from tests.support.aftermath import row_faults

Faults = dict[str, list[str]]

LATE_SECONDS = 2.0
"""What a camera's own clock may see beyond the window: the way there and back."""
SETTLED_SECONDS = 180.0
ENDS = {
    "done": {None},
    "timeout": {"provider_timeout"},
    "failed": {"interrupted", "database_unavailable", "storage_unavailable", "storage_full"},
}
"""How a job may end, where everything failed but the provider."""


async def judge(installation: Installation, photos: Sequence[Sent]) -> Faults:
    """Return what is wrong, under each of the promises; empty lists where nothing is."""
    pending = await _settled(installation)
    rows = await installation.fetch("SELECT * FROM job_history")
    jobs = {str(job["job_id"]): job for job in rows}
    wrong_links = await _wrong_links(installation, jobs)
    return {
        "nothing lost": [*_lost(photos, jobs), *_unexplained(jobs)],
        "nothing twice": _twice(installation, photos, jobs),
        "nothing pending": pending,
        "nothing orphaned": await _orphaned(installation),
        "no link wrong": wrong_links,
        "no answer late": _late(photos),
    }


async def _settled(installation: Installation) -> list[str]:
    """Wait until every job has its end, those too whose host died."""
    until = time.monotonic() + SETTLED_SECONDS
    while True:
        open_jobs = await installation.fetch(
            "SELECT job_id, deadline_at FROM job_history WHERE status = 'pending'"
        )
        if not open_jobs or time.monotonic() > until:
            return [f"{job['job_id']}, due at {job['deadline_at']:%X}" for job in open_jobs]
        await asyncio.sleep(1)


def _lost(photos: Sequence[Sent], jobs: dict[str, Any]) -> list[str]:
    faults = []
    for sent in photos:
        if sent.job_id is None:
            if sent.key is not None:
                faults.append(f"{sent.key} has no picture: {sent.tries[-1].code}")
        elif sent.job_id not in jobs or jobs[sent.job_id]["status"] != "done":
            faults.append(f"{sent.job_id} was answered and is not done")
        elif jobs[sent.job_id]["input_sha256"] != sent.sha256:
            faults.append(f"{sent.job_id} was made of another photo")
        elif sent.result_sha256 not in (None, jobs[sent.job_id]["result_sha256"]):
            faults.append(f"{sent.job_id} was answered with another picture")
    return faults


def _unexplained(jobs: dict[str, Any]) -> list[str]:
    return [
        f"{job_id} ended as {job['status']}, {job['failure_code']}"
        for job_id, job in jobs.items()
        if job["failure_code"] not in ENDS.get(job["status"], ())
    ]


def _twice(installation: Installation, photos: Sequence[Sent], jobs: dict[str, Any]) -> list[str]:
    made = Counter(job["input_sha256"] for job in jobs.values() if job["status"] == "done")
    opened = Counter(job["input_sha256"] for job in jobs.values())
    asked = Counter(
        seen.facts["photo_sha256"]
        for seen in installation.provider.log.requests
        if "photo_sha256" in seen.facts
    )
    faults = [f"{count} pictures of the photo {sha}" for sha, count in made.items() if count > 1]
    tries = {sent.sha256: len(sent.tries) for sent in photos}
    faults += [
        f"{count} jobs of the photo {sha}, sent {tries.get(sha, 0)} times"
        for sha, count in opened.items()
        if count > tries.get(sha, 0)
    ]
    # The provider may know a photo by another digest than we do, for it gets it prepared.
    if sum(asked.values()) > len(jobs):
        faults.append(f"the provider was asked {sum(asked.values())} times for {len(jobs)} jobs")
    again = sum(count - 1 for count in asked.values())
    failed = sum(1 for job in jobs.values() if job["status"] == "failed")
    if again > failed:
        faults.append(f"{again} photos were sent again, and only {failed} jobs failed")
    return faults


async def _orphaned(installation: Installation) -> list[str]:
    await clean_up(installation)
    return [
        *await row_faults(installation.fetch),
        *await bucket_faults(installation),
        *scratch_faults(installation),
    ]


async def _wrong_links(installation: Installation, jobs: dict[str, Any]) -> list[str]:
    """Ask for every result by its link, as guests do: through HAProxy."""
    faults: list[str] = []
    connector = aiohttp.TCPConnector(limit=8)
    async with aiohttp.ClientSession(connector=connector) as http:

        async def look(job_id: str, job: Any) -> None:
            url = f"{installation.haproxy.url}/public/results/{job_id}"
            async with http.get(url) as answer:
                body = await answer.read()
            wanted = 200 if job["status"] == "done" else 404
            if answer.status != wanted:
                faults.append(f"{job_id} is {job['status']}, its link answers {answer.status}")
            elif wanted == 200 and hashlib.sha256(body).hexdigest() != job["result_sha256"]:
                faults.append(f"{job_id} has a link to another picture")

        await asyncio.gather(*(look(job_id, job) for job_id, job in jobs.items()))
    return faults


def _late(photos: Sequence[Sent]) -> list[str]:
    return [
        f"{sent.key or sent.slot_id}: {tried.code or 'a picture'} after {tried.seconds:.1f} s"
        for sent in photos
        for tried in sent.tries
        if tried.seconds > WINDOW_SECONDS + LATE_SECONDS
    ]
