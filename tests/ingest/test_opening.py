"""A photo's job is opened once, although the database goes away in the middle of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from photobooth_daemon.errors import DatabaseUnavailable
from photobooth_daemon.ingest import jobs
from tests.support.booth import Booth, new_key

COUNT = "SELECT count(*) FROM job_history"


class Losses:
    """Cuts the connection around the commit that opens a job: once before it, or once after."""

    def __init__(self, booth: Booth, *, committed: bool, times: int = 1) -> None:
        self.left = times
        self._committed = committed
        self._connection = booth.database.connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        async with self._connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            before = await connection.fetchval(COUNT)
            yield connection
            lost = self.left > 0 and await connection.fetchval(COUNT) > before
            if lost and not self._committed:
                await transaction.rollback()
            else:
                await transaction.commit()
        if lost:
            self.left -= 1
            raise DatabaseUnavailable


@pytest.mark.parametrize("committed", [True, False], ids=["committed", "not committed"])
@pytest.mark.parametrize("key", [None, new_key()], ids=["without a key", "with a key"])
async def test_a_lost_answer_opens_the_job_once(
    booth: Booth, monkeypatch: pytest.MonkeyPatch, committed: bool, key: str | None
) -> None:
    losses = Losses(booth, committed=committed)
    monkeypatch.setattr(booth.database, "connection", losses.connection)
    headers = {} if key is None else {"Idempotency_Key": key}
    answer = await booth.post(**headers)
    assert answer.status == 200
    assert losses.left == 0
    assert (await booth.the_job())["status"] == "done"
    assert len([seen for seen in booth.provider.log.requests if seen.method == "POST"]) == 1
    await booth.nothing_left()


async def test_a_database_that_stays_away_is_told_of(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = Losses(booth, committed=False, times=10_000)
    monkeypatch.setattr(booth.database, "connection", losses.connection)
    monkeypatch.setattr(jobs, "OPEN_PATIENCE_SECONDS", 1.0)
    answer = await booth.post()
    assert (answer.status, answer.code) == (503, "database_unavailable")
    monkeypatch.undo()
    assert await booth.fetch("SELECT FROM job_history") == []
    await booth.nothing_left()
