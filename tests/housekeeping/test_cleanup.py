"""Cleanup on a real database and real files: what goes, what stays, and what if it is killed."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner

from photobooth_daemon.cli import main
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import CleanupFailed
from photobooth_daemon.housekeeping.build import Housekeeping, build_housekeeping
from photobooth_daemon.housekeeping.cleanup import Cleanup, CleanupReport
from photobooth_daemon.media import store as media_store_module
from photobooth_daemon.media.store import MediaStore, Shelf
from photobooth_daemon.model import PictureBytes
from photobooth_daemon.repositories.cleanup import CleanupRepository
from tests.support.audit import keeper_in
from tests.support.fakes import FakeClock
from tests.support.housekeeping import insert_job, insert_media, insert_result, make_old, value
from tests.support.sample_pictures import corners, jpeg

PICTURE = PictureBytes(jpeg(corners()), "image/jpeg", 300, 200)


@pytest.fixture
def media_store(media_root: Path) -> Iterator[MediaStore]:
    made = MediaStore(media_root)
    made.create_tree()
    yield made
    made.close()


@pytest.fixture
def housekeeping(
    database: Database, media_store: MediaStore, clock: FakeClock
) -> Iterator[Housekeeping]:
    built = build_housekeeping(
        database, media_store, keeper_in(media_store.root.parent, database), clock
    )
    built.tree_use.share()
    yield built
    built.tree_use.let_go()


@pytest.fixture
def cleanup(housekeeping: Housekeeping) -> Cleanup:
    return housekeeping.cleanup


def removed(report: CleanupReport) -> dict[str, int]:
    """What was removed; old jobs count in statistics that nobody can look at any more."""
    return {kind: number for kind, number in report.counts.items() if kind != "statistics"}


def files_of(store: MediaStore) -> set[str]:
    files = {str(p.relative_to(store.root)) for p in store.root.rglob("*") if p.is_file()}
    return files - {".in-use"}


async def test_expired_results_go_and_their_rows_stay(
    cleanup: Cleanup, database: Database, media_store: MediaStore, clock: FakeClock
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
    cleanup: Cleanup, database: Database, media_store: MediaStore, clock: FakeClock
) -> None:
    now = clock.utcnow()
    job_id = await insert_job(database, now)
    old, new = [
        await insert_media(database, job_id, "provider_input", now + timedelta(seconds=seconds))
        for seconds in (0, 30)
    ]
    for media_id in (old, new):
        await media_store.store_provider_input(media_id, b"photo")
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
    cleanup: Cleanup, database: Database, media_store: MediaStore, clock: FakeClock
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


@pytest.mark.parametrize(
    ("path", "is_directory"),
    [
        ("scratch/{id}", False),
        ("scratch/{id}.result", True),
        ("scratch/rubbish", False),
        ("provider/{id}", False),
        ("results/{id}", True),
        ("templates/{id}", True),
        ("results/not-ours", True),
        ("templates/lost.jpg", False),
    ],
)
async def test_orphan_files_go_once_they_are_old(
    cleanup: Cleanup, media_store: MediaStore, clock: FakeClock, path: str, is_directory: bool
) -> None:
    orphan = media_store.root / path.format(id=uuid4())
    if is_directory:
        orphan.mkdir()
        (orphan / "result.jpg").write_bytes(b"x" * 100)
    else:
        orphan.write_bytes(b"x" * 100)
    make_old(orphan, clock.utcnow() - timedelta(minutes=1))
    assert removed(await cleanup.run()) == {}
    assert orphan.exists()
    make_old(orphan, clock.utcnow() - timedelta(minutes=11))
    report = await cleanup.run()
    assert sum(report.counts.values()) == 1
    assert report.freed_bytes == 100
    assert not orphan.exists()


async def test_files_with_rows_are_no_orphans(
    cleanup: Cleanup, database: Database, media_store: MediaStore, clock: FakeClock
) -> None:
    now = clock.utcnow()
    done = await insert_result(database, media_store, PICTURE, now, now + timedelta(hours=1))
    pending = await insert_job(database, now)
    await media_store.store_result(pending, PICTURE, b"preview")
    media_id = await insert_media(database, pending, "provider_input", now + timedelta(seconds=40))
    await media_store.store_provider_input(media_id, b"x")
    template = uuid4()
    (media_store.root / "templates" / str(template)).mkdir()
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO template_media VALUES ($1, '', 'image/png', 1, 1, 1, '', $2, 'serg')",
            template,
            now,
        )
    for shelf, name in (
        (Shelf.RESULTS, done),
        (Shelf.RESULTS, pending),
        (Shelf.PROVIDER, media_id),
        (Shelf.TEMPLATES, template),
    ):
        make_old(media_store.root / shelf / str(name), now - timedelta(days=1))
    assert removed(await cleanup.run()) == {}
    assert len(files_of(media_store)) == 5


async def test_a_result_of_a_job_that_timed_out_is_an_orphan(
    cleanup: Cleanup, database: Database, media_store: MediaStore, clock: FakeClock
) -> None:
    job_id = await insert_job(database, clock.utcnow() - timedelta(hours=1), "timeout")
    await media_store.store_result(job_id, PICTURE, b"preview")
    make_old(media_store.root / "results" / str(job_id), clock.utcnow() - timedelta(minutes=20))
    assert removed(await cleanup.run()) == {"orphans_results": 1}


async def test_a_result_whose_files_are_lost_ends_its_life(
    cleanup: Cleanup, database: Database, media_store: MediaStore, clock: FakeClock
) -> None:
    now = clock.utcnow()
    lost = await insert_result(database, media_store, PICTURE, now, now + timedelta(hours=9))
    (media_store.root / "results" / str(lost) / "result.jpg").unlink()
    assert removed(await cleanup.run()) == {"lost_files": 1}
    expiry = "SELECT result_expires_at FROM job_history WHERE job_id = $1"
    assert await value(database, expiry, lost) == now


async def test_what_the_disk_does_not_let_go_keeps_nothing_else(
    cleanup: Cleanup,
    database: Database,
    media_store: MediaStore,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = clock.utcnow()
    past = now - timedelta(hours=1)
    bad, good = [
        await insert_result(database, media_store, PICTURE, past - timedelta(hours=72), past)
        for _ in range(2)
    ]
    for job_id in (bad, good):
        upload = media_store.root / "scratch" / str(job_id)
        upload.write_bytes(b"x")
        make_old(upload, past)

    def refusing(remove: Callable[..., int]) -> Callable[..., int]:
        def removed_or_refused(path: Path, *aside: Path) -> int:
            if path.name == str(bad):
                raise OSError(errno.EIO, "Input/output error", str(path))
            return remove(path, *aside)

        return removed_or_refused

    with monkeypatch.context() as broken:
        for name in ("remove_path", "remove_directory"):
            broken.setattr(media_store_module, name, refusing(getattr(media_store_module, name)))
        with pytest.raises(CleanupFailed, match="3 objects could not be removed"):
            await cleanup.run()
    assert {path.split("/")[1] for path in files_of(media_store)} == {str(bad)}
    living = "SELECT DISTINCT job_id FROM media_object WHERE cleaned_at IS NULL"
    assert await value(database, living) == bad
    assert removed(await cleanup.run()) == {"previews": 1, "results": 1, "scratch": 1}
    assert files_of(media_store) == set()


async def test_a_media_directory_that_is_not_mounted_costs_nothing(
    cleanup: Cleanup, database: Database, media_store: MediaStore, clock: FakeClock
) -> None:
    now = clock.utcnow()
    for _ in range(15):
        job_id = await insert_job(database, now, "done", expires_at=now + timedelta(hours=9))
        for kind in ("result", "preview"):
            await insert_media(database, job_id, kind, now + timedelta(hours=9))
    with pytest.raises(CleanupFailed, match="30 of 30 files are missing"):
        await cleanup.run()
    living = "SELECT count(*) FROM media_object WHERE cleaned_at IS NULL"
    assert await value(database, living) == 30
    run = "SELECT error FROM cleanup_run WHERE NOT succeeded"
    assert "files are missing" in await value(database, run)


async def test_a_media_directory_that_cannot_be_used_is_on_record(
    cleanup: Cleanup, database: Database, media_store: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(path))

    with monkeypatch.context() as broken:
        broken.setattr(media_store_module, "create_directory", refuse)
        with pytest.raises(CleanupFailed, match="Operation not permitted"):
            await cleanup.run()
    run = "SELECT error FROM cleanup_run WHERE NOT succeeded"
    assert "Operation not permitted" in await value(database, run)
    assert (await cleanup.run()).outcome == "done"


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
    async with database.connection() as connection:
        for key, job_id in (("a", recent), ("b", done), ("c", failed)):
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
        "idempotency_keys": 1,
        "revoked_tokens": 1,
        "attempt_counters": 1,
        "live_messages": 1,
        "cleanup_runs": 1,
    }
    async with database.connection() as connection:
        left = await connection.fetch("SELECT job_id FROM job_history")
    assert {row["job_id"] for row in left} == {long_lived, unclean, recent, done}
    assert await value(database, "SELECT key FROM idempotency_key") == "b"


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
    cleanup: Cleanup, database: Database, media_store: MediaStore, clock: FakeClock
) -> None:
    other = build_housekeeping(
        database, media_store, keeper_in(media_store.root.parent, database), clock
    ).cleanup
    reports = await asyncio.gather(*(each.run() for each in (cleanup, other, cleanup)))
    assert sorted(r.outcome for r in reports).count("done") >= 1
    async with CleanupRepository(database).only_one() as alone:
        assert alone
        assert (await cleanup.run()).outcome == "skipped"
    assert (await cleanup.run()).outcome == "done"


def run_command(database_url: str, media_root: Path, *arguments: str) -> Any:
    return CliRunner().invoke(
        main,
        ["--config", "/dev/null", "cleanup", *arguments],
        env={
            "PHOTOBOOTH_DATABASE__URL": database_url,
            "PHOTOBOOTH_MEDIA__ROOT": str(media_root),
            "PHOTOBOOTH_SERVER__JWT_KEY_FILE": str(media_root.parent / "jwt.key"),
        },
    )


def test_the_command_reports_for_people_and_for_scripts(
    database_url: str, media_root: Path
) -> None:
    result = run_command(database_url, media_root)
    assert result.exit_code == 0, result.output
    assert "freed" in result.output
    shown = run_command(database_url, media_root, "--dry-run", "--json").output
    document = json.loads(shown[shown.index('{"outcome') :])
    assert document["outcome"] == "done"
    assert document["dry_run"] is True


@pytest.mark.parametrize("delay_ms", [300, 450, 600, 800])
async def test_a_run_that_is_killed_is_ended_by_the_next(
    cleanup: Cleanup,
    database: Database,
    database_url: str,
    media_store: MediaStore,
    clock: FakeClock,
    delay_ms: int,
) -> None:
    """Wherever ``kill -9`` strikes, the next run leaves neither file nor unmarked row."""
    now = clock.utcnow()
    past = datetime.now(tz=now.tzinfo) - timedelta(days=1)
    jobs: list[UUID] = [
        await insert_result(database, media_store, PICTURE, past, past + timedelta(hours=1))
        for _ in range(60)
    ]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "photobooth_daemon.cli", "--config", "/dev/null", "cleanup"),
        env={
            **os.environ,
            "PHOTOBOOTH_DATABASE__URL": database_url,
            "PHOTOBOOTH_MEDIA__ROOT": str(media_store.root),
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await asyncio.sleep(delay_ms / 1000)
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
    clock.advance((datetime.now(tz=now.tzinfo) - now).total_seconds() + 3600)
    for _ in range(50):
        report = await cleanup.run()
        if report.outcome == "done":
            break
        await asyncio.sleep(0.1)  # the server has not yet noticed that the killed one is gone
    assert report.outcome == "done"
    assert files_of(media_store) == set()
    unmarked = "SELECT count(*) FROM media_object WHERE cleaned_at IS NULL"
    assert await value(database, unmarked) == 0
    assert await value(database, "SELECT count(*) FROM job_history") == len(jobs)
