"""What has had its time goes, in rows and in files; what is in use stays."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.cleanup import Cleanup
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.repositories.cleanup import CleanupRepository
from tests.support.cleanup import PICTURE, files_of, removed
from tests.support.fakes import FakeClock
from tests.support.housekeeping import (
    housekeeping_of,
    insert_job,
    insert_media,
    insert_result,
    make_old,
    value,
)


async def test_expired_results_go_and_their_rows_stay(
    cleanup: Cleanup, database: Database, media_store: FileStore, clock: FakeClock
) -> None:
    now = clock.utcnow()
    gone = await insert_result(
        database, media_store, PICTURE, now - timedelta(hours=73), now - timedelta(hours=1)
    )
    kept = await insert_result(
        database, media_store, PICTURE, now - timedelta(hours=1), now + timedelta(hours=71)
    )
    report = await cleanup.run()
    assert (report.outcome, removed(report)) == ("done", {"results": 1, "previews": 1})
    assert report.freed_bytes == len(PICTURE.data) + len(b"preview")
    assert files_of(media_store) == {f"results/{kept}/result.jpg", f"results/{kept}/preview.jpg"}
    row = "SELECT status FROM job_history WHERE job_id = $1"
    assert await value(database, row, gone) == "done"
    cleaned = "SELECT count(*) FROM media_object WHERE job_id = $1 AND cleaned_at = $2"
    assert await value(database, cleaned, gone, now) == 2
    assert await value(database, cleaned, kept, now) == 0
    assert removed(await cleanup.run()) == {}


async def test_expired_inputs_go_and_living_ones_stay(
    cleanup: Cleanup, database: Database, media_store: FileStore, clock: FakeClock
) -> None:
    now = clock.utcnow()
    job_id = await insert_job(database, now)
    old, new = [
        await insert_media(database, job_id, "provider_input", now + timedelta(seconds=seconds))
        for seconds in (0, 30)
    ]
    for media_id in (old, new):
        await media_store.store_provider_input(media_id, b"photo", "image/jpeg")
    assert removed(await cleanup.run()) == {"provider_inputs": 1}
    assert files_of(media_store) == {f"provider/{new}"}


async def test_more_than_a_batch_is_cleaned_at_once(
    cleanup: Cleanup, database: Database, clock: FakeClock
) -> None:
    now = clock.utcnow()
    job_id = await insert_job(database, now - timedelta(days=1), "failed")
    async with database.connection() as connection:
        await connection.executemany(
            "INSERT INTO media_object VALUES ($1, $2, 'provider_input', 'image/jpeg', 1, $3)",
            [(uuid4(), job_id, now - timedelta(minutes=n % 7)) for n in range(450)],
        )
    assert removed(await cleanup.run(dry_run=True)) == {"provider_inputs": 450}
    assert removed(await cleanup.run()) == {"provider_inputs": 450}


async def test_a_dry_run_says_it_all_and_touches_nothing(
    cleanup: Cleanup, database: Database, media_store: FileStore, clock: FakeClock
) -> None:
    now = clock.utcnow()
    await insert_result(
        database, media_store, PICTURE, now - timedelta(days=4), now - timedelta(days=1)
    )
    await insert_job(database, now - timedelta(hours=1))
    await insert_job(database, now - timedelta(days=91), "failed")
    orphan = media_store.root / "provider" / str(uuid4())
    orphan.write_bytes(b"x")
    make_old(orphan, now - timedelta(hours=1))
    before = files_of(media_store)
    report = await cleanup.run(dry_run=True)
    assert removed(report) == {
        "jobs": 1,
        "jobs_failed": 1,
        "orphans_provider": 1,
        "previews": 1,
        "results": 1,
    }
    assert files_of(media_store) == before
    assert await value(database, "SELECT count(*) FROM job_history") == 3
    assert await value(database, "SELECT count(*) FROM cleanup_run") == 0
    real = await cleanup.run()
    assert real.counts == report.counts


async def test_rows_that_nobody_can_ask_for_go(
    cleanup: Cleanup, database: Database, clock: FakeClock
) -> None:
    now = clock.utcnow()
    day = timedelta(days=1)
    old = await insert_job(database, now - 100 * day, "done", expires_at=now - 91 * day)
    await insert_media(database, old, "result", now - 91 * day, cleaned_at=now - 91 * day)
    long_lived = await insert_job(database, now - 100 * day, "done", expires_at=now - 89 * day)
    unclean = await insert_job(database, now - 100 * day, "failed")
    await insert_media(database, unclean, "provider_input", now + day)
    failed = await insert_job(database, now - 91 * day, "failed")
    recent = await insert_job(database, now - 89 * day, "failed")
    done = await insert_job(database, now, "done", expires_at=now + day)
    over = await insert_job(database, now - 4 * day, "done", expires_at=now - day)
    await insert_media(database, over, "result", now - day)
    async with database.connection() as connection:
        for key, job_id in (("a", recent), ("b", done), ("c", failed), ("d", over)):
            await connection.execute(
                "INSERT INTO idempotency_key VALUES ('slot-001', $1, '', $2, $3)", key, job_id, now
            )
        for jti, at in (("old", now - day), ("new", now + day)):
            await connection.execute("INSERT INTO revoked_token VALUES ($1, 'serg', $2)", jti, at)
            await connection.execute("INSERT INTO attempt_counter VALUES ('s', $1, 3, $2)", jti, at)
        for minutes in (59, 61):
            await connection.execute(
                "INSERT INTO live_message (kind, data, at) VALUES ('job', '{}', $1)",
                now - timedelta(minutes=minutes),
            )
        await connection.execute(
            "INSERT INTO cleanup_run (started_at, finished_at, succeeded) VALUES ($1, $1, true)",
            now - 91 * day,
        )
    report = await cleanup.run()
    assert report.counts["statistics"] > 0
    assert removed(report) == {
        "jobs": 2,
        "results": 1,
        "revoked_tokens": 1,
        "attempt_counters": 1,
        "live_messages": 1,
        "cleanup_runs": 1,
    }
    async with database.connection() as connection:
        left = await connection.fetch("SELECT job_id FROM job_history")
    assert {row["job_id"] for row in left} == {long_lived, unclean, recent, done, over}
    keys = await value(database, "SELECT array_agg(key ORDER BY key) FROM idempotency_key")
    assert keys == ["a", "b"], "a failed photo's key is free, and goes with its job"


async def test_history_follows_the_setting(
    cleanup: Cleanup, database: Database, clock: FakeClock
) -> None:
    await insert_job(database, clock.utcnow() - timedelta(days=3), "failed")
    assert removed(await cleanup.run()) == {}
    async with database.connection() as connection:
        await connection.execute("""UPDATE setting SET stored = '{"history_days": 2}'::jsonb""")
    report = await cleanup.run()
    assert report.counts["jobs"] == 1


async def test_every_run_leaves_a_row_and_names_the_end_of_the_audit_log(
    cleanup: Cleanup,
    database: Database,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    async with database.connection() as connection:
        await connection.execute("INSERT INTO cleanup_run (started_at) VALUES ($1)", clock.utcnow())
    report = await cleanup.run()
    last = await CleanupRepository(database).find_last_run()
    assert last is not None
    assert (last.run_id, last.succeeded) == (report.run_id, True)
    killed = "SELECT error FROM cleanup_run WHERE NOT succeeded"
    assert await value(database, killed) == "killed before its end"
    (line,) = [r for r in caplog.records if r.getMessage() == "cleanup finished"]
    assert vars(line)["audit_id"] == 0


async def test_of_two_at_once_one_works(
    cleanup: Cleanup, database: Database, media_store: FileStore, clock: FakeClock
) -> None:
    other = housekeeping_of(database, media_store, media_store.root.parent, clock).cleanup
    reports = await asyncio.gather(*(each.run() for each in (cleanup, other, cleanup)))
    assert sorted(r.outcome for r in reports).count("done") >= 1
    async with CleanupRepository(database).only_one() as alone:
        assert alone
        assert (await cleanup.run()).outcome == "skipped"
    assert (await cleanup.run()).outcome == "done"
