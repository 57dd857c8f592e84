"""What ``apart.py`` starts: decodes one picture, and nothing else."""

from __future__ import annotations

import sys
from typing import BinaryIO

from PIL import Image

from photobooth_daemon.pictures.apart import answer
from photobooth_daemon.pictures.codec import MOST_PIXELS, decode_here
from photobooth_daemon.pictures.headers import read_header


def main(content_type: str, edge_px: str) -> int:
    """Return how to end."""

    def decode(file: BinaryIO, edge_px: int | None) -> Image.Image:
        header = read_header(file, content_type, max_pixels=MOST_PIXELS)
        return decode_here(file, header, edge_px=edge_px)

    return answer(decode, int(edge_px) or None)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
