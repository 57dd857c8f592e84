"""Colours are brought to sRGB band by band: nobody can see where a band ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image, ImageChops

from photobooth_daemon.pictures import colours
from tests.support.sample_pictures import noise, opened, other_profile, png, see_through


def grey_of_16_bits() -> Image.Image:
    values = b"".join((n * 97 % 65536).to_bytes(2, "little") for n in range(90 * 60))
    return Image.frombytes("I;16", (90, 60), values)


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "RGB": lambda: noise(90, 60),
    "RGBA": lambda: see_through(90, 60),
    "grey": lambda: noise(90, 60).convert("L"),
    "grey and alpha": lambda: see_through(90, 60).convert("LA"),
    "16 bits of grey": grey_of_16_bits,
    "ink": lambda: noise(90, 60).convert("CMYK"),
    "two colours": lambda: noise(90, 60).convert("1"),
    "palette": lambda: noise(90, 60).quantize(16),
    "palette with a hole": lambda: opened(png(noise(90, 60).quantize(16), transparency=3)),
}


@pytest.mark.parametrize("profile", [None, other_profile()], ids=["plain", "profile"])
@pytest.mark.parametrize("shrink", [1, 2, 7])
@pytest.mark.parametrize("name", PICTURES)
def test_bands_make_the_same_picture_as_the_whole(
    name: str, shrink: int, profile: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = PICTURES[name]()
    whole = colours.in_srgb(image.copy(), profile, shrink=shrink)
    assert whole.size == (-(-90 // shrink), -(-60 // shrink))
    monkeypatch.setattr(colours, "_BAND_PIXELS", 500)
    banded = colours.in_srgb(image, profile, shrink=shrink)
    assert banded.mode == whole.mode
    assert ImageChops.difference(banded, whole).getbbox() is None


def test_a_colour_profile_of_many_megabytes_is_left_aside() -> None:
    long = other_profile() + bytes(colours.LONGEST_PROFILE_BYTES)
    image = noise(90, 60)
    assert colours.in_srgb(image, long) is image


def test_what_lies_on_a_background_is_laid_there_band_by_band(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = see_through(90, 60)
    whole = colours.on_background(image, (10, 20, 30))
    monkeypatch.setattr(colours, "_BAND_PIXELS", 500)
    banded = colours.on_background(image, (10, 20, 30))
    assert ImageChops.difference(banded, whole).getbbox() is None
    assert (10, 20, 30) in {colour for _, colour in banded.getcolors(100_000) or ()}
