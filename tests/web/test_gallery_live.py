"""Pictures come to an open gallery and leave it by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.fakes import eventually
from tests.support.hall import FORM, Hall, following
from tests.support.office import Office
from tests.web.test_events import EVENTS, LOOK, SLOT


async def test_pictures_come_and_go_by_themselves(office: Office) -> None:
    hall = await Hall.open(office, slots=["slot-001"])
    await office.put("/api/slots/slot-002", LOOK, If_Match="*")
    async with following(hall) as stream:
        first = await hall.shoot()
        await stream.tells("picture", first)
        await hall.hide(first)
        await stream.tells("gone", first)
        stream.told.clear()
        await hall.hide(first, hidden=False)
        await stream.tells("picture", first)
        await hall.shoot(slot_id="slot-002")
        await office.call("DELETE", f"/api/jobs/{first}/result")
        await stream.tells("gone", first)
        second = await hall.shoot()
        await stream.tells("picture", second)
        assert stream.told == [("picture", first), ("gone", first), ("picture", second)]
        await office.call("POST", f"{EVENTS}/{hall.event['event_id']}/purge")
        await stream.tells("gone", second)


async def test_streams_are_counted_and_forgotten(office: Office) -> None:
    hall = await Hall.open(office)
    gauge = office.app.metrics.gallery_stream_clients

    def open_streams() -> tuple[float, float]:
        return tuple(gauge.labels(kind)._value.get() for kind in ("page", "show"))

    async with following(hall), following(hall, "/live?for=show"), following(hall):
        assert open_streams() == (2, 1)
    await eventually(lambda: open_streams() == (0, 0))


async def test_a_picture_whose_time_is_over_goes_by_itself(office: Office) -> None:
    hall = await Hall.open(office)
    job_id = await hall.shoot()
    await office.execute("UPDATE job_history SET result_expires_at = now() + interval '2 s'")
    async with following(hall) as stream:
        await asyncio.sleep(1)
        assert stream.told == []
        await stream.tells("gone", job_id, seconds=3)


async def test_a_stream_ends_when_the_gallery_is_closed_to_it(office: Office) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"})
    hall.cookie = (await hall.type_pin("2468")).cookies()["photobooth_gallery"].partition(";")[0]
    async with following(hall) as stream:
        await hall.change(gallery={"pin": "1357"})
        await eventually(lambda: stream.ended)
    await hall.change(gallery={"pin": None})
    async with following(hall) as stream:
        await hall.change(gallery={"enabled": False})
        await eventually(lambda: stream.ended)


async def test_one_address_keeps_only_so_many_streams(office: Office) -> None:
    hall = await Hall.open(office)
    guest = {"X_Forwarded_For": "192.0.2.9"}
    async with _many(hall, 16, **guest):
        refused = await hall.get("/live", **guest)
        assert (refused.status, refused.code) == (429, "rate_limited")
        async with following(hall, "/live?for=show", **guest):
            pass
        async with following(hall, X_Forwarded_For="192.0.2.10"):
            pass

    async def has_place() -> bool:
        try:
            async with following(hall, **guest):
                return True
        except AssertionError:
            return False

    await eventually(has_place)


@asynccontextmanager
async def _many(hall: Hall, count: int, **headers: str) -> AsyncIterator[None]:
    if count == 0:
        yield
        return
    async with following(hall, **headers), _many(hall, count - 1, **headers):
        yield


async def test_a_picture_made_again_comes_by_itself_and_goes_with_its_guest_s_key(
    office: Office,
) -> None:
    hall = await Hall.open(office, keep_originals="failed", frozen=False)
    # Nobody answers at the provider's address.
    away = {"provider": "gemini", "operation": "edit", "params": {"prompt": "smile"}}
    await office.put(SLOT, {**LOOK, **away}, If_Match="*")
    failed = await office.photograph()
    assert failed.status == 502
    first = failed.json()["job_id"]
    await office.put(SLOT, LOOK, If_Match="*")
    async with following(hall) as stream:
        again = (await office.call("POST", f"/api/jobs/{first}/rerun")).json()["job_id"]
        assert await hall.pictures() == []

        async def is_made() -> bool:
            await office.app.reruns.look()
            return ("picture", again) in stream.told

        await eventually(is_made, every_seconds=0.1)
        assert await hall.pictures() == [again]
        (row,) = await office.fetch("SELECT guest_key FROM job_history WHERE job_id = $1", first)
        reply = await office.call(
            "POST",
            f"/r/{first}/delete",
            raw=f"k={row['guest_key']}".encode(),
            token=None,
            Content_Type=FORM,
        )
        assert reply.status == 303
        await stream.tells("gone", again)
        assert await hall.pictures() == []
