"""The object store is stopped for a while; what it holds is there again afterwards."""

from __future__ import annotations

import asyncio

from tests.cluster.installation import Installation

AWAY_SECONDS = 10.0


async def happen(installation: Installation) -> str:
    await asyncio.to_thread(installation.stop_store)
    await asyncio.sleep(AWAY_SECONDS)
    await installation.start_store()
    await installation.wait_until_up()
    return f"the store stopped for {AWAY_SECONDS:.0f} s"
