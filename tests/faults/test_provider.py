"""Every way a provider can fail, as the camera sees it: the contract's answer, and nothing left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.rehearsal.camera import Shot
from tests.support.fakes import eventually
from tests.support.hurry import RETRIES, divided
from tests.support.party import Party, photo

WINDOW_SECONDS = 12
SHORT_WINDOW_SECONDS = 4
AT_ONCE = 8
FAILURES = {
    # These are waited for, to the end of the window.
    "quota": ["quota", "quota_plain", "quota_day"],
    "overloaded": ["overloaded", "internal", "html_502", "deadline"],
    "auth": ["bad_key", "permission_denied", "location"],
    "model_gone": ["model_gone"],
    "bad_request": ["bad_request"],
    "refused": ["image_safety", "prompt_blocked"],
    "no_image": ["no_image", "text_only", "empty_content", "no_candidates", "null_candidates"],
    "unreachable": ["drop", "reset", "drop_after_headers", "drop_mid_answer"],
    "bad_response": [
        *("garbage", "empty", "truncated_json", "malformed_base64"),
        *("not_a_picture", "truncated_picture", "huge", "redirect"),
    ],
}
SLOTS = [f"slot-{number:03d}" for number in range(1, AT_ONCE + 1)]


@pytest.fixture
def party(io_loop: IOLoop, tmp_path: Path, database_url: str) -> Iterator[Party]:
    swift = divided(RETRIES, 10)
    opened: Party = io_loop.run_sync(lambda: Party.open(tmp_path, database_url, constants=swift))
    io_loop.run_sync(
        lambda: opened.set_settings(
            sync_response_seconds=WINDOW_SECONDS, provider_concurrency=30, min_free_mb=1
        )
    )
    yield opened
    io_loop.run_sync(opened.close)


async def shoot_at(party: Party, behaviours: Sequence[str]) -> dict[str, Shot]:
    """Send a photo to each behaviour at the same time, a slot each."""
    shots: dict[str, Shot] = {}
    for start in range(0, len(behaviours), AT_ONCE):
        pairs = list(zip(SLOTS, behaviours[start : start + AT_ONCE], strict=False))
        for slot, behaviour in pairs:
            params = {"prompt": "smile", "model": f"rehearse-{behaviour}"}
            await party.set_slot(slot, provider="gemini", operation="edit", params=params)
        taken = await asyncio.gather(
            *(party.camera(slot=slot).take(photo(300, 200)) for slot, _ in pairs)
        )
        shots.update(zip((behaviour for _, behaviour in pairs), taken, strict=True))
    return shots


async def test_each_failure_gets_its_reason(party: Party) -> None:
    reasons = {fault: reason for reason, faults in FAILURES.items() for fault in faults}
    shots = await shoot_at(party, list(reasons))
    models = {
        job["attempts"][-1]["model"].removeprefix("rehearse-"): job
        for job in await party.jobs("failed")
    }
    assert {fault: job["provider_code"] for fault, job in models.items()} == reasons
    assert {shot.why_original for shot in shots.values()} == {"502 provider_error"}
    assert max(shot.seconds for shot in shots.values()) < WINDOW_SECONDS
    await party.nothing_left()


async def test_a_provider_that_is_late_is_not_waited_for(party: Party) -> None:
    await party.set_settings(sync_response_seconds=SHORT_WINDOW_SECONDS)
    shots = await shoot_at(party, ["hang", "trickle", "slow_answer"])
    assert {shot.why_original for shot in shots.values()} == {"504 provider_timeout"}
    seconds = [shot.seconds for shot in shots.values()]
    assert SHORT_WINDOW_SECONDS - 1.5 < min(seconds) <= max(seconds) < SHORT_WINDOW_SECONDS
    assert {job["failure_code"] for job in await party.jobs("timeout")} == {"provider_timeout"}
    await eventually(lambda: all(seen.hung_up for seen in party.orders()))
    await party.nothing_left()

    # The place is free again, and the statistic counted.
    await party.set_settings(sync_response_seconds=WINDOW_SECONDS)
    (after,) = (await shoot_at(party, ["image"])).values()
    assert after.why_original is None
    metrics = (await party.get("/metrics")).body.decode()
    for slot in SLOTS[:3]:
        line = f'photobooth_ingest_total{{outcome="timeout",provider="gemini",slot="{slot}"}} 1.0'
        assert line in metrics


async def test_a_provider_that_mends_itself_costs_only_time(party: Party) -> None:
    party.provider.script.then("no_image", times=2).then("drop").then("image", delay_seconds=0.3)
    (shot,) = await party.shoot()
    assert shot.why_original is None
    (job,) = await party.jobs()
    reasons = [attempt["reason"] for attempt in job["attempts"]]
    assert reasons == ["no_image", "no_image", "unreachable", None]
    await party.nothing_left()


async def test_a_provider_that_refuses_connections_is_unreachable(party: Party) -> None:
    await party.provider.go_away()
    (shot,) = await party.shoot()
    assert shot.why_original == "502 provider_error"
    (job,) = await party.jobs("failed")
    assert job["provider_code"] == "unreachable"
    await party.nothing_left()
