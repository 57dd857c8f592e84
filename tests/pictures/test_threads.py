"""Who gets a thread first, and what is never begun."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import DeadlinePassed, InvalidImage
from photobooth_daemon.pictures.pace import FIRST_PHOTOS, MB
from photobooth_daemon.pictures.threads import PictureThreads, threads_for_cores
from tests.support.fakes import FakeClock, eventually, waiting_in


class Door:
    """Work that stands still until it is let through."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()

    def __call__(self) -> str:
        self.entered.set()
        assert self.open.wait(20)
        return "through"


@pytest.fixture
def threads() -> Iterator[PictureThreads]:
    made = PictureThreads(Clock(), threads=1)
    yield made
    made.close()


def photo(megapixels: float = 24) -> dict[str, Any]:
    """What the threads are told of a photo; its bytes make it cost 24 times the least."""
    return {"megapixels": megapixels, "size_bytes": 23 * MB}


def soon(seconds: float = 30.0) -> Deadline:
    return Deadline.after(Clock(), seconds)


async def entered(door: Door) -> None:
    await eventually(door.entered.is_set)


@pytest.mark.parametrize(("cores", "threads"), [(1, 2), (2, 2), (6, 6), (64, 8)])
def test_threads_follow_the_cores_that_may_be_used(monkeypatch, cores, threads):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)))
    assert threads_for_cores() == threads


async def test_results_and_failures_come_back(threads):
    assert await threads.finish(max, 3, 7) == 7
    assert await threads.prepare(str.upper, "x", deadline=soon(), **photo()) == "X"
    assert await threads.process(len, b"abc", deadline=soon(), megapixels=1) == 3

    def corrupt() -> None:
        raise InvalidImage("cut")

    with pytest.raises(InvalidImage, match="cut"):
        await threads.finish(corrupt)
    assert await threads.finish(max, 3, 7) == 7


async def test_finishing_goes_before_processing_before_preparing(threads):
    door, order = Door(), []
    first = asyncio.ensure_future(threads.finish(door))
    await entered(door)
    waiting = [
        threads.prepare(order.append, "prepare 1", deadline=soon(), **photo()),
        threads.prepare(order.append, "prepare 2", deadline=soon(), **photo()),
        threads.process(order.append, "process", deadline=soon(), megapixels=1),
        threads.finish(order.append, "finish 1"),
        threads.finish(order.append, "finish 2"),
    ]
    rest = [asyncio.ensure_future(each) for each in waiting]
    await eventually(lambda: waiting_in(threads) == 5)
    door.open.set()
    await asyncio.gather(first, *rest)
    assert order == ["finish 1", "finish 2", "process", "prepare 1", "prepare 2"]


async def test_what_is_cancelled_while_it_waits_is_never_begun(threads):
    door, order = Door(), []
    first = asyncio.ensure_future(threads.finish(door))
    await entered(door)
    left = asyncio.ensure_future(threads.finish(order.append, "left"))
    stayed = asyncio.ensure_future(threads.finish(order.append, "stayed"))
    await eventually(lambda: waiting_in(threads) == 2)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    assert waiting_in(threads) == 1
    door.open.set()
    await asyncio.gather(first, stayed)
    assert order == ["stayed"]


async def test_a_deadline_ends_the_wait_for_a_thread_and_for_its_work(threads):
    door, order = Door(), []
    running = asyncio.ensure_future(threads.prepare(door, deadline=soon(0.3), **photo()))
    await entered(door)
    with pytest.raises(DeadlinePassed):
        await threads.prepare(order.append, "late", deadline=soon(0.05), **photo())
    with pytest.raises(DeadlinePassed):
        await running
    door.open.set()
    await threads.finish(order.append, "next")
    assert order == ["next"]


async def test_a_passed_deadline_begins_nothing(threads):
    order: list[str] = []
    with pytest.raises(DeadlinePassed):
        await threads.prepare(order.append, "late", deadline=soon(-1), **photo())
    with pytest.raises(DeadlinePassed):
        await threads.process(order.append, "late", deadline=soon(-1), megapixels=1)
    assert order == []


async def test_large_pictures_are_worked_on_one_at_a_time():
    threads = PictureThreads(Clock(), threads=2)
    first, second, small = Door(), Door(), Door()
    small.open.set()
    try:
        one = asyncio.ensure_future(threads.prepare(first, deadline=soon(), **photo(50)))
        await entered(first)
        two = asyncio.ensure_future(threads.prepare(second, deadline=soon(), **photo(50)))
        assert await threads.prepare(small, deadline=soon(), **photo()) == "through"
        assert not second.entered.is_set()
        first.open.set()
        await entered(second)
        second.open.set()
        await asyncio.gather(one, two)
    finally:
        first.open.set()
        second.open.set()
        threads.close()


async def test_a_large_picture_keeps_no_usual_one_waiting(threads):
    large, usual = Door(), Door()
    usual.open.set()
    try:
        bomb = asyncio.ensure_future(threads.finish(large, megapixels=50))
        await entered(large)
        more = asyncio.ensure_future(threads.finish(str, megapixels=50))
        assert await threads.prepare(usual, deadline=soon(), **photo()) == "through"
        assert not more.done()
        large.open.set()
        await asyncio.gather(bomb, more)
    finally:
        large.open.set()


async def test_the_usual_ones_together_are_not_too_large():
    threads = PictureThreads(Clock(), threads=8)
    doors = [Door() for _ in range(4)]
    try:
        at_work = [asyncio.ensure_future(threads.finish(door, megapixels=25)) for door in doors]
        await entered(doors[0])
        await entered(doors[1])
        await asyncio.sleep(0.1)
        assert not doors[2].entered.is_set()
        doors[0].open.set()
        await entered(doors[2])
        assert not doors[3].entered.is_set()
        for door in doors:
            door.open.set()
        await asyncio.gather(*at_work)
    finally:
        for door in doors:
            door.open.set()
        threads.close()


async def test_what_large_pictures_cost_refuses_no_other():
    """Small files that take seconds each, in a row, say nothing about a booth's photos."""
    clock = FakeClock()
    threads = PictureThreads(clock, threads=2)
    doors = [Door() for _ in range(5)]
    try:
        await threads.prepare(clock.advance, 2.4, deadline=Deadline.after(clock, 60), **photo())
        bomb = {"megapixels": 118.0, "size_bytes": 1000}
        await threads.prepare(clock.advance, 30.0, deadline=Deadline.after(clock, 60), **bomb)
        waiting = [asyncio.ensure_future(threads.finish(door, megapixels=118)) for door in doors]
        await entered(doors[0])
        assert threads.expected_seconds(23 * MB) == pytest.approx(2.4)
        await threads.prepare(str, deadline=Deadline.after(clock, 3), **photo())
        for door in doors:
            door.open.set()
        await asyncio.gather(*waiting)
    finally:
        for door in doors:
            door.open.set()
        threads.close()


async def test_what_cannot_make_it_is_told_early():
    clock = FakeClock()
    threads = PictureThreads(clock, threads=1)
    door, order = Door(), []
    try:
        assert threads.expected_seconds(23 * MB) == 0.0
        await threads.prepare(clock.advance, 2.4, deadline=Deadline.after(clock, 60), **photo())
        assert threads.expected_seconds(23 * MB) == pytest.approx(2.4)
        running = asyncio.ensure_future(
            threads.prepare(door, deadline=Deadline.after(clock, 60), **photo())
        )
        await entered(door)
        assert threads.expected_seconds(23 * MB) == pytest.approx(4.8)
        clock.advance(1.0)
        assert threads.expected_seconds(23 * MB) == pytest.approx(3.8)
        in_time = asyncio.ensure_future(
            threads.prepare(order.append, 1, deadline=Deadline.after(clock, 4), **photo())
        )
        await eventually(lambda: waiting_in(threads) == 1)
        with pytest.raises(DeadlinePassed):
            await threads.prepare(order.append, 2, deadline=Deadline.after(clock, 4), **photo())
        assert waiting_in(threads) == 1
        door.open.set()
        await asyncio.gather(running, in_time)
        assert order == [1]
    finally:
        door.open.set()
        threads.close()


async def test_what_became_hopeless_while_it_waited_is_not_begun():
    clock = FakeClock()
    threads = PictureThreads(clock, threads=1)
    door, order = Door(), []
    try:
        await threads.prepare(clock.advance, 1.0, deadline=Deadline.after(clock, 60), **photo())
        running = asyncio.ensure_future(threads.finish(door))
        await entered(door)
        hopeless = asyncio.ensure_future(
            threads.prepare(order.append, 1, deadline=Deadline.after(clock, 5), **photo())
        )
        await eventually(lambda: waiting_in(threads) == 1)
        clock.advance(4.5)
        door.open.set()
        await running
        with pytest.raises(DeadlinePassed):
            await hopeless
        assert order == []
    finally:
        door.open.set()
        threads.close()


async def test_one_wrong_pace_does_not_refuse_for_ever():
    clock = FakeClock()
    threads = PictureThreads(clock, threads=1)
    try:
        await threads.prepare(clock.advance, 90, deadline=Deadline.after(clock, 99), **photo())
        refusals = 0
        while threads.expected_seconds(23 * MB) >= 48:
            with pytest.raises(DeadlinePassed):
                await threads.prepare(len, "", deadline=Deadline.after(clock, 48), **photo())
            refusals += 1
        assert 1 <= refusals < 20
        assert await threads.prepare(len, "", deadline=Deadline.after(clock, 48), **photo()) == 0
    finally:
        threads.close()


async def prepare_some(threads: PictureThreads, clock: FakeClock, seconds: float) -> None:
    """Prepare and finish as many photos as it takes to learn what one costs."""
    for _ in range(FIRST_PHOTOS):
        await threads.finish(clock.advance, 1.0)
        deadline = Deadline.after(clock, 3600)
        await threads.prepare(clock.advance, seconds, deadline=deadline, **photo())


async def test_what_a_photo_costs_is_told_once_some_have_been_seen():
    clock = FakeClock()
    threads = PictureThreads(clock, threads=1)
    try:
        assert threads.photo_cost() is None
        await prepare_some(threads, clock, 24.0)
        cost = threads.photo_cost()
        assert cost is not None
        assert cost.seconds(23 * MB) == pytest.approx(24 + 1), "finishing is part of it"
        assert cost.seconds(0) == pytest.approx(1 + 1)
        for _ in range(5):
            await prepare_some(threads, clock, 2.4)
        cheaper = threads.photo_cost()
        assert cheaper is not None
        assert cheaper.seconds(23 * MB) == pytest.approx(2.4 + 1, rel=0.2)
    finally:
        threads.close()


async def test_close_lets_running_work_end_and_cancels_the_rest():
    threads = PictureThreads(Clock(), threads=1)
    door = Door()
    running = asyncio.ensure_future(threads.finish(door))
    await entered(door)
    waiting = asyncio.ensure_future(threads.finish(max, 1, 2))
    await eventually(lambda: waiting_in(threads) == 1)
    door.open.set()
    threads.close()
    assert await running == "through"
    results = await asyncio.gather(waiting, return_exceptions=True)
    assert results[0] == 2 or isinstance(results[0], asyncio.CancelledError)
    with pytest.raises(RuntimeError):
        await threads.finish(max, 1, 2)
