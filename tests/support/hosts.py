"""Further daemons on a party's database, each a host of its own."""

from __future__ import annotations

import asyncio
import shutil
from itertools import chain

from photobooth_daemon.rehearsal.camera import Camera, Habits, Shot
from photobooth_daemon.rehearsal.camera_form import Booth
from tests.support import started
from tests.support.daemons import Daemon
from tests.support.fakes import eventually
from tests.support.party import KEY, PASSWORD, SLOT, Party, photo

LIVING = "SELECT host FROM daemon_process ORDER BY host"
KEYS = ("jwt.key", "audit.key", "secrets.key")


def another(party: Party, name: str, more: str = "") -> Daemon:
    """Return a daemon, not started: a state directory of its own, the party's keys copied.

    Its configuration has ``more`` than its name and the provider; it hurries as the party's does.
    """
    directory = party.directory / name
    directory.mkdir()
    toml = f'[server]\nhost_name = "{name}"\n'
    toml += f'[providers.gemini]\nbase_url = "{party.provider.url}"\napi_key = "{KEY}"\n{more}'
    daemon = Daemon(directory, party.database_url, toml)
    daemon.media_root = party.daemon.media_root
    daemon.constants = party.daemon.constants
    daemon.write_config(party.database_url, toml)
    for key in KEYS:
        shutil.copy(party.directory / key, directory / key)
    return daemon


async def start(party: Party, *others: Daemon) -> None:
    """Start further daemons, and wait until each knows of the others."""
    for other in others:
        other.start()
    for other in others:
        await asyncio.to_thread(other.wait_until_ready)

    async def all_here() -> bool:
        return len(await party.fetch(LIVING)) == 1 + len(others)

    await eventually(all_here)
    # The first one counts who is there every few seconds.
    seen = "SELECT seen_at FROM daemon_process WHERE host = 'one'"
    (before,) = await party.fetch(seen)

    async def has_counted() -> bool:
        return bool((await party.fetch(seen))[0]["seen_at"] > before["seen_at"])

    await eventually(has_counted)


def control(daemon: Daemon, *arguments: str, stdin: str = "") -> str:
    """Run ``photoboothctl`` on one of the hosts and return what it printed."""
    config = ("--config", daemon.config_path)
    ran = started.run(started.CONTROL, *config, *arguments, stdin=stdin)
    assert ran.returncode in (0, 1), ran.stderr
    return ran.stdout


async def shoot_at(daemon: Daemon, number: int, *, password: str = PASSWORD) -> Shot:
    url = f"http://127.0.0.1:{daemon.port}/api/ingest/{SLOT}?response=image"
    return await Camera(url, password, booth=Booth(number), habits=Habits()).take(photo(300, 200))


def most_at_once(party: Party) -> int:
    """Return how many photos were at the provider at the same moment."""
    steps = chain.from_iterable(
        (
            (seen.started_at_seconds, 1),
            (seen.started_at_seconds + (seen.answered_ms or 0) / 1000, -1),
        )
        for seen in party.orders()
    )
    at_once = peak = 0
    for _, step in sorted(steps):
        at_once += step
        peak = max(peak, at_once)
    return peak
