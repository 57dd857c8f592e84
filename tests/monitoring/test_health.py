"""Health from cached probes, through the port: right, and never slow."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import tornado.web
from prometheus_client import CollectorRegistry
from tornado.ioloop import IOLoop

from photobooth_daemon.clock import Clock
from photobooth_daemon.config.public_address import PublicAddress
from photobooth_daemon.errors import DatabaseUnavailable
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.monitoring.health import (
    CachedProbe,
    Health,
    Status,
    Verdict,
    cleanup_verdict,
)
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.health import HealthHandler, LiveHandler, ReadyHandler
from photobooth_daemon.web.metrics import MetricsHandler
from photobooth_daemon.web.rendered import Rendered
from photobooth_daemon.web.site import Site
from tests.support.fakes import FakeClock


class Patient:
    """A thing whose probe the test steers."""

    def __init__(self) -> None:
        self.probed = 0
        self.verdict = Verdict(Status.OK, {"free_bytes": 5})
        self.error: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    async def probe(self) -> Verdict:
        self.probed += 1
        await self.answers.wait()
        if self.error is not None:
            raise self.error
        return self.verdict


@dataclass
class Admission:
    leaving: bool = False
    draining: bool = False


@pytest.fixture
def admission() -> Admission:
    return Admission()


@pytest.fixture
def patients() -> dict[str, Patient]:
    return {name: Patient() for name in ("database", "media", "cleanup", "gemini")}


@pytest.fixture
def health(io_loop: IOLoop, patients: dict[str, Patient], clock: FakeClock) -> Iterator[Health]:
    def cached(name: str) -> CachedProbe:
        critical = name in ("database", "media")
        return CachedProbe(name, patients[name].probe, clock, life_seconds=2.0, critical=critical)

    health = Health([cached(n) for n in ("database", "media", "cleanup")], [cached("gemini")])
    yield health
    io_loop.run_sync(health.close)


@pytest.fixture
def app(health: Health, admission: Admission) -> tornado.web.Application:
    site = Site(address=PublicAddress(None), trusted_proxies=())
    base = {"base": Base(site, None, admission)}  # type: ignore[arg-type] # nobody logs in here
    return tornado.web.Application(
        [
            ("/healthz", HealthHandler, {**base, "health": health}),
            ("/readyz", ReadyHandler, {**base, "health": health}),
            ("/livez", LiveHandler, base),
            (
                "/metrics",
                MetricsHandler,
                {
                    **base,
                    "metrics": Metrics(CollectorRegistry()),
                    "rendered": Rendered(Clock(), seconds=1.0),
                },
            ),
        ]
    )


async def get(client: Any, path: str) -> tuple[int, dict[str, Any]]:
    response = await client.fetch(path, raise_error=False)
    return response.code, json.loads(response.body)


async def test_all_is_well(http_server_client: Any) -> None:
    code, body = await get(http_server_client, "/healthz")
    assert code == 200
    assert body["status"] == "ok"
    assert set(body["checks"]) == {"database", "media", "cleanup", "providers"}
    assert body["checks"]["media"] == {
        "status": "ok",
        "latency_ms": 0,
        "age_seconds": 0.0,
        "free_bytes": 5,
    }
    assert body["checks"]["providers"]["gemini"]["status"] == "ok"


async def test_a_verdict_is_kept_for_its_life(
    http_server_client: Any, patients: dict[str, Patient], clock: FakeClock
) -> None:
    for _ in range(3):
        await get(http_server_client, "/healthz")
    assert patients["database"].probed == 1
    clock.advance(2.5)
    await get(http_server_client, "/healthz")
    assert patients["database"].probed == 2


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("database", 503, "failing"),
        ("media", 503, "failing"),
        ("cleanup", 200, "degraded"),
        ("gemini", 200, "degraded"),
    ],
)
async def test_only_what_a_photo_cannot_do_without_fails_the_whole(
    http_server_client: Any, patients: dict[str, Patient], name: str, code: int, status: str
) -> None:
    patients[name].error = DatabaseUnavailable()
    assert await get(http_server_client, "/healthz") == (
        code,
        (await get(http_server_client, "/healthz"))[1],
    )
    assert (await get(http_server_client, "/healthz"))[1]["status"] == status


async def test_a_probe_that_hangs_does_not_hang_the_answer(
    http_server_client: Any, patients: dict[str, Patient]
) -> None:
    for patient in patients.values():
        patient.answers.clear()
    started = time.monotonic()
    code, body = await get(http_server_client, "/healthz")
    assert time.monotonic() - started < 1.0
    assert code == 503
    assert body["checks"]["database"] == {
        "status": "failing",
        "latency_ms": None,
        "age_seconds": None,
    }
    assert body["checks"]["providers"]["gemini"]["status"] == "ok"
    assert patients["database"].probed == 1


async def test_a_slow_probe_leaves_the_last_verdict_for_a_while(
    http_server_client: Any, patients: dict[str, Patient], clock: FakeClock
) -> None:
    await get(http_server_client, "/healthz")
    patients["database"].answers.clear()
    clock.advance(10)
    assert (await get(http_server_client, "/healthz"))[0] == 200
    clock.advance(30)
    assert (await get(http_server_client, "/healthz"))[0] == 503


async def test_ready_while_serving_and_not_while_draining(
    http_server_client: Any, patients: dict[str, Patient], admission: Admission, clock: FakeClock
) -> None:
    assert await get(http_server_client, "/readyz") == (
        200,
        {"status": "ready", "takes_photos": True},
    )
    patients["media"].verdict = Verdict(Status.FAILING)
    clock.advance(5)
    code, body = await get(http_server_client, "/readyz")
    assert (code, body["takes_photos"]) == (200, False)
    patients["database"].error = DatabaseUnavailable()
    clock.advance(5)
    code, body = await get(http_server_client, "/readyz")
    assert (code, body["code"]) == (503, "database_unavailable")
    admission.leaving = True
    code, body = await get(http_server_client, "/readyz")
    assert (code, body["code"]) == (503, "shutting_down")
    assert (await get(http_server_client, "/livez"))[0] == 200
    assert (await http_server_client.fetch("/metrics")).code == 200


async def test_the_exposition_is_served_and_head_works(http_server_client: Any) -> None:
    response = await http_server_client.fetch("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert b"photobooth_ingest_in_flight 0.0" in response.body
    head = await http_server_client.fetch("/metrics", method="HEAD")
    assert head.code == 200


async def test_openmetrics_is_served_to_who_asks_for_it(http_server_client: Any) -> None:
    asked = {"Accept": "application/openmetrics-text; version=1.0.0, text/plain; q=0.5"}
    response = await http_server_client.fetch("/metrics", headers=asked)
    assert response.headers["Content-Type"].startswith("application/openmetrics-text; version=")
    assert response.body.endswith(b"# EOF\n")
    assert b"\nphotobooth_ingest_in_flight 0.0" in response.body


def test_cleanup_is_late_after_half_an_hour(clock: FakeClock) -> None:
    start = clock.utcnow()

    def status(
        minutes: int, last_success_minutes: int | None, last_succeeded: bool | None = True
    ) -> Status:
        success = (
            None
            if last_success_minutes is None
            else start + timedelta(minutes=last_success_minutes)
        )
        return cleanup_verdict(
            start + timedelta(minutes=minutes), success, last_succeeded, start
        ).status

    assert status(29, None, None) is Status.OK
    assert status(31, None, None) is Status.DEGRADED
    assert status(40, 15) is Status.OK
    assert status(50, 15) is Status.DEGRADED
    assert status(20, 15, False) is Status.DEGRADED
    assert status(5, -60 * 24) is Status.DEGRADED
