"""A large WEBP is decoded in a process of its own: Debian 12's Pillow stops all threads for it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photobooth_daemon.errors import InvalidImage
from photobooth_daemon.pictures import apart
from photobooth_daemon.pictures.kinds import WEBP
from photobooth_daemon.pictures.steps import prepare
from tests.hostile.bombs import webp_of
from tests.support.sample_pictures import noise


@pytest.fixture
def no_webp_here(monkeypatch: pytest.MonkeyPatch) -> None:
    really = Image.open

    def open_other(*arguments: Any, **options: Any) -> Image.Image:
        assert options.get("formats") != ["WEBP"], "it is decoded in this process"
        return really(*arguments, **options)

    monkeypatch.setattr(Image, "open", open_other)


def large(image: Image.Image) -> bytes:
    target = BytesIO()
    image.resize((2400, 1700)).save(target, "WEBP", quality=60, method=0)
    return target.getvalue()


@pytest.mark.usefixtures("no_webp_here")
def test_a_large_one_comes_as_it_is(tmp_path: Path) -> None:
    source = noise(60, 40)
    path = tmp_path / "photo"
    path.write_bytes(large(source))
    made = prepare(path, WEBP, max_edge_px=1200)
    assert (made.width, made.height) == (1200, 850)
    with Image.open(BytesIO(made.data), formats=["JPEG"]) as found:
        colours = [picture.resize((1, 1)).getpixel((0, 0)) for picture in (found, source)]
    assert all(abs(a - b) < 12 for a, b in zip(*colours, strict=True)), colours  # type: ignore


@pytest.mark.usefixtures("no_webp_here")
def test_a_broken_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(large(noise(60, 40))[:-5000])
    with pytest.raises(InvalidImage):
        prepare(path, WEBP, max_edge_px=1200)


def test_one_that_takes_too_long_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "LONGEST_SECONDS", 0.001)
    path = tmp_path / "photo"
    path.write_bytes(webp_of(4_000, 4_000, frames=100))
    with pytest.raises(InvalidImage):
        prepare(path, WEBP, max_edge_px=1200)
