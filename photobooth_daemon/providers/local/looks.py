"""The looks of the local provider: tone curves, colour maps and a little paper.

Each takes an RGB picture and returns one of the same size. They are built from
table look-ups and whole-picture operations only, so that a photo of 3000 px takes
a fraction of a second on one core.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

Look = Callable[[Image.Image], Image.Image]

_RESAMPLING = Image.Resampling.BILINEAR
_IVORY = (250, 248, 242)
# More red than the eye's own weights: skin comes out clear, as on a film behind an orange filter.
_PANCHROMATIC = (0.38, 0.48, 0.14, 0.0)


def apply_look(image: Image.Image, look: str, intensity_percent: int) -> Image.Image:
    """Return the picture with a look, mixed into the original by its intensity.

    Paper that belongs to a look is laid around it whatever the intensity.
    """
    looked = _LOOKS[look](image)
    if intensity_percent < 100:
        looked = Image.blend(image, looked, intensity_percent / 100)
    return _PAPERS[look](looked) if look in _PAPERS else looked


def _bw(image: Image.Image) -> Image.Image:
    return _mapped(_grey(image), _curve((0, 4), (60, 48), (128, 132), (200, 214), (255, 253)))


def _noir(image: Image.Image) -> Image.Image:
    tones = _grey(image).point(_curve((0, 0), (70, 28), (128, 118), (190, 220), (255, 255)))
    return _grain(_vignette(_mapped(tones, _curve((0, 0), (255, 250))), 0.75), 16)


def _sepia(image: Image.Image) -> Image.Image:
    tones = _grey(image).point(_curve((0, 0), (64, 56), (128, 138), (192, 216), (255, 255)))
    brown = ImageOps.colorize(
        tones, black=(34, 20, 10), mid=(164, 122, 82), white=(255, 246, 226), midpoint=122
    )
    return _vignette(brown, 0.25)


def _vintage(image: Image.Image) -> Image.Image:
    faded = ImageEnhance.Color(image).enhance(0.72)
    toned = faded.point(
        _curve((0, 34), (64, 82), (128, 148), (192, 212), (255, 250))
        + _curve((0, 26), (64, 70), (128, 134), (192, 198), (255, 240))
        + _curve((0, 44), (64, 76), (128, 118), (192, 162), (255, 206))
    )
    return _grain(_vignette(toned, 0.35), 8)


def _warm(image: Image.Image) -> Image.Image:
    toned = image.point(
        _curve((0, 4), (128, 146), (255, 255))
        + _curve((0, 2), (128, 131), (255, 250))
        + _curve((0, 0), (128, 108), (255, 228))
    )
    return ImageEnhance.Color(toned).enhance(1.08)


def _cool(image: Image.Image) -> Image.Image:
    toned = image.point(
        _curve((0, 0), (128, 112), (255, 238))
        + _curve((0, 4), (128, 129), (255, 250))
        + _curve((0, 18), (128, 148), (255, 255))
    )
    return ImageEnhance.Color(toned).enhance(0.88)


def _pop(image: Image.Image) -> Image.Image:
    vivid = ImageEnhance.Color(image).enhance(1.42)
    return vivid.point(_curve((0, 0), (64, 50), (128, 134), (192, 210), (255, 255)) * 3)


def _dream(image: Image.Image) -> Image.Image:
    lifted = image.point(_curve((0, 14), (128, 126), (255, 246)) * 3)
    glow = lifted.point(_curve((0, 0), (128, 60), (255, 190)) * 3)
    bright = ImageChops.screen(lifted, _blurred(glow, 1 / 40))
    return ImageEnhance.Color(bright).enhance(0.92)


def _duotone(image: Image.Image) -> Image.Image:
    tones = _grey(image).point(_curve((0, 0), (64, 48), (128, 128), (192, 212), (255, 255)))
    return ImageOps.colorize(
        tones, black=(28, 18, 84), mid=(226, 62, 118), white=(255, 232, 168), midpoint=126
    )


def _sketch(image: Image.Image) -> Image.Image:
    tones = _grey(image)
    # A pencil draws where something is darker than what is around it.
    lines = ImageChops.subtract(_blurred(tones, 1 / 160), tones)
    strokes = lines.point(_curve((0, 255), (4, 240), (20, 150), (60, 60), (120, 24), (255, 10)))
    shade = tones.point(_curve((0, 84), (40, 130), (90, 200), (150, 244), (255, 255)))
    drawn = ImageChops.multiply(strokes, shade)
    return ImageOps.colorize(drawn, black=(44, 42, 48), white=(252, 250, 245))


def _polaroid(image: Image.Image) -> Image.Image:
    faded = ImageEnhance.Color(image).enhance(0.88)
    toned = faded.point(
        _curve((0, 30), (64, 76), (128, 142), (192, 208), (255, 252))
        + _curve((0, 26), (64, 72), (128, 138), (192, 204), (255, 248))
        + _curve((0, 40), (64, 78), (128, 128), (192, 180), (255, 226))
    )
    return _vignette(toned, 0.2)


def _instant_paper(image: Image.Image) -> Image.Image:
    """Lay the picture on ivory paper of the same size, with room to write below."""
    width, height = image.size
    margin = max(1, round(min(width, height) * 0.055))
    foot = max(1, round(min(width, height) * 0.19))
    window = (max(1, width - 2 * margin), max(1, height - margin - foot))
    paper = Image.new("RGB", image.size, _IVORY)
    paper.paste(ImageOps.fit(image, window, _RESAMPLING, centering=(0.5, 0.4)), (margin, margin))
    return paper


_LOOKS: dict[str, Look] = {
    "bw": _bw,
    "noir": _noir,
    "sepia": _sepia,
    "vintage": _vintage,
    "warm": _warm,
    "cool": _cool,
    "pop": _pop,
    "dream": _dream,
    "duotone": _duotone,
    "sketch": _sketch,
    "polaroid": _polaroid,
}
_PAPERS: dict[str, Look] = {"polaroid": _instant_paper}


def _grey(image: Image.Image) -> Image.Image:
    return image.convert("L", _PANCHROMATIC)


def _mapped(tones: Image.Image, curve: list[int]) -> Image.Image:
    band = tones.point(curve)
    return Image.merge("RGB", (band, band, band))


def _blurred(image: Image.Image, share_of_edge: float) -> Image.Image:
    """Blur by a share of the longest edge; done on a small copy, where it costs little."""
    edge = max(image.size)
    small = image.resize(
        (max(1, image.width * 400 // edge), max(1, image.height * 400 // edge)),
        _RESAMPLING,
        reducing_gap=2.0,
    )
    return small.filter(ImageFilter.GaussianBlur(400 * share_of_edge)).resize(
        image.size, _RESAMPLING
    )


def _vignette(image: Image.Image, strength: float) -> Image.Image:
    falloff = [round(255 * (1 - strength * (d / 255) ** 2.6)) for d in range(256)]
    # The gradient is full at the middle of each side; this part is full at the corners.
    mask = Image.radial_gradient("L").point(falloff).crop((37, 37, 219, 219))
    band = mask.resize(image.size, _RESAMPLING)
    return ImageChops.multiply(image, Image.merge("RGB", (band, band, band)))


def _grain(image: Image.Image, spread: float) -> Image.Image:
    """Add film grain of about one pixel in a thousand of the longest edge."""
    size = max(1, max(image.size) // 1000)
    tile = Image.effect_noise((256, 256), spread).resize((256 * size, 256 * size), _RESAMPLING)
    sheet = Image.new("L", image.size)
    for left in range(0, image.width, tile.width):
        for top in range(0, image.height, tile.height):
            sheet.paste(tile, (left, top))
    return ImageChops.add(image, Image.merge("RGB", (sheet, sheet, sheet)), 1, -128)


def _curve(*points: tuple[int, int]) -> list[int]:
    """Return a table of 256 values: a smooth curve through the points that never turns back."""
    slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in pairwise(points)]
    # Fritsch and Carlson: harmonic means keep the curve between its points.
    inner = [2 * a * b / (a + b) if a * b > 0 else 0.0 for a, b in pairwise(slopes)]
    tangents = [slopes[0], *inner, slopes[-1]]
    table = []
    for (start, end), (m0, m1) in zip(pairwise(points), pairwise(tangents), strict=True):
        (x0, y0), (x1, y1) = start, end
        width = x1 - x0
        for x in range(x0, x1 + (x1 == 255)):
            t = (x - x0) / width
            value = (
                (2 * t**3 - 3 * t**2 + 1) * y0
                + (t**3 - 2 * t**2 + t) * width * m0
                + (-2 * t**3 + 3 * t**2) * y1
                + (t**3 - t**2) * width * m1
            )
            table.append(min(255, max(0, round(value))))
    return table
