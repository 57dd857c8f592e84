"""Planted faults are found, each by its name, and all is green without them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from tornado.ioloop import IOLoop

from photobooth_daemon.administration.audit_key import load_audit_key
from photobooth_daemon.app.build import App, build
from photobooth_daemon.cli import main
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.start_up import (
    AlertsConfig,
    Config,
    ListenAddress,
    MediaConfig,
    ServerConfig,
)
from photobooth_daemon.database.pool import Database
from photobooth_daemon.ingest.exchange import Admitted, Answer, Received
from photobooth_daemon.ingest.story import IngestService
from photobooth_daemon.model import Actor
from photobooth_daemon.monitoring.readiness import cures, texts
from photobooth_daemon.monitoring.readiness.model import Finding, ReadinessReport, State
from photobooth_daemon.providers.driver import ProviderConfig
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.audit import audit_in
from tests.support.booth import KEY, Booth
from tests.support.evenings import insert_event
from tests.support.fakes import FakeClock
from tests.support.intake_process import free_port
from tests.support.office import PASSWORDS, Office

READY = """
    UPDATE setting SET ingest_password_hash = 'x';
    UPDATE admin SET password_hash = 'x' WHERE username = 'serg';
    UPDATE slot SET enabled = true, provider = 'gemini', operation = 'edit',
                    params = '{"prompt": "smile"}' WHERE slot_id = 'slot-001';
    INSERT INTO cleanup_run (started_at, finished_at, succeeded)
         VALUES (clock_timestamp(), clock_timestamp(), true);
    INSERT INTO backup_run (started_at, finished_at, succeeded, location, size_bytes)
         VALUES (clock_timestamp(), clock_timestamp(), true, '/x', 1);
"""


@pytest.fixture
def provider(io_loop: IOLoop) -> Iterator[FakeProvider]:
    async def start() -> FakeProvider:
        made = FakeProvider(keys=[KEY])
        made.start()
        return made

    made = io_loop.run_sync(start)
    yield made
    io_loop.run_sync(made.stop)


class Evening:
    """An installation that is ready, until a test plants a fault."""

    def __init__(self, database: Database, directory: Path, provider: FakeProvider) -> None:
        self.database = database
        self.directory = directory
        self.clock: Clock = Clock()
        self.config = Config(
            server=ServerConfig(jwt_key_file=directory / "jwt.key"),
            media=MediaConfig(root=directory / "media"),
            providers={"gemini": ProviderConfig("gemini", provider.url, KEY, "config")},
            alerts=AlertsConfig(webhook_url="http://127.0.0.1:9/"),
        )

    async def execute(self, sql: str, *arguments: Any) -> None:
        async with self.database.connection() as connection:
            await connection.execute(sql, *arguments)

    def configure(self, section: str, **values: Any) -> None:
        changed = dataclasses.replace(getattr(self.config, section), **values)
        self.config = dataclasses.replace(self.config, **{section: changed})

    @asynccontextmanager
    async def app(self) -> AsyncIterator[App]:
        """One process of the installation, in the way a command builds it."""
        own = await Database.open(self.database.url, max_size=3)
        app = await build(self.config, own, clock=self.clock)
        try:
            yield app
        finally:
            await app.close()

    async def check(self, *, live: bool = False, daemon: bool = True) -> ReadinessReport:
        """Check as the command does, beside a daemon."""
        if not daemon:
            async with self.app() as app:
                return await app.readiness.check(live=live)
        running = self.config
        async with self.app() as serving:
            await serving.operations.show_presence()
            self.config = running
            async with self.app() as app:
                return await app.readiness.check(live=live)


@pytest.fixture
def evening(io_loop: IOLoop, database: Database, tmp_path: Path, provider: FakeProvider) -> Evening:
    made = Evening(database, tmp_path, provider)
    io_loop.run_sync(lambda: made.execute(READY))
    return made


def faults(report: ReadinessReport) -> list[str]:
    return [finding.code for finding in report.findings if finding.state is State.FAULT]


def codes(report: ReadinessReport) -> set[str]:
    return {finding.code for finding in report.findings}


def found(report: ReadinessReport, code: str) -> Finding:
    return next(finding for finding in report.findings if finding.code == code)


async def test_all_is_green(evening: Evening) -> None:
    report = await evening.check(live=True)
    assert faults(report) == []
    assert report.ready
    # Nobody wants an intake.
    assert {finding.check for finding in report.findings} == set(texts.TITLES) - {"intake"}
    probe = found(report, "probe_ok")
    assert probe.subject == "slot-001"
    assert probe.facts["window"] == 48


Plant = Callable[[Evening, FakeProvider], Awaitable[None]]


async def no_ingest_password(evening: Evening, _: FakeProvider) -> None:
    await evening.execute("UPDATE setting SET ingest_password_hash = NULL")


async def no_admin_password(evening: Evening, _: FakeProvider) -> None:
    await evening.execute("UPDATE admin SET password_hash = NULL")


async def nothing_on(evening: Evening, _: FakeProvider) -> None:
    await evening.execute("UPDATE slot SET enabled = false")


async def wrong_params(evening: Evening, _: FakeProvider) -> None:
    await evening.execute("""UPDATE slot SET params = '{"prompt": 7}' WHERE enabled""")


async def no_key(evening: Evening, _: FakeProvider) -> None:
    evening.config = dataclasses.replace(evening.config, providers={})


async def wrong_key(evening: Evening, provider: FakeProvider) -> None:
    config = ProviderConfig("gemini", provider.url, "AIza-another-key-0123456789", "config")
    evening.config = dataclasses.replace(evening.config, providers={"gemini": config})


async def model_gone(evening: Evening, _: FakeProvider) -> None:
    params = {"prompt": "smile", "model": "gemini-2.5-flash-image"}
    await evening.execute("UPDATE slot SET params = $1 WHERE enabled", params)


async def template_lost(evening: Evening, _: FakeProvider) -> None:
    media_id = uuid4()
    await evening.execute(
        "INSERT INTO template_media VALUES ($1, '', 'image/png', 1, 1, 1, '', $2, 'serg')",
        media_id,
        evening.clock.utcnow(),
    )
    await evening.execute(
        "INSERT INTO slot_template_media VALUES ('slot-001', 0, 'reference', $1)", media_id
    )


async def link_nowhere(evening: Evening, _: FakeProvider) -> None:
    evening.configure("server", public_url="http://127.0.0.1:9")


async def link_to_somebody_else(evening: Evening, provider: FakeProvider) -> None:
    evening.configure("server", public_url=provider.url)


async def no_link(evening: Evening, provider: FakeProvider) -> None:
    config = {
        **evening.config.providers,
        "turbotext": ProviderConfig("turbotext", provider.url, KEY, "config"),
    }
    evening.config = dataclasses.replace(evening.config, providers=config)
    await evening.execute(
        "UPDATE slot SET provider = 'turbotext', operation = 'deepfake_photo', params = '{}'"
        " WHERE enabled"
    )


async def private_link(evening: Evening, provider: FakeProvider) -> None:
    await no_link(evening, provider)
    evening.configure("server", public_url="http://192.168.7.7")


async def disk_full(evening: Evening, _: FakeProvider) -> None:
    await evening.execute("""UPDATE setting SET stored = '{"min_free_mb": 1000000000}'""")


async def clock_wrong(evening: Evening, _: FakeProvider) -> None:
    class Ahead(Clock):
        def utcnow(self) -> Any:
            return super().utcnow() + timedelta(seconds=90)

    evening.clock = Ahead()


async def cleanup_late(evening: Evening, _: FakeProvider) -> None:
    await evening.execute("UPDATE cleanup_run SET started_at = started_at - interval '1 hour'")


async def cleanup_failed(evening: Evening, _: FakeProvider) -> None:
    await evening.execute("UPDATE cleanup_run SET succeeded = false")


async def backup_old(evening: Evening, _: FakeProvider) -> None:
    await evening.execute("UPDATE backup_run SET finished_at = finished_at - interval '2 days'")


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


PLANTED: list[tuple[Plant, str]] = [
    (no_ingest_password, "ingest_password_missing"),
    (no_admin_password, "admin_password_missing"),
    (nothing_on, "no_slot_enabled"),
    (wrong_params, "slot_misconfigured"),
    (no_key, "provider_key_missing"),
    (wrong_key, "provider_down"),
    (model_gone, "model_gone"),
    (template_lost, "template_missing"),
    (link_nowhere, "public_url_unreachable"),
    (link_to_somebody_else, "public_url_unreachable"),
    (no_link, "public_url_missing"),
    (private_link, "public_url_private"),
    (disk_full, "disk_full"),
    (clock_wrong, "clock_wrong"),
    (cleanup_late, "cleanup_late"),
    (cleanup_failed, "cleanup_failed"),
    (backup_old, "backup_old"),
]


@pytest.mark.parametrize(("plant", "code"), PLANTED, ids=[p.__name__ for p, _ in PLANTED])
async def test_a_planted_fault_is_found(
    evening: Evening, provider: FakeProvider, plant: Plant, code: str
) -> None:
    await plant(evening, provider)
    report = await evening.check()
    assert not report.ready
    assert code in faults(report)
    for locale in ("ru", "en"):
        assert texts.cure_text(found(report, code), locale)


async def test_all_planted_faults_are_found_at_once(
    evening: Evening, provider: FakeProvider
) -> None:
    together = [
        no_ingest_password, no_admin_password, model_gone, template_lost, link_nowhere,
        disk_full, clock_wrong, cleanup_late, backup_old,
    ]  # fmt: skip
    for plant in together:
        await plant(evening, provider)
    report = await evening.check(daemon=False)
    assert set(faults(report)) == {
        "ingest_password_missing",
        "admin_password_missing",
        "model_gone",
        "template_missing",
        "public_url_unreachable",
        "disk_full",
        "clock_wrong",
        "cleanup_late",
        "backup_old",
        "daemon_down",
    }


async def test_an_intake_that_is_wanted_and_down_is_found_and_told(evening: Evening) -> None:
    evening.configure("intake", password="p", status_port=free_port())
    assert faults(await evening.check()) == ["intake_down"]
    async with evening.app() as app:
        watch = app.operations._watch
        assert watch is not None
        assert (await watch._surroundings()).intake_is_down


async def test_a_daemon_of_an_older_configuration_has_to_be_restarted(evening: Evening) -> None:
    async with evening.app() as serving:
        await serving.operations.show_presence()
        evening.configure("server", store_reserve_seconds=2.0)
        async with evening.app() as app:
            report = await app.readiness.check(live=False)
    assert faults(report) == ["restart_pending"]
    assert faults(await evening.check(daemon=False)) == ["daemon_down"]


async def test_a_live_probe_tells_of_a_provider_that_fails_and_one_that_is_slow(
    evening: Evening, provider: FakeProvider
) -> None:
    provider.script.always("prompt_blocked")
    report = await evening.check(live=True)
    assert faults(report) == ["probe_failed"]
    assert found(report, "probe_failed").facts["reason"] == "refused"
    provider.script.clear()
    await evening.execute("UPDATE slot SET sync_response_seconds = 10 WHERE enabled")
    provider.script.always("image", delay_seconds=8.3)
    report = await evening.check(live=True)
    assert report.ready
    assert found(report, "probe_slow").facts["seconds"] >= 8


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


async def test_it_says_that_passwords_go_in_clear(evening: Evening) -> None:
    for host, server, clear in (
        ("127.0.0.1", {}, False),
        ("::1", {}, False),
        ("0.0.0.0", {}, True),
        ("10.0.0.5", {}, True),
        ("booth.lan", {}, True),
        ("0.0.0.0", {"public_url": "https://127.0.0.1:9"}, False),
        ("0.0.0.0", {"public_url": "http://127.0.0.1:9"}, True),
        ("0.0.0.0", {"tls_cert_file": Path("/c"), "tls_key_file": Path("/k")}, False),
    ):
        unset = {"public_url": None, "tls_cert_file": None, "tls_key_file": None}
        evening.configure("server", listen=ListenAddress(host, 8080), **{**unset, **server})
        report = await evening.check()
        codes = {finding.code for finding in report.findings if finding.check == "connections"}
        assert codes == {"plain_http" if clear else "connections_ok"}, (host, server)


async def connections(office: Office) -> set[tuple[str, str]]:
    await office.app.operations.show_presence()
    report = await office.app.readiness.check(live=False)
    assert all(texts.found_text(finding, "ru") for finding in report.findings)
    return {
        (finding.code, finding.facts.get("address", ""))
        for finding in report.findings
        if finding.check == "connections"
    }


async def test_it_tells_what_was_noticed_while_serving(database: Database, tmp_path: Path) -> None:
    for trusted, headers, expected in (
        ((), {}, ("connections_ok", "")),
        ((), {"X-Forwarded-For": "192.0.2.1"}, ("proxy_untrusted", "127.0.0.1")),
        (("127.0.0.1",), {"X-Forwarded-For": "192.0.2.1"}, ("plain_password", "192.0.2.1")),
        (
            ("127.0.0.1",),
            {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"},
            ("connections_ok", ""),
        ),
    ):
        own = await Database.open(database.url, max_size=3)
        office = await Office.open(own, tmp_path, trusted_proxies=trusted)
        body = json.dumps({"username": "serg", "password": PASSWORDS["serg"]}).encode()
        kind = {"Content-Type": "application/json", **headers}
        assert (await office.send("POST", "/api/login", body, kind)).status == 200
        assert await connections(office) == {expected}
        await office.execute("DELETE FROM daemon_process")
        await office.close()


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


def run(database_url: str, directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        main,
        ["--config", "/dev/null", "check", *arguments],
        env={
            "PHOTOBOOTH_DATABASE__URL": database_url,
            "PHOTOBOOTH_MEDIA__ROOT": str(directory / "media"),
            "PHOTOBOOTH_SERVER__JWT_KEY_FILE": str(directory / "jwt.key"),
        },
    )


def test_the_command_tells_by_text_and_exit_status(database_url: str, tmp_path: Path) -> None:
    red = run(database_url, tmp_path)
    assert red.exit_code == 1, red.output
    assert "Пароли" in red.output
    assert "→ photoboothctl settings rotate-ingest-password" in red.output
    assert "Не готово." in red.output
    english = run(database_url, tmp_path, "--locale", "en")
    assert "Not ready." in english.output
    document = json.loads(run(database_url, tmp_path, "--json").output)
    assert document["ready"] is False
    gone = run("postgresql://127.0.0.1:9/none", tmp_path, "--locale", "en")
    assert gone.exit_code == 3
    assert "Database" in gone.output
