"""One key, one photo, one job: repeats are given the first answer."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.support.booth import SLOT, Booth, new_key
from tests.support.fakes import eventually
from tests.support.sample_pictures import jpeg, noise


async def test_idempotency_key_replays_the_first_answer(booth: Booth) -> None:
    key = new_key()
    first = await booth.post(Idempotency_Key=key)
    again = await booth.post(Idempotency_Key=key)
    picture = await booth.post(path=f"/api/ingest/{SLOT}?response=image", Idempotency_Key=key)
    assert again.json() == first.json()
    assert picture.headers["X-Job-ID"] == first.json()["job_id"]
    assert await booth.count_jobs() == 1
    await booth.nothing_left()


async def test_second_request_of_a_key_waits_for_the_first(booth: Booth) -> None:
    key = new_key()
    booth.provider.script.then("image", delay_seconds=1)
    answers = await asyncio.gather(*(booth.post(Idempotency_Key=key) for _ in range(3)))
    assert {a.status for a in answers} == {200}
    assert len({a.headers["X-Job-ID"] for a in answers}) == 1
    assert await booth.count_jobs() == 1


async def test_a_request_that_waited_in_vain_for_the_first_is_told_so(booth: Booth) -> None:
    key = new_key()
    booth.provider.script.then("image", delay_seconds=8)
    first = asyncio.create_task(booth.post(Idempotency_Key=key))
    await eventually(lambda: booth.provider.log.requests)
    await booth.configure_settings(sync_response_seconds=3)
    again = await booth.post(Idempotency_Key=key)
    assert (again.status, again.code) == (504, "provider_timeout")
    assert again.json()["still_running"] is True
    assert (await first).status == 200


async def test_a_key_that_comes_free_too_late_is_no_reason_to_ask_the_provider(
    booth: Booth,
) -> None:
    key = new_key()
    booth.provider.script.then("prompt_blocked", delay_seconds=2)
    first = asyncio.create_task(booth.post(Idempotency_Key=key))
    await eventually(lambda: booth.provider.log.requests)
    await booth.configure_settings(sync_response_seconds=4)
    again = await booth.post(Idempotency_Key=key)
    assert (await first).status == 502
    assert (again.status, again.code) == (504, "provider_timeout")
    # Whoever can wait sends it once more, and has a whole window then.
    assert again.json()["still_running"] is True
    assert len(booth.provider.log.requests) == 1
    assert (await booth.post(Idempotency_Key=key)).status == 200


async def test_a_result_that_expires_while_the_photo_arrives_frees_its_key(booth: Booth) -> None:
    key = new_key()
    form = booth.form()
    assert (await booth.post(form, Idempotency_Key=key)).status == 200
    reader, writer = await booth.connect()
    kind = f"multipart/form-data; boundary={booth.boundary}"
    headers = {"Content-Type": kind, "Content-Length": str(len(form)), "Idempotency-Key": key}
    await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", headers)
    await eventually(booth.app.gate.seats)
    await booth.fetch("UPDATE job_history SET result_expires_at = now()")
    writer.write(form)
    async with asyncio.timeout(20):
        assert (await booth.answer(reader, writer)).status == 200
    assert await booth.count_jobs() == 2


async def test_failed_job_frees_its_key(booth: Booth) -> None:
    key = new_key()
    booth.provider.script.then("prompt_blocked")
    assert (await booth.post(Idempotency_Key=key)).status == 502
    assert (await booth.post(Idempotency_Key=key)).status == 200
    await booth.nothing_left()


async def test_422_key_reused_for_another_photo(booth: Booth) -> None:
    key = new_key()
    assert (await booth.post(Idempotency_Key=key)).status == 200
    other = await booth.post(booth.form(jpeg(noise())), Idempotency_Key=key)
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    elsewhere: Any = {"provider": "gemini", "operation": "edit", "params": {"prompt": "x"}}
    await booth.configure_slot("slot-002", **elsewhere)
    other_slot = await booth.post(path="/api/ingest/slot-002", Idempotency_Key=key)
    assert other_slot.status == 200, "a key belongs to its slot"
    await booth.nothing_left()


async def test_key_of_a_wrong_password_is_not_taken(booth: Booth) -> None:
    key = new_key()
    assert (await booth.post(booth.form(password="no"), Idempotency_Key=key)).status == 401
    assert (await booth.post(booth.form(jpeg(noise())), Idempotency_Key=key)).status == 200


async def test_key_too_long_is_400(booth: Booth) -> None:
    assert (await booth.post(Idempotency_Key="k" * 200)).status == 200
    assert (await booth.post(Idempotency_Key="k" * 201)).status == 400
    unknown = await booth.post(path="/api/ingest/slot-099", Idempotency_Key="k" * 201)
    assert (unknown.status, unknown.code) == (404, "slot_not_found")
    await booth.nothing_left()
