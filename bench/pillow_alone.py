"""What the picture work of one photo costs with nothing around it.

    python -m bench.pillow_alone PHOTO ANSWER COUNT

prints the processor time of a photo in milliseconds: prepared as for a provider and
finished from the provider's answer, in two threads as in the daemon.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from photobooth_daemon.model import Output
from photobooth_daemon.pictures.steps import finish, measure, prepare

MOST_PIXELS = 100_000_000


def work(photo: Path, answer: bytes) -> None:
    """Do everything that touches pixels for one photo."""
    width, height = measure(photo, "image/jpeg", MOST_PIXELS)
    prepare(photo, "image/jpeg", max_edge_px=1536)
    finish(answer, Output(), width, height, max_pixels=MOST_PIXELS)


def main() -> None:
    photo, answer, count = Path(sys.argv[1]), Path(sys.argv[2]).read_bytes(), int(sys.argv[3])
    work(photo, answer)
    begun = time.process_time()
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(work, photo, answer) for _ in range(count)]:
            done.result()
    print(1000 * (time.process_time() - begun) / count)


if __name__ == "__main__":
    main()
