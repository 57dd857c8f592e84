"""A JPEG that lacks only its end is taken; one that lacks a pixel is not, wherever it was cut."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from PIL import Image

from photobooth_daemon.errors import InvalidImage
from photobooth_daemon.model import Output
from photobooth_daemon.pictures import steps as pictures
from tests.support.sample_pictures import camera_jpeg, corners, jpeg, opened, written


def noise(width: int = 300, height: int = 200) -> Image.Image:
    """Detail that is the same each time: no two wrong decodings agree by luck."""
    small = Random(7).randbytes(3 * 75 * 50)
    return Image.frombytes("RGB", (75, 50), small).resize((width, height))


SLOPE = Image.linear_gradient("L").resize((301, 203)).convert("RGB")
KINDS = {
    "baseline": jpeg(noise()),
    "own tables": jpeg(noise(), optimize=True),
    "progressive": jpeg(noise(), progressive=True),
    "restarts": jpeg(noise(), restart_marker_blocks=3),
    "progressive with restarts": jpeg(noise(), progressive=True, restart_marker_blocks=5),
    "grey": jpeg(noise().convert("L")),
    "four colours": jpeg(noise().convert("CMYK")),
    "odd size": jpeg(noise(301, 203)),
    "no chroma lost": jpeg(noise(), subsampling=0),
    "flat": jpeg(Image.new("RGB", (300, 200), "white")),
    "slope": jpeg(SLOPE),
    "corners": jpeg(corners()),
}
PADDINGS = {"nothing": b"", "half a marker": b"\xff", "zeros": bytes(9000), "ones": b"\xff" * 9000}


def without_end(whole: bytes) -> bytes:
    """Return a JPEG up to its end marker."""
    return whole[: whole.rindex(b"\xff\xd9")]


def taken(tmp_path: Path, data: bytes) -> bytes:
    """Return the pixels that the daemon reads from a photo."""
    kept = pictures.original(written(tmp_path, data), "image/jpeg", Output(format="png"))
    return opened(kept.data).convert("RGB").tobytes()


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_end_marker_alone_is_not_missed(tmp_path: Path, kind: str, padding: str) -> None:
    data = without_end(KINDS[kind]) + PADDINGS[padding]
    assert taken(tmp_path, data) == taken(tmp_path, KINDS[kind])
    for max_edge_px in (1536, 100):
        photo = pictures.prepare(written(tmp_path, data), "image/jpeg", max_edge_px=max_edge_px)
        assert photo.data.endswith(b"\xff\xd9")
        assert opened(photo.data).size == (photo.width, photo.height)
    done = pictures.finish(data, Output(), 300, 200, max_pixels=1_000_000)
    assert done.picture.data.endswith(b"\xff\xd9")
    assert pictures.template_preview(written(tmp_path, data), "image/jpeg")


@pytest.mark.parametrize("kind", KINDS)
def test_no_cut_costs_a_pixel_unnoticed(tmp_path: Path, kind: str) -> None:
    whole, body = taken(tmp_path, KINDS[kind]), without_end(KINDS[kind])
    refused = 0
    for lost in (*range(1, 80), *range(80, len(body) - 700, len(body) // 30 + 1)):
        try:
            assert taken(tmp_path, body[:-lost]) == whole, lost
        except InvalidImage:
            refused += 1
    assert refused > 70


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("kind", ["baseline", "progressive", "restarts"])
@pytest.mark.parametrize("kept", [0.5, 0.9, 0.99])
def test_a_cut_file_is_truncated_whatever_fills_it_up(
    tmp_path: Path, kind: str, padding: str, kept: float
) -> None:
    body = without_end(KINDS[kind])
    with pytest.raises(InvalidImage):
        taken(tmp_path, body[: int(len(body) * kept)] + PADDINGS[padding])


def test_words_behind_pixels_without_an_end_are_left_out(tmp_path: Path) -> None:
    data = without_end(KINDS["baseline"]) + b"written by a camera\x00\xff\xe1and so on"
    assert taken(tmp_path, data) == taken(tmp_path, KINDS["baseline"])
    photo = pictures.prepare(written(tmp_path, data), "image/jpeg", max_edge_px=1536)
    assert b"camera" not in photo.data


def test_a_progressive_picture_between_two_scans_is_not_whole(tmp_path: Path) -> None:
    body = without_end(KINDS["progressive"])
    with pytest.raises(InvalidImage):
        taken(tmp_path, body[: body.rindex(b"\xff\xda")])


def test_a_thumbnails_end_is_not_the_pictures(tmp_path: Path) -> None:
    thumbnail = jpeg(corners(40, 30))
    data = camera_jpeg(noise())
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    whole = data[:2] + segment + data[2:]
    assert taken(tmp_path, without_end(whole)) == taken(tmp_path, whole)
    with pytest.raises(InvalidImage):
        taken(tmp_path, whole[: len(whole) // 2])
