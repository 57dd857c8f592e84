"""A daemon is stopped and its successor started, as an upgrade of the package does it."""

from __future__ import annotations

import asyncio
import signal
import time

from tests.cluster.installation import Installation


async def happen(installation: Installation) -> str:
    daemon = installation.hosts["b"]
    process = daemon.process
    assert process is not None
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    installation.doing = "wait until host b has stopped"
    status = await asyncio.to_thread(process.wait, 90)
    assert status == 0, f"the daemon ended with {status}"
    daemon.start()
    await installation.wait_until_ready("b")
    await installation.wait_until_up()
    return f"host b: SIGTERM, a successor started; all up after {time.monotonic() - begun:.0f} s"
