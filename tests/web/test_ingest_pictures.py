"""Which pictures are taken from a camera and a provider, and what is said about others."""

from __future__ import annotations

import asyncio

import pytest
from PIL import ImageChops, ImageStat

from photobooth_daemon.ingest import open_job, story
from photobooth_daemon.pictures import kinds, threads
from photobooth_daemon.providers.local.looks import apply_look
from tests.support.booth import SLOT, Booth
from tests.support.fakes import Crowd
from tests.support.in_turn import in_turn
from tests.support.sample_pictures import (
    avif,
    corners,
    jpeg,
    needs_avif,
    noise,
    opened,
    png,
    see_through,
    webp,
)


@in_turn("photo", [png(see_through()), webp(), png()])
async def test_png_with_alpha_and_webp_are_taken(booth: Booth, photo: bytes) -> None:
    answer = await booth.post(booth.form(photo), path=f"/api/ingest/{SLOT}?response=image")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")


@in_turn("content", [b"GIF89a" + b"\0" * 60, b"<svg/>", b"hello", b"%PDF-1.7"])
async def test_415_unsupported_media_type(booth: Booth, content: bytes) -> None:
    answer = await booth.post(booth.form(content))
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert await booth.count_jobs() == 0
    await booth.nothing_left()


@pytest.mark.parametrize("kind", ["truncated jpeg", "truncated png", "magic only"])
async def test_422_invalid_image(booth: Booth, kind: str) -> None:
    whole = jpeg(noise()) if "jpeg" in kind else png(noise())
    content = b"\xff\xd8\xff\xe0" if kind == "magic only" else whole[: len(whole) // 2]
    answer = await booth.post(booth.form(content))
    assert (answer.status, answer.code) == (422, "invalid_image")
    job = await booth.the_job()
    assert answer.json()["job_id"] == str(job["job_id"])
    assert (job["status"], job["failure_code"]) == ("failed", "invalid_image")
    await booth.nothing_left()


@pytest.mark.parametrize("progressive", [False, True])
async def test_a_jpeg_without_its_end_marker_is_taken(booth: Booth, progressive: bool) -> None:
    whole = jpeg(noise(), progressive=progressive)
    answer = await booth.post(booth.form(whole[:-2] + bytes(512)))
    assert answer.status == 200
    assert (await booth.the_job())["status"] == "done"


def iso_media(*brands: bytes) -> bytes:
    """Return the first box of a file of these brands, and nothing else."""
    body = b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])
    return (len(body) + 4).to_bytes(4, "big") + body


@in_turn("brands", [(b"heic", b"mif1", b"heic"), (b"mif1", b"heic")])
async def test_415_says_what_to_do_about_heic(booth: Booth, brands: tuple[bytes, ...]) -> None:
    answer = await booth.post(booth.form(iso_media(*brands) + bytes(400)))
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert answer.json()["detail"] == ("HEIC pictures cannot be read here: set the camera to JPEG.")


async def test_415_says_what_to_do_about_avif_where_pillow_reads_none(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "reads_avif", lambda: False)
    answer = await booth.post(booth.form(iso_media(b"avif", b"mif1") + bytes(400)))
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert "AVIF pictures cannot be read here" in answer.json()["detail"]


@needs_avif
async def test_avif_is_taken(booth: Booth) -> None:
    answer = await booth.post(booth.form(avif(noise())))
    assert answer.status == 200, answer.body
    job = await booth.the_job()
    assert (job["input_content_type"], job["input_width"]) == ("image/avif", 300)
    await booth.nothing_left()


@needs_avif
async def test_422_for_an_avif_that_is_cut_or_over_max_pixels(booth: Booth) -> None:
    whole = avif(noise(1200, 900))
    answer = await booth.post(booth.form(whole[: len(whole) // 2]))
    assert (answer.status, answer.code) == (422, "invalid_image")
    await booth.configure_settings(max_pixels=1_000_000)
    answer = await booth.post(booth.form(whole))
    assert (answer.status, answer.code) == (422, "invalid_image")
    assert "1200 x 900" in answer.json()["detail"]


async def test_a_providers_gif_becomes_what_the_slot_wants(booth: Booth) -> None:
    booth.provider.script.then("image", format="GIF")
    answer = await booth.post()
    assert answer.status == 200, answer.body
    picture = await booth.get(answer.json()["result_url"])
    assert picture.headers["Content-Type"] == "image/jpeg"


async def test_422_over_max_pixels(booth: Booth) -> None:
    await booth.configure_settings(max_pixels=1_000_000)
    answer = await booth.post(booth.form(jpeg(corners(1200, 900))))
    assert (answer.status, answer.code) == (422, "invalid_image")
    assert (await booth.the_job())["failure_code"] == "invalid_image"


@pytest.mark.parametrize("name", ["finish", "original"])
async def test_large_pictures_are_finished_one_at_a_time(
    booth: Booth, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = story if name == "finish" else open_job
    crowd = Crowd(getattr(module, name))
    monkeypatch.setattr(module, name, crowd)
    monkeypatch.setattr(threads, "LARGE_MEGAPIXELS", 0.2)
    await booth.configure_slot(on_failure="original")
    booth.provider.script.always("prompt_blocked" if name == "original" else "image")
    photo = booth.form(jpeg(corners(1500, 1000)))
    answers = await asyncio.gather(*(booth.post(photo) for _ in range(4)))
    assert all(a.json()["width"] * a.json()["height"] > 0.2e6 for a in answers)
    assert crowd.most == 1


async def test_what_this_machine_makes_is_printed_as_fine_as_the_photo(booth: Booth) -> None:
    """A photo is made light for a provider's line; there is none before the built-in looks."""
    photo = opened(jpeg(noise(1600, 1200), quality=97)).convert("RGB")
    await booth.configure_slot(
        provider="local", operation="look", params={"look": "bw", "intensity": 100}
    )
    answer = await booth.post(
        booth.form(jpeg(photo, quality=97)), path=f"/api/ingest/{SLOT}?response=image"
    )
    assert answer.status == 200
    made, ideal = opened(answer.body).convert("L"), apply_look(photo, "bw", 100).convert("L")
    assert ImageStat.Stat(ImageChops.difference(made, ideal)).rms[0] < 8
