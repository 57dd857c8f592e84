"""A photo's job is opened once, although the database goes away in the middle of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from photobooth_daemon.errors import DatabaseUnavailable
from tests.support.booth import Booth, new_key


class Losses:
    """Cuts the connection around the commit that opens a job: once before it, or once after."""

    def __init__(self, booth: Booth, *, committed: bool, times: int = 1) -> None:
        self.left = times
        self._booth = booth
        self._committed = committed
        self._transaction = booth.database.transaction

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        opens = False
        async with self._transaction() as connection:
            yield connection
            opens = bool(await connection.fetchval("SELECT count(*) FROM job_history"))
            if opens and self.left and not self._committed:
                self.left -= 1
                raise DatabaseUnavailable
        if opens and self.left:
            self.left -= 1
            raise DatabaseUnavailable


@pytest.mark.parametrize("committed", [True, False], ids=["committed", "not committed"])
@pytest.mark.parametrize("key", [None, new_key()], ids=["without a key", "with a key"])
async def test_a_lost_answer_opens_the_job_once(
    booth: Booth, monkeypatch: pytest.MonkeyPatch, committed: bool, key: str | None
) -> None:
    losses = Losses(booth, committed=committed)
    monkeypatch.setattr(booth.database, "transaction", losses.transaction)
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
    monkeypatch.setattr(booth.database, "transaction", losses.transaction)
    answer = await booth.post()
    assert (answer.status, answer.code) == (503, "database_unavailable")
    monkeypatch.undo()
    assert await booth.fetch("SELECT FROM job_history") == []
    await booth.nothing_left()
