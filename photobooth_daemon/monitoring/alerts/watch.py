"""Looks every few seconds for what is wrong, and has people told. One process of all does it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from photobooth_daemon.administration.throttle import LOGIN_OF_USER
from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import DatabaseUnavailable
from photobooth_daemon.model.alerts import Notification, Records, Troubles
from photobooth_daemon.monitoring.alerts.board import AlertBoard
from photobooth_daemon.monitoring.alerts.conditions import Situation, list_conditions
from photobooth_daemon.monitoring.alerts.outbox import Outbox
from photobooth_daemon.monitoring.alerts.texts import text_of, title_of
from photobooth_daemon.repositories.alerts import AlertRepository

LEASE = timedelta(seconds=45)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What this process sees itself, or has seen in the database while there was one."""

    troubles: Mapping[str, Troubles]
    cooling: tuple[tuple[str, str], ...]
    disks: Mapping[str, tuple[int | None, float | None]]
    min_free_bytes: int
    locale: str
    silent_hosts: tuple[tuple[str, datetime], ...] = ()
    differing: tuple[str, ...] = ()
    caps: tuple[tuple[str, int], ...] = ()
    silent: tuple[tuple[str, int], ...] = ()
    audit_head_was_put_back: bool = False


class AlertWatch:
    """Keeps the board; goes on through an outage of the database with what it knew before."""

    def __init__(
        self,
        *,
        repository: AlertRepository,
        board: AlertBoard,
        outbox: Outbox,
        surroundings: Callable[[], Awaitable[Surroundings]],
        clock: Clock,
        installation: Callable[[], str],
        keep_up: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """``keep_up`` has the outbox use the channels set up by now; False if there are none."""
        self._repository = repository
        self._board = board
        self._outbox = outbox
        self._surroundings = surroundings
        self._clock = clock
        self._installation = installation
        self._keep_up = keep_up
        self._holder: UUID = uuid4()
        self._watching: bool | None = None  # None until the database has answered once
        self._quiet = False
        self._expected_since = clock.utcnow()
        self._records = Records()

    def start(self) -> None:
        """Begin to send what will be put into the outbox."""
        self._outbox.start()

    async def look(self) -> Notification | None:
        """Look once, if it is this process's turn and somebody listens; return what is told.

        While the database has never answered nobody's turn is known: then every
        process looks, for two messages are better than none.
        """
        if self._keep_up is not None and not await self._keep_up():
            return None
        now, begun_at = self._clock.utcnow(), self._clock.monotonic()
        try:
            await self._consult_database(now)
        except DatabaseUnavailable:
            log.info("watching without the database", extra={"watching": self._watching})
        if self._watching is False:
            return None
        seen = await self._surroundings()
        if self._clock.monotonic() - begun_at > LEASE.total_seconds() / 2:
            # It stood still meanwhile: another process may be the one to tell by now.
            return None
        conditions = list_conditions(
            Situation(
                now=now,
                records=self._records,
                troubles=seen.troubles,
                cooling=seen.cooling,
                disks=seen.disks,
                min_free_bytes=seen.min_free_bytes,
                silent_hosts=seen.silent_hosts,
                differing=seen.differing,
                caps=seen.caps,
                silent=seen.silent,
                audit_head_was_put_back=seen.audit_head_was_put_back,
            )
        )
        begun, over = self._board.look(now, conditions, quiet=self._quiet, locale=seen.locale)
        if not begun and not over:
            return None
        installation = self._installation()
        notification = Notification(
            installation=installation,
            at=now,
            firing=tuple(begun),
            recovered=tuple(over),
            title=title_of(installation, begun, over, seen.locale),
            text=text_of(installation, begun, over, seen.locale),
        )
        self._outbox.put(notification)
        try:
            await self._repository.save_announced(self._board.entries())
        except DatabaseUnavailable:
            log.info("announced alerts are not recorded: no database")
        return notification

    async def give_up(self) -> None:
        """Let another process watch, when this one stops; what waits is sent first."""
        await self._outbox.close()
        if not self._watching:
            return
        self._watching = False
        try:
            await self._repository.give_up_watch(self._holder)
        except DatabaseUnavailable:
            log.info("the watch was not given up; its lease runs out")

    async def _consult_database(self, now: datetime) -> None:
        watching = await self._repository.take_watch(self._holder, now, LEASE)
        if watching and not self._watching:
            self._board.restore(await self._repository.list_announced())
        elif not watching:
            self._board.forget()
        self._watching = watching
        if not watching:
            return
        windows = await self._repository.list_windows(now)
        self._quiet = any(window.starts_at <= now for window in windows)
        self._records = await self._repository.records(
            now, self._expected_since, login_attempts=LOGIN_OF_USER.attempts
        )
