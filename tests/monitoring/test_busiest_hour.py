"""How fast the disk may fill tonight, from what was stored within the last day."""

from __future__ import annotations

from datetime import timedelta

from photobooth_daemon.repositories.vitals import VitalsRepository
from tests.support.events import planned
from tests.support.history import add_job
from tests.support.office import Office

RESULT, PHOTO = 900_000, 8_000_000


async def test_the_busiest_hour_is_that_of_the_last_day(office: Office) -> None:
    vitals, now = VitalsRepository(office.database), office.app.clock.utcnow()
    hour = now.replace(minute=5, second=0, microsecond=0) - timedelta(hours=5)
    assert await vitals.bytes_of_busiest_hour(now) == 0
    for at in (hour, hour + timedelta(minutes=50), hour - timedelta(hours=3)):
        await add_job(office.database, at)
    for _ in range(3):
        await add_job(office.database, now - timedelta(hours=30))
    assert await vitals.bytes_of_busiest_hour(now) == 2 * RESULT
    await planned(office, keep_originals="all")
    assert await vitals.bytes_of_busiest_hour(now) == 2 * (RESULT + PHOTO)
