"""Background work ends, also where a wait inside it loses the cancellation."""

from __future__ import annotations

import asyncio

from photobooth_daemon.tasks import end_tasks


async def test_a_loop_that_loses_a_cancellation_is_ended_all_the_same() -> None:
    lost = 0

    async def work() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
                if lost > 1:
                    raise

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await end_tasks(task)
    assert task.cancelled()
    assert lost == 2


async def test_what_has_ended_or_failed_is_left_alone() -> None:
    async def fail() -> None:
        raise ValueError("its owner looks at it")

    failed = asyncio.create_task(fail())
    await asyncio.wait({failed})
    async with asyncio.timeout(30):
        await end_tasks(failed)
        await end_tasks()
    assert isinstance(failed.exception(), ValueError)
