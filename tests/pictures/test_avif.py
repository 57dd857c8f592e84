"""AVIF goes the same way as every other kind."""

from __future__ import annotations

import pytest

from photobooth_daemon.errors import InvalidImage
from photobooth_daemon.pictures import steps as pictures
from tests.support.picture_steps import MANY, prepared
from tests.support.sample_pictures import (
    SECRET,
    avif,
    corners,
    exif,
    needs_avif,
    noise,
    opened,
    see_through,
    turned,
    upright,
    written,
)


@needs_avif
class TestAvif:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_upright_whichever_way_the_camera_was_held(self, tmp_path, orientation):
        data = avif(turned(corners(), orientation), exif=exif(orientation))
        path = written(tmp_path, data)
        assert pictures.recognise(path) == "image/avif"
        assert pictures.measure(path, "image/avif", MANY) == (300, 200)
        photo = prepared(tmp_path, data, max_edge_px=150)
        assert upright(opened(photo.data))
        assert (photo.content_type, photo.width, photo.height) == ("image/jpeg", 150, 100)
        assert SECRET.encode() not in photo.data

    def test_transparency_is_kept_as_png(self, tmp_path):
        photo = prepared(tmp_path, avif(see_through()))
        assert (photo.content_type, opened(photo.data).getpixel((150, 100))[3]) == ("image/png", 0)

    def test_one_that_is_cut_is_found(self, tmp_path):
        whole = avif(noise(600, 400))
        for cut in (40, len(whole) // 3, len(whole) - 500):
            with pytest.raises(InvalidImage):
                prepared(tmp_path, whole[:cut])

    def test_too_many_pixels_are_refused_unread(self, tmp_path):
        with pytest.raises(InvalidImage, match="300 x 200"):
            pictures.measure(written(tmp_path, avif()), "image/avif", 59_999)
