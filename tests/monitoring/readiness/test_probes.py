"""A live probe sends a photo through a slot, in nobody's way, and tells how it fared."""

from __future__ import annotations

import pytest

from photobooth_daemon.ingest.exchange import Admitted, Answer, Received
from photobooth_daemon.ingest.story import IngestService
from photobooth_daemon.monitoring.readiness import live_probe
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.readiness import Evening, faults, found


async def test_a_live_probe_tells_of_a_provider_that_fails_and_one_that_is_slow(
    evening: Evening, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.script.always("prompt_blocked")
    report = await evening.check(live=True)
    assert faults(report) == ["probe_failed"]
    assert found(report, "probe_failed").facts["reason"] == "refused"
    provider.script.clear()
    await evening.execute("UPDATE slot SET sync_response_seconds = 10 WHERE enabled")
    monkeypatch.setattr(live_probe, "SLOW_SHARE", 0.1)
    provider.script.always("image", delay_seconds=1.1)
    report = await evening.check(live=True)
    assert report.ready
    assert found(report, "probe_slow").facts["seconds"] >= 1


async def test_a_live_probe_is_in_no_camera_s_way_to_be_read(
    evening: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = []
    run = IngestService.run

    async def seen(ingest: IngestService, admitted: Admitted, received: Received) -> Answer:
        turns.append(list(admitted.turn._turns._line))
        return await run(ingest, admitted, received)

    monkeypatch.setattr(IngestService, "run", seen)
    assert (await evening.check(live=True)).ready
    assert turns == [[]]


async def test_a_slot_that_gives_the_original_does_not_hide_a_failure(
    evening: Evening, provider: FakeProvider
) -> None:
    await evening.execute("UPDATE slot SET on_failure = 'original' WHERE enabled")
    provider.script.always("prompt_blocked")
    assert faults(await evening.check(live=True)) == ["probe_failed"]
