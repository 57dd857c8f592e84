"""A host's own disk fills to its last byte, and is freed again."""

from __future__ import annotations

import asyncio
import time

from tests.cluster.installation import HOSTS, Installation

FULL_SECONDS = 10.0


async def happen(installation: Installation) -> str:
    others = [name for name in HOSTS if name != "c"]
    begun = time.monotonic()
    filler = await asyncio.to_thread(installation.disks["c"].fill)
    try:
        await installation.wait_until_up(*others)
        noticed = time.monotonic() - begun
        await asyncio.sleep(FULL_SECONDS)
    finally:
        filler.unlink()
    await installation.wait_until_up()
    return f"host c: its disk full; without photos after {noticed:.1f} s, freed after a while"
