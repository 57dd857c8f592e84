"""``…/retention``: what is kept of an evening, and that nothing older is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from photobooth_daemon.clock import rfc3339
from tests.support.office import Office
from tests.support.past_evenings import add_photo, keep
from tests.web.test_archive import noon
from tests.web.test_events import LOOK, SLOT, planned


async def proof_of(office: Office, event: dict[str, Any]) -> Any:
    reply = await office.get(f"/api/events/{event['event_id']}/retention")
    assert reply.status == 200, reply.body
    return reply.json()


async def test_rows_and_disk_are_compared(office: Office) -> None:
    event = await planned(office, -180, 60)
    at = noon()
    later = at + timedelta(hours=72)
    done = await add_photo(office, event["event_id"], at, b"picture")
    await keep(office, done, "preview", b"preview", later)
    failed = await add_photo(office, event["event_id"], at + timedelta(minutes=1), status="failed")
    await keep(office, failed, "original", b"photo", later + timedelta(hours=1))
    proof = await proof_of(office, event)
    assert datetime.fromisoformat(proof["as_of"]) > at
    assert proof == {
        "as_of": proof["as_of"],
        "kept": {
            "results": 1,
            "originals": 1,
            "oldest_at": rfc3339(at),
            "newest_expires_at": rfc3339(later + timedelta(hours=1)),
        },
        "past_their_time": 0,
        "orphans": 0,
    }


async def test_what_should_not_be_there_is_counted(office: Office) -> None:
    event = await planned(office, -180, 60)
    at = noon()
    expired = await add_photo(office, event["event_id"], at, b"picture")
    await office.execute(
        "UPDATE media_object SET expires_at = $2 WHERE job_id = $1", expired, noon()
    )
    left_behind = await add_photo(office, event["event_id"], at, b"picture")
    await office.execute(
        "UPDATE media_object SET cleaned_at = now() WHERE job_id = $1", left_behind
    )
    no_row = office.media_root / "originals" / str(await add_photo(office, event["event_id"], at))
    no_row.mkdir()
    no_job = office.media_root / "results" / str(uuid4())
    no_job.mkdir()
    # Still being made, gone from the disk, of another evening: none of it is counted.
    pending = await add_photo(office, event["event_id"], at, status="pending")
    (office.media_root / "results" / str(pending)).mkdir()
    lost = await add_photo(office, event["event_id"], at, b"picture")
    (office.media_root / "results" / str(lost) / "result.jpg").unlink()
    (office.media_root / "results" / str(lost)).rmdir()
    # A minute apart: each call looks at the clock for itself.
    other = await planned(office, -300, -181)
    await add_photo(office, other["event_id"], at - timedelta(hours=3), b"picture")
    proof = await proof_of(office, event)
    assert proof["kept"] == {
        "results": 0,
        "originals": 0,
        "oldest_at": None,
        "newest_expires_at": None,
    }
    assert (proof["past_their_time"], proof["orphans"]) == (1, 3)
    assert (await proof_of(office, other))["kept"]["results"] == 1


async def test_a_purge_is_proved(office: Office) -> None:
    await office.put(SLOT, LOOK, If_Match="*")
    event = await planned(office)
    await office.photograph()
    assert (await proof_of(office, event))["kept"]["results"] == 1
    await office.call("POST", f"/api/events/{event['event_id']}/purge")
    proof = await proof_of(office, event)
    assert (proof["kept"]["results"], proof["past_their_time"], proof["orphans"]) == (0, 0, 0)
    unknown = await office.get(f"/api/events/{uuid4()}/retention")
    assert unknown.code == "event_not_found"
