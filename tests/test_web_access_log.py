"""Each answered request leaves one line and one count."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import tornado.web
from prometheus_client import CollectorRegistry

from photobooth_daemon.metrics import Metrics
from photobooth_daemon.web.access_log import AccessLog


class Answer(tornado.web.RequestHandler):
    def get(self) -> None:
        self.request_id = "r-1"
        self.set_status(int(self.get_argument("status", "200")))
        if self.get_status() >= 400:
            self.problem_code = "not_found"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def app(registry: CollectorRegistry) -> tornado.web.Application:
    return tornado.web.Application(
        [("/(?:x|healthz)", Answer)], log_function=AccessLog(Metrics(registry))
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
