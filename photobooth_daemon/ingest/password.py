"""The ingest password: who may post photos, and who has tried too often."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.passwords import IngestPasswordVerdicts
from photobooth_daemon.administration.throttle import INGEST_PASSWORD, Throttle
from photobooth_daemon.database.pool import Database
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import (
    DatabaseUnavailable,
    DeadlinePassed,
    InvalidPassword,
    RateLimited,
)
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import Actor, SettingsState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sender:
    """Where a photo comes from, for throttles, the audit log and the job."""

    address: str
    request_id: str


class IngestPassword:
    """Checks the password that cameras send."""

    def __init__(
        self,
        database: Database,
        verdicts: IngestPasswordVerdicts,
        throttle: Throttle,
        audit: Audit,
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._verdicts = verdicts
        self._throttle = throttle
        self._audit = audit
        self._metrics = metrics

    async def check(
        self,
        password: bytes,
        state: SettingsState,
        sender: Sender,
        *,
        slot_id: str,
        deadline: Deadline,
    ) -> None:
        """Return if the password is right, which also forgets the address' wrong ones.

        Raises:
            InvalidPassword: it is wrong, missing, or none is set yet.
            TooManyAttempts: it is wrong, and so were ten before it.
            RateLimited: nobody had the time to look at it before ``deadline``.
        """
        try:
            async with deadline.enforced():
                right = await self._verdicts.verify(
                    password, state.ingest_password_hash, asker=sender.address
                )
        except DeadlinePassed as error:
            raise RateLimited(
                "Too many passwords wait to be checked.", retry_after_seconds=1.0
            ) from error
        if right:
            await self._forgive(sender)
            return
        self._metrics.auth_failures_total.labels("ingest").inc()
        log.warning("wrong ingest password", extra={"slot_id": slot_id, "address": sender.address})
        await self._throttle.count(INGEST_PASSWORD, sender.address)
        async with self._database.transaction() as connection:
            await self._audit.record(
                connection,
                actor=Actor("camera", sender.address, sender.request_id),
                action="ingest_password_refused",
                entity=f"slot:{slot_id}",
                after={"sent": bool(password)},
            )
        raise InvalidPassword

    async def _forgive(self, sender: Sender) -> None:
        """Clear the count; a database that just went away must not cost a right password."""
        try:
            await self._throttle.clear(INGEST_PASSWORD, sender.address)
        except DatabaseUnavailable as error:
            log.warning("wrong attempts not cleared", extra={"detail": error.detail})
