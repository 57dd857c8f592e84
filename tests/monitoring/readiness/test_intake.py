"""The intake is looked at where somebody wants it, and each of its troubles has its name."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from photobooth_daemon.config import start_up
from photobooth_daemon.config.digest import config_digest
from photobooth_daemon.config.intake import IntakeConfig
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.monitoring.intake_page import IntakePage, IntakeState, stalled_slots
from photobooth_daemon.monitoring.readiness import texts
from photobooth_daemon.monitoring.readiness.intake_ready import check_intake
from photobooth_daemon.monitoring.readiness.model import Finding, State
from tests.support.daemons import until
from tests.support.fake_ingest import FakeIngest, problem
from tests.support.intake_process import SLOT, IntakeProcess, free_port
from tests.support.sample_pictures import corners, jpeg


@pytest.fixture
def ingest() -> Iterator[FakeIngest]:
    with FakeIngest() as opened:
        yield opened


@pytest.fixture
def intake(tmp_path: Path, ingest: FakeIngest) -> Iterator[IntakeProcess]:
    """The intake, running, which says after six seconds that photos are stuck."""
    opened = IntakeProcess(tmp_path, ingest.url, stuck_minutes="0.1")
    opened.start()
    yield opened
    opened.stop()


def config_of(intake: IntakeProcess) -> IntakeConfig:
    return start_up.load(intake.config_path, {}).intake


@asynccontextmanager
async def page_of(config: IntakeConfig) -> AsyncIterator[IntakePage]:
    async with aiohttp.ClientSession() as http:
        yield IntakePage(config, http)


async def found(config: IntakeConfig, min_free_bytes: int = 0) -> list[Finding]:
    """Check, and see that every finding says something and names its cure."""
    async with page_of(config) as page:
        findings = await check_intake(page, min_free_bytes)
    for finding in findings:
        for locale in ("ru", "en"):
            assert texts.found_text(finding, locale)
            cure = texts.cure_text(finding, locale)
            assert bool(cure) == (finding.state is State.FAULT), finding.code
    return findings


async def codes(config: IntakeConfig, min_free_bytes: int = 0) -> list[str]:
    return [finding.code for finding in await found(config, min_free_bytes)]


async def told(condition: Callable[[], object]) -> None:
    await asyncio.to_thread(until, condition)


async def test_all_is_well(intake: IntakeProcess) -> None:
    (finding,) = await found(config_of(intake))
    assert (finding.code, finding.facts["count"]) == ("intake_ok", 2)


async def test_nobody_wants_it(intake: IntakeProcess) -> None:
    config = dataclasses.replace(config_of(intake), password=None, status_port=free_port())
    assert await codes(config) == []
    async with page_of(config) as page:
        assert (await page.look()).state is IntakeState.OFF


async def test_it_is_down(intake: IntakeProcess) -> None:
    await asyncio.to_thread(intake.stop)
    assert await codes(config_of(intake)) == ["intake_down"]


async def test_its_port_is_somebody_elses(intake: IntakeProcess) -> None:
    config = config_of(intake)
    async with page_of(config) as page:
        seen = await page.look()
        assert seen.ftp_port == intake.ftp_port
        # The intake says that it listens; what cameras reach at that address is no FTP server.
        ftp = dataclasses.replace(config.ftp, host="127.0.0.2")
        elsewhere = dataclasses.replace(config, ftp=ftp)
    assert await codes(elsewhere) == ["intake_ftp_unreachable"]


async def test_a_folder_is_away(intake: IntakeProcess) -> None:
    shutil.rmtree(intake.shelf("in"))
    await told(lambda: not intake.status()["slots"][0]["reachable"])  # type: ignore[index]
    (finding,) = await found(config_of(intake))
    assert (finding.code, finding.subject) == ("intake_folder_missing", SLOT)


async def test_its_disk_is_full(intake: IntakeProcess) -> None:
    assert await codes(config_of(intake), 2**60) == ["intake_disk_full"]


async def test_photos_are_stuck(intake: IntakeProcess, ingest: FakeIngest) -> None:
    ingest.always = lambda _: problem(503, "database_unavailable")
    intake.shelf("in").joinpath("IMG.jpg").write_bytes(jpeg(corners(40, 30)))
    await told(lambda: intake.status()["slots"][0]["stuck"])  # type: ignore[index]
    (finding,) = await found(config_of(intake))
    assert (finding.code, finding.subject, finding.facts["count"]) == ("intake_stalled", SLOT, 1)
    async with page_of(config_of(intake)) as page:
        assert stalled_slots(await page.look()) == ((SLOT, 1),)


def test_another_password_of_the_intakes_restarts_no_daemon() -> None:
    key = b"k" * 32
    without = Config()
    one, other = (
        dataclasses.replace(without, intake=dataclasses.replace(without.intake, password=password))
        for password in ("one", "other")
    )
    assert config_digest(one, key) == config_digest(other, key) != config_digest(without, key)
