"""Looks and frames: what comes out, how fast, and what a missing frame is called."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image, ImageChops, ImageStat

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, DeadlinePassed, Reason
from photobooth_daemon.model import PictureBytes
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.providers.driver import ProviderConfig, ProviderRequest, TemplatePicture
from photobooth_daemon.providers.local import borders, looks
from photobooth_daemon.providers.local.driver import LocalDriver
from photobooth_daemon.providers.local.looks import apply_look
from photobooth_daemon.providers.schemas import read_schema
from tests.support.fakes import eventually, waiting_in
from tests.support.sample_pictures import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    corners,
    jpeg,
    near,
    opened,
    png,
    see_through,
    upright,
)

OPERATIONS = read_schema("local", "photobooth_daemon.providers.local.driver")["$defs"]


@pytest.fixture
def driver() -> Iterator[LocalDriver]:
    threads = PictureThreads(Clock())
    yield LocalDriver(ProviderConfig("local"), None, threads)  # type: ignore[arg-type]
    threads.close()


def asked(
    operation: str = "look",
    params: dict | None = None,
    photo: PictureBytes | None = None,
    templates: tuple[TemplatePicture, ...] = (),
    seconds: float = 30,
) -> ProviderRequest:
    return ProviderRequest(
        job_id=uuid4(),
        slot_id="slot-001",
        operation=operation,
        params=params or {},
        photo=photo or PictureBytes(jpeg(corners()), "image/jpeg", 300, 200),
        templates=templates,
        deadline=Deadline.after(Clock(), seconds),
    )


def template(tmp_path: Path, image: Image.Image) -> TemplatePicture:
    path = tmp_path / "original.png"
    path.write_bytes(png(image))
    return TemplatePicture("frame", uuid4(), "image/png", path)


async def made(driver: LocalDriver, request: ProviderRequest) -> Image.Image:
    return opened((await driver.process(request)).picture)


def test_the_schema_offers_every_look_there_is():
    enum = OPERATIONS["look"]["properties"]["look"]["enum"]
    assert set(enum) == set(looks._LOOKS)
    assert set(OPERATIONS["frame"]["properties"]["look"]["enum"]) <= {"none", *enum}


async def test_the_default_is_black_and_white(driver):
    image = await made(driver, asked())
    assert image.size == (300, 200)
    red, green, blue = image.getpixel((20, 20))
    assert max(red, green, blue) - min(red, green, blue) <= 3


@pytest.mark.parametrize("look", tuple(looks._LOOKS))
async def test_every_look_changes_the_picture_and_keeps_its_size(driver, look):
    image = await made(driver, asked(params={"look": look}))
    assert image.size == (300, 200)
    difference = ImageStat.Stat(ImageChops.difference(image, corners())).mean
    assert sum(difference) > 10


@pytest.mark.parametrize("look", tuple(looks._LOOKS))
@pytest.mark.parametrize("size", [(1, 1), (2, 900), (900, 2), (17, 13)])
def test_every_look_takes_every_size(look, size):
    assert apply_look(Image.new("RGB", size, RED), look, 70).size == size


def test_the_schema_offers_every_border_there_is():
    properties = OPERATIONS["border"]["properties"]
    assert set(properties["border"]["enum"]) == set(borders._BORDERS)
    assert properties["look"] == OPERATIONS["frame"]["properties"]["look"]


@pytest.mark.parametrize("border", tuple(borders._BORDERS))
async def test_every_border_is_at_the_edge_and_keeps_size_and_middle(driver, border):
    grey = PictureBytes(jpeg(Image.new("RGB", (300, 200), (128, 128, 128))), "image/jpeg", 300, 200)
    image = await made(driver, asked("border", {"border": border}, photo=grey))
    assert image.size == (300, 200)
    changed = ImageChops.difference(image, Image.new("RGB", (300, 200), (128, 128, 128)))
    assert sum(ImageStat.Stat(changed).mean) > 3
    middle = ImageStat.Stat(changed.crop((60, 50, 240, 150))).mean
    assert sum(middle) < 3


@pytest.mark.parametrize("border", tuple(borders._BORDERS))
@pytest.mark.parametrize("size", [(1, 1), (2, 900), (900, 2), (17, 13)])
def test_every_border_takes_every_size(border, size):
    assert borders.apply_border(Image.new("RGB", size, RED), border).size == size


async def test_a_border_goes_around_a_look(driver):
    image = await made(driver, asked("border", {"border": "white", "look": "bw"}))
    red, green, blue = image.getpixel((60, 50))
    assert max(red, green, blue) - min(red, green, blue) <= 3


async def test_intensity_mixes_with_the_original(driver):
    none = await made(driver, asked(params={"look": "sepia", "intensity": 0}))
    assert upright(none)
    half = apply_look(corners(), "bw", 50).getpixel((20, 20))
    whole = apply_look(corners(), "bw", 100).getpixel((20, 20))
    assert abs(half[0] - (RED[0] + whole[0]) / 2) < 3


async def test_transparency_passes_through(driver):
    photo = PictureBytes(png(see_through()), "image/png", 300, 200)
    image = await made(driver, asked(params={"look": "pop"}, photo=photo))
    assert (image.format, image.mode) == ("PNG", "RGBA")
    assert image.getpixel((150, 100))[3] == 0
    assert image.getpixel((5, 5))[3] == 255


@pytest.mark.parametrize("look", tuple(looks._LOOKS))
def test_a_look_at_3000_px_takes_a_moment(look):
    image = corners(3000, 2000)
    started = time.thread_time()
    apply_look(image, look, 100)
    # A generous bound for a busy machine: 0.03 to 0.2 s are measured.
    assert time.thread_time() - started < 1.5


class TestFrame:
    async def test_the_photo_shows_through(self, driver, tmp_path):
        frame = template(tmp_path, see_through(600, 400))
        image = await made(driver, asked("frame", templates=(frame,)))
        assert image.size == (300, 200)
        assert near(image, (0.05, 0.5), RED)
        assert near(image, (0.7, 0.3), GREEN)
        assert near(image, (0.7, 0.7), BLUE)

    async def test_again_from_what_was_kept(self, driver, tmp_path):
        frame = template(tmp_path, see_through(600, 400))
        first = await driver.process(asked("frame", templates=(frame,)))
        frame.path.write_bytes(frame.path.read_bytes()[:200])
        second = await driver.process(asked("frame", templates=(frame,)))
        assert first.picture == second.picture

    @pytest.mark.parametrize(
        ("params", "size", "framed", "bare"),
        [
            ({"fit": "contain"}, (300, 200), (0.35, 0.05), (0.1, 0.5)),
            ({"fit": "contain", "position": "left"}, (300, 200), (0.02, 0.5), (0.9, 0.5)),
            (
                {"fit": "contain", "position": "bottom_right", "scale_percent": 20},
                (300, 200),
                (0.98, 0.98),
                (0.5, 0.5),
            ),
            ({"fit": "cover"}, (300, 200), (0.02, 0.5), (0.5, 0.2)),
            ({"fit": "cover", "position": "top"}, (300, 200), (0.5, 0.04), (0.5, 0.96)),
            ({"fit": "crop_photo"}, (200, 200), (0.02, 0.5), (0.5, 0.6)),
        ],
    )
    async def test_a_square_frame_on_a_wide_photo(
        self, driver, tmp_path, params, size, framed, bare
    ):
        black = Image.new("RGBA", (400, 400), (0, 0, 0, 255))
        black.paste((0, 0, 0, 0), (80, 80, 320, 320))
        frame = template(tmp_path, black)
        image = await made(driver, asked("frame", params, templates=(frame,)))
        assert image.size == size
        assert near(image, framed, (0, 0, 0))
        assert not near(image, bare, (0, 0, 0))

    async def test_opacity(self, driver, tmp_path):
        frame = template(tmp_path, Image.new("RGBA", (300, 200), (0, 0, 0, 255)))
        image = await made(driver, asked("frame", {"opacity_percent": 50}, templates=(frame,)))
        assert near(image, (0.2, 0.8), tuple(c // 2 for c in WHITE))

    async def test_a_look_under_the_frame(self, driver, tmp_path):
        frame = template(tmp_path, see_through(300, 200))
        image = await made(driver, asked("frame", {"look": "bw"}, templates=(frame,)))
        assert near(image, (0.05, 0.5), RED)
        red, _, blue = image.getpixel((200, 120))
        assert abs(red - blue) <= 6

    async def test_over_a_photo_with_transparency(self, driver, tmp_path):
        photo = PictureBytes(png(see_through()), "image/png", 300, 200)
        frame = template(tmp_path, Image.new("RGBA", (30, 30), (*BLUE, 255)))
        image = await made(
            driver, asked("frame", {"fit": "contain", "scale_percent": 30}, photo, (frame,))
        )
        assert image.mode == "RGBA"
        assert near(image, (0.5, 0.5), BLUE)
        assert image.getpixel((80, 60))[3] == 0

    @pytest.mark.parametrize("broken", ["missing", "corrupt", "unbound"])
    async def test_a_frame_that_cannot_be_read(self, driver, tmp_path, broken):
        frame = template(tmp_path, see_through())
        if broken == "missing":
            frame.path.unlink()
        elif broken == "corrupt":
            frame.path.write_bytes(frame.path.read_bytes()[:100])
        templates = () if broken == "unbound" else (frame,)
        with pytest.raises(AttemptFailed) as failure:
            await driver.process(asked("frame", templates=templates))
        assert failure.value.reason is Reason.BAD_REQUEST
        assert str(tmp_path) not in failure.value.message


async def test_a_passed_deadline_is_named(driver):
    with pytest.raises(DeadlinePassed):
        await driver.process(asked(seconds=-1))


async def test_the_check_draws_something(driver):
    check = await driver.check("look", {})
    assert check.ok
    assert driver.model("look", {}) is None


async def test_the_check_goes_after_what_was_paid_for() -> None:
    threads = PictureThreads(Clock(), threads=1)
    busy = threading.Event()
    order: list[str] = []
    try:
        driver = LocalDriver(ProviderConfig("local"), None, threads)  # type: ignore[arg-type]
        work = [asyncio.create_task(threads.finish(busy.wait, 30))]
        await eventually(lambda: not waiting_in(threads))
        checking = asyncio.create_task(driver.check("look", {}))
        checking.add_done_callback(lambda _: order.append("checked"))
        await eventually(lambda: waiting_in(threads) == 1)
        work.append(asyncio.create_task(threads.finish(order.append, "finished")))
        await eventually(lambda: waiting_in(threads) == 2)
        busy.set()
        assert (await checking).ok
        await asyncio.gather(*work)
    finally:
        busy.set()
        threads.close()
    assert order == ["finished", "checked"]
