"""Whatever bytes arrive, a picture comes out or one of two names: no other exception, no crash."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photobooth_daemon.errors import InvalidImage, UnsupportedMediaType
from photobooth_daemon.model import Output
from photobooth_daemon.pictures import steps as pictures
from photobooth_daemon.pictures.kinds import reads_avif
from tests.support.sample_pictures import (
    avif,
    camera_jpeg,
    exif,
    gif,
    jpeg,
    noise,
    other_profile,
    png,
    png_header,
    see_through,
    webp,
    written,
)

SEEDS = {
    "camera": camera_jpeg(noise(90, 60), 6),
    "progressive": jpeg(noise(90, 60), progressive=True, icc_profile=other_profile()),
    "cmyk": jpeg(noise(60, 40).convert("CMYK")),
    "png": png(noise(90, 60), exif=exif(8), icc_profile=other_profile()),
    "palette": png(noise(90, 60).quantize(16), transparency=3),
    "frame": png(see_through(90, 60)),
    "webp": webp(noise(90, 60), exif=exif(3), icc_profile=other_profile()),
    "lossless": webp(see_through(90, 60), lossless=True),
    "no end": jpeg(noise(90, 60))[:-2],
    **({"avif": avif(noise(90, 60), exif=exif(6))} if reads_avif() else {}),
}
GIFS = {
    "one frame": gif(noise(90, 60), comment=b"made by a fake"),
    "moving": gif(noise(90, 60), see_through(90, 60)),
}
OUTPUTS = [
    Output(),
    Output(format="png", fit="crop"),
    Output(format="webp", fit="pad", max_edge_px=40),
]


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Return the file cut, with bytes changed, moved, doubled or put in."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(0, 6))):
        # Headers are the interesting part: half of the damage goes there.
        last = draw(st.sampled_from([64, 400, len(data)]))
        at = draw(st.integers(0, max(0, min(last, len(data)) - 1)))
        match draw(st.sampled_from(["set", "flip", "put", "cut", "double"])):
            case "set" if data:
                data[at] = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFE, 0xFF]))
            case "flip" if data:
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "put":
                data[at:at] = draw(st.binary(max_size=40))
            case "cut":
                del data[at : at + draw(st.integers(1, 60))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 200))]
    if draw(st.booleans()):
        del data[draw(st.integers(0, len(data))) :]
    return bytes(data)


@pytest.mark.parametrize("seed", SEEDS)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(draw=st.data())
def test_damaged_files_fail_by_name(tmp_path: Path, seed: str, draw: st.DataObject) -> None:
    data = draw.draw(damaged(SEEDS[seed]))
    path = tmp_path / "photo"
    path.write_bytes(data)
    try:
        content_type = pictures.recognise(path)
    except UnsupportedMediaType:
        return
    for work in (
        lambda: pictures.measure(path, content_type, 60_000_000),
        lambda: pictures.prepare(path, content_type, max_edge_px=1536),
        lambda: pictures.prepare(path, content_type, max_edge_px=40),
        lambda: pictures.original(path, content_type, draw.draw(st.sampled_from(OUTPUTS))),
        lambda: pictures.template_preview(path, content_type),
        lambda: pictures.finish(
            data, draw.draw(st.sampled_from(OUTPUTS)), 30, 20, max_pixels=60_000_000
        ),
    ):
        with suppress(InvalidImage):
            work()


@pytest.mark.parametrize("seed", GIFS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(draw=st.data())
def test_damaged_answers_of_providers_fail_by_name(seed: str, draw: st.DataObject) -> None:
    data = draw.draw(damaged(GIFS[seed]))
    with suppress(InvalidImage):
        pictures.finish(data, Output(), 30, 20, max_pixels=60_000_000)


def test_a_swarm_of_gif_extensions_ends() -> None:
    whole = gif()
    head = whole[: whole.index(b",", 13 + 3 * 4)]
    with pytest.raises(InvalidImage, match="chunks"):
        pictures.finish(
            head + b"\x21\xfe\x01x\x00" * 500_000 + whole[len(head) :],
            Output(),
            30,
            20,
            max_pixels=60_000_000,
        )


@pytest.mark.parametrize("size", [(1, 59_000_000), (59_000_000, 1), (1, 30_001)])
def test_a_provider_s_picture_of_very_many_rows_is_refused_by_its_header(
    size: tuple[int, int],
) -> None:
    with pytest.raises(InvalidImage, match="an edge may have"):
        pictures.finish(png_header(*size), Output(), 300, 200, max_pixels=100_000_000)


@pytest.mark.parametrize(("colour", "pixels"), [(0, 1_000_000), (2, 500_000), (6, 500_000)])
def test_a_pixel_of_eight_bytes_counts_as_two(colour: int, pixels: int) -> None:
    with pytest.raises(InvalidImage, match=f"at most {pixels} are taken"):
        pictures.finish(
            png_header(1001, 1000, bits=16, colour=colour), Output(), 300, 200, max_pixels=1_000_000
        )


def test_a_file_counts_by_what_its_decoding_takes(tmp_path: Path) -> None:
    def megapixels(data: bytes, **options: bool) -> float:
        with written(tmp_path, data).open("rb") as file:
            return pictures.megapixels_of(file, **options)

    plain = megapixels(jpeg(noise(300, 200)))
    assert plain == pytest.approx(0.06)
    assert megapixels(jpeg(noise(300, 200)), prepared=True) == plain / 2
    progressive = jpeg(noise(300, 200), progressive=True)
    assert megapixels(progressive, prepared=True) > 2 * plain
    last = progressive.rindex(b"\xff\xda")
    many = progressive[:last] + progressive[last:-2] * 50 + progressive[-2:]
    assert megapixels(many) > 7 * plain
    assert megapixels(png_header(300, 200)) == plain
    assert megapixels(png_header(300, 200, bits=16, colour=6)) == 2 * plain
    assert megapixels(webp(noise(300, 200))) == 5 * plain


def test_the_more_pixels_the_fewer_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    progressive = jpeg(noise(300, 200), progressive=True)
    pictures.finish(progressive, Output(), 300, 200, max_pixels=60_000_000)
    monkeypatch.setattr("photobooth_daemon.pictures.jpeg.MOST_SCANNED_PIXELS", 5 * 300 * 200)
    with pytest.raises(InvalidImage, match="too many scans"):
        pictures.finish(progressive, Output(), 300, 200, max_pixels=60_000_000)
