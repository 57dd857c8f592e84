"""From the provider's bytes, or the camera's own, to the result and its preview."""

from __future__ import annotations

import pytest
from PIL import Image

from photobooth_daemon.errors import InvalidImage
from photobooth_daemon.model import Output
from photobooth_daemon.pictures import steps as pictures
from tests.support.picture_steps import finished
from tests.support.sample_pictures import (
    BLUE,
    RED,
    SECRET,
    avif,
    camera_jpeg,
    corners,
    exif,
    gif,
    jpeg,
    near,
    needs_avif,
    noise,
    opened,
    png,
    see_through,
    turned,
    upright,
    webp,
    written,
)


class TestFinish:
    def test_a_clean_jpeg_keeps_its_pixels(self):
        data = camera_jpeg(noise())
        done = finished(data)
        assert opened(done.picture.data).tobytes() == opened(data).tobytes()
        assert SECRET.encode() not in done.picture.data

    @pytest.mark.parametrize("output_format", ["jpeg", "png", "webp"])
    @pytest.mark.parametrize("make", [jpeg, png, webp])
    def test_every_format_becomes_every_other(self, make, output_format):
        done = finished(make(exif=exif(1)), Output(format=output_format))
        image = opened(done.picture.data)
        assert done.picture.content_type == f"image/{output_format}"
        assert (image.format or "").lower() == output_format
        assert image.size == (done.picture.width, done.picture.height) == (300, 200)
        assert upright(image)
        assert SECRET.encode() not in done.picture.data

    @pytest.mark.parametrize("output_format", ["png", "webp"])
    def test_transparency_is_kept_where_the_format_can(self, output_format):
        done = finished(png(see_through()), Output(format=output_format))
        assert opened(done.picture.data).getpixel((150, 100))[3] == 0
        assert near(opened(done.preview), (0.5, 0.5), (255, 255, 255))

    def test_a_jpeg_shows_white_where_nothing_was(self):
        done = finished(png(see_through()))
        assert near(opened(done.picture.data), (0.5, 0.5), (255, 255, 255))
        assert near(opened(done.picture.data), (0.1, 0.5), RED)

    @pytest.mark.parametrize(
        ("source", "photo", "crop", "pad"),
        [
            ((300, 200), (3000, 2000), (300, 200), (300, 200)),
            ((300, 300), (3000, 2000), (300, 200), (450, 300)),
            ((300, 200), (2000, 3000), (133, 200), (300, 450)),
            ((848, 1264), (4000, 6000), (843, 1264), (848, 1272)),
        ],
    )
    def test_the_photos_proportions(self, source, photo, crop, pad):
        data = jpeg(corners(*source))
        for fit, expected in (("none", source), ("crop", crop), ("pad", pad)):
            picture = finished(data, Output(fit=fit), photo).picture
            assert (picture.width, picture.height) == expected == opened(picture.data).size

    def test_padding_is_white_paper_around_the_whole_picture(self):
        picture = finished(jpeg(Image.new("RGB", (200, 200), RED)), Output(fit="pad")).picture
        image = opened(picture.data)
        assert near(image, (0.02, 0.5), (255, 255, 255))
        assert near(image, (0.98, 0.5), (255, 255, 255))
        assert near(image, (0.5, 0.02), RED)

    @pytest.mark.parametrize("fit", ["none", "crop", "pad"])
    @pytest.mark.parametrize("max_edge_px", [64, 500, 5000])
    def test_the_longest_edge(self, fit, max_edge_px):
        output = Output(fit=fit, max_edge_px=max_edge_px)
        picture = finished(jpeg(corners(1200, 900)), output, (600, 400)).picture
        width, height = {"none": (1200, 900), "crop": (1200, 800), "pad": (1350, 900)}[fit]
        share = min(1.0, max_edge_px / max(width, height))
        assert (picture.width, picture.height) == (round(width * share), round(height * share))
        assert upright(opened(picture.data)) or fit == "pad"

    def test_quality_counts(self):
        data = png(noise())
        sizes = [len(finished(data, Output(quality=q)).picture.data) for q in (30, 60, 90)]
        assert sizes == sorted(sizes)

    def test_the_preview_is_a_jpeg_of_512_px_at_most(self):
        for data, size in (
            (jpeg(corners(3000, 2000)), (375, 250)),
            (jpeg(corners(1800, 1200)), (450, 300)),
            (jpeg(corners(1100, 550)), (512, 256)),
            (png(corners(1000, 2000)), (256, 512)),
            (jpeg(corners(300, 200)), (300, 200)),
        ):
            preview = opened(finished(data, photo=size).preview)
            assert (preview.format, preview.mode) == ("JPEG", "RGB")
            assert preview.size == size
            assert upright(preview)

    @pytest.mark.parametrize(
        "data", [b"", b"<html>", b"GIF89a", jpeg()[:99], png()[:99], webp()[:99]]
    )
    def test_what_is_no_picture_is_named_so(self, data):
        with pytest.raises(InvalidImage):
            finished(data)

    def test_a_truncated_result_is_not_kept(self):
        whole = jpeg(noise(800, 600))
        with pytest.raises(InvalidImage):
            finished(whole[: len(whole) // 2])

    def test_too_many_pixels(self):
        with pytest.raises(InvalidImage):
            pictures.finish(jpeg(), Output(), 300, 200, max_pixels=59_999)

    def test_absurd_proportions_do_not_make_an_absurd_canvas(self):
        with pytest.raises(InvalidImage):
            finished(
                png(Image.new("L", (2000, 2000))), Output(fit="pad", format="png"), (60_000, 1)
            )

    def test_what_a_format_cannot_hold_is_scaled_down(self):
        long = png(Image.new("RGB", (20_000, 20), RED))
        picture = finished(long, Output(format="webp")).picture
        assert (picture.width, picture.height) == (16_383, 16)

    def test_a_moving_gif_is_its_first_frame(self):
        still = Image.new("RGB", (300, 200), BLUE)
        picture = finished(gif(corners(), still, duration=40)).picture
        assert (picture.content_type, opened(picture.data).size) == ("image/jpeg", (300, 200))
        assert upright(opened(picture.data))

    def test_a_gif_is_bounded_by_its_header(self):
        with pytest.raises(InvalidImage, match="300 x 200"):
            pictures.finish(gif(), Output(), 300, 200, max_pixels=59_999)

    @needs_avif
    def test_avif_too(self):
        assert upright(opened(finished(avif()).picture.data))


class TestOriginal:
    def original(self, tmp_path, data, output):
        path = written(tmp_path, data)
        return pictures.original(path, pictures.recognise(path), output)

    def test_an_upright_jpeg_keeps_its_pixels(self, tmp_path):
        data = camera_jpeg(noise())
        picture = self.original(tmp_path, data, Output())
        assert opened(picture.data).tobytes() == opened(data).tobytes()
        assert SECRET.encode() not in picture.data

    @pytest.mark.parametrize("output_format", ["jpeg", "png", "webp"])
    @pytest.mark.parametrize("orientation", [1, 3, 8])
    def test_upright_in_the_slots_format(self, tmp_path, orientation, output_format):
        data = camera_jpeg(turned(corners(), orientation), orientation)
        output = Output(format=output_format, max_edge_px=250)
        picture = self.original(tmp_path, data, output)
        assert picture.content_type == f"image/{output_format}"
        assert opened(picture.data).size == (250, 167) == (picture.width, picture.height)
        assert upright(opened(picture.data))


def test_a_preview_of_template_media_keeps_its_transparency(tmp_path):
    preview = opened(
        pictures.template_preview(written(tmp_path, png(see_through(1000, 500))), "image/png")
    )
    assert (preview.format, preview.mode, preview.size) == ("WEBP", "RGBA", (512, 256))
    with pytest.raises(InvalidImage):
        pictures.template_preview(written(tmp_path, png(noise())[:-500]), "image/png")
