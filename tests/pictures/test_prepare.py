"""From the camera's bytes to what a provider is sent."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageStat

from photobooth_daemon.errors import InvalidImage
from photobooth_daemon.pictures import steps as pictures
from tests.support.picture_steps import prepared
from tests.support.sample_pictures import (
    BLUE,
    SECRET,
    WHITE,
    camera_jpeg,
    corners,
    exif,
    jpeg,
    near,
    noise,
    opened,
    other_profile,
    png,
    see_through,
    srgb_profile,
    turned,
    upright,
    webp,
)


def difference(one: Image.Image, other: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).rms)


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

    @pytest.mark.parametrize("quality", [20, 90])
    def test_what_a_camera_keeps_behind_its_photo_stays_behind(self, tmp_path, quality):
        # Previews by the Multi-Picture Format (CIPA DC-007): nobody knows what they show.
        target = BytesIO()
        photo, preview = corners(900, 600), Image.new("RGB", (1920, 1280), BLUE)
        photo.save(target, "MPO", save_all=True, append_images=[preview], quality=quality)
        data = target.getvalue()
        assert b"MPF\0" in data
        for edge in (1536, 300):
            sent = prepared(tmp_path, data, max_edge_px=edge)
            assert (sent.width, sent.height) == (min(edge, 900), min(edge, 900) * 2 // 3)
            assert upright(opened(sent.data))
            assert b"MPF\0" not in sent.data
            assert sent.data.count(b"\xff\xd8") == 1

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

    def test_grain_costs_little_and_what_a_model_sees_stays(self, tmp_path):
        scene = Image.blend(corners(1200, 800), noise(1200, 800), 0.5)
        photo, usual = prepared(tmp_path, jpeg(scene, quality=95)), jpeg(scene, quality=40)
        assert len(photo.data) < len(usual)
        seen, at_best, others = (
            image.resize((300, 200), Image.Resampling.BOX)
            for image in (opened(photo.data), scene, opened(usual))
        )
        assert difference(seen, at_best) < 0.95 * difference(others, at_best)

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
