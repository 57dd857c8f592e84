"""``/api/slots``: the fifteen slots, their configuration and their history."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from photobooth_daemon.administration.slots import SlotService
from photobooth_daemon.clock import Clock, rfc3339
from photobooth_daemon.errors import Fault, RevisionNotFound, SlotNotFound, ValidationFailed
from photobooth_daemon.model import Job, JobStatus, Slot, SlotRevision
from photobooth_daemon.model.public_urls import result_url
from photobooth_daemon.monitoring.reports.stats import Stats
from photobooth_daemon.providers.param_faults import escaped
from photobooth_daemon.repositories.job_lists import JobLists, RecentResult
from photobooth_daemon.repositories.slots import SlotRepository, is_slot_id
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.paging import number_cursor, read_limit, read_number_cursor, write_page
from photobooth_daemon.web.preconditions import expected_version, set_version

RECENT_RESULTS = 10
MAX_VERSION_DIGITS = 9


class SlotsHandler(Handler):
    """``/api/slots``: all of them at a glance."""

    permission = "slots:read"

    def initialize(
        self, base: Base, *, slots: SlotRepository, jobs: JobLists, stats: Stats, clock: Clock
    ) -> None:
        super().initialize(base)
        self._slots = slots
        self._jobs = jobs
        self._stats = stats
        self._clock = clock

    @unless_refused
    async def get(self) -> None:
        """Answer with every slot, its last job and how the last day went."""
        limit, after = read_limit(self), read_number_cursor(self) or 0
        slots, jobs, results, counts = await asyncio.gather(
            self._slots.list_all(),
            self._jobs.newest_of_each_slot(),
            self._jobs.newest_results_of_each_slot(self._clock.utcnow()),
            self._stats.counts_of_last_day(),
        )
        found = [slot for slot in slots if slot_number(slot) > after][: limit + 1]
        write_page(
            self,
            found,
            limit,
            lambda slot: {
                "id": slot.slot_id,
                "display_name": slot.display_name,
                "provider": slot.provider,
                "operation": slot.operation,
                "enabled": slot.enabled,
                "version": slot.version,
                "sync_response_seconds": slot.sync_response_seconds,
                "updated_at": slot.updated_at,
                "updated_by": slot.updated_by,
                "ingest_url": ingest_url(slot.slot_id),
                "last_job": _last_job(jobs.get(slot.slot_id)),
                "last_result": next(map(_recent, results.get(slot.slot_id, ())), None),
                "recent_results": [_recent(result) for result in results.get(slot.slot_id, ())],
                "counts": counts[slot.slot_id],
            },
            lambda slot: number_cursor(slot_number(slot)),
        )


class _OneSlotHandler(Handler):
    """Answers with a slot as it is now."""

    def initialize(self, base: Base, *, slots: SlotService, jobs: JobLists, clock: Clock) -> None:
        super().initialize(base)
        self._slots = slots
        self._jobs = jobs
        self._clock = clock

    async def _answer(self, slot: Slot) -> None:
        set_version(self, slot.version)
        self.write_json(await whole_slot(self, self._slots, self._jobs, self._clock, slot))


class SlotHandler(_OneSlotHandler):
    """``/api/slots/{id}``: one slot, whole."""

    permission: ClassVar[Mapping[str, str]] = {
        "GET": "slots:read",
        "PUT": "slots:write",
        "DELETE": "slots:write",
    }

    @unless_refused
    async def get(self, slot_id: str) -> None:
        """Answer with the whole configuration."""
        await self._answer(await self._slots.get(slot_id))

    @unless_refused
    async def put(self, slot_id: str) -> None:
        """Put part or all of it in force for the next photo."""
        body = self.read_json_object()
        _check_slot_id(slot_id)
        expected = expected_version(self, body)
        await self._answer(await self._slots.update(slot_id, body, expected, self.actor()))

    @unless_refused
    async def delete(self, slot_id: str) -> None:
        """Make the slot unconfigured and off."""
        body = self.read_json_object() if self.body.data else None
        _check_slot_id(slot_id)
        await self._slots.reset(slot_id, expected_version(self, body), self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)


class SlotRevisionsHandler(Handler):
    """``/api/slots/{id}/revisions``: what a slot was, newest first."""

    permission = "slots:read"

    def initialize(self, base: Base, *, slots: SlotRepository) -> None:
        super().initialize(base)
        self._slots = slots

    @unless_refused
    async def get(self, slot_id: str) -> None:
        """Answer with a page of revisions."""
        limit, before = read_limit(self), read_number_cursor(self)
        _check_slot_id(slot_id)
        found = await self._slots.list_revisions(slot_id, before, limit + 1)
        write_page(self, found, limit, _revision, lambda revision: number_cursor(revision.version))


class SlotRestoreHandler(_OneSlotHandler):
    """``/api/slots/{id}/revisions/{version}/restore``."""

    permission = "slots:write"

    @unless_refused
    async def post(self, slot_id: str, version: str) -> None:
        """Bring back what the slot was, as a new version."""
        body = self.read_json_object() if self.body.data else None
        _check_slot_id(slot_id)
        if not (version.isascii() and version.isdigit() and len(version) <= MAX_VERSION_DIGITS):
            raise RevisionNotFound
        expected = expected_version(self, body)
        await self._answer(await self._slots.restore(slot_id, int(version), expected, self.actor()))


class SlotCopyHandler(_OneSlotHandler):
    """``/api/slots/{id}/copy``: the same recipe on another slot."""

    permission = "slots:write"

    @unless_refused
    async def post(self, slot_id: str) -> None:
        """Copy everything but the name, and leave the copy off; answer with the copy."""
        body = self.read_json_object()
        _check_slot_id(slot_id)
        to = body.get("to")
        faults = [
            Fault(f"/{escaped(key)}", "Unknown; there are to and version.")
            for key in body
            if key not in ("to", "version")
        ]
        if not isinstance(to, str) or not is_slot_id(to) or to == slot_id:
            faults.append(Fault("/to", "Must be another slot, slot-001 to slot-015."))
        if faults:
            raise ValidationFailed(faults)
        expected = expected_version(self, body)
        await self._answer(await self._slots.copy(slot_id, str(to), expected, self.actor()))


async def whole_slot(
    handler: Handler, slots: SlotService, jobs: JobLists, clock: Clock, slot: Slot
) -> dict[str, Any]:
    """Return a slot as GET gives it."""
    results = await jobs.recent_results(slot.slot_id, clock.utcnow(), RECENT_RESULTS)
    missing = await slots.missing(slot)
    path = f"/api/slots/{slot.slot_id}"
    return {
        **slots.view(slot),
        "ready": not missing,
        "missing": [{"pointer": fault.pointer, "message": fault.message} for fault in missing],
        "ingest_url": ingest_url(slot.slot_id),
        "links": {
            "self": handler.site.absolute_url(handler.request, path),
            "ingest": handler.site.absolute_url(handler.request, ingest_url(slot.slot_id)),
            "revisions": handler.site.absolute_url(handler.request, f"{path}/revisions"),
            "test": handler.site.absolute_url(handler.request, f"{path}/test"),
            "jobs": handler.site.absolute_url(handler.request, f"/api/jobs?slot={slot.slot_id}"),
        },
        "recent_results": [_recent(result) for result in results],
    }


def ingest_url(slot_id: str) -> str:
    """Return where cameras post a slot's photos."""
    return f"/api/ingest/{slot_id}"


def slot_number(slot: Slot) -> int:
    """Return 7 for ``slot-007``."""
    return int(slot.slot_id.rpartition("-")[2])


def _check_slot_id(slot_id: str) -> None:
    """Say that a slot does not exist before anything else that is wrong with the request."""
    if not is_slot_id(slot_id):
        raise SlotNotFound


def _last_job(job: Job | None) -> dict[str, Any] | None:
    if job is None:
        return None
    return {
        "job_id": job.job_id,
        "status": job.status,
        "failure_code": job.failure_code,
        "provider_code": job.provider_code,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "total_ms": job.timings.get("total_ms") if job.status != JobStatus.PENDING else None,
    }


def _recent(result: RecentResult | None) -> dict[str, Any] | None:
    if result is None:
        return None
    url = result_url(result.job_id)
    return {
        "job_id": result.job_id,
        "result_url": url,
        "preview_url": f"{url}/preview",
        "created_at": result.created_at,
        "expires_at": result.expires_at,
    }


def _revision(revision: SlotRevision) -> dict[str, Any]:
    return {
        "version": revision.version,
        "action": revision.action,
        "config": revision.config,
        "created_at": rfc3339(revision.created_at),
        "created_by": revision.created_by,
    }
