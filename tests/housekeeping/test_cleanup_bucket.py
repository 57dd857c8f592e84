"""Cleanup of a bucket: what has expired goes many objects at a time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import CleanupFailed
from photobooth_daemon.housekeeping import cleanup as cleanup_module
from photobooth_daemon.media.keys import preview_key, result_key
from photobooth_daemon.media.s3 import S3Store
from tests.support.fake_bucket import FakeBucket
from tests.support.fakes import FakeClock
from tests.support.housekeeping import housekeeping_of, insert_job, insert_media, value

COUNT = 30
LEFT = "SELECT count(*) FROM media_object WHERE cleaned_at IS NULL"


async def test_what_expires_costs_a_request_for_each_batch(
    database: Database,
    fake_bucket: FakeBucket,
    clock: FakeClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(cleanup_module, "EXPIRED_AT_ONCE", 40)
    store = S3Store(tmp_path / "media", fake_bucket.config())
    cleanup = housekeeping_of(database, store, tmp_path, clock).cleanup
    try:
        now = clock.utcnow()
        for _ in range(COUNT):
            expired = now - timedelta(minutes=1)
            began = now - timedelta(hours=1)
            job_id = await insert_job(database, began, "done", expires_at=expired)
            for kind in ("result", "preview"):
                await insert_media(database, job_id, kind, expired)
            for key in (result_key(job_id, "image/jpeg"), preview_key(job_id)):
                fake_bucket.objects[str(key)] = b"x" * 10
        fake_bucket.always = "403 AccessDenied"
        with pytest.raises(CleanupFailed):
            await cleanup.run()
        assert await value(database, LEFT) == 2 * COUNT
        refusals = [line for line in caplog.messages if line == "cleanup refused"]
        assert 0 < len(refusals) < 10, "a line for what many have in common"
        fake_bucket.always = ""
        fake_bucket.requests.clear()
        report = await cleanup.run()
    finally:
        await store.close()
    assert report.counts == {"previews": COUNT, "results": COUNT}
    assert report.freed_bytes == 2 * COUNT * 10
    assert fake_bucket.objects == {}
    assert await value(database, LEFT) == 0
    assert [method for method, _ in fake_bucket.requests].count("POST") == 2
