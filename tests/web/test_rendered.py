"""What is rendered for strangers costs one rendering, and figures are not everybody's."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.database.pool import Database
from photobooth_daemon.metrics import series
from photobooth_daemon.web import public
from photobooth_daemon.web.openapi import document as openapi
from tests.support.booth import Booth
from tests.support.office import Office

GUEST = {"X_Forwarded_For": "192.0.2.77"}


class Renderings:
    """Counts how often each function was called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.counts: Counter[str] = Counter()
        self._monkeypatch = monkeypatch

    def of(self, module: Any, name: str) -> None:
        real = getattr(module, name)

        def counted(*args: Any, **options: Any) -> Any:
            self.counts[name] += 1
            return real(*args, **options)

        self._monkeypatch.setattr(module, name, counted)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_twenty_at_once_cost_one_rendering(
    booth: Booth, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    job_id = (await booth.post()).json()["job_id"]
    renderings = Renderings(monkeypatch)
    renderings.of(series, "Exposed")
    renderings.of(openapi, "docs_page")
    renderings.of(openapi, "build_document")
    renderings.of(public, "qr_svg")
    paths = (
        "/metrics", "/api/docs", "/api/openapi.json", f"/public/results/{job_id}/qr.svg"
    )  # fmt: skip
    answers = await asyncio.gather(
        *(booth.request(method, path) for path in paths for _ in range(20))
    )
    assert {answer.status for answer in answers} == {200}
    assert renderings.counts == {
        "Exposed": 1, "docs_page": 1, "build_document": 1, "qr_svg": 1
    }  # fmt: skip


async def test_the_page_names_the_host_that_it_was_asked_by(office: Office) -> None:
    for host in ("booth.lan:8080", "10.0.0.7"):
        answer = await office.get("/api/docs", token=None, Host=host)
        assert f"http://{host}".encode() in answer.body
        assert b"here.invalid" not in answer.body


async def test_figures_are_for_this_machine_and_for_tokens_that_may(office: Office) -> None:
    assert (await office.get("/metrics", token=None)).status == 200
    refused = await office.get("/metrics", token=None, **GUEST)
    assert (refused.status, refused.json()["code"]) == (403, "forbidden")
    assert "metrics:read" in refused.json()["detail"]
    head = await office.call("HEAD", "/metrics", token=None, **GUEST)
    assert head.status == 403
    assert (await office.get("/metrics", **GUEST)).status == 200
    async with office.database.connection() as connection:
        await connection.execute(
            "UPDATE admin SET permissions = array_remove(permissions, 'metrics:read')"
        )
    assert (await office.get("/metrics", **GUEST)).status == 403


async def test_figures_are_read_from_the_networks_that_are_named(
    database: Database, tmp_path: Path
) -> None:
    office = await Office.open(database, tmp_path, metrics_from=("192.0.2.0/24", "2001:db8::/32"))
    try:
        for address, status in (("192.0.2.77", 200), ("2001:db8::5", 200), ("198.51.100.7", 403)):
            asked = {"X_Forwarded_For": address}
            assert (await office.get("/metrics", token=None, **asked)).status == status
    finally:
        await office.close()


async def test_a_proxy_that_is_not_trusted_opens_no_door(
    database: Database, tmp_path: Path
) -> None:
    office = await Office.open(database, tmp_path, trusted_proxies=())
    try:
        assert (await office.get("/metrics", token=None, **GUEST)).status == 403
        assert (await office.get("/metrics", token=None)).status == 200
    finally:
        await office.close()
