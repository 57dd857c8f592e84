"""Pictures made to break whoever decodes them: the daemon lives under its unit's memory limit.

They come as photos of a camera, as templates of an administrator and as answers of a provider,
several at once, while another slot's camera has to be served in time.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.pictures.kinds import content_type_of
from photobooth_daemon.rehearsal.fake_picture import EditingPainter
from tests.hostile.bombs import gzipped_zeros, photos, results
from tests.hostile.provider import Answer, HostileProvider, with_picture
from tests.support.office import BOUNDARY, PASSWORDS, cheap, form
from tests.support.party import PASSWORD, Party, photo

AT_ONCE = 4
PHOTO_SECONDS = 1.0
USUAL_SECONDS = 0.25
"""What a photo takes in peace; where other work keeps the machine busy, all takes longer."""
MOST_MEMORY_BYTES = 1024**3
"""A third of what the unit allows."""
HOSTILE = "slot-002"
UNIT = Path(__file__).parents[2] / "systemd" / "photobooth-daemon.service"
Attack = Callable[[bytes], Awaitable[int]]


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    return photos()


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    """Pictures, a gigabyte of nothing, JSON without end, a number of a million digits."""
    return [
        *map(with_picture, results().values()),
        (gzipped_zeros(1024), {"Content-Encoding": "gzip"}),
        (b"[" * 1_000_000, {}),
        (b"[" + b"9" * 1_000_000 + b"]", {}),
    ]


@pytest.fixture
def attack_seconds(pytestconfig: pytest.Config) -> float:
    """Twice another attack's time: many pictures come in turn."""
    return 2 * float(pytestconfig.getoption("--attack-seconds"))


@pytest.fixture
def provider(io_loop: IOLoop) -> Iterator[HostileProvider]:
    opened = HostileProvider()
    yield opened
    io_loop.run_sync(opened.stop)


@pytest.fixture
def party(
    io_loop: IOLoop, tmp_path: Path, database_url: str, provider: HostileProvider
) -> Iterator[Party]:
    async def open_under_the_units_limit() -> Party:
        openai = f'[providers.openai]\nbase_url = "{provider.start()}"\napi_key = "sk-hostile-1"\n'
        party = await Party.open(
            tmp_path, database_url, toml=openai, start=False, painter=EditingPainter()
        )
        party.daemon.inside = _limited()
        await party.set_settings(sync_response_seconds=20)
        await party.start()
        return party

    opened: Party = io_loop.run_sync(open_under_the_units_limit)
    yield opened
    io_loop.run_sync(opened.close)


@pytest.mark.timeout(seconds=200)
async def test_photos(party: Party, attack_seconds: float, bombs: dict[str, bytes]) -> None:
    await party.set_slot(HOSTILE, provider="local", operation="look", params={"look": "bw"})
    taken = {200, 422, 429, 504}
    send = partial(_send, party)
    await _meanwhile(party, attack_seconds, "hostile photos", send, bombs, taken)


@pytest.mark.timeout(seconds=200)
async def test_answers_of_a_provider(
    party: Party, attack_seconds: float, provider: HostileProvider, answers: list[Answer]
) -> None:
    await party.set_slot(HOSTILE, provider="openai", operation="edit", params={"prompt": "smile"})
    provider.answers = answers
    sent = {f"photo {n}": photo().data for n in range(len(answers))}
    taken = {200, 429, 502, 504}
    send = partial(_send, party)
    await _meanwhile(party, attack_seconds, "hostile answers", send, sent, taken)
    assert provider.orders >= len(answers)


@pytest.mark.timeout(seconds=200)
async def test_templates(party: Party, attack_seconds: float, bombs: dict[str, bytes]) -> None:
    await party.execute(
        "UPDATE admin SET password_hash = $1 WHERE username = 'serg'", cheap(PASSWORDS["serg"])
    )
    register = partial(_register, party, await _token(party))
    statuses = {201, 422}
    await _meanwhile(party, attack_seconds, "hostile templates", register, bombs, statuses)


async def _meanwhile(
    party: Party,
    seconds: float,
    name: str,
    send: Attack,
    bombs: Mapping[str, bytes],
    statuses: Collection[int],
) -> None:
    """Let several send each of the pictures, over and over, and another slot's camera be served."""
    peace = [shot.seconds for _ in range(3) for shot in await party.shoot()]
    took = []
    async with _again_and_again(send, bombs) as answered:
        until = time.monotonic() + seconds
        while time.monotonic() < until or answered.keys() != bombs.keys():
            (shot,) = await party.shoot()
            assert shot.why_original is None, shot.why_original
            took.append(shot.seconds)
            await asyncio.sleep(0.1)
    peak = _peak_bytes(party)
    assert {status for found in answered.values() for status in found} <= statuses, answered
    sent = sum(map(len, answered.values()))
    print(
        f"\n| {name} | {sent} | {sorted(peace)[1]:.2f} s"
        f" | {sorted(took)[len(took) // 2]:.2f} s | {max(took):.2f} s | {peak / 1e6:.0f} MB"
    )
    peace += [shot.seconds for _ in range(3) for shot in await party.shoot()]
    slowness = max(1.0, sorted(peace)[3] / USUAL_SECONDS)
    assert max(took) < max(peace) + PHOTO_SECONDS * slowness
    assert peak < MOST_MEMORY_BYTES
    await party.nothing_left()


@asynccontextmanager
async def _again_and_again(
    send: Attack, bombs: Mapping[str, bytes]
) -> AsyncIterator[dict[str, list[int]]]:
    """Send them in turn, several at once, and note by name how they were answered."""
    answered: defaultdict[str, list[int]] = defaultdict(list)
    stop = asyncio.Event()
    endless = cycle(bombs.items())

    async def attacker() -> None:
        while not stop.is_set():
            name, data = next(endless)
            answered[name].append(await send(data))

    attackers = [asyncio.create_task(attacker()) for _ in range(AT_ONCE)]
    try:
        yield answered
    finally:
        stop.set()
        await asyncio.gather(*attackers)


async def _send(party: Party, data: bytes) -> int:
    """Send a photo as its body alone, and look at nothing of the answer."""
    path, headers = f"/api/ingest/{HOSTILE}", {"X-Ingest-Password": PASSWORD}
    headers["Content-Type"] = str(content_type_of(data))
    status, _ = await asyncio.to_thread(party.daemon.request, "POST", path, data, headers)
    return status


async def _token(party: Party) -> str:
    body = b'{"username": "serg", "password": "%s"}' % PASSWORDS["serg"].encode()
    status, answer = await asyncio.to_thread(
        party.daemon.request, "POST", "/api/login", body, {"Content-Type": "application/json"}
    )
    assert status == 200, answer
    found = re.search(rb'"token": ?"([^"]+)"', answer)
    assert found is not None
    return found[1].decode()


async def _register(party: Party, token: str, data: bytes) -> int:
    body = form({"label": "hostile", "file": data})
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {token}"}
    path = "/api/template-media/register"
    status, _ = await asyncio.to_thread(party.daemon.request, "POST", path, body, headers)
    return status


def _limited() -> list[str]:
    """Return what runs a command under the memory limit of the daemon's unit.

    Where systemd does not run, all that is mapped is counted instead, which is more.
    """
    found = re.search(r"^MemoryMax=(\d+)G$", UNIT.read_text(), re.M)
    assert found is not None
    if Path("/run/systemd/system").exists() and os.geteuid() == 0:
        limits = [f"--property=MemoryMax={found[1]}G", "--property=MemorySwapMax=0"]
        return ["systemd-run", "--scope", "--quiet", *limits]
    return ["prlimit", f"--as={int(found[1]) * 1024**3}"]


def _peak_bytes(party: Party) -> int:
    """Return the most that the daemon has had in memory since it was started."""
    process = party.daemon.process
    assert process is not None
    assert process.poll() is None, "the daemon is gone"
    status = Path(f"/proc/{process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
