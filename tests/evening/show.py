"""A slideshow in a real browser for some minutes, with a restart in the middle of them.

``python -m tests.evening.show --minutes 10`` starts a quick start of its own, sends a photo every
quarter of a minute, restarts everything half-way, and says each minute what the page holds. The
exit status says whether it kept turning and grew no larger.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from tests.evening.booth import Evening
from tests.evening.photos import photo
from tests.support.chromium import ARGUMENTS, find_chromium

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Page

SLOT = "slot-001"
LOOK = {"provider": "local", "operation": "look", "params": {"look": "pop"}, "enabled": True}
PHOTO_SECONDS = 15.0
LONGEST_STILL_SECONDS = 20.0
"""A turn takes seven; while everything is away, a picture that is here has to be found first."""
MOST_GROWTH = 1.25


async def main(minutes: float) -> int:
    """Watch, print, and return the exit status."""
    from playwright.async_api import async_playwright

    with tempfile.TemporaryDirectory() as folder:
        async with Evening(Path(folder), port=_free_port()) as booth, async_playwright() as tools:
            gallery = await _planned(booth)
            await _shoot(booth, 20)
            browser = await tools.chromium.launch(
                executable_path=find_chromium(), args=list(ARGUMENTS)
            )
            page = await browser.new_page(viewport={"width": 1280, "height": 720})
            await page.goto(f"{gallery}/show")
            await page.locator(".slide.seen").wait_for()
            cameras = asyncio.create_task(_photograph(booth))
            try:
                return await _watch(page, booth, minutes)
            finally:
                cameras.cancel()
                await browser.close()


async def _watch(page: Page, booth: Evening, minutes: float) -> int:
    protocol = await page.context.new_cdp_session(page)
    await protocol.send("Performance.enable")
    begun = turned = time.monotonic()
    turns, longest, shown = 0, 0.0, None
    restart = asyncio.create_task(_restart(booth, 30 * minutes))
    heaps: list[float] = []
    while time.monotonic() - begun < 60 * minutes:
        await asyncio.sleep(1)
        current = await page.evaluate("current")
        now = time.monotonic()
        if current != shown:
            shown, turned, turns = current, now, turns + 1
        longest = max(longest, now - turned)
        if now - begun >= 60 * (len(heaps) + 1):
            heap, nodes = await _held(protocol)
            heaps.append(heap)
            state = await page.evaluate("[known.size, kept.size]")
            print(
                f"minute {len(heaps)}: {turns} turns, {heap:.2f} MB, {nodes} nodes,"
                f" {state[0]} known, {state[1]} kept",
                flush=True,
            )
    away = await restart
    print(f"away for {away:.0f} s; the longest time without a turn: {longest:.0f} s")
    keeps_size = heaps[-1] <= MOST_GROWTH * heaps[0]
    return 0 if longest <= LONGEST_STILL_SECONDS and keeps_size else 1


async def _held(protocol: CDPSession) -> tuple[float, int]:
    """Return the page's heap in MB, once the garbage is out, and how many nodes it has."""
    await protocol.send("HeapProfiler.collectGarbage")
    found = (await protocol.send("Performance.getMetrics"))["metrics"]
    metrics = {metric["name"]: metric["value"] for metric in found}
    return metrics["JSHeapUsedSize"] / 1e6, int(metrics["Nodes"])


async def _restart(booth: Evening, seconds: float) -> float:
    """Restart everything after so long; return for how long it was away."""
    await asyncio.sleep(seconds)
    begun = time.monotonic()
    await booth.restart()
    return time.monotonic() - begun


async def _planned(booth: Evening) -> str:
    await booth.call("PUT", f"/api/slots/{SLOT}", LOOK, If_Match="*")
    now = datetime.now(UTC)
    event = await booth.call(
        "POST",
        "/api/events",
        {
            "name": "Show",
            "starts_at": (now - timedelta(minutes=1)).isoformat(),
            "ends_at": (now + timedelta(hours=6)).isoformat(),
            "frozen": False,
            "gallery": {"enabled": True},
        },
    )
    return str(event["gallery"]["link"])


async def _photograph(booth: Evening) -> None:
    while True:
        await asyncio.sleep(PHOTO_SECONDS)
        # While the booth is away, so are its cameras.
        with suppress(aiohttp.ClientError, asyncio.TimeoutError):
            await _shoot(booth, 1)


async def _shoot(booth: Evening, number: int) -> None:
    chance = random.Random()
    for _ in range(number):
        await booth.photograph(SLOT, photo(chance))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    sys.exit(asyncio.run(main(parser.parse_args().minutes)))
