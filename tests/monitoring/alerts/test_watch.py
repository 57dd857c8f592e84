"""The watch on a real database: found in the tables, told once, by one process, also without it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import DatabaseUnavailable
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model.alerts import Notification, Troubles
from photobooth_daemon.monitoring.alerts.board import AlertBoard
from photobooth_daemon.monitoring.alerts.outbox import Outbox
from photobooth_daemon.monitoring.alerts.watch import AlertWatch, Surroundings
from photobooth_daemon.repositories.alerts import AlertRepository
from tests.support.fakes import FakeClock
from tests.support.office import Office

WELL = Surroundings({"one": Troubles()}, (), {"one": (10**10, None)}, 10**9, "en")


def failing(check: str) -> dict[str, Troubles]:
    return {"one": Troubles(failing_checks=(check,))}


class Machine:
    """One daemon process as far as alerts are concerned."""

    def __init__(self, repository: AlertRepository, clock: FakeClock) -> None:
        self.clock = clock
        self.seen = WELL
        self.watch = AlertWatch(
            repository=repository,
            board=AlertBoard(timedelta(hours=4)),
            outbox=Outbox([], Metrics(CollectorRegistry())),
            surroundings=self.surroundings,
            clock=clock,
            installation=lambda: "booth.lan",
        )

    async def surroundings(self) -> Surroundings:
        return self.seen

    async def wait_for_news(self, looks: int = 20) -> Notification | None:
        for _ in range(looks):
            self.clock.advance(10)
            notification = await self.watch.look()
            if notification is not None:
                return notification
        return None


async def add_job(
    database: Database,
    at: datetime,
    status: str,
    slot_id: str = "slot-001",
    attempts: list[dict[str, Any]] | None = None,
) -> None:
    async with database.connection() as connection:
        await connection.execute(
            """
            INSERT INTO job_history (job_id, slot_id, slot_version, source, status, attempts,
                client_fields, input_content_type, input_width, input_height, input_size_bytes,
                input_sha256, started_at, deadline_at, finished_at, result_expires_at)
            VALUES ($1, $2, 1, 'ingest', $3, $4, '{}', 'image/jpeg', 1, 1, 1, '', $5, $6, $7, $8)
            """,
            uuid4(),
            slot_id,
            status,
            attempts or [],
            at,
            at + timedelta(seconds=48),
            at + timedelta(seconds=5),
            at + timedelta(hours=1) if status == "done" else None,
        )


@pytest.fixture
def repository(database: Database) -> AlertRepository:
    return AlertRepository(database)


async def test_timeouts_are_told_and_their_end_too(
    database: Database, repository: AlertRepository, clock: FakeClock
) -> None:
    machine = Machine(repository, clock)
    for _ in range(4):
        await add_job(database, clock.utcnow(), "timeout", "slot-003")
        await add_job(database, clock.utcnow(), "done", "slot-002")
    news = await machine.wait_for_news()
    assert news is not None
    assert [(a.name, a.subject) for a in news.firing] == [("PhotoboothSlotTimeouts", "slot-003")]
    news = await machine.wait_for_news()
    assert news is not None
    assert [a.summary for a in news.firing] == ["50 % of the photos got no picture in time (504)"]
    assert len(await repository.list_announced()) == 2
    news = await machine.wait_for_news(100)
    assert news is not None
    assert not news.firing
    assert {a.name for a in news.recovered} == {
        "PhotoboothSlotTimeouts",
        "PhotoboothTimeoutShareHigh",
    }
    assert await repository.list_announced() == []


async def test_a_rolling_upgrade_alarms_nobody_and_a_host_that_is_left_behind_does(
    repository: AlertRepository, clock: FakeClock
) -> None:
    machine = Machine(repository, clock)
    machine.seen = replace(WELL, differing=("a, b", "c"))
    assert await machine.wait_for_news(60) is None
    machine.seen = WELL
    assert await machine.watch.look() is None
    # The configuration is another one on one host, and it stays like that.
    machine.seen = replace(WELL, differing=("a, c", "b"))
    assert await machine.wait_for_news(85) is None
    news = await machine.wait_for_news()
    assert news is not None
    assert [(a.name, a.summary) for a in news.firing] == [
        ("PhotoboothHostsDiffer", "Hosts differ in version or configuration: a, c / b")
    ]


async def test_a_wrong_key_and_many_wrong_passwords(
    database: Database, repository: AlertRepository, clock: FakeClock
) -> None:
    machine = Machine(repository, clock)
    await add_job(
        database, clock.utcnow(), "failed", attempts=[{"provider": "gemini", "reason": "auth"}]
    )
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO attempt_counter VALUES ('login_of_address', '10.0.0.9', 31, $1)",
            clock.utcnow() + timedelta(minutes=15),
        )
    news = await machine.wait_for_news()
    assert news is not None
    assert [a.summary for a in news.firing] == [
        "gemini refuses our calls: auth",
        "31 wrong passwords (login) within a quarter of an hour",
    ]


async def test_a_login_that_is_hammered_at_is_told(
    database: Database, repository: AlertRepository, clock: FakeClock, still_office: Office
) -> None:
    machine = Machine(repository, clock)
    answers = [(await still_office.login("serg", f"guess {n}")).status for n in range(25)]
    assert answers == [401] * 10 + [429] * 15
    series = (await still_office.get("/metrics", token=None)).body.decode().splitlines()
    assert 'photobooth_auth_failures_total{kind="login"} 25.0' in series
    news = await machine.wait_for_news()
    assert news is not None
    assert [(a.name, a.subject) for a in news.firing] == [("PhotoboothPasswordBruteForce", "login")]


async def test_cleanup_that_stopped_and_cleanup_that_fails(
    database: Database, repository: AlertRepository, clock: FakeClock
) -> None:
    machine = Machine(repository, clock)
    async with database.connection() as connection:
        for minutes, succeeded in ((29, True), (5, False)):
            at = clock.utcnow() - timedelta(minutes=minutes)
            await connection.execute(
                "INSERT INTO cleanup_run (started_at, finished_at, succeeded) VALUES ($1, $1, $2)",
                at,
                succeeded,
            )
    news = await machine.wait_for_news()
    assert news is not None
    assert [a.name for a in news.firing] == ["PhotoboothCleanupFailed"]
    news = await machine.wait_for_news()
    assert news is not None
    assert [a.name for a in news.firing] == ["PhotoboothCleanupLate"]


async def test_one_process_of_several_watches_and_another_takes_over(
    repository: AlertRepository, clock: FakeClock
) -> None:
    first, second = Machine(repository, clock), Machine(repository, clock)
    first.seen = second.seen = Surroundings(failing("media"), (), {"one": (1, None)}, 2, "en")
    told = []
    for _ in range(20):
        clock.advance(5)
        told += [n for n in (await first.watch.look(), await second.watch.look()) if n]
    assert [a.name for n in told for a in n.firing] == [
        "PhotoboothDiskFull",
        "PhotoboothUnhealthy",
    ]
    clock.advance(60)  # the first is killed; its lease runs out
    assert await second.wait_for_news(10) is None
    second.seen = WELL
    news = await second.wait_for_news()
    assert news is not None
    assert len(news.recovered) == 2
    await second.watch.give_up()
    assert await first.watch.look() is None


async def test_a_lease_from_before_the_clock_was_set_back_ends(
    repository: AlertRepository, clock: FakeClock
) -> None:
    assert await repository.take_watch(uuid4(), clock.utcnow(), timedelta(seconds=45))
    clock.jump(-3600)
    assert await repository.take_watch(uuid4(), clock.utcnow(), timedelta(seconds=45))
    assert not await repository.take_watch(uuid4(), clock.utcnow(), timedelta(seconds=45))


async def test_an_outage_of_the_database_is_told_and_its_end(
    repository: AlertRepository, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(repository, clock)
    assert await machine.watch.look() is None

    async def gone(*_: Any) -> Any:
        raise DatabaseUnavailable

    with monkeypatch.context() as outage:
        outage.setattr(repository, "take_watch", gone)
        outage.setattr(repository, "save_announced", gone)
        machine.seen = Surroundings(failing("database"), (), {"one": (10**10, None)}, 10**9, "ru")
        news = await machine.wait_for_news()
        assert news is not None
        assert "Проверка one/database не проходит" in news.text
    machine.seen = WELL
    news = await machine.wait_for_news()
    assert news is not None
    assert [a.name for a in news.recovered] == ["PhotoboothUnhealthy"]


async def test_an_outage_from_before_the_start_is_told_and_its_end(
    repository: AlertRepository, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Machine(repository, clock), Machine(repository, clock)
    away = Surroundings(failing("database"), (), {"one": (10**10, None)}, 10**9, "en")
    first.seen = second.seen = away

    async def gone(*_: Any) -> Any:
        raise DatabaseUnavailable

    with monkeypatch.context() as outage:
        outage.setattr(repository, "take_watch", gone)
        outage.setattr(repository, "save_announced", gone)
        news = await first.wait_for_news()
        assert news is not None
        assert [a.name for a in news.firing] == ["PhotoboothUnhealthy"]
        assert await second.wait_for_news() is not None
    first.seen = second.seen = WELL
    news = await first.wait_for_news()
    assert news is not None
    assert [a.name for a in news.recovered] == ["PhotoboothUnhealthy"]
    assert await second.wait_for_news(5) is None
    clock.advance(60)  # the first is killed; the second takes over and has nothing to add
    assert await second.wait_for_news() is None


async def test_a_watcher_that_stood_still_leaves_it_to_the_one_that_took_over(
    repository: AlertRepository, clock: FakeClock
) -> None:
    first, second = Machine(repository, clock), Machine(repository, clock)
    first.seen = second.seen = Surroundings({}, (), {"one": (1, None)}, 2, "en")
    assert await first.watch.look() is None
    told = []

    async def stands_still() -> Surroundings:
        # In the middle of its look the first one is stopped, for two minutes.
        for _ in range(12):
            clock.advance(10)
            told.append(await second.watch.look())
        return first.seen

    first.watch._surroundings = stands_still
    assert await first.watch.look() is None
    assert len([news for news in told if news is not None]) == 1
    first.watch._surroundings = first.surroundings
    assert await first.wait_for_news(10) is None


async def test_a_maintenance_window_is_quiet(
    database: Database, repository: AlertRepository, clock: FakeClock
) -> None:
    machine = Machine(repository, clock)
    machine.seen = Surroundings({}, (), {"one": (1, None)}, 2, "en")
    now = clock.utcnow()
    await repository.open_window(now, now + timedelta(minutes=5), "new disk", "cli:serg")
    assert await machine.wait_for_news(25) is None
    news = await machine.wait_for_news()
    assert news is not None
    assert [a.name for a in news.firing] == ["PhotoboothDiskFull"]
    now = clock.utcnow()
    await repository.open_window(
        now + timedelta(hours=1), now + timedelta(hours=2), "later", "cli:serg"
    )
    async with database.transaction() as connection:
        assert await repository.close_windows(connection, now) == 1
    assert await repository.list_windows(clock.utcnow()) == []
