"""Planted faults are found, each by its name, and all of them at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.monitoring.readiness import texts
from photobooth_daemon.providers.driver import ProviderConfig
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.booth import KEY
from tests.support.readiness import Evening, faults, found

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
