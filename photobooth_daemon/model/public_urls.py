"""The paths that cameras and guests are given, below the daemon's own address."""

from __future__ import annotations

from uuid import UUID


def result_url(job_id: UUID) -> str:
    """Return the public path of a job's result."""
    return f"/public/results/{job_id}"


def page_url(job_id: UUID, key: str | None = None) -> str:
    """Return the path of the guest's page; with the key it also lets the guest delete."""
    return f"/r/{job_id}" + (f"?k={key}" if key is not None else "")
