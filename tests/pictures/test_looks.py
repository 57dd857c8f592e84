"""Work on pictures that no booth waits for: an administrator's templates and samples."""

from __future__ import annotations

import asyncio

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.pictures.threads import LONGEST_LOOK_SECONDS, PictureThreads
from tests.pictures.test_threads import Door, entered, photo
from tests.support.fakes import FakeClock, eventually, waiting_in


async def test_what_no_booth_waits_for_is_done_after_the_photos_but_not_for_ever():
    clock = FakeClock()
    threads = PictureThreads(clock, threads=1)
    door, order = Door(), []
    try:
        first = asyncio.ensure_future(threads.finish(door))
        await entered(door)
        far = Deadline.after(clock, 60)
        rest = [asyncio.ensure_future(threads.look(order.append, "look", megapixels=1))]
        await eventually(lambda: waiting_in(threads) == 1)
        rest += [
            asyncio.ensure_future(threads.prepare(order.append, n, deadline=far, **photo()))
            for n in ("photo 1", "photo 2")
        ]
        await eventually(lambda: waiting_in(threads) == 3)
        door.open.set()
        await asyncio.gather(first, *rest)
        assert order == ["photo 1", "photo 2", "look"]
        door.open.clear()
        door.entered.clear()
        first = asyncio.ensure_future(threads.finish(door))
        await entered(door)
        rest = [asyncio.ensure_future(threads.look(order.append, "old look", megapixels=1))]
        await eventually(lambda: waiting_in(threads) == 1)
        clock.advance(LONGEST_LOOK_SECONDS + 0.1)
        photo_3 = threads.prepare(order.append, "photo 3", deadline=far, **photo())
        rest.append(asyncio.ensure_future(photo_3))
        await eventually(lambda: waiting_in(threads) == 2)
        door.open.set()
        await asyncio.gather(first, *rest)
        assert order[3:] == ["old look", "photo 3"]
    finally:
        door.open.set()
        threads.close()
