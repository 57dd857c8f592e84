"""How a provider's picture is brought to a slot's output: what is cut, scaled and padded."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from PIL import Image

from photobooth_daemon.model import Output
from photobooth_daemon.pictures.codec import Resampling, fitted, scaled

_PAPER = (255, 255, 255)
_LONGEST_EDGES_PX = {"jpeg": 65_500, "png": 200_000_000, "webp": 16_383}


@dataclass(frozen=True, slots=True)
class Layout:
    """First cut to ``box`` of the source, then scaled to ``size``, then centred on ``canvas``."""

    source: tuple[int, int]
    box: tuple[int, int, int, int]
    size: tuple[int, int]
    canvas: tuple[int, int]

    @property
    def changes_nothing(self) -> bool:
        """Return whether the picture may stay as it is."""
        return self.source == self.size == self.canvas

    @property
    def decoded_edge_px(self) -> int:
        """Return the longest edge that the whole source needs for this layout to lose nothing."""
        left, _, right, _ = self.box
        return ceil(max(self.source) * self.size[0] / (right - left))

    def applied_to(self, image: Image.Image) -> Image.Image:
        """Return the picture laid out; it may have been decoded smaller than the source."""
        across, down = image.width / self.source[0], image.height / self.source[1]
        left, top, right, bottom = self.box
        if (left, top, right, bottom) == (0, 0, *self.source):
            image = scaled(image, self.size, Resampling.BICUBIC)
        elif image.size == self.source and self.size == (right - left, bottom - top):
            image = image.crop(self.box)
        else:
            box = (left * across, top * down, right * across, bottom * down)
            image = image.resize(self.size, Resampling.BICUBIC, box=box, reducing_gap=2.0)
        if self.canvas == self.size:
            return image
        paper = (*_PAPER, 0) if image.mode == "RGBA" else _PAPER
        canvas = Image.new(image.mode, self.canvas, paper)
        at = ((self.canvas[0] - self.size[0]) // 2, (self.canvas[1] - self.size[1]) // 2)
        canvas.paste(image, at)
        return canvas


def longest_edge_px(output: Output) -> int:
    """Return the longest edge that the output may have: its own limit or its format's."""
    limit = _LONGEST_EDGES_PX[output.format]
    return limit if output.max_edge_px is None else min(limit, output.max_edge_px)


def layout_for(source: tuple[int, int], output: Output, photo: tuple[int, int]) -> Layout:
    """Return the layout that brings a picture of size ``source`` to the output of this photo."""
    width, height = source
    kept = canvas = source
    # The size nearest to the photo's proportions with one edge as it is: across, and down.
    by_width = (width, max(1, round(width * photo[1] / photo[0])))
    by_height = (max(1, round(height * photo[0] / photo[1])), height)
    wider = width * photo[1] > height * photo[0]
    if output.fit == "crop":
        kept = canvas = by_height if wider else by_width
    elif output.fit == "pad":
        canvas = by_width if wider else by_height
    size = kept
    edge_px = longest_edge_px(output)
    if max(canvas) > edge_px:
        share = edge_px / max(canvas)
        canvas = fitted(canvas, edge_px)
        size = (
            min(canvas[0], max(1, round(kept[0] * share))),
            min(canvas[1], max(1, round(kept[1] * share))),
        )
    left, top = (width - kept[0]) // 2, (height - kept[1]) // 2
    return Layout(source, (left, top, left + kept[0], top + kept[1]), size, canvas)
