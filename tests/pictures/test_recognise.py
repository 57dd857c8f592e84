"""What a file is and how large, by its first bytes and nothing else."""

from __future__ import annotations

import struct
import zlib

import pytest

from photobooth_daemon.errors import InvalidImage, UnsupportedMediaType
from photobooth_daemon.pictures import steps as pictures
from tests.support.picture_steps import MANY
from tests.support.sample_pictures import corners, exif, jpeg, png, turned, webp, written


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
