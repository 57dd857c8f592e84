"""What guests and providers fetch, as the contract's table of public routes says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from PIL import Image
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.media.keys import result_key
from photobooth_daemon.model import MediaKind, MediaObject
from photobooth_daemon.repositories.media import MediaRepository
from tests.support.booth import SLOT, Booth
from tests.support.fakes import FakeClock, eventually
from tests.support.in_turn import in_turn
from tests.support.sample_pictures import jpeg, noise

NOBODY = "00000000-0000-4000-8000-000000000000"
NO_DATES = (
    "Mon, 01 Jan 10000 00:00:00 GMT",
    "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
)
"""Look like dates; no calendar has them."""


@pytest.fixture
def booth(io_loop: IOLoop, database: Database, tmp_path: Path, clock: FakeClock) -> Iterator[Booth]:
    opened: Booth = io_loop.run_sync(lambda: Booth.open(database, tmp_path, clock))
    yield opened
    io_loop.run_sync(opened.close)


async def result_url(booth: Booth) -> str:
    answer = await booth.post(booth.form(jpeg(noise(900, 600))))
    assert answer.status == 200, answer.body
    return str(answer.json()["result_url"])


async def test_result(booth: Booth, clock: FakeClock) -> None:
    url = await result_url(booth)
    answer = await booth.get(url)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == f"private, max-age={72 * 3600}"
    clock.advance(3600)
    later = await booth.get(url)
    assert later.headers["Cache-Control"] == f"private, max-age={71 * 3600}"
    assert later.headers["ETag"] == answer.headers["ETag"]


async def test_result_as_a_download(booth: Booth) -> None:
    answer = await booth.get(await result_url(booth) + "?download=1")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")


async def test_head(booth: Booth) -> None:
    url = await result_url(booth)
    for path in (url, f"{url}/preview", f"{url}/qr.svg", url.replace("/public/results", "/r")):
        got = await booth.get(path)
        head = await booth.request("HEAD", path)
        assert (head.status, head.body) == (200, b""), path
        assert head.headers["Content-Length"] == str(len(got.body)), path


async def test_conditional_requests(booth: Booth) -> None:
    url = await result_url(booth)
    first = await booth.get(url)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    before = format_datetime(parsedate_to_datetime(modified) - timedelta(seconds=1), usegmt=True)
    for headers, status in (
        ({"If_None_Match": etag}, 304),
        ({"If_None_Match": f'"other", W/{etag}'}, 304),
        ({"If_None_Match": '"other"'}, 200),
        ({"If_Modified_Since": modified}, 304),
        ({"If_Modified_Since": before}, 200),
        ({"If_Modified_Since": "nonsense"}, 200),
        *(({"If_Modified_Since": date}, 200) for date in NO_DATES),
        *(({"If_Unmodified_Since": date}, 200) for date in NO_DATES),
        *(({"If_Range": date, "Range": "bytes=0-3"}, 200) for date in NO_DATES),
        ({"If_None_Match": '"other"', "If_Modified_Since": modified}, 200),
    ):
        answer = await booth.get(url, **headers)
        assert answer.status == status, headers
        assert answer.headers["ETag"] == etag


@in_turn(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-9", 206, 0, 9),
        ("bytes=10-", 206, 10, None),
        ("bytes=-5", 206, -5, None),
        ("bytes=5-999999999", 206, 5, None),
        ("bytes=999999999-", 416, None, None),
        ("bytes=-0", 416, None, None),
        ("bytes=9-3", 200, 0, None),
        (f"bytes=0-{'9' * 5000}", 200, 0, None),
        ("bytes=-", 200, 0, None),
        ("bytes=0-1,4-5", 200, 0, None),
        ("pages=1-2", 200, 0, None),
    ],
)
async def test_range(
    booth: Booth, asked: str, status: int, first: int | None, last: int | None
) -> None:
    url = await result_url(booth)
    whole = (await booth.get(url)).body
    answer = await booth.get(url, Range=asked)
    assert answer.status == status
    if status == 416:
        assert answer.code == "range_not_satisfiable"
        assert answer.headers["Content-Range"] == f"bytes */{len(whole)}"
        return
    head = await booth.request("HEAD", url, headers={"Range": asked})
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(whole)))
    expected = whole[first:] if last is None else whole[first : last + 1]
    assert answer.body == expected
    if status == 206:
        start = len(whole) - 5 if first == -5 else first
        span = f"bytes {start}-{start + len(expected) - 1}/{len(whole)}"
        assert answer.headers["Content-Range"] == span


async def test_another_picture_was_expected(booth: Booth) -> None:
    url = await result_url(booth)
    first = await booth.get(url)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    long_ago = "Mon, 01 Jan 2001 00:00:00 GMT"
    for headers, status in (
        ({"If_Match": f'"other", {etag}'}, 200),
        ({"If_Match": "*"}, 200),
        ({"If_Match": '"other"'}, 412),
        ({"If_Match": f"W/{etag}"}, 412),
        ({"If_Unmodified_Since": modified}, 200),
        ({"If_Unmodified_Since": long_ago}, 412),
        ({"If_Match": etag, "If_Unmodified_Since": long_ago}, 200),
    ):
        answer = await booth.get(url, **headers)
        assert answer.status == status, headers
        if status == 412:
            assert answer.code == "precondition_failed"


async def test_if_range(booth: Booth) -> None:
    url = await result_url(booth)
    etag = (await booth.get(url)).headers["ETag"]
    assert (await booth.get(url, Range="bytes=0-3", If_Range=etag)).status == 206
    assert (await booth.get(url, Range="bytes=0-3", If_Range='"other"')).status == 200


async def test_a_guest_who_leaves_is_nothing_to_report(
    booth: Booth, caplog: pytest.LogCaptureFixture
) -> None:
    url = await result_url(booth)
    path = booth.media_root / str(result_key(UUID(url.rpartition("/")[2]), "image/jpeg"))
    path.write_bytes(bytes(30_000_000))
    caplog.set_level("INFO")
    caplog.clear()
    reader, writer = await booth.connect()
    await booth.send_head(writer, "GET", url, {})
    await reader.readexactly(100_000)
    writer.transport.abort()
    await eventually(lambda: any(r.name.endswith("access") for r in caplog.records))
    assert [r.getMessage() for r in caplog.records if r.levelname in ("WARNING", "ERROR")] == []


async def test_preview(booth: Booth) -> None:
    answer = await booth.get(await result_url(booth) + "/preview")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert 300 < max(Image.open(BytesIO(answer.body)).size) <= 512


async def test_a_preview_of_the_first_versions_is_still_given(booth: Booth) -> None:
    key = {"Idempotency_Key": "evening-1"}
    first = (await booth.post(path=f"/api/ingest/{SLOT}?preview=inline", **key)).json()
    (made,) = booth.media_root.glob("results/*/preview.jpg")
    with Image.open(made) as image:
        image.save(made.with_name("preview.webp"))
    made.unlink()
    answer = await booth.get(first["preview_url"])
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/webp")
    assert answer.headers["Content-Disposition"].endswith('.webp"')
    assert Image.open(BytesIO(answer.body)).format == "WEBP"
    again = (await booth.post(path=f"/api/ingest/{SLOT}?preview=inline", **key)).json()
    assert again["job_id"] == first["job_id"]
    assert again["preview"].startswith("data:image/webp;base64,")
    made.with_name("preview.webp").unlink()
    assert (await booth.get(first["preview_url"])).code == "result_expired"


async def test_qr(booth: Booth) -> None:
    answer = await booth.get(await result_url(booth) + "/qr.svg")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert b"<svg" in answer.body


@in_turn("job_id", [NOBODY, "nonsense", "%00", "../etc/passwd", "x" * 5000])
@in_turn("tail", ["", "/preview", "/qr.svg"])
async def test_404_result_not_found(booth: Booth, job_id: str, tail: str) -> None:
    answer = await booth.get(f"/public/results/{job_id}{tail}")
    assert answer.status == 404
    assert answer.code in ("result_not_found", "not_found")


async def test_404_for_a_job_that_is_not_done(booth: Booth) -> None:
    booth.provider.script.then("prompt_blocked")
    job_id = (await booth.post()).json()["job_id"]
    assert (await booth.get(f"/public/results/{job_id}")).code == "result_not_found"


async def test_410_result_expired_without_any_cleanup(booth: Booth, clock: FakeClock) -> None:
    url = await result_url(booth)
    clock.advance(72 * 3600)
    for path in (url, f"{url}/preview", f"{url}/qr.svg"):
        answer = await booth.get(path)
        assert (answer.status, answer.code) == (410, "result_expired")
    assert (await booth.get(url, Range="bytes=0-1")).status == 410


async def test_guest_page(booth: Booth, clock: FakeClock) -> None:
    page = (await result_url(booth)).replace("/public/results", "/r")
    for language in ("ru", "en"):
        answer = await booth.get(page, Accept_Language=language)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Content-Language"] == language
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert f'lang="{language}"'.encode() in answer.body
    clock.advance(72 * 3600)
    assert (await booth.get(page)).status == 410
    unknown = await booth.get(f"/r/{uuid4()}")
    assert (unknown.status, unknown.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


async def temporary_input(booth: Booth, clock: FakeClock) -> UUID:
    """A link as a driver that wants links gets it."""
    job_id = UUID((await booth.post()).json()["job_id"])
    expires_at = clock.utcnow() + timedelta(seconds=48)
    media = MediaObject(
        uuid4(), job_id, MediaKind.PROVIDER_INPUT, "image/jpeg", 4, expires_at, None
    )
    await MediaRepository(booth.database).add(media)
    await booth.app.media_store.store_provider_input(media.media_id, b"abcd", media.content_type)
    return media.media_id


async def test_media_until_it_expires(booth: Booth, clock: FakeClock) -> None:
    media_id = await temporary_input(booth, clock)
    for path in (f"/public/media/{media_id}", f"/public/media/{media_id}.jpg"):
        answer = await booth.get(path)
        assert (answer.status, answer.body) == (200, b"abcd")
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert "Last-Modified" not in answer.headers, "it would be the link's end, in the future"
    tomorrow = format_datetime(clock.utcnow() + timedelta(days=1), usegmt=True)
    long_ago = "Mon, 01 Jan 2001 00:00:00 GMT"
    for condition in ({"If_Modified_Since": tomorrow}, {"If_Unmodified_Since": long_ago}):
        assert (await booth.get(path, **condition)).status == 200, condition
    clock.advance(48)
    answer = await booth.get(f"/public/media/{media_id}")
    assert (answer.status, answer.code) == (410, "media_expired"), "the file is still there"


async def test_media_whose_file_is_gone(booth: Booth, clock: FakeClock) -> None:
    media_id = await temporary_input(booth, clock)
    await booth.app.media_store.remove_provider_input(media_id)
    assert (await booth.get(f"/public/media/{media_id}")).code == "media_expired"


async def test_404_media_not_found(booth: Booth) -> None:
    for name in (str(uuid4()), "nonsense", f"{uuid4()}.exe"):
        answer = await booth.get(f"/public/media/{name}")
        assert (answer.status, answer.code) == (404, "media_not_found")


async def test_405_names_what_is_allowed(booth: Booth) -> None:
    answer = await booth.request("DELETE", await result_url(booth))
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


async def test_unknown_address_is_a_problem(booth: Booth) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = await booth.request(method, "/no/such/thing")
        assert (answer.status, answer.code) == (404, "not_found")
