"""Each answered request leaves one line and one count."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import tornado.web
from prometheus_client import CollectorRegistry

from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.monitoring.recent_problems import RecentProblems
from photobooth_daemon.web.access_log import AccessLog
from tests.support.fakes import FakeClock


class Answer(tornado.web.RequestHandler):
    def get(self) -> None:
        self.request_id = "r-1"
        self.set_status(int(self.get_argument("status", "200")))
        if self.get_status() >= 400:
            self.problem_code = self.get_argument("code", "not_found")


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def problems(clock: FakeClock) -> RecentProblems:
    return RecentProblems(clock)


@pytest.fixture
def app(registry: CollectorRegistry, problems: RecentProblems) -> tornado.web.Application:
    return tornado.web.Application(
        [("/(?:x|healthz|api/ingest/.*)", Answer)],
        log_function=AccessLog(Metrics(registry), problems),
    )


async def test_requests_are_logged_without_their_query(
    http_server_client: Any, caplog: pytest.LogCaptureFixture, registry: CollectorRegistry
) -> None:
    caplog.set_level(logging.DEBUG, "photobooth_daemon.access")
    for path in ("/x?password=hunter22", "/healthz", "/x?status=500", "/x?status=504"):
        await http_server_client.fetch(path, raise_error=False)
    lines = [r for r in caplog.records if r.name == "photobooth_daemon.access"]
    assert [(line.getMessage(), line.levelname) for line in lines] == [
        ("GET /x 200", "INFO"),
        ("GET /healthz 200", "DEBUG"),
        ("GET /x 500", "ERROR"),
        ("GET /x 504", "INFO"),
    ]
    assert [vars(line)["code"] for line in lines] == [None, None, "not_found", "not_found"]
    assert {vars(line)["request_id"] for line in lines} == {"r-1"}

    def count(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    assert count("photobooth_http_requests_total", method="GET", status="200") == 2
    assert count("photobooth_refused_requests_total", code="not_found") == 2


async def test_what_people_are_told_of_is_remembered_for_ten_minutes(
    http_server_client: Any, problems: RecentProblems, clock: FakeClock
) -> None:
    for path in (
        "/x?status=500&code=internal_error",
        "/api/ingest/slot-007?status=429&code=rate_limited",
        "/api/ingest/slot-666?status=429&code=rate_limited",
        "/api/ingest/slot-007?status=404&code=slot_disabled",
    ):
        await http_server_client.fetch(path, raise_error=False)
    clock.advance(300)
    path = "/api/ingest/slot-007?status=429&code=rate_limited"
    await http_server_client.fetch(path, raise_error=False)
    assert problems.counts() == (
        ("internal_error", "", 1),
        ("rate_limited", "", 1),
        ("rate_limited", "slot-007", 2),
    )
    clock.advance(301)
    assert problems.counts() == (("rate_limited", "slot-007", 1),)
