"""``GET /api/live`` of the HTTP contract, through the port: live, resumed, reset, closed."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.ingest.jobs import Jobs
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.model import Rung
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from photobooth_daemon.repositories.idempotency import IdempotencyRepository
from photobooth_daemon.repositories.jobs import JobRepository
from photobooth_daemon.repositories.live_messages import LiveMessageRepository
from photobooth_daemon.web import live as live_module
from tests.support.commands import Commands
from tests.support.history import add_job
from tests.support.office import PASSWORDS, Office
from tests.support.quick_painter import QuickPainter
from tests.support.sample_pictures import jpeg
from tests.support.streams import PATIENCE_SECONDS, change_slot, follow


async def test_events_arrive_as_they_happen(office: Office) -> None:
    async with follow(office) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-store"
        await change_slot(office, 1)
        await office.put("/api/settings", {"slot_queue": 5}, If_Match="*")
        first_id, kind, data = await stream.event()
        assert kind == "slot"
        assert data.items() >= {"slot_id": "slot-001", "version": 2, "updated_by": "serg"}.items()
        second_id, kind, data = await stream.event()
        assert (kind, data["version"]) == ("settings", 2)
        assert second_id > first_id


async def test_events_resume_after_the_last_id(office: Office) -> None:
    async with follow(office) as stream:
        for n in range(3):
            await change_slot(office, n)
        ids = [(await stream.event())[0] for _ in range(3)]
    await change_slot(office, 3)
    async with follow(office, ids[0]) as stream:
        resumed = [await stream.event() for _ in range(3)]
        assert [event[0] for event in resumed[:2]] == ids[1:]
        assert [event[2]["version"] for event in resumed] == [3, 4, 5]
    async with follow(office, 0) as stream:
        assert (await stream.event())[2]["version"] == 2


async def test_events_reset_when_the_last_id_is_too_old(office: Office) -> None:
    for n in range(3):
        await change_slot(office, n)
    await office.execute("SELECT publish_live_drafts(9)")
    ids = [row["message_id"] for row in await office.fetch("SELECT message_id FROM live_message")]
    await office.execute(
        "UPDATE live_message SET at = at - interval '2 hours' WHERE message_id < $1", ids[2]
    )
    async with follow(office, ids[0]) as stream:
        reset_id, kind, _ = await stream.event()
        assert (kind, reset_id) == ("reset", ids[2])
        await change_slot(office, 4)
        assert (await stream.event())[1] == "slot"
    async with follow(office, ids[1]) as stream:
        assert (await stream.event())[:2] == (ids[2], "slot")


async def test_events_reset_for_an_id_that_never_was(office: Office) -> None:
    await change_slot(office, 1)
    for last_id in (10**9, "x", "-1", "9" * 30):
        async with follow(office, last_id) as stream:
            assert (await stream.event())[1] == "reset"


async def test_nothing_is_missed_overnight(office: Office) -> None:
    """All events have been cleaned up; who had seen the last one has missed nothing."""
    await change_slot(office, 1)
    await office.execute("SELECT publish_live_drafts(9)")
    (row,) = await office.fetch("SELECT max(message_id) AS newest FROM live_message")
    await office.execute("DELETE FROM live_message")
    async with follow(office, row["newest"]) as stream:
        await change_slot(office, 2)
        assert (await stream.event())[1] == "slot"


async def test_a_change_that_is_slow_to_commit_keeps_nobody_waiting(
    office: Office, database_url: str
) -> None:
    slow = await asyncpg.connect(database_url)
    async with follow(office) as stream:
        async with slow.transaction():
            await slow.execute(
                "INSERT INTO live_draft (kind, data, at) VALUES ('health', '{}', now())"
            )
            await change_slot(office, 1)
            assert (await stream.event())[1] == "slot"
        await change_slot(office, 2)
        assert [(await stream.event())[1] for _ in range(2)] == ["health", "slot"]
    await slow.close()


async def test_ids_increase_in_the_order_of_commits(office: Office, database_url: str) -> None:
    """Yesterday's package numbers a message before it commits: meanwhile nobody else does."""
    slow = await asyncpg.connect(database_url)
    read = "SELECT message_id, kind FROM live_message ORDER BY message_id"
    async with follow(office) as stream:
        async with slow.transaction():
            first_id = await slow.fetchval(
                "SELECT publish_live_message('health', '{}', statement_timestamp())"
            )
            await change_slot(office, 2)
            await asyncio.sleep(0.2)
            assert await office.fetch(read) == []
        assert [(await stream.event())[1] for _ in range(2)] == ["health", "slot"]
    rows = await office.fetch(read)
    assert [row["kind"] for row in rows] == ["health", "slot"]
    assert rows[0]["message_id"] == first_id
    await slow.close()


async def test_what_a_process_drafted_is_published_although_it_died(database: Database) -> None:
    repository = LiveMessageRepository(database)
    dying, living = (LivePublisher(repository, Clock()) for _ in range(2))
    async with database.transaction() as connection:
        await dying.publish(connection, "health", {"told": "by the dying"})
        # What it would do after its commit, it does no more.
        connection.after_commit.clear()
    with suppress(KeyError):
        async with database.transaction() as connection:
            await dying.publish(connection, "health", {"told": "of what never was"})
            raise KeyError
    await asyncio.gather(living.sweep(), living.sweep(), dying.sweep())
    told = [message.data["told"] for message in await repository.list_after(0, 9)]
    assert told == ["by the dying"]


async def test_a_burst_reaches_every_viewer_once_and_in_order(office: Office) -> None:
    async with follow(office) as one, follow(office, as_="igor") as other:
        await asyncio.gather(*(change_slot(office, n) for n in range(20)))
        for stream in (one, other):
            versions = [(await stream.event())[2]["version"] for _ in range(20)]
            assert versions == list(range(2, 22))


async def test_a_comment_shows_that_the_stream_lives(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "COMMENT_SECONDS", 0.2)
    async with follow(office) as stream:
        assert await stream.comment()
        assert await stream.comment()


async def test_the_stream_ends_with_the_session_and_the_permission(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "COMMENT_SECONDS", 0.2)
    async with follow(office) as revoked, follow(office, as_="igor") as forbidden:
        await revoked.comment()
        await office.call("POST", "/api/logout")
        assert await revoked.ended()
        await office.execute("UPDATE admin SET permissions = '{slots:read}'")
        assert await forbidden.ended()


async def test_the_stream_ends_at_once_in_every_process(
    office: Office, database: Database, database_url: str, tmp_path: Path
) -> None:
    """A stream of another process, none of whose own checks is due for a quarter of a minute."""
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "jwt.key").write_bytes((tmp_path / "jwt.key").read_bytes())
    (tmp_path / "second" / "jwt.key").chmod(0o600)
    second = await Office.open(database, tmp_path / "second")
    second.tokens = office.tokens
    commands = Commands(database_url, tmp_path)
    passwd, revoke = ("passwd", "serg", "--stdin"), ("revoke", "serg", "jobs:read")
    new = {"current_password": PASSWORDS["serg"], "new_password": "another password"}
    try:
        for end in (
            lambda: office.call("POST", "/api/logout"),
            lambda: office.put("/api/me/password", new),
            lambda: asyncio.to_thread(commands.good, "admin", *passwd, stdin="a third password"),
            lambda: asyncio.to_thread(commands.good, "admin", *revoke),
        ):
            await office.give_passwords()
            office.tokens.clear()
            await office.token()
            async with follow(office) as here, follow(second) as there, asyncio.timeout(5):
                await end()
                assert await here.ended()
                assert await there.ended()
    finally:
        await second.close()


async def test_the_stream_is_closed_while_draining(office: Office) -> None:
    async with follow(office) as stream:
        office.app.life.draining = True
        await office.app.feed.close()
        assert await stream.ended()
        async with follow(office) as refused:
            assert refused.status == 503
            assert "retry-after" in refused.headers


async def test_events_go_on_after_the_database_was_away(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with follow(office) as stream:
        await change_slot(office, 1)
        first_id, _, _ = await stream.event()
        await office.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        reply = await office.put("/api/slots/slot-001", {"display_name": "a"}, If_Match="*")
        while reply.status == 503:
            reply = await office.put("/api/slots/slot-001", {"display_name": "a"}, If_Match="*")
        event_id, kind, _ = await stream.event()
        assert (kind, event_id > first_id) == ("slot", True)


async def test_head_of_the_stream_has_an_end(office: Office) -> None:
    reply = await office.call("HEAD", "/api/live")
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/event-stream")


async def test_viewers_are_counted_and_forgotten(office: Office) -> None:
    gauge = office.app.metrics.live_stream_clients
    async with follow(office), follow(office):
        assert gauge._value.get() == 2
    async with asyncio.timeout(PATIENCE_SECONDS):
        while gauge._value.get():
            await change_slot(office, 1)
            await asyncio.sleep(0.05)


async def test_each_attempt_is_told_as_it_begins(database: Database, tmp_path: Path) -> None:
    provider = FakeProvider(painter=QuickPainter())
    office = await Office.open(database, tmp_path, gemini_url=provider.start())
    try:
        for _ in range(2):
            provider.script.then("no_image")
        slot = {"provider": "gemini", "operation": "edit", "params": {"prompt": "smile"}}
        async with follow(office) as stream:
            config = json.dumps(slot)
            reply = await office.post_form(
                "/api/slots/slot-001/test", {"file": jpeg(), "config": config}
            )
            assert reply.status == 200, reply.body
            told = [(await stream.event())[1:] for _ in range(5)]
        assert {kind for kind, _ in told} == {"job"}
        opened, *trying, done = [data for _, data in told]
        job_id = reply.json()["job_id"]
        assert {data["job_id"] for _, data in told} == {job_id}
        assert (opened["status"], "trying" in opened, done["status"]) == ("pending", False, "done")
        assert {(data["status"], data["source"]) for data in trying} == {("pending", "test")}
        assert [data["trying"]["number"] for data in trying] == [1, 2, 3]
        assert {data["trying"]["provider"] for data in trying} == {"gemini"}
        reasons = [[attempt["reason"] for attempt in data["attempts"]] for data in trying]
        assert reasons == [[], ["no_image"], ["no_image", "no_image"]]
        ended = (await office.get(f"/api/jobs/{job_id}")).json()["attempts"]
        for attempt, of_job in zip(trying[-1]["attempts"], ended, strict=False):
            assert attempt == {key: of_job[key] for key in attempt}
    finally:
        await office.close()
        await provider.stop()


async def test_a_job_in_work_says_which_attempt_it_is_in(
    database: Database, tmp_path: Path
) -> None:
    provider = FakeProvider(painter=QuickPainter())
    office = await Office.open(database, tmp_path, gemini_url=provider.start())
    try:
        provider.script.then("no_image")
        provider.script.then("image", delay_seconds=3)
        slot = {"provider": "gemini", "operation": "edit", "params": {"prompt": "smile"}}
        async with follow(office) as stream:
            parts = {"file": jpeg(), "config": json.dumps(slot)}
            sent = asyncio.ensure_future(office.post_form("/api/slots/slot-001/test", parts))
            *_, second = [(await stream.event())[2] for _ in range(3)]
            job = (await office.get(f"/api/jobs/{second['job_id']}")).json()
            assert (job["status"], job["trying"]) == ("pending", second["trying"])
            assert job["trying"]["number"] == 2
            assert [attempt["reason"] for attempt in job["attempts"]] == ["no_image"]
            assert (await sent).status == 200
        ended = (await office.get(f"/api/jobs/{second['job_id']}")).json()
        assert (ended["status"], ended["trying"], len(ended["attempts"])) == ("done", None, 2)
    finally:
        await office.close()
        await provider.stop()


async def test_an_attempt_of_a_job_that_has_ended_is_not_told(database: Database) -> None:
    repository, clock = JobRepository(database), Clock()
    live = LivePublisher(LiveMessageRepository(database), clock)
    jobs = Jobs(database, repository, IdempotencyRepository(database), live, clock)
    ended = await repository.find(await add_job(database, clock.utcnow()))
    assert ended is not None
    await jobs.tell_attempt(ended, Rung("gemini", "edit", {}), None, ())
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM live_message") == 0
