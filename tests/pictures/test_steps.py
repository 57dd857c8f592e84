"""From the camera's bytes to the provider, and from the provider's bytes to the result."""

from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image

from photobooth_daemon.errors import InvalidImage, UnsupportedMediaType
from photobooth_daemon.model import Output
from photobooth_daemon.pictures import steps as pictures
from tests.support.sample_pictures import (
    BLUE,
    RED,
    SECRET,
    WHITE,
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
    other_profile,
    png,
    see_through,
    srgb_profile,
    turned,
    upright,
    webp,
    written,
)

MANY = 60_000_000


def prepared(tmp_path, data, *, max_edge_px=1536):
    path = written(tmp_path, data)
    content_type = pictures.recognise(path)
    return pictures.prepare(path, content_type, max_edge_px=max_edge_px)


def finished(data, output=None, photo=(300, 200)):
    return pictures.finish(data, output or Output(), *photo, max_pixels=MANY)


class TestRecognise:
    @pytest.mark.parametrize(
        ("data", "content_type"),
        [(jpeg(), "image/jpeg"), (png(), "image/png"), (webp(), "image/webp")],
    )
    def test_by_the_bytes_whatever_the_name_says(self, tmp_path, data, content_type):
        assert pictures.recognise(written(tmp_path, data, "photo.exe")) == content_type

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\xff\xd8",
            b"GIF89a" + bytes(99),
            b"%PDF-1.7",
            b"RIFF1234WAVEfmt ",
            b"<svg/>",
            b"BM",
        ],
    )
    def test_all_else_is_refused(self, tmp_path, data):
        with pytest.raises(UnsupportedMediaType):
            pictures.recognise(written(tmp_path, data, "photo.jpg"))


class TestMeasure:
    @pytest.mark.parametrize("order", ["II", "MM"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_width_and_height_are_as_displayed(self, tmp_path, orientation, order):
        data = jpeg(turned(corners(), orientation), exif=exif(orientation, order))
        assert pictures.measure(written(tmp_path, data), "image/jpeg", MANY) == (300, 200)

    def test_png_and_webp_turn_too(self, tmp_path):
        block = exif(6)
        data = png(turned(corners(), 6), exif=block)
        assert pictures.measure(written(tmp_path, data), "image/png", MANY) == (300, 200)
        for options in ({}, {"lossless": True}):
            data = webp(turned(corners(), 6), exif=block, **options)
            assert pictures.measure(written(tmp_path, data), "image/webp", MANY) == (300, 200)

    @pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": exif(1)}])
    def test_every_kind_of_webp(self, tmp_path, options):
        path = written(tmp_path, webp(corners(301, 77), **options))
        assert pictures.measure(path, "image/webp", MANY) == (301, 77)

    @pytest.mark.parametrize("data", [jpeg(), png(), webp()])
    def test_too_many_pixels_are_refused_unread(self, tmp_path, data):
        path = written(tmp_path, data)
        content_type = pictures.recognise(path)
        assert pictures.measure(path, content_type, 60_000) == (300, 200)
        with pytest.raises(InvalidImage, match="300 x 200"):
            pictures.measure(path, content_type, 59_999)

    def test_a_bomb_of_a_few_bytes(self, tmp_path):
        head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
        chunk = b"IHDR" + head
        data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
        path = written(tmp_path, data + struct.pack(">I", zlib.crc32(chunk)))
        with pytest.raises(InvalidImage, match="50000 x 50000"):
            pictures.measure(path, "image/png", MANY)

    @pytest.mark.parametrize("whole", [jpeg(), png(), webp()])
    def test_a_header_cut_short_is_an_invalid_image(self, tmp_path, whole):
        path = written(tmp_path, whole[:16])
        with pytest.raises(InvalidImage):
            pictures.measure(path, pictures.recognise(path), MANY)

    def test_a_swarm_of_segments_ends(self, tmp_path):
        path = written(tmp_path, b"\xff\xd8" + b"\xff\xe1\x00\x02" * 1_000_000)
        with pytest.raises(InvalidImage, match="segments"):
            pictures.measure(path, "image/jpeg", MANY)
        path = written(tmp_path, b"\xff\xd8" + b"\xff" * 4_000_000)
        with pytest.raises(InvalidImage):
            pictures.measure(path, "image/jpeg", MANY)

    def test_a_swarm_of_chunks_ends(self, tmp_path):
        whole = png()
        path = written(tmp_path, whole[:33] + b"\x00\x00\x00\x00teXt\x00\x00\x00\x00" * 500_000)
        with pytest.raises(InvalidImage, match="chunks"):
            pictures.measure(path, "image/png", MANY)


class TestPrepare:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("max_edge_px", [1536, 100])
    def test_upright_whichever_way_the_camera_was_held(self, tmp_path, orientation, max_edge_px):
        data = camera_jpeg(turned(corners(), orientation), orientation)
        photo = prepared(tmp_path, data, max_edge_px=max_edge_px)
        assert upright(opened(photo.data))
        edge = min(300, max_edge_px)
        assert (photo.width, photo.height) == (edge, round(edge * 2 / 3))

    @pytest.mark.parametrize("max_edge_px", [1536, 150])
    @pytest.mark.parametrize("orientation", [1, 6])
    def test_no_metadata_survives(self, tmp_path, max_edge_px, orientation):
        data = camera_jpeg(turned(corners(), orientation), orientation)
        photo = prepared(tmp_path, data, max_edge_px=max_edge_px)
        assert SECRET.encode() in data
        assert SECRET.encode() not in photo.data
        assert b"Exif" not in photo.data
        assert not opened(photo.data).getexif()

    def test_a_light_clean_jpeg_keeps_its_pixels(self, tmp_path):
        data = camera_jpeg(corners(1000, 800))
        photo = prepared(tmp_path, data)
        assert opened(photo.data).tobytes() == opened(data).tobytes()
        assert len(photo.data) < len(data)

    def test_a_heavy_jpeg_is_made_lighter(self, tmp_path):
        heavy = jpeg(noise(1000, 800), quality=95)
        photo = prepared(tmp_path, heavy)
        assert len(photo.data) < len(heavy) / 2
        assert (photo.width, photo.height) == (1000, 800)

    @pytest.mark.parametrize("draw", [corners, noise])
    def test_a_small_jpeg_is_not_scaled_a_little(self, tmp_path, draw):
        data = jpeg(draw(1800, 1200), quality=50)
        assert len(data) < 1 << 20
        assert prepared(tmp_path, data).width == 1800
        assert prepared(tmp_path, data + bytes(1 << 20)).width == 1536
        assert prepared(tmp_path, jpeg(corners(2100, 1200))).width == 1536
        lower = prepared(tmp_path, data, max_edge_px=1200)
        assert lower.width == 1200, "more than a third above what was asked for"

    def test_progressive_and_grey_ones_are_clean_too(self, tmp_path):
        for data in (jpeg(progressive=True), jpeg(corners().convert("L"))):
            photo = prepared(tmp_path, data)
            assert opened(photo.data).tobytes() == opened(data).tobytes()

    @pytest.mark.parametrize(
        ("size", "limit", "expected"),
        [
            ((6000, 4000), 1536, (1500, 1000)),
            ((5472, 3648), 1536, (1368, 912)),
            ((4000, 6000), 1536, (1000, 1500)),
            ((5184, 3456), 1536, (1536, 1024)),
            ((2000, 1500), 1536, (1536, 1152)),
            ((6000, 4000), 3000, (3000, 2000)),
            ((1500, 20), 300, (300, 4)),
            ((3001, 2), 300, (300, 1)),
        ],
    )
    def test_scaled_down_by_the_decoder_where_that_lands_near_the_limit(
        self, tmp_path, size, limit, expected
    ):
        data = jpeg(Image.new("RGB", size, BLUE), quality=20, exif=exif(1))
        photo = prepared(tmp_path, data + bytes(1 << 20), max_edge_px=limit)
        assert (photo.width, photo.height) == expected == opened(photo.data).size

    @pytest.mark.parametrize("make", [jpeg, png, webp])
    def test_never_up(self, tmp_path, make):
        photo = prepared(tmp_path, make(corners(40, 20)))
        assert (photo.width, photo.height) == (40, 20)

    @pytest.mark.parametrize("make", [png, webp])
    def test_transparency_is_kept_as_png(self, tmp_path, make):
        photo = prepared(tmp_path, make(see_through()), max_edge_px=150)
        image = opened(photo.data)
        assert (photo.content_type, image.mode, image.size) == ("image/png", "RGBA", (150, 100))
        assert image.getpixel((75, 50))[3] == 0
        assert image.getpixel((5, 5))[3] == 255

    def test_an_alpha_channel_that_hides_nothing_is_dropped(self, tmp_path):
        photo = prepared(tmp_path, png(corners().convert("RGBA")))
        assert photo.content_type == "image/jpeg"

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    def test_every_kind_of_png(self, tmp_path, mode):
        if mode == "I;16":
            values = b"".join(struct.pack("<H", x * 256) for _ in range(64) for x in range(64))
            image = Image.frombytes("I;16", (64, 64), values)
        else:
            image = corners(64, 64).convert(mode)
        photo = prepared(tmp_path, png(image))
        assert opened(photo.data).mode == "RGB"
        if mode == "I;16":
            assert near(opened(photo.data), (0.5, 0.5), (32, 32, 32))

    def test_palette_with_a_transparent_colour(self, tmp_path):
        image = corners(64, 64).quantize(8)
        photo = prepared(tmp_path, png(image, transparency=image.getpixel((0, 0))))
        assert opened(photo.data).getpixel((0, 0))[3] == 0
        assert opened(photo.data).getpixel((63, 63))[3] == 255

    def test_cmyk_becomes_rgb(self, tmp_path):
        photo = prepared(tmp_path, jpeg(corners().convert("CMYK")))
        image = opened(photo.data)
        assert image.mode == "RGB"
        assert near(image, (0.2, 0.8), WHITE)
        assert image.getpixel((10, 10))[0] > 150

    @pytest.mark.parametrize("make", [jpeg, png, webp])
    def test_another_colour_profile_is_applied(self, tmp_path, make):
        photo = prepared(tmp_path, make(corners(), icc_profile=other_profile()))
        image = opened(photo.data)
        assert "icc_profile" not in image.info
        red, _, blue = image.getpixel((20, 20))
        assert blue > red + 80, "what was stored as red means blue in this profile"

    def test_an_srgb_profile_is_just_dropped(self, tmp_path):
        data = jpeg(icc_profile=srgb_profile())
        photo = prepared(tmp_path, data)
        assert b"ICC_PROFILE" not in photo.data
        assert opened(photo.data).tobytes() == opened(data).tobytes()

    @pytest.mark.parametrize(
        # A profile holds the second in which it was made, so its bytes are no name for a test.
        "profile",
        [b"x", bytes(200), other_profile()[:300]],
        ids=["short", "zeros", "cut"],
    )
    def test_a_broken_profile_does_not_cost_the_photo(self, tmp_path, profile):
        photo = prepared(tmp_path, jpeg(icc_profile=profile))
        assert upright(opened(photo.data))

    @pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
    @pytest.mark.parametrize("make", [jpeg, png, webp])
    def test_a_truncated_photo_is_found(self, tmp_path, make, cut):
        whole = make(noise(600, 400))
        with pytest.raises(InvalidImage):
            prepared(tmp_path, whole[: int(len(whole) * cut)])

    @pytest.mark.parametrize("make", [jpeg, camera_jpeg])
    def test_a_jpeg_without_its_last_bytes_is_truncated(self, tmp_path, make):
        whole = make(noise())
        end = whole.rindex(b"\xff\xd9")
        assert prepared(tmp_path, whole[: end + 2]).data.endswith(b"\xff\xd9")
        for lost in (30, 100):
            with pytest.raises(InvalidImage):
                prepared(tmp_path, whole[: end - lost])

    def test_a_swarm_of_scans_is_refused(self, tmp_path):
        whole = jpeg(noise(), progressive=True)
        scan = whole[whole.rindex(b"\xff\xda") : -2]
        with pytest.raises(InvalidImage, match="scans"):
            prepared(tmp_path, whole[:-2] + scan * 1000 + b"\xff\xd9")

    def test_a_missing_file_is_not_the_pictures_fault(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            pictures.prepare(tmp_path / "no", "image/jpeg", max_edge_px=1536)


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
