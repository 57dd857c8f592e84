"""Who knocks too often: wrong passwords counted where every process and a restart see them.

A password whose verdict nobody remembers is tested when it is its address' turn:
at once for an address that has not been wrong, then 1, 2, 4, 8 and each further
time 15 seconds after the one before, whichever process it comes to. So one address finds out
about 63 passwords in a quarter of an hour, however many connections it opens.

Wrong ones are audited one by one up to the tenth of an address and window; what
comes after is counted, and told by one more entry when the window ends.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.clock import Clock, rfc3339
from photobooth_daemon.database.pool import Database
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import RateLimited, TooManyAttempts
from photobooth_daemon.model import UNAUTHENTICATED, Actor
from photobooth_daemon.repositories.counters import CounterRepository, EndedWindow, Tally

WINDOW_SECONDS = 15 * 60
PENALTIES_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0)
AUDITED_ONE_BY_ONE = 10
SUMMED_UP_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Limit:
    """How many failures of one kind a window allows."""

    scope: str
    attempts: int
    window_seconds: int = WINDOW_SECONDS


INGEST_PASSWORD = Limit("ingest_password", 10)
"""Wrong ingest passwords of one address."""
LOGIN_OF_USER = Limit("login_of_user", 10)
"""Failed logins of one user from one address: a stranger elsewhere locks nobody out."""
LOGIN_OF_ADDRESS = Limit("login_of_address", 30)
"""Failed logins of one address, whoever it claims to be."""

_SUMMARIES = {
    INGEST_PASSWORD.scope: "ingest_password_refused",
    LOGIN_OF_ADDRESS.scope: "admin.login_refused",
}

Place = tuple[Limit, str]


def penalty_seconds(attempts: int) -> float:
    """Return how long the answer to the n-th wrong password of a window is held back."""
    return PENALTIES_SECONDS[min(attempts, len(PENALTIES_SECONDS)) - 1]


def user_key(username: str, network: str) -> str:
    """Return the key of one user from one address: bounded, whatever was sent as a name."""
    return f"{user_prefix(username)}{network}"


def user_prefix(username: str) -> str:
    """Return what the keys of one user begin with."""
    return hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()[:32] + "@"


class Throttle:
    """Counts failures in fixed windows: the first opens one, further ones do not stretch it."""

    def __init__(self, database: Database, audit: Audit, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._counters = CounterRepository()

    async def count(self, *places: Place) -> list[Tally]:
        """Count one failure in each of ``places`` and return their tallies.

        Counted before a password is judged, attempts made at the same moment
        cannot slip past a limit together; :meth:`take_back` is for one that was right.
        """
        now = self._clock.utcnow()
        async with self._database.transaction() as connection:
            ended: list[EndedWindow] = []
            tallies = []
            for limit, key in places:
                ended += await self._counters.end(connection, limit.scope, key, now)
                ends_at = now + timedelta(seconds=limit.window_seconds)
                tallies.append(await self._counters.add(connection, limit.scope, key, now, ends_at))
            await self._tell(connection, ended)
        return tallies

    async def take_turn(self, limit: Limit, key: str, deadline: Deadline) -> Tally:
        """Wait until ``key`` may try another password, and count it as a failure.

        Raises:
            RateLimited: its turn does not come before ``deadline``.
        """
        while True:
            now = self._clock.utcnow()
            ends_at = now + timedelta(seconds=limit.window_seconds)
            async with self._database.transaction() as connection:
                ended = await self._counters.end(connection, limit.scope, key, now)
                turn = await self._counters.take_turn(
                    connection, limit.scope, key, now, ends_at, PENALTIES_SECONDS
                )
                await self._tell(connection, ended)
            if isinstance(turn, Tally):
                return turn
            if turn >= deadline.remaining_seconds():
                raise RateLimited(
                    "Too many passwords wait to be checked.", retry_after_seconds=turn
                )
            await self._clock.sleep(turn)

    async def take_back(self, *places: Place) -> None:
        """Take one attempt that was right off each of ``places``; the wrong ones stay counted."""
        async with self._database.transaction() as connection:
            for limit, key in places:
                await self._counters.take_back(connection, limit.scope, key)

    async def unlock_user(self, username: str) -> int:
        """Let a user log in again from anywhere; return from how many addresses nothing counts now.

        Every address is freed: one that others have used up holds no sign of this user.
        """
        async with self._database.transaction() as connection:
            keys = await self._counters.clear_prefixed(
                connection, LOGIN_OF_USER.scope, user_prefix(username)
            )
            addresses = await self._counters.clear_prefixed(connection, LOGIN_OF_ADDRESS.scope, "")
            await self._tell(connection, addresses)
        return len(
            {*(ended.key for ended in addresses), *(ended.key.partition("@")[2] for ended in keys)}
        )

    async def sum_up(self) -> None:
        """Write down, for each window that has ended, what was not audited one by one."""
        while True:
            async with self._database.transaction() as connection:
                ended = await self._counters.end_many(
                    connection, self._clock.utcnow(), AUDITED_ONE_BY_ONE, SUMMED_UP_AT_ONCE
                )
                await self._tell(connection, ended)
            if len(ended) < SUMMED_UP_AT_ONCE:
                return

    def refusal(self, tally: Tally) -> TooManyAttempts:
        """Return what is answered to a failure over the limit."""
        left = (tally.window_ends_at - self._clock.utcnow()).total_seconds()
        return TooManyAttempts(retry_after_seconds=max(1, math.ceil(left)))

    async def _tell(self, connection: asyncpg.Connection, ended: Iterable[EndedWindow]) -> None:
        for window in ended:
            action = _SUMMARIES.get(window.scope)
            if action is None or window.attempts <= AUDITED_ONE_BY_ONE:
                continue
            begun_at = window.window_ends_at - timedelta(seconds=WINDOW_SECONDS)
            await self._audit.record(
                connection,
                actor=Actor(UNAUTHENTICATED, window.key),
                action=action,
                entity=f"address:{window.key}",
                after={
                    "attempts": window.attempts,
                    "told_one_by_one": AUDITED_ONE_BY_ONE,
                    "from": rfc3339(begun_at),
                    "until": rfc3339(window.window_ends_at),
                },
            )
