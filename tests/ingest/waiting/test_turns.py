"""Who is read when, and who is told early that it makes no sense to wait."""

from __future__ import annotations

import asyncio

import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import RateLimited
from photobooth_daemon.ingest.waiting.turns import (
    READY_TO_PREPARE,
    TURNS,
    UploadTurn,
    UploadTurns,
)
from photobooth_daemon.pictures.pace import MB, PhotoCost
from tests.support.fakes import FakeClock, eventually

THREADS = 2


class Threads:
    """Picture threads whose photos cost what a test says; at first they do not know."""

    def __init__(self) -> None:
        self.cost: PhotoCost | None = None

    def photo_cost(self) -> PhotoCost | None:
        return self.cost


@pytest.fixture
def threads() -> Threads:
    return Threads()


@pytest.fixture
def turns(threads: Threads) -> UploadTurns:
    return UploadTurns(threads.photo_cost, threads=THREADS)


def lined_up(turns: UploadTurns, count: int, seconds: float = 30) -> list[UploadTurn]:
    return [turns.line_up(Deadline.after(Clock(), seconds), 0) for _ in range(count)]


def taking(turn: UploadTurn) -> asyncio.Task[None]:
    return asyncio.ensure_future(turn.take())


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_few_read_at_a_time_in_the_order_they_came(turns):
    line = lined_up(turns, TURNS + 2)
    tasks = [taking(turn) for turn in reversed(line)]
    await settle()
    last_come = line[-TURNS:]
    assert [turn.holds for turn in line] == [turn in last_come for turn in line]
    last_come[-1].leave()
    await settle()
    assert line[0].holds, "it came first and waits longest, whoever asked before it"
    assert not line[1].holds
    last_come[-2].leave()
    await asyncio.gather(*tasks)
    assert line[1].holds


async def test_who_does_not_send_keeps_nobody_waiting(turns):
    line = lined_up(turns, TURNS + 1)
    for turn in line[:TURNS]:
        await turn.take()
    waiting = taking(line[-1])
    await settle()
    assert not waiting.done()
    line[0].rest()
    await asyncio.wait_for(waiting, 10)
    assert not line[0].holds
    again = taking(line[0])
    await settle()
    assert not again.done()
    line[-1].rest()
    await asyncio.wait_for(again, 10)


async def test_a_rest_that_was_short_costs_nothing(turns):
    (turn,) = lined_up(turns, 1)
    await turn.take()
    turn.rest()
    await turn.take()
    await asyncio.sleep(0.02)
    assert turn.holds


async def test_no_more_is_read_than_can_be_prepared(turns):
    most = THREADS + READY_TO_PREPARE
    line = lined_up(turns, most + 1)
    blocks = []
    for turn in line[:most]:
        await turn.take()
        turn.leave()
        blocks.append(turn.preparing())
        blocks[-1].__enter__()
    waiting = taking(line[-1])
    await settle()
    assert not waiting.done()
    blocks[0].__exit__(None, None, None)
    await asyncio.wait_for(waiting, 10)


async def test_who_leaves_while_it_waits_goes_on_and_frees_its_place(turns):
    line = lined_up(turns, TURNS + 2)
    for turn in line[:TURNS]:
        await turn.take()
    gone, stays = taking(line[TURNS]), taking(line[TURNS + 1])
    await settle()
    line[TURNS].leave()
    await asyncio.wait_for(gone, 10)
    line[0].leave()
    await asyncio.wait_for(stays, 10)
    await line[0].take()


async def test_a_cancelled_wait_frees_its_place(turns):
    line = lined_up(turns, TURNS + 2)
    for turn in line[:TURNS]:
        await turn.take()
    cancelled, stays = taking(line[TURNS]), taking(line[TURNS + 1])
    await settle()
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    line[TURNS].leave()
    line[0].leave()
    await asyncio.wait_for(stays, 10)


async def test_the_wait_ends_with_the_deadline(turns):
    for turn in lined_up(turns, TURNS):
        await turn.take()
    (late,) = lined_up(turns, 1, seconds=0.05)
    with pytest.raises(RateLimited) as refusal:
        await late.take()
    assert refusal.value.retry_after_seconds >= 1
    late.leave()


async def test_nothing_is_refused_while_nobody_knows_the_pace(turns):
    lined_up(turns, 500, seconds=1)


async def test_who_cannot_make_it_is_refused_at_the_door(turns, threads):
    clock = FakeClock()
    threads.cost = PhotoCost(1.0, 0.0)
    # A second of a thread each and two threads: twenty take ten seconds.
    for _ in range(19):
        turns.line_up(Deadline.after(clock, 60), 0)
    turns.line_up(Deadline.after(clock, 10), 0)
    with pytest.raises(RateLimited) as refusal:
        turns.line_up(Deadline.after(clock, 5), 0)
    assert refusal.value.retry_after_seconds >= 1
    with pytest.raises(RateLimited):
        turns.line_up(Deadline.after(clock, 20), 60 * MB)


async def test_who_cannot_make_it_any_more_is_called_away(turns, threads):
    clock = FakeClock()
    threads.cost = PhotoCost(1.0, 0.0)
    line = [turns.line_up(Deadline.after(clock, 12), 0) for _ in range(20)]
    for turn in line[:TURNS]:
        await turn.take()
    waiting = [taking(turn) for turn in line[TURNS:]]
    await settle()
    assert not any(task.done() for task in waiting)
    clock.advance(6)
    line[0].leave()
    await eventually(lambda: any(task.done() for task in waiting[1:]))
    told = [task for task in waiting if task.done() and task.exception()]
    assert told
    assert all(isinstance(task.exception(), RateLimited) for task in told)
    assert told == waiting[-len(told) :], "those at the end of the line"
    for task in waiting:
        task.cancel()


async def test_the_only_photo_is_let_in_whatever_the_last_ones_cost(turns, threads):
    clock = FakeClock()
    threads.cost = PhotoCost(100.0, 0.0)
    turn = turns.line_up(Deadline.after(clock, 3), 0)
    await turn.take()
    assert turn.holds
