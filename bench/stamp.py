"""What a stamp costs beyond encoding the picture: ``python -m bench.stamp``.

Processor time of one thread, so that a busy machine changes little, of what becomes of a
provider's picture with a stamp and without. The aim is 10 ms a photo, for a picture that is cut
to the photo's proportions and for one that is kept as it came.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from bench.photos import photos
from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.model import Output
from photobooth_daemon.model.events import Stamp
from photobooth_daemon.pictures.codec import encode_jpeg, encode_png
from photobooth_daemon.pictures.stamp import StampOrder
from photobooth_daemon.pictures.steps import finish

MOST_MS = 10.0
ROUNDS = 30
LINK = "https://booth.example.com/r/0b9a3a1e-6f0f-4d5c-9f6d-2f6a2b8b1c11?k=ABCDEFGHIJKLMNOPQRSTUV"
SIZES = ((1264, 848), (1536, 1024), (2528, 1696))
MAX_PIXELS = 40_000_000


def main() -> int:
    """Measure every size and kind; the exit status says whether all keep to the aim."""
    until = Deadline.after(Clock(), 3600)
    order = StampOrder(Stamp(text="Заберите фотографию"), LINK, until)
    output, beyond = Output(), []
    with TemporaryDirectory() as folder:
        photo = Image.open(photos(Path(folder), print)["3"]).convert("RGB")
    for size in SIZES:
        image = photo.resize(size)
        kept, square = encode_jpeg(image, output.quality), (size[1], size[1])
        cut = image.crop((0, 0, *square))
        for name, data, fit, proportions, encoded in (
            ("kept", kept, "none", size, image),
            ("cut", kept, "crop", square, cut),
            ("PNG", encode_png(image), "none", size, image),
        ):
            wanted = replace(output, fit=fit)
            work = partial(finish, data, wanted, *proportions, max_pixels=MAX_PIXELS)
            plain, whole, encoding = _cpu_ms(
                work, partial(work, stamp=order), partial(encode_jpeg, encoded, output.quality)
            )
            beyond.append(whole - plain - encoding)
            print(
                f"{size[0]} × {size[1]}, {name}: {plain:.1f} ms, with a stamp {whole:.1f},"
                f" {beyond[-1]:.1f} beyond encoding ({encoding:.1f})"
            )
    return 0 if max(beyond) <= MOST_MS else 1


def _cpu_ms(*works: Callable[[], object]) -> list[float]:
    """Return what each costs; they take turns, so that a machine's moods meet all alike."""
    spent: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, times in zip(works, spent, strict=True):
            begun = time.thread_time()
            work()
            times.append((time.thread_time() - begun) * 1000)
    return [statistics.median(times) for times in spent]


if __name__ == "__main__":
    sys.exit(main())
