"""A job as the API and ``--json`` give it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from photobooth_daemon.clock import Clock
from photobooth_daemon.model.jobs import Job, JobStatus, SentPrompts
from photobooth_daemon.model.public_urls import result_url

_KEPT_BACK = {"guest_key", "original_expires_at"}
_SHOWN = tuple(field.name for field in fields(Job) if field.name not in _KEPT_BACK)


def job_view(job: Job, clock: Clock) -> dict[str, Any]:
    """Return the job; links only while they answer."""
    expires_at = job.result_expires_at
    alive = job.status == JobStatus.DONE and expires_at and expires_at > clock.utcnow()
    url = result_url(job.job_id) if alive else None
    original_until = job.original_expires_at
    return {
        # Not asdict, which copies all that it meets: 0.2 ms for each of a page's jobs.
        **{name: getattr(job, name) for name in _SHOWN},
        "has_original": original_until is not None and original_until > clock.utcnow(),
        "created_at": job.started_at,
        "result_url": url,
        "preview_url": f"{url}/preview" if url else None,
    }


def job_story_view(
    job: Job, prompts: Iterable[SentPrompts], clock: Clock, told: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a job with what its providers were asked with in words.

    ``told`` is the live message of the attempt that a pending one is in.
    """
    view = job_view(job, clock)
    if job.status == JobStatus.PENDING and told is not None:
        view["attempts"] = told["attempts"]
    else:
        told = None
    return {
        **view,
        "trying": told and told["trying"],
        "prompts": [asdict(one) for one in prompts],
    }
