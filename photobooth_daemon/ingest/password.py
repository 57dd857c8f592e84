"""The ingest password: who may post photos, and who has tried too often."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.passwords import IngestPasswordVerdicts
from photobooth_daemon.administration.penalties import Penalties
from photobooth_daemon.administration.throttle import (
    AUDITED_ONE_BY_ONE,
    INGEST_PASSWORD,
    Throttle,
    penalty_seconds,
)
from photobooth_daemon.database.pool import Database
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import (
    DatabaseUnavailable,
    DeadlinePassed,
    InvalidPassword,
    PhotoboothError,
    RateLimited,
)
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import UNAUTHENTICATED, Actor, SettingsState
from photobooth_daemon.model.networks import network_of
from photobooth_daemon.repositories.counters import Tally

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sender:
    """Where a photo comes from, for throttles, the audit log and the job."""

    address: str
    request_id: str


class _Turn:
    """An address' turn to have a password looked at; remembers how often it was wrong."""

    def __init__(self, throttle: Throttle, network: str, deadline: Deadline) -> None:
        self._throttle = throttle
        self._network = network
        self._deadline = deadline
        self.tally: Tally | None = None

    async def take(self) -> None:
        """Wait for it before the deadline."""
        self.tally = await self._throttle.take_turn(INGEST_PASSWORD, self._network, self._deadline)

    async def give_back(self) -> None:
        """Take it off the count; a database that just went away must not cost a right password."""
        try:
            await self._throttle.take_back((INGEST_PASSWORD, self._network))
        except DatabaseUnavailable as error:
            log.warning("a right password stays counted", extra={"detail": error.detail})


class IngestPassword:
    """Checks the password that cameras send."""

    def __init__(
        self,
        database: Database,
        verdicts: IngestPasswordVerdicts,
        throttle: Throttle,
        penalties: Penalties,
        audit: Audit,
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._verdicts = verdicts
        self._throttle = throttle
        self._penalties = penalties
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
        """Return if the password is right: at once if that is known, else when it is its turn.

        The address' wrong ones stay counted. What is raised for a wrong one goes to
        :meth:`hold` before it is answered, when nothing is kept for the photo any more.

        Raises:
            InvalidPassword: it is wrong, missing, or none is set yet.
            TooManyAttempts: it is wrong, and so were ten before it.
            RateLimited: it was not looked at before ``deadline``.
        """
        network = network_of(sender.address)
        turn = _Turn(self._throttle, network, deadline)
        try:
            async with deadline.enforced():
                if await self._verdicts.verify(
                    password, state.ingest_password_hash, asker=network, turn=turn
                ):
                    return
        except DeadlinePassed as error:
            raise RateLimited(
                "Too many passwords wait to be checked.", retry_after_seconds=1.0
            ) from error
        self._metrics.auth_failures_total.labels("ingest").inc()
        log.warning("wrong ingest password", extra={"slot_id": slot_id, "address": sender.address})
        if turn.tally is not None:
            tally = turn.tally
        else:
            (tally,) = await self._throttle.count((INGEST_PASSWORD, network))
        if tally.attempts <= AUDITED_ONE_BY_ONE:
            await self._record(sender, slot_id, sent=bool(password))
        over = tally.attempts > INGEST_PASSWORD.attempts
        refusal = self._throttle.refusal(tally) if over else InvalidPassword()
        refusal.hold_seconds = penalty_seconds(tally.attempts)
        raise refusal

    async def hold(self, error: PhotoboothError, sender: Sender, deadline: Deadline) -> None:
        """Return when the answer to a wrong password may leave, before ``deadline``."""
        await self._penalties.hold(error, sender.address, deadline.remaining_seconds())

    async def _record(self, sender: Sender, slot_id: str, *, sent: bool) -> None:
        async with self._database.transaction() as connection:
            await self._audit.record(
                connection,
                actor=Actor(UNAUTHENTICATED, sender.address, sender.request_id),
                action="ingest_password_refused",
                entity=f"slot:{slot_id}",
                after={"sent": sent},
            )
