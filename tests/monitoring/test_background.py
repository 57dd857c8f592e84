"""A running daemon looks after itself: probes, figures, recovery, alerts; all through the port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import tornado.web
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer

from photobooth_daemon.app.build import App, build
from photobooth_daemon.config.start_up import AlertsConfig, Config, MediaConfig, ServerConfig
from photobooth_daemon.database.pool import Database
from photobooth_daemon.model.alerts import Severity
from photobooth_daemon.monitoring import background as operations_module
from photobooth_daemon.monitoring.alerts import board as board_module
from photobooth_daemon.monitoring.alerts.conditions import Rule
from photobooth_daemon.providers.driver import ProviderConfig
from tests.support.booth import KEY, Booth
from tests.support.certificates import Authority
from tests.support.fakes import eventually
from tests.support.housekeeping import housekeeping_of, insert_job, value

ADD_HOST = """
    INSERT INTO daemon_process
           (process_id, host, pid, version, config_digest, started_at, seen_at, free_bytes,
            troubles)
    VALUES (gen_random_uuid(), $1, 1, '1', '', $3, $3, $2, $4)
"""
TROUBLES = {
    "failing_checks": ["media"],
    "clock_skew_seconds": 61.5,
    "intake_is_down": True,
    "stalled": [["slot-004", 2]],
    "problems": [["internal_error", "", 1]],
    "certificates": [["S3", 0]],
    "of_a_version_to_come": True,
}
ADD_RUN = "INSERT INTO cleanup_run (started_at, finished_at, succeeded) VALUES ($1, $1, $2)"


async def metric(booth: Booth, name: str, **labels: str) -> float | None:
    text = (await booth.get("/metrics")).body.decode()
    for line in text.splitlines():
        series, _, figure = line.rpartition(" ")
        if series.partition("{")[0] == name and all(
            f'{k}="{v}"' in series for k, v in labels.items()
        ):
            return float(figure)
    return None


async def test_health_of_a_whole_daemon(booth: Booth) -> None:
    answer = await booth.get("/healthz")
    assert answer.status == 200
    body = answer.json()
    assert body["status"] == "ok"
    assert set(body["checks"]) == {"database", "media", "cleanup", "providers"}
    assert body["checks"]["media"]["free_bytes"] > 0
    assert body["checks"]["cleanup"]["age_seconds"] is None
    assert "gemini" in body["checks"]["providers"]
    assert KEY not in answer.body.decode()


async def test_a_full_disk_fails_the_whole(booth: Booth) -> None:
    await booth.configure_settings(min_free_mb=1_000_000)
    free = booth.app.media_store.free_bytes()
    if free > 1_000_000 * 2**20:
        pytest.skip("this disk is larger than the largest limit")
    body = (await booth.get("/healthz")).json()
    assert body["status"] == "failing"
    assert body["checks"]["media"]["status"] == "failing"


async def test_figures_of_the_installation_are_shown(booth: Booth, database: Database) -> None:
    await booth.app.operations.start()
    now = booth.app.clock.utcnow()
    await eventually(lambda: metric(booth, "photobooth_media_free_bytes"))
    await eventually(lambda: metric(booth, "photobooth_health_status", check="database"))
    await eventually(lambda: metric(booth, "photobooth_slot_enabled", slot="slot-001"))
    assert await metric(booth, "photobooth_cleanup_last_success_timestamp_seconds") is None
    cleanup = housekeeping_of(
        database, booth.app.media_store, booth.media_root.parent, booth.app.clock
    ).cleanup
    await cleanup.run()
    await booth.app.operations.vitals.refresh()
    await eventually(lambda: metric(booth, "photobooth_cleanup_last_success_timestamp_seconds"))
    shown = await metric(booth, "photobooth_cleanup_last_success_timestamp_seconds")
    assert shown is not None
    assert abs(shown - now.timestamp()) < 60
    await insert_job(database, now - timedelta(days=100), "failed")
    await cleanup.run()
    await booth.app.operations.vitals.refresh()
    await eventually(lambda: metric(booth, "photobooth_cleanup_removed_total", kind="jobs"))
    assert await metric(booth, "photobooth_cleanup_removed_total", kind="jobs") == 1
    assert await metric(booth, "photobooth_cleanup_runs_total", outcome="success") == 1
    assert await metric(booth, "photobooth_database_pool_max_connections") == 4
    assert (await metric(booth, "photobooth_event_loop_lag_seconds_count") or 0) > 0


async def test_a_change_of_health_is_an_event(booth: Booth, database: Database) -> None:
    await booth.app.operations.vitals.refresh()
    if booth.app.media_store.free_bytes() > 1_000_000 * 2**20:
        pytest.skip("this disk is larger than the largest limit")
    await booth.configure_settings(min_free_mb=1_000_000)

    async def told() -> bool:
        await booth.app.operations.vitals.refresh()
        data = await value(
            database,
            "SELECT data FROM live_message WHERE kind = 'health' ORDER BY message_id DESC LIMIT 1",
        )
        return bool(data and data["status"] == "failing" and data["checks"]["media"] == "failing")

    await eventually(told)


async def test_the_daemon_tells_what_a_killed_one_could_not(
    booth: Booth, database: Database
) -> None:
    await booth.app.operations.start()
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO live_draft (kind, data, at) VALUES ('job', '{\"left\": 1}', now())"
        )
    told = "SELECT true FROM live_message WHERE data ? 'left'"
    await eventually(lambda: value(database, told))
    assert await value(database, "SELECT count(*) FROM live_draft") == 0


async def test_the_daemon_recovers_what_a_killed_one_left(booth: Booth, database: Database) -> None:
    scratch = booth.media_root / "scratch" / "upload"
    scratch.write_bytes(b"half a photo")
    await insert_job(database, booth.app.clock.utcnow() - timedelta(minutes=5))
    await booth.app.operations.start()
    assert not scratch.exists()
    await eventually(
        lambda: value(database, "SELECT true FROM job_history WHERE failure_code = 'interrupted'")
    )


class Hook(tornado.web.RequestHandler):
    def initialize(self, told: list[Any]) -> None:
        self.told = told

    def post(self) -> None:
        self.told.append(json.loads(self.request.body))

    def get(self) -> None:
        self.told.append("heartbeat")


@asynccontextmanager
async def alarmed(
    database: Database, directory: Path, **server: Any
) -> AsyncIterator[tuple[App, list[Any]]]:
    """A daemon that reports to a hook of the test's."""
    told: list[Any] = []
    hook = HTTPServer(tornado.web.Application([("/", Hook, {"told": told})]))
    hook.listen(0, "127.0.0.1")
    port = next(iter(hook._sockets.values())).getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    config = Config(
        server=ServerConfig(jwt_key_file=directory / "jwt.key", **server),
        media=MediaConfig(root=directory / "media"),
        providers={"gemini": ProviderConfig("gemini", url, KEY, "config")},
        alerts=AlertsConfig(webhook_url=url, heartbeat_url=url, heartbeat_seconds=1),
    )
    app = await build(config, database)
    try:
        await app.operations.start()
        yield app, told
    finally:
        await app.close()
        hook.stop()


async def test_trouble_is_told_and_its_end_too(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "GROUP_WAIT", timedelta(seconds=0))
    monkeypatch.setattr(board_module, "CLEAR_FOR", timedelta(seconds=0))
    monkeypatch.setattr(operations_module, "LOOK_SECONDS", 0.05)
    async with alarmed(database, tmp_path) as (app, told):
        await eventually(lambda: "heartbeat" in told)
        now = app.clock.utcnow()
        async with database.connection() as connection:
            await connection.execute(ADD_RUN, now, False)

        def notes(kind: str) -> list[str]:
            return [a["name"] for note in told if note != "heartbeat" for a in note[kind]]

        await eventually(lambda: notes("firing") == ["PhotoboothCleanupFailed"])
        async with database.connection() as connection:
            await connection.execute(ADD_RUN, now, True)
        await eventually(lambda: notes("recovered") == ["PhotoboothCleanupFailed"])
        await asyncio.sleep(0.2)
        assert notes("firing") == ["PhotoboothCleanupFailed"]


async def _differs(database: Database, sql: str, before: Any) -> bool:
    now = await value(database, sql)
    return now is not None and now != before


async def test_of_two_hosts_one_tells(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "GROUP_WAIT", timedelta(seconds=0))
    monkeypatch.setattr(operations_module, "LOOK_SECONDS", 0.05)
    places = [tmp_path / "one", tmp_path / "two"]
    for place in places:
        place.mkdir()

    def names(told: list[Any]) -> list[str]:
        return [a["name"] for note in told if note != "heartbeat" for a in note["firing"]]

    async def watcher_looks_on() -> None:
        lease = "SELECT lease_ends_at FROM alert_watch"
        for _ in range(3):
            before = await value(database, lease)
            await eventually(partial(_differs, database, lease, before))

    own = await Database.open(database.url, max_size=4)
    async with alarmed(database, places[0]) as (app, first):
        await eventually(lambda: value(database, "SELECT holder FROM alert_watch"))
        async with alarmed(own, places[1]) as (_, second):
            async with database.connection() as connection:
                await connection.execute(ADD_RUN, app.clock.utcnow(), False)
            await eventually(lambda: names(first) == ["PhotoboothCleanupFailed"])
            await watcher_looks_on()
            # The first one leaves: the other goes on, and repeats nothing.
            await app.operations.close()
            await watcher_looks_on()
            assert names(first) == ["PhotoboothCleanupFailed"]
            assert names(second) == []


async def test_another_hosts_trouble_is_told_once_and_by_its_name(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "GROUP_WAIT", timedelta(seconds=0))
    at_once = dict.fromkeys(board_module.RULES, Rule(Severity.PAGE))
    monkeypatch.setattr(board_module, "RULES", at_once)
    monkeypatch.setattr(operations_module, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(operations_module, "VITALS_SECONDS", 0.2)
    places = [tmp_path / "one", tmp_path / "two"]
    for place in places:
        place.mkdir()
    own = await Database.open(database.url, max_size=4)
    async with alarmed(database, places[0]) as (app, first):
        await eventually(lambda: value(database, "SELECT holder FROM alert_watch"))
        async with alarmed(own, places[1]) as (_, second):
            now = app.clock.utcnow()
            async with database.connection() as connection:
                # The attic runs as long as the test does, and its disk is full.
                for host, free_bytes, age in (("attic", 1, -600), ("cellar", 10**12, 600)):
                    seen_at = now - timedelta(seconds=age)
                    # What a host that is gone said last is no news any more.
                    await connection.execute(ADD_HOST, host, free_bytes, seen_at, TROUBLES)

            def fired(told: list[Any]) -> set[tuple[str, str]]:
                notes = [note for note in told if note != "heartbeat"]
                return {(a["name"], a["subject"]) for note in notes for a in note["firing"]}

            expected = {
                ("PhotoboothDiskFull", "attic"),
                ("PhotoboothHostSilent", "cellar"),
                ("PhotoboothUnhealthy", "attic/media"),
                ("PhotoboothClockWrong", "attic"),
                ("PhotoboothIntakeDown", "attic"),
                ("PhotoboothIntakeStalled", "slot-004"),
                ("PhotoboothInternalErrors", ""),
                # The attic is of another version than the two that run here.
                ("PhotoboothHostsDiffer", ""),
                ("PhotoboothCertificateEnding", "S3"),
                ("PhotoboothCertificateAtItsEnd", "S3"),
            }
            await eventually(lambda: fired(first) == expected)
            await eventually(lambda: value(database, "SELECT count(*) = 10 FROM alert"))
            told = sum(note != "heartbeat" for note in first)
            # The other one takes over, and repeats nothing.
            await app.operations.close()
            holder = await value(database, "SELECT holder FROM alert_watch")
            await eventually(partial(_differs, database, "SELECT holder FROM alert_watch", holder))
            await asyncio.sleep(0.5)
            assert sum(note != "heartbeat" for note in first) == told
            assert fired(second) == set()


async def test_a_certificate_that_ends_in_two_days_is_told_until_it_is_renewed(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "GROUP_WAIT", timedelta(seconds=0))
    monkeypatch.setattr(board_module, "CLEAR_FOR", timedelta(seconds=0))
    monkeypatch.setattr(operations_module, "LOOK_SECONDS", 0.05)
    authority = Authority(tmp_path)
    old, renewed = (authority.certify("booth.lan", lasts=timedelta(days=n)) for n in (2, 60))
    files = {"tls_cert_file": old, "tls_key_file": old}
    async with alarmed(database, tmp_path, host_name="one", **files) as (app, told):

        def names(kind: str) -> list[tuple[str, str]]:
            notes = [note for note in told if note != "heartbeat"]
            return sorted((a["name"], a["subject"]) for note in notes for a in note[kind])

        both = [("PhotoboothCertificateAtItsEnd", "one"), ("PhotoboothCertificateEnding", "one")]
        await eventually(lambda: names("firing") == both)
        app.certificates.take_up(renewed)
        await eventually(lambda: names("recovered") == both)
        assert names("firing") == both


async def test_an_internal_error_is_told(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "GROUP_WAIT", timedelta(seconds=0))
    monkeypatch.setattr(operations_module, "LOOK_SECONDS", 0.05)
    async with alarmed(database, tmp_path) as (app, told):
        server = HTTPServer(app.web)
        server.listen(0, "127.0.0.1")
        port = next(iter(server._sockets.values())).getsockname()[1]

        async def broken() -> None:
            raise RuntimeError("a fault in the program")

        monkeypatch.setattr(app.health, "report", broken)
        url = f"http://127.0.0.1:{port}/healthz"
        assert (await AsyncHTTPClient().fetch(url, raise_error=False)).code == 500

        async def is_told() -> bool:
            fired = [a["name"] for n in told if n != "heartbeat" for a in n["firing"]]
            return fired == ["PhotoboothInternalErrors"]

        await eventually(is_told)
        server.stop()
