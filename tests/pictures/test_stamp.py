"""The stamp is read by a real decoder from what a printer makes of the picture."""

from __future__ import annotations

import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from photobooth_daemon import pictures
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.model import Output, PictureBytes
from photobooth_daemon.model.events import Corner, Stamp
from photobooth_daemon.pictures.codec import encode_jpeg
from photobooth_daemon.pictures.kinds import JPEG, PNG, WEBP
from photobooth_daemon.pictures.stamp import StampOrder, stamped
from photobooth_daemon.pictures.steps import FinishedPicture, finish
from tests.support.fakes import FakeClock
from tests.support.sample_pictures import opened

LINK = "https://booth.example.com/r/0b9a3a1e-6f0f-4d5c-9f6d-2f6a2b8b1c11?k=ABCDEFGHIJKLMNOPQRSTUV"
PRINT_PX = (1800, 1200)
"""10 × 15 cm at 300 dots an inch."""


def scene(kind: str, size: tuple[int, int] = (1264, 848)) -> Image.Image:
    if kind == "busy":
        noise = [Image.effect_noise((size[0] // 5, size[1] // 5), 120) for _ in range(3)]
        return Image.merge("RGB", noise).resize(size, Image.Resampling.NEAREST)
    return Image.new("RGB", size, {"light": (250, 250, 245), "dark": (8, 6, 12)}[kind])


def as_jpeg(image: Image.Image) -> PictureBytes:
    return PictureBytes(encode_jpeg(image, 90), JPEG, *image.size)


def printed(picture: PictureBytes) -> Image.Image:
    """What a guest holds: scaled to the paper, blurred by the printer, compressed on the way."""
    image = opened(picture.data).convert("RGB")
    upright = image.height > image.width
    paper = (PRINT_PX[1], PRINT_PX[0]) if upright else PRINT_PX
    scale = max(paper[0] / image.width, paper[1] / image.height)
    image = image.resize((round(image.width * scale), round(image.height * scale)))
    target = BytesIO()
    image.filter(ImageFilter.GaussianBlur(1.2)).save(target, "JPEG", quality=75)
    return opened(target.getvalue()).convert("L")


def read(image: Image.Image) -> list[Any]:
    decoder = pytest.importorskip("zxingcpp")
    return list(decoder.read_barcodes(image))


@pytest.mark.parametrize("kind", ["light", "dark", "busy"])
@pytest.mark.parametrize("corner", list(Corner))
def test_a_print_is_read(kind: str, corner: Corner) -> None:
    picture = stamped(as_jpeg(scene(kind)), Output(), Stamp(corner, 15, "Свадьба Ани и Пети"), LINK)
    paper = printed(picture)
    [code] = read(paper)
    assert code.text == LINK
    across, down = code.position.top_left.x / paper.width, code.position.top_left.y / paper.height
    assert ("left" if across < 0.5 else "right") in corner.value
    assert ("top" if down < 0.5 else "bottom") in corner.value


@pytest.mark.parametrize("size_percent", [8, 15, 30])
@pytest.mark.parametrize("size", [(848, 1264), (900, 600), (3072, 2048), (1024, 1024)])
def test_every_size_is_read(size_percent: int, size: tuple[int, int]) -> None:
    stamp = Stamp(Corner.BOTTOM_RIGHT, size_percent, None)
    [code] = read(printed(stamped(as_jpeg(scene("busy", size)), Output(), stamp, LINK)))
    assert code.text == LINK


def test_the_edge_is_the_share_that_was_asked_for() -> None:
    dark = scene("dark", (1500, 1000))
    after = opened(stamped(as_jpeg(dark), Output(), Stamp(Corner.TOP_LEFT, 20), LINK).data)
    plate = after.convert("L").point(lambda value: 255 if value > 128 else 0).getbbox()
    assert plate is not None
    assert [round(value / 1000, 2) for value in plate] == [0.03, 0.03, 0.23, 0.23]


@pytest.mark.parametrize("kind", [JPEG, PNG, WEBP])
def test_format_and_size_stay(kind: str) -> None:
    target = BytesIO()
    scene("busy", (600, 400)).convert("RGBA" if kind != JPEG else "RGB").save(
        target, kind.removeprefix("image/")
    )
    output = Output(format=kind.removeprefix("image/"))
    before = PictureBytes(target.getvalue(), kind, 600, 400)
    after = stamped(before, output, Stamp(text="x" * 40), LINK)
    assert (after.content_type, after.width, after.height) == (kind, 600, 400)
    assert opened(after.data).format == kind.removeprefix("image/").upper()
    half = (0, 0, 200, 400)
    was, now = (opened(p.data).convert("RGB").crop(half) for p in (before, after))
    assert max(ImageStat.Stat(ImageChops.difference(was, now)).mean) < 12


@pytest.mark.parametrize(
    ("kind", "output"),
    [
        (JPEG, Output()),
        (JPEG, Output(fit="crop")),
        (PNG, Output()),
        (PNG, Output(format="png")),
        (JPEG, Output(format="webp", max_edge_px=1000)),
    ],
)
def test_a_provider_s_picture_is_stamped_while_it_is_decoded(kind: str, output: Output) -> None:
    target = BytesIO()
    scene("busy").save(target, kind.removeprefix("image/"))
    clock = FakeClock()

    def finished(order: StampOrder | None) -> FinishedPicture:
        return finish(target.getvalue(), output, 900, 600, max_pixels=40_000_000, stamp=order)

    order = StampOrder(Stamp(), LINK, Deadline.after(clock, 10))
    plain, both = finished(None), finished(order)
    assert both.picture == plain.picture
    assert opened(both.preview).size == opened(plain.preview).size
    assert read(opened(both.preview)) == []
    assert both.stamped is not None
    assert (both.stamped.content_type, both.stamped.width, both.stamped.height) == (
        plain.picture.content_type,
        plain.picture.width,
        plain.picture.height,
    )
    [code] = read(printed(both.stamped))
    assert code.text == LINK
    clock.advance(11)
    assert finished(order).stamped is None, "what is late is stored first"


@pytest.mark.parametrize("text", ["Ё", "ж" * 40, "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", "  "])
def test_any_text_stays_on_the_picture(text: str) -> None:
    small = as_jpeg(scene("dark", (320, 240)))
    after = opened(stamped(small, Output(), Stamp(Corner.BOTTOM_LEFT, 30, text), LINK).data)
    assert after.size == (320, 240)


def test_cyrillic_letters_are_letters() -> None:
    """A font without them draws one box for each: all alike."""

    def drawn(text: str) -> bytes:
        stamp = Stamp(Corner.TOP_LEFT, 30, text)
        return stamped(as_jpeg(scene("light")), Output(), stamp, LINK).data

    assert len({drawn(letter) for letter in "АБВГДЖЩЫЮЯё"}) == 11


def test_the_font_is_the_one_that_was_vendored() -> None:
    folder = Path(pictures.__file__).parent / "fonts"
    entries = json.loads((folder / "VENDORED.json").read_text("utf-8"))["files"]
    for entry in entries:
        digest = hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest()
        assert digest == entry["sha256"]
        assert (folder / entry["license_file"]).read_text("utf-8")
    named = {entry[key] for entry in entries for key in ("file", "license_file")}
    assert {path.name for path in folder.iterdir()} == {*named, "VENDORED.json"}
