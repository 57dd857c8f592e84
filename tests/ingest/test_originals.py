"""Photos that an event keeps as they came: from which moment, until when, and what removes them."""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from photobooth_daemon.media import files
from tests.support.aftermath import assert_nothing_left
from tests.support.office import Office
from tests.support.sample_pictures import jpeg
from tests.web.test_events import LOOK, SLOT, planned

BROKEN = {"provider": "gemini", "operation": "edit", "params": {"prompt": "smile"}, "enabled": True}


@pytest.fixture
def shelf(office: Office) -> Path:
    return office.media_root / "originals"


async def set_up(office: Office, slot: dict[str, Any] = LOOK, **event: Any) -> dict[str, Any]:
    await office.put(SLOT, slot, If_Match="*")
    return await planned(office, **event)


async def shoot(office: Office, photo: bytes | None = None, **options: Any) -> dict[str, Any]:
    """Send a photo, and return its job as the API shows it."""
    answer = await office.photograph(photo=photo, **options)
    job_id = answer.json()["job_id"]
    job: dict[str, Any] = (await office.get(f"/api/jobs/{job_id}")).json()
    return job


def names(shelf: Path) -> list[str]:
    return sorted(path.name for path in shelf.iterdir())


async def clean(office: Office) -> None:
    await office.app.operations._housekeeping.cleanup.run()


async def test_all_are_kept_as_they_came(office: Office, shelf: Path) -> None:
    await set_up(office, keep_originals="all", result_ttl_hours=5)
    photo = jpeg()
    job = await shoot(office, photo)
    assert (job["status"], job["has_original"]) == ("done", True)
    assert (shelf / job["job_id"] / "photo.jpg").read_bytes() == photo
    path = f"/api/jobs/{job['job_id']}/original"
    kept = await office.get(path)
    assert (kept.status, kept.body) == (200, photo)
    assert kept.headers["Content-Type"] == "image/jpeg"
    assert (await office.get(path, token=None)).code == "unauthenticated"
    (row,) = await office.fetch(
        "SELECT media.size_bytes, media.expires_at, job.original_expires_at, job.started_at"
        "  FROM media_object AS media JOIN job_history AS job USING (job_id)"
        " WHERE kind = 'original'"
    )
    assert row["size_bytes"] == len(photo)
    assert row["expires_at"] == row["original_expires_at"]
    life = row["expires_at"] - row["started_at"]
    assert timedelta(hours=5) <= life < timedelta(hours=5, minutes=1)
    await assert_nothing_left(office.fetch, office.media_root)


async def test_only_failures_stay_where_only_they_are_kept(office: Office, shelf: Path) -> None:
    await set_up(office, keep_originals="failed")
    done = await shoot(office)
    assert (done["status"], done["has_original"]) == ("done", False)
    assert names(shelf) == []
    assert (await office.get(f"/api/jobs/{done['job_id']}/original")).code == "original_not_kept"
    await office.put(SLOT, BROKEN, If_Match="*", X_Override_Freeze="to fail")
    failed = await shoot(office)
    assert (failed["status"], failed["has_original"]) == ("failed", True)
    assert names(shelf) == [failed["job_id"]]
    await assert_nothing_left(office.fetch, office.media_root)


@pytest.mark.parametrize("event", [None, {"keep_originals": "never"}])
async def test_nothing_is_kept_of_others(office: Office, shelf: Path, event: Any) -> None:
    await office.put(SLOT, BROKEN, If_Match="*")
    if event is not None:
        await planned(office, **event)
    assert (await shoot(office))["has_original"] is False
    assert names(shelf) == []


async def test_trial_photos_are_not_kept(office: Office, shelf: Path) -> None:
    await set_up(office, keep_originals="all")
    reply = await office.post_form(f"{SLOT}/test", {"file": jpeg()})
    assert reply.status == 200
    assert names(shelf) == []


async def test_a_repeated_request_keeps_nothing_twice(office: Office, shelf: Path) -> None:
    await set_up(office, keep_originals="all")
    photo = jpeg()
    first = await office.photograph(photo=photo, Idempotency_Key="once")
    again = await office.photograph(photo=photo, Idempotency_Key="once")
    assert again.json()["job_id"] == first.json()["job_id"]
    assert names(shelf) == [first.json()["job_id"]]


def no_second_name(*names: Any, **options: Any) -> None:
    raise OSError(errno.ENOSPC, "no space left")


async def test_a_full_disk_costs_the_original_and_no_picture(
    office: Office, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_up(office, keep_originals="all")
    monkeypatch.setattr(os, "link", no_second_name)
    job = await shoot(office)
    assert (job["status"], job["has_original"]) == ("done", False)
    assert names(shelf) == []
    await assert_nothing_left(office.fetch, office.media_root)


async def test_an_original_ends_as_results_do(office: Office, shelf: Path) -> None:
    await set_up(office, BROKEN, keep_originals="failed")
    job = await shoot(office)
    path = f"/api/jobs/{job['job_id']}/original"
    await office.execute("UPDATE media_object SET expires_at = now(); ")
    await office.execute("UPDATE job_history SET original_expires_at = now()")
    assert (await office.get(path)).code == "original_not_kept"
    await clean(office)
    assert names(shelf) == []
    (run,) = await office.fetch("SELECT counts FROM cleanup_run")
    assert run["counts"] == {"originals": 1}


async def test_files_and_rows_that_have_lost_each_other(office: Office, shelf: Path) -> None:
    await set_up(office, keep_originals="all")
    lost, kept = await shoot(office), await shoot(office)
    files.remove_path(shelf / lost["job_id"])
    stray = shelf / str(UUID(int=7 << 64))
    stray.mkdir()
    (stray / "photo.jpg").write_bytes(b"?")
    for path in (stray, shelf / kept["job_id"]):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    await clean(office)
    assert names(shelf) == [kept["job_id"]]
    (run,) = await office.fetch("SELECT counts FROM cleanup_run")
    assert run["counts"] == {"lost_files": 1, "orphans_originals": 1}
    assert (await office.get(f"/api/jobs/{lost['job_id']}")).json()["has_original"] is False
    # Its picture is another thing.
    assert (await office.get(f"/public/results/{lost['job_id']}", token=None)).status == 200
    await assert_nothing_left(office.fetch, office.media_root)


async def test_a_purge_takes_the_originals_too(office: Office, shelf: Path) -> None:
    event = await set_up(office, BROKEN, keep_originals="failed")
    job = await shoot(office)
    purged = await office.call("POST", f"/api/events/{event['event_id']}/purge")
    assert purged.json() == {"removed": 1}
    assert names(shelf) == []
    assert (await office.get(f"/api/jobs/{job['job_id']}")).json()["has_original"] is False


async def test_recovery_drops_what_is_kept_of_failures_only(office: Office, shelf: Path) -> None:
    """Killed after the result was stored and before its row said so."""
    await set_up(office, keep_originals="failed")
    job = await shoot(office)
    pending = UUID(int=9 << 64)
    await office.execute(
        """
        INSERT INTO job_history (job_id, slot_id, slot_version, source, status, client_fields,
               input_content_type, input_width, input_height, input_size_bytes, input_sha256,
               started_at, deadline_at, event_id, original_expires_at)
        SELECT $2, slot_id, slot_version, source, 'pending', client_fields, input_content_type,
               input_width, input_height, input_size_bytes, input_sha256,
               now() - interval '1 hour', now() - interval '1 hour', event_id,
               now() + interval '1 hour'
          FROM job_history WHERE job_id = $1
        """,
        UUID(job["job_id"]),
        pending,
    )
    await office.execute(
        "INSERT INTO media_object VALUES (gen_random_uuid(), $1, 'original', 'image/jpeg', 1,"
        " now() + interval '1 hour')",
        pending,
    )
    results = office.media_root / "results"
    (results / job["job_id"]).rename(results / str(pending))
    (shelf / str(pending)).mkdir()
    (shelf / str(pending) / "photo.jpg").write_bytes(b"?")
    await office.app.operations.recover()
    recovered = (await office.get(f"/api/jobs/{pending}")).json()
    assert (recovered["status"], recovered["has_original"]) == ("done", False)
    assert names(shelf) == []
