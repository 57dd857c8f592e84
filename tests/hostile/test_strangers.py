"""While a stranger does his worst, cameras with the right password are served in time.

``make hostile`` runs this and prints a table: the attack, what it sent, how long photos took.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tests.hostile.attacks import (
    STRANGER,
    Attack,
    asking,
    crumbs,
    deaf_clients,
    empty_lines,
    escaped_part_heads,
    huge_heads,
    huge_part_heads,
    long_heads,
    trickles,
)
from tests.support.party import Party

ATTACK_SECONDS = 5.0
PHOTO_SECONDS = 1.0
MOST_MEMORY_BYTES = 1024**3
ATTACKS: dict[str, Attack] = {
    "long heads": long_heads,
    "huge heads": huge_heads,
    "empty lines": empty_lines,
    "huge part heads": huge_part_heads,
    "part heads of escapes": escaped_part_heads,
    "chunks of a byte": crumbs,
    "trickles on the camera's slot": trickles("slot-001", 60),
    "trickles on other slots": trickles("slot-002", 60),
    "HEAD /metrics": asking("HEAD", "/metrics", 40),
    "HEAD /api/docs": asking("HEAD", "/api/docs", 40),
    "GET /api/openapi.json": asking("GET", "/api/openapi.json", 40),
    "clients that do not read": deaf_clients,
}


@pytest.fixture
def party(io_loop: IOLoop, tmp_path: Path, database_url: str) -> Iterator[Party]:
    opened: Party = io_loop.run_sync(lambda: Party.open(tmp_path, database_url))
    yield opened
    io_loop.run_sync(opened.close)


@pytest.mark.timeout(seconds=60)
@pytest.mark.parametrize("name", ATTACKS)
async def test_photos_are_served_meanwhile(party: Party, name: str) -> None:
    await party.set_settings(sync_response_seconds=10)
    await party.set_slot("slot-002", provider="local", operation="look", params={})
    (before,) = await party.shoot()
    assert before.why_original is None
    stop = asyncio.Event()
    attack = party.begin(ATTACKS[name]("127.0.0.1", party.daemon.port, stop))
    took = []
    until = time.monotonic() + ATTACK_SECONDS
    try:
        while time.monotonic() < until:
            (shot,) = await party.shoot()
            assert shot.why_original is None, (name, shot.why_original)
            took.append(shot.seconds)
            await asyncio.sleep(0.2)
    finally:
        stop.set()
    made = await attack
    print(
        f"\n| {name} | {made} connections from {STRANGER} | "
        f"{before.seconds:.2f} s | {sorted(took)[len(took) // 2]:.2f} s | {max(took):.2f} s |"
    )
    assert max(took) < before.seconds + PHOTO_SECONDS
    assert _memory_bytes(party) < MOST_MEMORY_BYTES
    await party.nothing_left()


def _memory_bytes(party: Party) -> int:
    assert party.daemon.process is not None
    status = Path(f"/proc/{party.daemon.process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024
