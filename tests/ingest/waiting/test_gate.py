"""Places: first come first served, never lost, never given twice."""

import asyncio

import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import DeadlinePassed, RateLimited
from photobooth_daemon.ingest.waiting.gate import Gate


def soon(seconds: float = 30.0) -> Deadline:
    return Deadline.after(Clock(), seconds)


async def turn(times: int = 3) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def call_that_ends_in(gate: Gate, error: type[BaseException]) -> None:
    async with gate.provider_place("gemini", concurrency=1) as place:
        await place.wait(soon())
        raise error


def test_a_full_waiting_room_refuses_and_says_when_to_come_back() -> None:
    gate = Gate()
    seats = [gate.enter("slot-001", concurrency=1, queue=2) for _ in range(3)]
    with pytest.raises(RateLimited) as refused:
        gate.enter("slot-001", concurrency=1, queue=2)
    assert refused.value.retry_after_seconds is not None
    assert refused.value.retry_after_seconds >= 1
    gate.enter("slot-002", concurrency=1, queue=2)
    seats[0].leave()
    seats[0].leave()
    gate.enter("slot-001", concurrency=1, queue=2)
    with pytest.raises(RateLimited):
        gate.enter("slot-001", concurrency=1, queue=2)


@pytest.mark.parametrize(
    ("processes", "concurrency", "queue", "seats"),
    [(1, 4, 30, 34), (2, 4, 30, 17), (8, 4, 3, 2), (3, 4, 0, 1)],
)
def test_limits_are_shared_among_processes(
    processes: int, concurrency: int, queue: int, seats: int
) -> None:
    gate = Gate(processes=processes)
    for _ in range(seats):
        gate.enter("slot-001", concurrency=concurrency, queue=queue)
    with pytest.raises(RateLimited):
        gate.enter("slot-001", concurrency=concurrency, queue=queue)


@pytest.mark.parametrize(
    ("concurrency", "sharers", "places"),
    [(8, 3, [3, 3, 2]), (5, 2, [3, 2]), (4, 4, [1, 1, 1, 1]), (2, 3, [1, 1, 1])],
)
def test_what_a_provider_may_do_is_shared_out_to_the_last_place(
    concurrency: int, sharers: int, places: list[int]
) -> None:
    shares = []
    for rank in range(sharers):
        gate = Gate()
        gate.share_providers(rank, sharers)
        shares.append(gate.provider_place("gemini", concurrency=concurrency).limit)
    assert shares == places


async def test_another_process_that_ends_leaves_its_places_to_those_who_wait() -> None:
    gate = Gate()
    gate.share_providers(0, 2)
    calls = [gate.provider_place("gemini", concurrency=2) for _ in range(2)]
    await calls[0].wait(soon())
    waiting = asyncio.create_task(calls[1].wait(soon()))
    await turn()
    assert not waiting.done()
    gate.share_providers(0, 1)
    await waiting


async def test_places_are_given_in_the_order_they_were_asked_for() -> None:
    gate = Gate()
    order: list[int] = []

    async def photo(number: int) -> None:
        seat = gate.enter("slot-001", concurrency=1, queue=30)
        try:
            await seat.wait_for_place(soon())
            order.append(number)
            await turn()
        finally:
            seat.leave()

    await asyncio.gather(*(photo(n) for n in range(10)))
    assert order == list(range(10))
    assert gate.figures().slots == {}


async def test_figures_count_who_works_and_who_waits() -> None:
    gate = Gate()
    seats = [gate.enter("slot-001", concurrency=2, queue=5) for _ in range(5)]
    waits = [asyncio.create_task(seat.wait_for_place(soon())) for seat in seats]
    await turn()
    figures = gate.figures().slots["slot-001"]
    assert (figures.in_flight, figures.waiting) == (2, 3)
    waits[4].cancel()
    await turn()
    assert gate.figures().slots["slot-001"].waiting == 2
    for seat in seats[:2]:
        seat.leave()
    await asyncio.gather(*waits[:4])
    for seat in seats[2:]:
        seat.leave()
    assert gate.figures().slots == {}


async def test_a_deadline_ends_the_wait_and_the_place_goes_to_the_next() -> None:
    gate = Gate()
    first, late, next_one = (gate.enter("slot-001", concurrency=1, queue=9) for _ in range(3))
    await first.wait_for_place(soon())
    with pytest.raises(DeadlinePassed):
        await late.wait_for_place(soon(0.02))
    with pytest.raises(DeadlinePassed):
        await late.wait_for_place(soon(0))
    late.leave()
    waiting = asyncio.create_task(next_one.wait_for_place(soon()))
    await turn()
    first.leave()
    await waiting
    next_one.leave()
    assert gate.figures().slots == {}


async def test_a_place_handed_to_someone_who_just_left_is_not_lost() -> None:
    gate = Gate()
    first, gone, next_one = (gate.enter("slot-001", concurrency=1, queue=9) for _ in range(3))
    await first.wait_for_place(soon())
    leaving = asyncio.create_task(gone.wait_for_place(soon()))
    staying = asyncio.create_task(next_one.wait_for_place(soon()))
    await turn()
    first.leave()
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    gone.leave()
    await asyncio.wait_for(staying, 5)
    next_one.leave()
    assert gate.figures().slots == {}


async def test_a_raised_limit_calls_those_who_wait() -> None:
    gate = Gate()
    first, second, third = (gate.enter("slot-001", concurrency=1, queue=9) for _ in range(3))
    await first.wait_for_place(soon())
    waits = [asyncio.create_task(seat.wait_for_place(soon())) for seat in (second, third)]
    await turn()
    assert not any(wait.done() for wait in waits)
    gate.enter("slot-001", concurrency=3, queue=9).leave()
    await asyncio.wait_for(asyncio.gather(*waits), 5)


async def test_a_lowered_limit_lets_nobody_in_until_enough_have_left() -> None:
    gate = Gate()
    seats = [gate.enter("slot-001", concurrency=3, queue=9) for _ in range(4)]
    for seat in seats[:3]:
        await seat.wait_for_place(soon())
    last = asyncio.create_task(seats[3].wait_for_place(soon()))
    gate.enter("slot-001", concurrency=1, queue=9).leave()
    seats[0].leave()
    seats[1].leave()
    await turn()
    assert not last.done()
    seats[2].leave()
    await asyncio.wait_for(last, 5)


async def test_a_provider_place_is_freed_whatever_ends_the_call() -> None:
    gate = Gate()
    for error in (ValueError, asyncio.CancelledError):
        with pytest.raises(error):
            await call_that_ends_in(gate, error)
    async with gate.provider_place("gemini", concurrency=1) as held:
        await held.wait(soon())
        assert gate.figures().providers["gemini"].in_flight == 1
        async with gate.provider_place("gemini", concurrency=1) as late:
            with pytest.raises(DeadlinePassed):
                await late.wait(soon(0.02))
    assert gate.figures().providers == {}


async def test_whoever_gives_way_has_a_place_after_all_others_and_is_told() -> None:
    gate = Gate()
    order: list[str] = []

    async def call(name: str, *, gives_way: bool = False) -> None:
        async with gate.provider_place("gemini", concurrency=1, gives_way=gives_way) as place:
            await place.wait(soon())
            order.append(name)
            if gives_way:
                await place.wanted.wait()

    lent = asyncio.create_task(call("lent", gives_way=True))
    await turn()
    behind = asyncio.create_task(call("behind", gives_way=True))
    await turn()
    assert order == ["lent"], "those who give way take nothing from each other"
    await asyncio.gather(call("first"), call("second"))
    await turn()
    assert order == ["lent", "first", "second", "behind"]
    await call("third")
    await asyncio.gather(lent, behind)
    assert gate.figures().providers == {}
