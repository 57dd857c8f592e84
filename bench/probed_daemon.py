"""The daemon with one addition: it notes how long its loop ever stood still.

    python -m bench.probed_daemon STALLS_FILE --config FILE

On SIGUSR1 the longest stall since the last one is written, and forgotten.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from photobooth_daemon.process import main as daemon
from photobooth_daemon.process import serve as process

TICK_SECONDS = 0.005


async def watch(stalls: Path) -> None:
    """Wake up every few milliseconds and keep the worst lateness."""
    worst_seconds = 0.0

    def write() -> None:
        nonlocal worst_seconds
        part = stalls.with_suffix(".part")
        part.write_text(f"{worst_seconds * 1000:.1f}")
        part.rename(stalls)
        worst_seconds = 0.0

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, write)
    while True:
        due = time.monotonic() + TICK_SECONDS
        await asyncio.sleep(TICK_SECONDS)
        worst_seconds = max(worst_seconds, time.monotonic() - due)


def main() -> None:
    """Run the daemon's own ``main`` with the watch beside its ``serve``."""
    stalls = Path(sys.argv.pop(1))
    serve: Callable[..., Awaitable[None]] = process.serve

    async def watched(*args: Any, **options: Any) -> None:
        watching = asyncio.ensure_future(watch(stalls))
        try:
            await serve(*args, **options)
        finally:
            watching.cancel()

    process.serve = watched
    daemon.main()


if __name__ == "__main__":
    main()
