"""What a photo and looks at its picture ask a bucket for, counted there, and what scale.md says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.providers.turbotext.driver import TurbotextDriver
from tests.ingest.test_provider_links import Gateway
from tests.support.booth import Booth
from tests.support.evenings import insert_event
from tests.support.fake_bucket import FakeBucket

SCALE = Path(__file__).parents[2] / "docs/scale.md"
ROW = re.compile(r"^\| (.+?) \| ((?:\d (?:PUT|GET|POST|DELETE)(?:, )?)+) \|", re.M)


@pytest.fixture
def booth(
    io_loop: IOLoop, database: Database, tmp_path: Path, fake_bucket: FakeBucket
) -> Iterator[Booth]:
    async def opened() -> tuple[Booth, Gateway]:
        gateway = Gateway()
        booth = await Booth.open(
            database,
            tmp_path,
            bucket=fake_bucket.config(),
            providers={"turbotext": {"local": True}},
            public_url=gateway.url,
        )
        gateway.port = booth.port
        return booth, gateway

    booth, gateway = io_loop.run_sync(opened)
    yield booth
    io_loop.run_sync(booth.close)
    io_loop.run_sync(gateway.close)


def told(what: str) -> Counter[str]:
    """Return the requests that scale.md gives for this."""
    rows = dict(ROW.findall(SCALE.read_text("utf-8")))
    counts = (one.split() for one in rows[what].split(", "))
    return Counter({method: int(number) for number, method in counts})


async def photographed(booth: Booth, fake_bucket: FakeBucket) -> tuple[str, Counter[str]]:
    """Send a photo; return its link, and what was asked for until its answer and no longer."""
    fake_bucket.requests.clear()
    answer = await booth.post()
    assert answer.status == 200, answer.body
    await booth.app.in_flight.drain(5)
    return answer.json()["result_url"], Counter(method for method, _ in fake_bucket.requests)


async def test_a_photo_and_looks_at_it(booth: Booth, fake_bucket: FakeBucket) -> None:
    url, asked = await photographed(booth, fake_bucket)
    assert asked == told("a photo")
    tag = (await booth.get(url)).headers["ETag"]
    looks: list[tuple[str, int, dict[str, str]]] = [
        ("a look at its picture", 200, {}),
        ("a look at its picture", 200, {"If_None_Match": '"another"'}),
        ("a part of it", 206, {"Range": "bytes=10-19"}),
        ("a look that finds it unchanged", 304, {"If_None_Match": tag}),
    ]
    for what, status, headers in looks:
        fake_bucket.requests.clear()
        assert (await booth.get(url, **headers)).status == status
        assert Counter(method for method, _ in fake_bucket.requests) == told(what), (what, headers)


async def test_a_photo_whose_event_keeps_it(booth: Booth, fake_bucket: FakeBucket) -> None:
    await insert_event(booth.fetch, keep_originals="all")
    _, asked = await photographed(booth, fake_bucket)
    assert asked == told("a photo, its original kept")


async def test_a_photo_that_its_provider_fetches(booth: Booth, fake_bucket: FakeBucket) -> None:
    turbotext = booth.app.drivers["turbotext"]
    assert isinstance(turbotext, TurbotextDriver)
    turbotext.poll_seconds = 0.1
    await booth.configure_slot(
        provider="turbotext", operation="generate_image2image", params={"prompt": "Oil"}
    )
    _, asked = await photographed(booth, fake_bucket)
    assert asked == told("a photo that its provider fetches")
    assert not [key for key in fake_bucket.objects if key.startswith("provider/")]
