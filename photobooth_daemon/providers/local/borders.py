"""The frames that come with the program: drawn around a photo, in its own size.

Each takes an RGB picture and returns one of the same size, so that print layouts stay right.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageOps

Border = Callable[[Image.Image], Image.Image]

_RESAMPLING = Image.Resampling.BILINEAR
_SMOOTH = 2
"""Round shapes are drawn this much larger and scaled down: Pillow's own edges are stairs."""
_PAPER, _BLACK, _GOLD, _IVORY = (255, 255, 255), (16, 16, 17), (201, 164, 92), (250, 248, 242)
_CONFETTI = ((231, 76, 96), (246, 190, 65), (66, 165, 160), (95, 120, 205), (240, 140, 80))


def apply_border(image: Image.Image, border: str) -> Image.Image:
    """Return the picture with one of the frames around it."""
    return _BORDERS[border](image)


def _white(image: Image.Image) -> Image.Image:
    return _on_paper(image, _PAPER, 0.045)


def _gold(image: Image.Image) -> Image.Image:
    framed = image.copy()
    draw = ImageDraw.Draw(framed)
    for inset, width in ((0.03, 0.008), (0.046, 0.003)):
        _outline(draw, image.size, _share(image, inset), _GOLD, _share(image, width))
    return framed


def _film(image: Image.Image) -> Image.Image:
    """Lay the picture between two rows of holes, as on a strip of film."""
    edge = _share(image, 0.11)
    window = (image.width, max(1, image.height - 2 * edge))
    strip = Image.new("RGB", image.size, _BLACK)
    strip.paste(ImageOps.fit(image, window, _RESAMPLING), (0, (image.height - window[1]) // 2))
    hole, step = (max(1, edge // 2), max(1, edge * 2 // 5)), max(2, edge)
    mask = Image.new("L", strip.size)
    draw = ImageDraw.Draw(mask)
    for left in range((image.width % step) // 2 + (step - hole[0]) // 2, image.width, step):
        for top in ((edge - hole[1]) // 2, image.height - edge + (edge - hole[1]) // 2):
            box = (left, top, left + hole[0] - 1, top + hole[1] - 1)
            draw.rounded_rectangle(box, radius=max(1, hole[1] // 4), fill=255)
    strip.paste(_IVORY, mask=mask)
    return strip


def _rounded(image: Image.Image) -> Image.Image:
    margin, radius = _share(image, 0.03), _share(image, 0.06)
    size = (image.width * _SMOOTH, image.height * _SMOOTH)
    mask = Image.new("L", size)
    box = (
        margin * _SMOOTH,
        margin * _SMOOTH,
        max(margin * _SMOOTH, size[0] - margin * _SMOOTH - 1),
        max(margin * _SMOOTH, size[1] - margin * _SMOOTH - 1),
    )
    ImageDraw.Draw(mask).rounded_rectangle(box, radius=radius * _SMOOTH, fill=255)
    paper = Image.new("RGB", image.size, _PAPER)
    paper.paste(image, mask=mask.resize(image.size, _RESAMPLING))
    return paper


def _confetti(image: Image.Image) -> Image.Image:
    """Strew paper dots along the edges, the same ones over every photo."""
    strewn = image.copy()
    draw = ImageDraw.Draw(strewn)
    chance = random.Random(7)  # noqa: S311 # a pattern, no secret
    width, height = image.size
    depth = min(width, height) * 0.14
    for _ in range(220):
        along, away = chance.random(), chance.random() ** 2.2 * depth
        side = chance.choice("tblr")
        x = along * width if side in "tb" else away if side == "l" else width - away
        y = along * height if side in "lr" else away if side == "t" else height - away
        radius = max(1.0, min(width, height) * chance.uniform(0.005, 0.014))
        colour = chance.choice(_CONFETTI)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return strewn


_BORDERS: dict[str, Border] = {
    "white": _white,
    "rounded": _rounded,
    "gold": _gold,
    "film": _film,
    "confetti": _confetti,
}


def _on_paper(image: Image.Image, colour: tuple[int, int, int], share: float) -> Image.Image:
    margin = _share(image, share)
    window = (max(1, image.width - 2 * margin), max(1, image.height - 2 * margin))
    paper = Image.new("RGB", image.size, colour)
    at = ((image.width - window[0]) // 2, (image.height - window[1]) // 2)
    paper.paste(ImageOps.fit(image, window, _RESAMPLING), at)
    return paper


def _outline(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    inset: int,
    colour: tuple[int, int, int],
    width: int,
) -> None:
    right, bottom = size[0] - inset - 1, size[1] - inset - 1
    if right > inset and bottom > inset:
        draw.rectangle((inset, inset, right, bottom), outline=colour, width=width)


def _share(image: Image.Image, share: float) -> int:
    return max(1, round(min(image.size) * share))
