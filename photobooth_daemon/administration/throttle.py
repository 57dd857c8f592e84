"""Who knocks too often: wrong passwords counted where every process and a restart see them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import TooManyAttempts
from photobooth_daemon.repositories.counters import CounterRepository, Tally

WINDOW_SECONDS = 15 * 60


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


def user_key(username: str, address: str) -> str:
    """Return the key of one user from one address: bounded, whatever was sent as a name."""
    return f"{user_prefix(username)}{address}"


def user_prefix(username: str) -> str:
    """Return what the keys of one user begin with."""
    return hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()[:32] + "@"


class Throttle:
    """Counts failures in fixed windows: the first opens one, further ones do not stretch it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._counters = CounterRepository()

    async def count(self, limit: Limit, key: str) -> Tally:
        """Count one failure.

        Raises:
            TooManyAttempts: the window had its ``limit.attempts`` before this one.
        """
        now = self._clock.utcnow()
        ends_at = now + timedelta(seconds=limit.window_seconds)
        async with self._database.connection() as connection:
            tally = await self._counters.add(connection, limit.scope, key, now, ends_at)
        if tally.attempts > limit.attempts:
            raise self._refusal(tally)
        return tally

    async def reserve(self, places: Sequence[tuple[Limit, str]]) -> None:
        """Count an attempt as failed before it is judged, in each of ``places``.

        So attempts made at the same moment cannot slip past the limit together.
        :meth:`forgive` takes it back for one that succeeded.

        Raises:
            TooManyAttempts: one of the windows is used up; then none has counted it.
        """
        now = self._clock.utcnow()
        async with self._database.transaction() as connection:
            for limit, key in places:
                ends_at = now + timedelta(seconds=limit.window_seconds)
                tally = await self._counters.add(connection, limit.scope, key, now, ends_at)
                if tally.attempts > limit.attempts:
                    raise self._refusal(tally)

    async def forgive(self, cleared: tuple[Limit, str], taken_back: tuple[Limit, str]) -> None:
        """After a success: forget the first window, take the reserved attempt off the second."""
        async with self._database.transaction() as connection:
            await self._counters.take_back(connection, taken_back[0].scope, taken_back[1])
            await self._counters.clear(connection, cleared[0].scope, cleared[1])

    async def clear(self, limit: Limit, key: str) -> None:
        """Forget the window of ``key``."""
        async with self._database.connection() as connection:
            await self._counters.clear(connection, limit.scope, key)

    async def unlock_user(self, username: str) -> int:
        """Let a user log in again from anywhere; return from how many addresses nothing counts now.

        Every address is freed: one that others have used up holds no sign of this user.
        """
        async with self._database.transaction() as connection:
            keys = await self._counters.clear_prefixed(
                connection, LOGIN_OF_USER.scope, user_prefix(username)
            )
            addresses = await self._counters.clear_prefixed(connection, LOGIN_OF_ADDRESS.scope, "")
        return len({*addresses, *(key.partition("@")[2] for key in keys)})

    def _refusal(self, tally: Tally) -> TooManyAttempts:
        left = (tally.window_ends_at - self._clock.utcnow()).total_seconds()
        return TooManyAttempts(retry_after_seconds=max(1, math.ceil(left)))
