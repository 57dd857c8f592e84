"""The clocks of two hosts are 10 s apart: what one decides holds for the other all the same."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tests.support.alarmed import Alarmed
from tests.support.daemons import Daemon
from tests.support.fakes import eventually
from tests.support.hosts import control, shoot_at
from tests.support.hurry import ALERTS, PRESENCE, divided
from tests.support.party import PASSWORD, Party, photo

WINDOW_SECONDS = 8
HURRIES = ["in a hurry", "as in the field"]
CLOCK_WRONG = ("PhotoboothClockWrong", "two")
LOCAL = {"provider": "local", "operation": "look", "params": {}}
ADD_RUN = "INSERT INTO cleanup_run (started_at, finished_at, succeeded) VALUES (now(), now(), true)"


@pytest.fixture(params=[True, pytest.param(False, marks=pytest.mark.minutes)], ids=HURRIES)
def in_a_hurry(request: pytest.FixtureRequest) -> bool:
    """Whether alerts take a tenth of their time."""
    return bool(request.param)


@pytest.fixture(params=[-10, 10], ids=["behind", "ahead"])
def hosts(
    io_loop: IOLoop,
    tmp_path: Path,
    database_url: str,
    in_a_hurry: bool,
    request: pytest.FixtureRequest,
) -> Iterator[Alarmed]:
    """``one`` by the database's clock, and ``two`` behind or ahead of it."""

    async def open_them() -> Alarmed:
        # What ends by the clocks, as a lease does and a job that is left, stays as long.
        swift = divided((*PRESENCE, *ALERTS), 10) if in_a_hurry else {}
        hold_seconds = 6 if in_a_hurry else math.inf
        opened = await Alarmed.open(tmp_path, database_url, swift, hold_seconds=hold_seconds)
        shifted = {"SHIFTED_SECONDS": str(request.param)}
        opened.two.environment = {**opened.two.environment, **shifted}
        await opened.party.execute(ADD_RUN)
        return opened

    opened: Alarmed = io_loop.run_sync(open_them)
    yield opened
    io_loop.run_sync(opened.close)


def log_in(host: Daemon) -> str:
    body = json.dumps({"username": "serg", "password": "a-long-password"}).encode()
    headers = {"Content-Type": "application/json"}
    status, answer = host.request("POST", "/api/login", body, headers)
    assert status == 200, answer
    return str(json.loads(answer)["token"])


def cools(host: Daemon) -> bool:
    text = host.get("/metrics")[1].decode()
    return re.search(r"^photobooth_provider_cooling_down\{.*\} 1\.0$", text, re.M) is not None


@pytest.mark.timeout(seconds=400)
async def test_what_one_decides_holds_for_the_other(hosts: Alarmed) -> None:
    party, one, two = hosts.party, hosts.party.daemon, hosts.two
    await party.set_settings(sync_response_seconds=WINDOW_SECONDS)
    # The other one starts, and looks for what killed processes left, beside this one's photo.
    party.provider.script.then("hang")
    late = party.begin(shoot_at(one, 1))
    await party.asked(1)
    two.start()
    await asyncio.to_thread(two.wait_until_ready)
    assert (await late).why_original == "504 provider_timeout"
    assert [job["status"] for job in await party.jobs()] == ["timeout"]

    await a_key_is_one_photos(party, one, two)
    await accounts_and_links_are_the_same(party, one, two)
    await a_cool_down_spares_the_other(party, one, two)

    # Both are there, and it is told whose clock is wrong, once.
    report = json.loads(await asyncio.to_thread(control, one, "check", "--json"))
    assert [host["processes"] for host in report["hosts"]] == [1, 1]
    assert "host_silent" not in {item["code"] for item in report["items"]}
    await eventually(lambda: hosts.fired()[CLOCK_WRONG], seconds=150)
    assert hosts.fired()[CLOCK_WRONG] == 1
    assert "PhotoboothHostSilent" not in {name for name, _ in hosts.fired()}


async def a_key_is_one_photos(party: Party, *hosts: Daemon) -> None:
    sent, key = photo(300, 200).data, {"Idempotency-Key": "one photo"}
    answers = await asyncio.gather(
        *(asyncio.to_thread(host.send, sent, password=PASSWORD, headers=key) for host in hosts)
    )
    assert [status for status, _ in answers] == [200, 200]
    assert len(await party.jobs("done")) == 1


async def accounts_and_links_are_the_same(party: Party, *hosts: Daemon) -> None:
    await asyncio.to_thread(
        control, hosts[0], "admin", "passwd", "serg", "--stdin", stdin="a-long-password\n"
    )
    tokens = [await asyncio.to_thread(log_in, host) for host in hosts]
    (job,) = await party.jobs("done")
    for host in hosts:
        status, _ = await asyncio.to_thread(host.get, f"/public/results/{job['job_id']}")
        assert status == 200
        for token in tokens:
            headers = {"Authorization": f"Bearer {token}"}
            status, answer = await asyncio.to_thread(host.get, "/api/slots", headers)
            assert status == 200, answer


async def a_cool_down_spares_the_other(party: Party, one: Daemon, two: Daemon) -> None:
    await party.set_slot(fallback=[LOCAL])
    party.provider.script.always("bad_key")
    asked = len(party.orders())
    assert (await shoot_at(two, 3)).why_original is None
    await eventually(lambda: asyncio.to_thread(cools, one))
    assert (await shoot_at(one, 3)).why_original is None
    assert len(party.orders()) == asked + 1
    party.provider.script.clear()
