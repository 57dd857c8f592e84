"""All is green where nothing is wrong, and each check tells what it is there to tell."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from photobooth_daemon.administration.audit_key import load_audit_key
from photobooth_daemon.database.pool import Database
from photobooth_daemon.model import Actor
from photobooth_daemon.monitoring.readiness import cures, texts
from photobooth_daemon.monitoring.readiness.model import State
from tests.support.audit import audit_in
from tests.support.booth import Booth
from tests.support.evenings import insert_event
from tests.support.fake_bucket import FakeBucket
from tests.support.fakes import FakeClock
from tests.support.intake_process import free_port
from tests.support.readiness import Evening, codes, faults, found


async def test_all_is_green(evening: Evening) -> None:
    report = await evening.check(live=True)
    assert faults(report) == []
    assert report.ready
    # Nobody wants an intake, and the pictures are files: the disk tells of them.
    assert {finding.check for finding in report.findings} == set(texts.TITLES) - {"intake", "store"}
    probe = found(report, "probe_ok")
    assert probe.subject == "slot-001"
    assert probe.facts["window"] == 48


async def test_a_stamp_that_leads_nowhere_is_told(evening: Evening) -> None:
    await insert_event(evening.execute)
    assert "stamp_leads_nowhere" not in codes(await evening.check())
    await evening.execute(
        """UPDATE event SET stamp = '{"corner": "top-left", "size_percent": 15, "text": null}'"""
    )
    report = await evening.check()
    assert report.ready
    for locale in ("ru", "en"):
        assert "Wedding" in texts.found_text(found(report, "stamp_leads_nowhere"), locale)
        assert texts.cure_text(found(report, "stamp_leads_nowhere"), locale)
    evening.configure("server", public_url="http://127.0.0.1:8080")
    assert "stamp_leads_nowhere" in codes(await evening.check())
    evening.configure("server", public_url="http://booth.invalid")
    assert "stamp_leads_nowhere" not in codes(await evening.check())
    evening.configure("server", public_url=None)
    await evening.execute("UPDATE event SET ends_at = now() - interval '1 minute'")
    assert "stamp_leads_nowhere" not in codes(await evening.check())


async def test_an_intake_that_is_wanted_and_down_is_found_and_told(evening: Evening) -> None:
    evening.configure("intake", password="p", status_port=free_port())
    assert faults(await evening.check()) == ["intake_down"]
    async with evening.app() as app:
        await app.operations.troubles.refresh()
        (told,) = app.operations.troubles.of_all().values()
        assert told.intake_is_down


async def test_a_daemon_of_an_older_configuration_has_to_be_restarted(evening: Evening) -> None:
    async with evening.app() as serving:
        await serving.operations.show_presence()
        evening.configure("server", store_reserve_seconds=2.0)
        async with evening.app() as app:
            report = await app.readiness.check(live=False)
    assert faults(report) == ["restart_pending"]
    assert faults(await evening.check(daemon=False)) == ["daemon_down"]


async def test_hosts_that_are_set_up_differently_are_told(evening: Evening) -> None:
    async with evening.app() as one:
        await one.operations.show_presence()
        # A name, an address and an intake are a host's own.
        evening.configure("server", host_name="two", processes=2)
        evening.configure("intake", password="p")
        async with evening.app() as two:
            await two.operations.show_presence()
            assert "daemon_ok" in codes(await two.readiness.check(live=False))
        evening.configure("media", read_also="s3")
        async with evening.app() as two:
            await two.operations.show_presence()
            report = await two.readiness.check(live=False)
    differing = found(report, "configurations_differ")
    assert differing.state is State.WARNING
    assert sorted(differing.facts["hosts"].split(" / ")) == sorted(
        host.host for host in report.hosts
    )


async def test_another_host_that_takes_no_photos_is_told(evening: Evening) -> None:
    async with evening.app() as one:
        await one.operations.show_presence()
        await evening.execute(
            """
            INSERT INTO daemon_process (process_id, host, pid, version, config_digest, started_at,
                                        seen_at, troubles)
            SELECT gen_random_uuid(), 'attic', 1, version, config_digest, started_at, seen_at,
                   '{"failing_checks": ["media"]}' FROM daemon_process
            """
        )
        unwell = found(await one.readiness.check(live=False), "host_unwell")
    assert (unwell.state, unwell.subject) == (State.WARNING, "attic")


async def test_warnings_do_not_make_it_red(evening: Evening) -> None:
    await evening.execute("DELETE FROM backup_run")
    await evening.execute("DELETE FROM cleanup_run")
    evening.configure("alerts", webhook_url=None)
    report = await evening.check()
    assert report.ready
    warnings = {f.code for f in report.findings if f.state is State.WARNING}
    assert {"backup_never", "cleanup_never", "alerts_nobody", "probe_skipped"} <= warnings


@pytest.mark.parametrize(
    ("plant", "code"),
    [
        ("nothing", "audit_ok"),
        ("put back", "audit_lost"),
        ("altered", "audit_note_unusable"),
        ("taken away", "audit_not_noted"),
        ("of this moment", "audit_ok"),
    ],
)
async def test_a_log_that_lost_its_end_is_a_warning(
    evening: Evening, plant: str, code: str
) -> None:
    key = load_audit_key(evening.directory / "audit.key", evening.directory / "jwt.key")
    at = evening.clock.utcnow() - timedelta(hours=0 if plant == "of this moment" else 3)
    log = audit_in(evening.directory, evening.database, FakeClock(at), key)
    async with evening.database.transaction() as connection:
        await log.record(connection, actor=Actor("serg"), action="x", entity="y")
    note = evening.directory / "audit.head"
    assert note.exists()
    if plant == "put back":
        await evening.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
        await evening.execute("DELETE FROM audit_log")
    elif plant == "altered":
        note.write_text("1:" + "0" * 64)
    elif plant in ("taken away", "of this moment"):
        note.unlink()
    report = await evening.check()
    (finding,) = [finding for finding in report.findings if finding.check == "audit"]
    assert finding.code == code
    for locale in ("ru", "en"):
        assert texts.found_text(finding, locale)


def test_every_finding_has_both_languages_and_every_trouble_a_cure() -> None:
    for code, text in texts.FOUND.items():
        assert set(text) == {"ru", "en"}
        if not code.endswith("_ok") and code != "public_url_not_needed":
            cure = cures.CURES[code]
            assert isinstance(cure, str) or set(cure) == {"ru", "en"}, code
    assert set(cures.CURES) <= set(texts.FOUND)


async def test_the_api_gives_it_to_those_who_may(
    database: Database, tmp_path: Path, clock: FakeClock
) -> None:
    booth = await Booth.open(database, tmp_path)
    try:
        assert (await booth.get("/api/readiness")).status == 401
    finally:
        await booth.close()


async def test_a_bucket_that_refuses_is_told(evening: Evening, fake_bucket: FakeBucket) -> None:
    evening.configure("media", store="s3", s3=fake_bucket.config())
    assert "store_ok" in codes(await evening.check())
    fake_bucket.always = "404 NoSuchBucket"
    report = await evening.check()
    assert found(report, "store_refuses").facts["reason"] == "The bucket does not exist."
    assert "store_refuses" in faults(report)
    for locale, word in (("ru", "такого бакета нет"), ("en", "bucket does not exist")):
        assert word in texts.found_text(found(report, "store_refuses"), locale)
        assert "media.s3" in texts.cure_text(found(report, "store_refuses"), locale)
