"""A host loses its power in the middle of its photos, and boots again."""

from __future__ import annotations

import asyncio
import time

from tests.cluster.installation import Installation

BOOT_SECONDS = 5.0


async def happen(installation: Installation) -> str:
    daemon = installation.hosts["a"]
    process = daemon.process
    assert process is not None
    begun = time.monotonic()
    # Nobody holds the port meanwhile: connections to it are refused.
    daemon.let_go_of_port()
    process.kill()
    await asyncio.to_thread(process.wait)
    await asyncio.sleep(BOOT_SECONDS)
    daemon.take_port_again()
    daemon.start()
    await installation.wait_until_ready("a")
    await installation.wait_until_up()
    return f"host a: dead at once, booted again; all up after {time.monotonic() - begun:.0f} s"
