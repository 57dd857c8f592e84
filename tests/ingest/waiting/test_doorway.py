"""Who comes in at a slot's door before the password is known, and who waits."""

from __future__ import annotations

import asyncio

import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import RateLimited
from photobooth_daemon.ingest.waiting import doorway as doorway_module
from photobooth_daemon.ingest.waiting.doorway import (
    MOST_PER_ADDRESS,
    SENDING_BYTES,
    Doorway,
    Passage,
)
from tests.support.fakes import eventually

SLOT = "slot-001"
STRANGER = "192.0.2.66"
CAMERA = "192.0.2.7"


class Sender:
    """Somebody at the door, and how much of what he sent nobody has read."""

    def __init__(
        self, doorway: Doorway, address: str, *, room: int = 30, seconds: float = 30
    ) -> None:
        self.unread = 0
        self.asked = 0
        self.task = asyncio.ensure_future(
            doorway.enter(
                SLOT,
                address,
                room=room,
                unread_bytes=self._unread,
                deadline=Deadline.after(Clock(), seconds),
            )
        )

    def _unread(self) -> int:
        self.asked += 1
        return self.unread

    async def inside(self) -> Passage:
        return await asyncio.wait_for(self.task, 5)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_so_many_of_an_address_come_in_and_the_next_when_one_leaves() -> None:
    doorway = Doorway()
    line = [Sender(doorway, STRANGER) for _ in range(MOST_PER_ADDRESS + 1)]
    passages = [await sender.inside() for sender in line[:-1]]
    await settle()
    assert not line[-1].task.done()
    passages[0].leave()
    passages[0].leave()
    await line[-1].inside()


async def test_who_sends_is_not_one_of_the_four() -> None:
    doorway = Doorway()
    for sender in [Sender(doorway, CAMERA) for _ in range(MOST_PER_ADDRESS)]:
        await sender.inside()
    late = Sender(doorway, CAMERA)
    await settle()
    assert not late.task.done()
    late.unread = SENDING_BYTES
    await late.inside()


async def test_half_of_the_room_is_not_for_strangers_and_one_place_always_is() -> None:
    doorway = Doorway()
    line = [Sender(doorway, f"192.0.2.{number}", room=6) for number in range(4)]
    for sender in line[:3]:
        await sender.inside()
    await settle()
    assert not line[3].task.done()
    await Sender(Doorway(), CAMERA, room=1).inside()


async def test_who_waits_too_long_or_leaves_is_forgotten() -> None:
    doorway = Doorway()
    passages = [await Sender(doorway, STRANGER).inside() for _ in range(MOST_PER_ADDRESS)]
    patient = Sender(doorway, STRANGER, seconds=0.2)
    gone = Sender(doorway, STRANGER)
    await settle()
    gone.task.cancel()
    with pytest.raises(RateLimited):
        await patient.task
    assert gone.task.cancelled()
    for passage in passages:
        passage.leave()
    await Sender(doorway, STRANGER).inside()
    await eventually(lambda: not doorway._looks)


async def test_many_who_wait_are_looked_at_once_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doorway_module, "LOOK_SECONDS", 0.02)
    doorway = Doorway()
    for sender in [Sender(doorway, STRANGER) for _ in range(MOST_PER_ADDRESS)]:
        await sender.inside()
    first = Sender(doorway, STRANGER)
    others = [Sender(doorway, STRANGER) for _ in range(50)]
    await settle()
    before = first.asked
    await eventually(lambda: first.asked >= before + 2)
    # Were each of the others to look for himself, it would have been a hundred times.
    assert first.asked < before + 10
    for sender in (first, *others):
        sender.task.cancel()
