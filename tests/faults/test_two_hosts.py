"""Two daemons on one database and one media tree: what one decides holds for the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from tests.support.daemons import Daemon
from tests.support.fakes import eventually
from tests.support.hosts import another, control, most_at_once, shoot_at, start
from tests.support.party import PASSWORD, SLOT, Party, photo


@pytest.fixture
def other(party: Party) -> Iterator[Daemon]:
    """The daemon ``two``, not started: a state directory of its own, the keys copied."""
    daemon = another(party, "two")
    yield daemon
    daemon.close()


@pytest.mark.timeout(seconds=400)
async def test_what_is_set_on_one_holds_on_both(party: Party, other: Daemon) -> None:
    await start(party, other)
    assert (await shoot_at(other, 1)).why_original is None

    await asyncio.to_thread(control, party.daemon, "slot", "set", SLOT, "enabled=false")
    assert (await shoot_at(other, 1)).why_original == "404 slot_disabled"
    await asyncio.to_thread(control, other, "slot", "set", SLOT, "enabled=true")
    rotate = ("settings", "rotate-ingest-password", "--generate")
    password = (await asyncio.to_thread(control, other, *rotate)).split()[-1]
    assert (await shoot_at(party.daemon, 1)).why_original == "401 invalid_password"
    for daemon in (party.daemon, other):
        assert (await shoot_at(daemon, 1, password=password)).why_original is None

    report = json.loads(
        await asyncio.to_thread(control, other, "check", "--json", "--locale", "en")
    )
    assert [host["host"] for host in report["hosts"]] == ["one", "two"]
    assert [host["processes"] for host in report["hosts"]] == [1, 1]

    party.kill()
    past = "UPDATE daemon_process SET seen_at = seen_at - interval '1 hour' WHERE host = 'one'"
    await party.execute(past)
    report = json.loads(
        await asyncio.to_thread(control, other, "check", "--json", "--locale", "en")
    )
    silent = [item["subject"] for item in report["items"] if item["code"] == "host_silent"]
    assert silent == ["one"]


@pytest.mark.timeout(seconds=400)
@pytest.mark.parametrize("limit", [4, 5])
async def test_a_providers_limit_holds_over_both(party: Party, other: Daemon, limit: int) -> None:
    await party.set_settings(provider_concurrency=limit, slot_concurrency=16)
    await start(party, other)
    party.provider.script.always("image", delay_seconds=1)
    shots = await asyncio.gather(*(shoot_at((party.daemon, other)[n % 2], n) for n in range(1, 17)))
    assert {shot.why_original for shot in shots} == {None}
    assert most_at_once(party) == limit

    # Whoever stops gives his share to the other.
    assert await asyncio.to_thread(other.stop) == 0
    (before,) = await party.fetch("SELECT seen_at FROM daemon_process")

    async def has_counted() -> bool:
        (now,) = await party.fetch("SELECT seen_at FROM daemon_process")
        return bool(now["seen_at"] > before["seen_at"])

    await eventually(has_counted)
    party.provider.log.clear()
    shots = await asyncio.gather(*(shoot_at(party.daemon, n) for n in range(1, 9)))
    assert {shot.why_original for shot in shots} == {None}
    assert most_at_once(party) == limit
    await party.nothing_left()


@pytest.mark.timeout(seconds=400)
async def test_a_photo_on_one_outlives_the_start_and_the_cleanup_of_the_other(
    party: Party, other: Daemon
) -> None:
    party.provider.script.then("image", delay_seconds=8)
    sending = party.begin(shoot_at(party.daemon, 1))
    await party.asked(1)
    other.start()
    await asyncio.to_thread(other.wait_until_ready)
    await asyncio.gather(
        asyncio.to_thread(control, party.daemon, "cleanup"),
        asyncio.to_thread(control, other, "cleanup"),
    )
    assert not sending.done(), "the cleanup came after the photo"
    assert (await sending).why_original is None
    await party.nothing_left()


@pytest.mark.timeout(seconds=400)
async def test_a_photo_that_comes_to_both_at_once_under_one_key_is_made_once(
    party: Party, other: Daemon
) -> None:
    await start(party, other)
    party.provider.script.always("image", delay_seconds=1)
    sent, key = photo(300, 200).data, {"Idempotency-Key": "one photo"}
    hosts = (party.daemon, other) * 3
    answers = await asyncio.gather(
        *(
            asyncio.to_thread(
                host.send, sent, password=PASSWORD, headers=key, query="?response=json"
            )
            for host in hosts
        )
    )
    assert [status for status, _ in answers] == [200] * len(hosts)
    (job,) = await party.jobs()
    assert {json.loads(body)["job_id"] for _, body in answers} == {str(job["job_id"])}
    assert len(party.orders()) == 1
    await party.nothing_left()


@pytest.mark.timeout(seconds=400)
async def test_cleanup_on_both_removes_each_thing_once(party: Party, other: Daemon) -> None:
    await start(party, other)
    assert [shot.why_original for shot in await party.shoot(6)] == [None] * 6
    past = "now() - interval '1 hour'"
    await party.execute(f"UPDATE media_object SET expires_at = {past}")
    await party.execute(f"UPDATE job_history SET result_expires_at = {past}")
    await asyncio.gather(
        *(
            asyncio.to_thread(control, daemon, "cleanup")
            for daemon in (party.daemon, other)
            for _ in range(2)
        )
    )
    runs = await party.fetch("SELECT counts, succeeded FROM cleanup_run")
    assert all(run["succeeded"] for run in runs)
    assert sum(run["counts"].get("results", 0) for run in runs) == 6
    assert list((party.media_root / "results").iterdir()) == []
