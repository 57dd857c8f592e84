"""What a stamp costs beyond encoding the picture: ``python -m bench.stamp``.

Processor time of one thread, so that a busy machine changes little. The aim is 10 ms a photo.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from bench.photos import photos
from photobooth_daemon.model import Output, PictureBytes
from photobooth_daemon.model.events import Stamp
from photobooth_daemon.pictures.codec import encode_jpeg
from photobooth_daemon.pictures.headers import JPEG
from photobooth_daemon.pictures.stamp import stamped

MOST_MS = 10.0
ROUNDS = 30
LINK = "https://booth.example.com/r/0b9a3a1e-6f0f-4d5c-9f6d-2f6a2b8b1c11?k=ABCDEFGHIJKLMNOPQRSTUV"
SIZES = ((1264, 848), (1536, 1024), (2528, 1696))


def main() -> int:
    """Measure a few sizes; the exit status says whether the usual one keeps to the aim."""
    output, stamp = Output(), Stamp(text="Заберите фотографию")
    beyond = []
    with TemporaryDirectory() as folder:
        photo = Image.open(photos(Path(folder), print)["3"]).convert("RGB")
    for size in SIZES:
        image = photo.resize(size)
        picture = PictureBytes(encode_jpeg(image, output.quality), JPEG, *size)
        whole = _cpu_ms(lambda picture=picture: stamped(picture, output, stamp, LINK))  # type: ignore[misc]
        encoding = _cpu_ms(lambda image=image: encode_jpeg(image, output.quality))  # type: ignore[misc]
        beyond.append(whole - encoding)
        print(f"{size[0]} × {size[1]}: {whole:.1f} ms, {whole - encoding:.1f} beyond encoding")
    return 0 if beyond[0] <= MOST_MS else 1


def _cpu_ms(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(ROUNDS):
        begun = time.thread_time()
        work()
        spent.append((time.thread_time() - begun) * 1000)
    return statistics.median(spent)


if __name__ == "__main__":
    sys.exit(main())
