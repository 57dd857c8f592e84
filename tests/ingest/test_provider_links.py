"""A provider that fetches the photo itself: by a temporary link, through what stands before us."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from photobooth_daemon.database.pool import Database
from photobooth_daemon.providers.turbotext.driver import TurbotextDriver
from tests.ingest.test_provider_story import attempts
from tests.support.booth import Booth
from tests.support.sample_pictures import noise, png


class Gateway:
    """What stands before the daemon on the internet: knows its port once it has one."""

    def __init__(self) -> None:
        self.port = 0
        gateway = self

        class Forward(RequestHandler):
            async def get(self) -> None:
                answer = await AsyncHTTPClient().fetch(
                    f"http://127.0.0.1:{gateway.port}{self.request.uri}",
                    method=self.request.method or "GET",
                    raise_error=False,
                    follow_redirects=False,
                )
                self.set_status(answer.code)
                self.set_header("Content-Type", answer.headers.get("Content-Type", ""))
                self.write(answer.body)

            head = get

        self._server = HTTPServer(Application([(r".*", Forward)], log_function=lambda _: None))
        socket, port = bind_unused_port()
        self._server.add_sockets([socket])
        self.url = f"http://127.0.0.1:{port}"

    async def close(self) -> None:
        self._server.stop()
        await self._server.close_all_connections()


@pytest.fixture
def gateway(io_loop: IOLoop) -> Iterator[Gateway]:
    async def opened() -> Gateway:
        return Gateway()

    gateway = io_loop.run_sync(opened)
    yield gateway
    io_loop.run_sync(gateway.close)


@pytest.fixture
def booth(io_loop: IOLoop, database: Database, tmp_path: Path, gateway: Gateway) -> Iterator[Booth]:
    providers = {"turbotext": {"local": True}}

    async def opened() -> Booth:
        booth = await Booth.open(
            database,
            tmp_path,
            providers=providers,
            public_url=gateway.url,
            store_reserve_seconds=5.0,
        )
        gateway.port = booth.port
        turbotext = booth.app.drivers["turbotext"]
        assert isinstance(turbotext, TurbotextDriver)
        turbotext.poll_seconds = 0.1
        return booth

    booth = io_loop.run_sync(opened)
    yield booth
    io_loop.run_sync(booth.close)


@pytest.mark.parametrize("fetch", ["create", "late", "twice", "head"])
async def test_a_provider_fetches_the_photo_by_its_temporary_link(booth: Booth, fetch: str) -> None:
    booth.provider.script.then("image", fetch=fetch)
    params = {"prompt": "Oil", "input_max_edge_px": 300}
    await booth.configure_slot(
        provider="turbotext", operation="generate_image2image", params=params
    )
    answer = await booth.post()
    assert answer.status == 200, answer.body
    fetched = [r.facts["fetched"] for r in booth.provider.log.requests if "fetched" in r.facts]
    assert all(status == 200 for _, _, status in fetched[0])
    link = booth.provider.log.requests[0].facts["form"]["url"]
    gone = await booth.get("/public/media/" + link.rpartition("/")[2])
    assert (gone.status, gone.code) == (410, "media_expired")
    await booth.nothing_left()


async def test_a_template_is_fetched_as_it_would_be_sent(booth: Booth) -> None:
    style = png(noise(900, 600))
    await booth.bind_template("style", style)
    params = {"input_max_edge_px": 300}
    await booth.configure_slot(provider="turbotext", operation="mix_images", params=params)
    answer = await booth.post()
    assert answer.status == 200, answer.body
    seen = booth.provider.log.requests[0]
    assert [status for _, _, status in seen.facts["fetched"]] == [200, 200]
    assert seen.facts["form"]["url"].endswith(".jpg")
    await booth.nothing_left()


@pytest.mark.parametrize(
    ("behaviour", "options", "creates"),
    [
        ("image", {"link_404": 99}, 1),
        ("not_a_picture", {}, 1),
        ("overloaded", {"busy": True}, 3),
    ],
)
async def test_a_paid_queue_is_not_asked_over_and_over(
    booth: Booth, behaviour: str, options: dict[str, Any], creates: int
) -> None:
    booth.provider.script.always(behaviour, **options)
    await booth.configure_slot(
        provider="turbotext", operation="generate_image2image", params={"prompt": "Oil"}
    )
    assert (await booth.post()).status == 502
    forms = [r.facts["form"] for r in booth.provider.log.requests]
    assert len([form for form in forms if form["do"] == "create_queue"]) == creates
    await booth.nothing_left()


async def test_a_file_that_cannot_be_removed_costs_no_picture(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: UUID) -> int:
        raise OSError(errno.EIO, "a broken disk")

    monkeypatch.setattr(booth.app.media_store, "remove_provider_input", broken)
    await booth.configure_slot(
        provider="turbotext", operation="generate_image2image", params={"prompt": "Oil"}
    )
    assert (await booth.post()).status == 200
    link = booth.provider.log.requests[0].facts["form"]["url"]
    gone = await booth.get("/public/media/" + link.rpartition("/")[2])
    assert (gone.status, gone.code) == (410, "media_expired")


async def test_a_link_ends_with_the_window(booth: Booth) -> None:
    booth.provider.script.then("never")
    await booth.configure_settings(sync_response_seconds=7)  # storing keeps five of them
    await booth.configure_slot(
        provider="turbotext", operation="generate_image2image", params={"prompt": "Oil"}
    )
    answer = await booth.post()
    assert (answer.status, answer.code) == (504, "provider_timeout")
    assert await attempts(booth) == ["turbotext:cancelled"]
    (attempt,) = (await booth.the_job())["attempts"]
    assert (attempt["provider_request_id"], attempt["usage"]) == ("90211", {"creates": 1})
    link = booth.provider.log.requests[0].facts["form"]["url"]
    assert (await booth.get("/public/media/" + link.rpartition("/")[2])).status == 410
    await booth.nothing_left()
