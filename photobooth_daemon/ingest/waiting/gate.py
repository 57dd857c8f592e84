"""Places and waiting rooms: how many photos are worked on at once, first come first served.

Limits arrive with every call, so a changed setting holds for the next photo. A slot's
are per host, a provider's for the whole installation; each process takes its share, at
least one place.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import DeadlinePassed, RateLimited
from photobooth_daemon.running_mean import RunningMean

FIRST_GUESS_SECONDS = 5.0
"""How long a place is thought to be held while nobody has given one back yet."""
_NEW_SHARE = 0.2
BESIDE = "beside"
"""The seats of photos that no camera sends now."""


@dataclass(frozen=True, slots=True)
class LineFigures:
    """How busy one slot or provider is in this process."""

    in_flight: int
    waiting: int


@dataclass(frozen=True, slots=True)
class GateFigures:
    """How busy every slot and provider is in this process; idle ones are left out."""

    slots: Mapping[str, LineFigures]
    providers: Mapping[str, LineFigures]


class Gate:
    """Hands out seats (for a whole exchange) and places (for the work in it)."""

    def __init__(self, *, processes: int = 1, clock: Clock | None = None) -> None:
        self._processes = processes
        self._clock = clock or Clock()
        self._slots: dict[str, _Line] = {}
        self._providers: dict[str, _Line] = {}
        self._concurrency: dict[str, int] = {}
        """What each provider may do at once, all processes together."""
        # Rounded down until it is known which of them gets what is left over.
        self._rank, self._sharers = processes, processes
        self._seats: dict[str, int] = {}
        self._beside = _Line(self._clock)

    def enter(self, slot_id: str, *, concurrency: int, queue: int) -> Seat:
        """Give the photo a seat, before any of its body is read.

        Raises:
            RateLimited: every place and the whole waiting room are taken; says
                when a seat is likely to be free.
        """
        self._sit_down(slot_id, concurrency=concurrency, queue=queue)
        return Seat(self, slot_id, self._line(self._slots, slot_id))

    def look_for_seat(self, slot_id: str, *, concurrency: int, queue: int) -> int:
        """Return how many seats the slot has, if one is free.

        Raises:
            RateLimited: as for :meth:`enter`.
        """
        line = self._line(self._slots, slot_id)
        line.resize(self._share(concurrency))
        room = line.limit + (self._share(queue) if queue else 0)
        if self._seats.get(slot_id, 0) >= room:
            raise RateLimited(retry_after_seconds=line.seconds_to_a_free_place())
        return room

    def provider_place(
        self, provider: str, *, concurrency: int, gives_way: bool = False
    ) -> ProviderPlace:
        """Return a place at a provider, to be waited for and given back by ``async with``.

        One that ``gives_way`` is had after all others, and told when another needs it.
        """
        line = self._line(self._providers, provider)
        self._concurrency[provider] = concurrency
        line.resize(self._provider_share(concurrency))
        return ProviderPlace(line, gives_way=gives_way)

    def share_providers(self, rank: int, sharers: int) -> None:
        """Take this process' share of what providers may do: of so many it is this one, from 0."""
        self._rank, self._sharers = rank, sharers
        for provider, concurrency in self._concurrency.items():
            self._providers[provider].resize(self._provider_share(concurrency))

    def seat_beside(self) -> Seat:
        """Return a seat that takes nothing from cameras: its photo waits for no place of a slot."""
        self._seats[BESIDE] = self._seats.get(BESIDE, 0) + 1
        self._beside.resize(self._seats[BESIDE])
        return Seat(self, BESIDE, self._beside)

    def cameras(self) -> int:
        """Return how many photos of cameras are here, those still being uploaded too."""
        return self.seats() - self.seats_of(BESIDE)

    def seats_of(self, slot_id: str) -> int:
        """Return how many photos of a slot are here, those still being uploaded too."""
        return self._seats.get(slot_id, 0)

    def anybody_waits(self) -> bool:
        """Return whether any photo waits for a place, at its slot or at a provider."""
        lines = (*self._slots.values(), *self._providers.values())
        return any(line.figures().waiting for line in lines)

    def free_places(self, provider: str, *, concurrency: int) -> int | None:
        """Return how many places a provider has left; None if nobody is there."""
        line = self._providers.get(provider)
        if line is None or not line.busy():
            return None
        return self._provider_share(concurrency) - line.figures().in_flight

    def seats(self) -> int:
        """Return how many photos are here, those still being uploaded too."""
        return sum(self._seats.values())

    def figures(self) -> GateFigures:
        """Return who is in flight and who waits."""
        return GateFigures(
            slots={n: line.figures() for n, line in self._slots.items() if line.busy()},
            providers={n: line.figures() for n, line in self._providers.items() if line.busy()},
        )

    def _share(self, per_host: int) -> int:
        return max(1, per_host // self._processes)

    def _provider_share(self, concurrency: int) -> int:
        each, left_over = divmod(concurrency, self._sharers)
        return max(1, each + (self._rank < left_over))

    def _line(self, lines: dict[str, _Line], name: str) -> _Line:
        if name not in lines:
            lines[name] = _Line(self._clock)
        return lines[name]

    def _sit_down(self, slot_id: str, *, concurrency: int, queue: int) -> None:
        self.look_for_seat(slot_id, concurrency=concurrency, queue=queue)
        self._seats[slot_id] = self._seats.get(slot_id, 0) + 1

    def _stand_up(self, slot_id: str) -> None:
        self._seats[slot_id] -= 1


class Seat:
    """One photo's right to be here, from its headers to its answer."""

    def __init__(self, gate: Gate, slot_id: str, line: _Line) -> None:
        self._gate = gate
        self._slot_id = slot_id
        self._line = line
        self._seated = True
        self._placed = False

    async def wait_for_place(self, deadline: Deadline) -> None:
        """Return once the photo may be worked on; those who waited longer went first.

        Raises:
            DeadlinePassed: no place became free in time.
        """
        if not self._placed:
            await self._line.wait(deadline)
            self._placed = True

    def take_again(self, *, concurrency: int, queue: int) -> None:
        """Sit down once more after :meth:`leave`.

        Raises:
            RateLimited: as for ``Gate.enter``.
        """
        self._gate._sit_down(self._slot_id, concurrency=concurrency, queue=queue)
        self._seated = True

    def leave(self) -> None:
        """Free the seat, and the place if there was one; a second call does nothing."""
        if self._placed:
            self._placed = False
            self._line.give_back()
        if self._seated:
            self._seated = False
            self._gate._stand_up(self._slot_id)


class ProviderPlace:
    """One call's right to be at the provider; leaving the block gives it back.

    ``wanted`` is set once a call that gives way to none waits for this place.
    """

    def __init__(self, line: _Line, *, gives_way: bool) -> None:
        self.wanted = asyncio.Event()
        self._line = line
        self._gives_way = gives_way
        self._placed = False

    async def __aenter__(self) -> ProviderPlace:
        return self

    @property
    def limit(self) -> int:
        """Return how many calls this process may make at once."""
        return self._line.limit

    async def wait(self, deadline: Deadline) -> None:
        """Return once the call may be made.

        Raises:
            DeadlinePassed: the provider was busy all the time.
        """
        if not self._placed:
            await self._line.wait(deadline, gives_way=self._gives_way)
            self._placed = True
            if self._gives_way:
                self._line.lend(self.wanted)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._placed:
            self._placed = False
            self._line.take_back(self.wanted)
            self._line.give_back()


class _Line:
    """A number of places and those who wait for one, in the order they came.

    Behind all of them stand those who give way; the places that they have are lent.
    """

    def __init__(self, clock: Clock) -> None:
        self.limit = 1
        self._clock = clock
        self._taken_at: deque[float] = deque()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._behind: deque[asyncio.Future[None]] = deque()
        self._lent: list[asyncio.Event] = []
        self._held_seconds = RunningMean(_NEW_SHARE)

    def resize(self, limit: int) -> None:
        self.limit = limit
        self._call_next()

    async def wait(self, deadline: Deadline, *, gives_way: bool = False) -> None:
        if deadline.passed():
            raise DeadlinePassed
        if len(self._taken_at) < self.limit and not self._waiting:
            self._taken_at.append(self._clock.monotonic())
            return
        called = asyncio.get_running_loop().create_future()
        line = self._behind if gives_way else self._waiting
        line.append(called)
        if not gives_way and self._lent:
            # The one that was lent last has done the least.
            self._lent.pop().set()
        try:
            async with deadline.enforced():
                await called
        except BaseException:
            if called.done() and not called.cancelled():
                # The place was handed over in the same turn of the loop that
                # ended the wait: it goes to whoever is next.
                self.give_back()
            elif called in line:
                line.remove(called)
            raise

    def lend(self, wanted: asyncio.Event) -> None:
        """Remember a place that is given back when somebody waits: at once, where one does."""
        if self._waiting:
            wanted.set()
        else:
            self._lent.append(wanted)

    def take_back(self, wanted: asyncio.Event) -> None:
        if wanted in self._lent:
            self._lent.remove(wanted)

    def give_back(self) -> None:
        # Which of the equal places was freed does not matter: the oldest start
        # is dropped, which keeps the mean time a place is held.
        self._held_seconds.add(self._clock.monotonic() - self._taken_at.popleft())
        self._call_next()

    def seconds_to_a_free_place(self) -> float:
        held = self._held_seconds.value
        if held is None:
            held = FIRST_GUESS_SECONDS
        return max(1.0, held / self.limit)

    def busy(self) -> bool:
        return bool(self._taken_at or self._waiting or self._behind)

    def figures(self) -> LineFigures:
        waiting = sum(not called.done() for called in (*self._waiting, *self._behind))
        return LineFigures(len(self._taken_at), waiting)

    def _call_next(self) -> None:
        while (line := self._waiting or self._behind) and len(self._taken_at) < self.limit:
            called = line.popleft()
            if not called.done():
                self._taken_at.append(self._clock.monotonic())
                called.set_result(None)
