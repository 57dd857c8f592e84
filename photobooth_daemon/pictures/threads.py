"""The threads that all picture work shares, and who goes first.

What a provider has made was paid for, so finishing it goes before work on the
next photo; within a kind it is first come, first served. What takes long has one thread
to itself, and no other, so that it keeps no usual picture waiting. Work that nobody waits
for any more, or that cannot be done in its time, is never begun.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, TypeVarTuple

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import DeadlinePassed
from photobooth_daemon.pictures.pace import Kind, Pace, PhotoCost, weight_of_photo

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

FEWEST_THREADS, MOST_THREADS = 2, 8
LARGE_MEGAPIXELS = 25.0
"""Above this, of four bytes each, one picture at a time: it takes a second or hundreds of
megabytes. Photos of cameras are smaller than this: see ``decoded_megapixels``."""
MEGAPIXELS_AT_ONCE = 60.0
"""The usual ones at work at a time are not more than this together, however many the threads."""
LONGEST_LOOK_SECONDS = 5.0
"""After this, what an administrator waits for goes before the photos."""


@dataclass(eq=False, slots=True)
class _Piece:
    """One call that waits for a thread, or has one."""

    kind: Kind
    call: Callable[[], Any]
    done: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    megapixels: float
    weight: float
    deadline: Deadline | None
    come_monotonic_seconds: float
    wanted: bool = True
    started_monotonic_seconds: float = 0.0

    @property
    def large(self) -> bool:
        return is_large(self.megapixels)

    def tell(self, result: Any, error: BaseException | None) -> None:
        """Hand the outcome to the loop; from any thread."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: Any, error: BaseException | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(result)
        else:
            self.done.set_exception(error)


@dataclass(slots=True)
class _Lines:
    """What the lock guards."""

    waiting: dict[Kind, deque[_Piece]] = field(
        default_factory=lambda: {kind: deque() for kind in Kind}
    )
    running: list[_Piece] = field(default_factory=list)
    pace: Pace = field(default_factory=Pace)
    closed: bool = False


def is_large(megapixels: float) -> bool:
    """Return whether a picture waits for the large ones' thread, and for no other."""
    return megapixels > LARGE_MEGAPIXELS


def threads_for_cores() -> int:
    """Return how many threads make use of the cores that this process may run on.

    Pillow lets go of the interpreter's lock, so each core can decode; one more brings nothing.
    """
    return min(MOST_THREADS, max(FEWEST_THREADS, len(os.sched_getaffinity(0))))


class PictureThreads:
    """Runs blocking picture work off the loop. ``close()`` ends the threads.

    ``threads`` are for the usual pictures; the one for large ones comes on top of them.
    """

    def __init__(self, clock: Clock, *, threads: int = 2) -> None:
        self._clock = clock
        self._lines = _Lines()
        self._lock = threading.Lock()
        # Apart, so that nobody is woken who has nothing to do.
        self._usual_changed = threading.Condition(self._lock)
        self._large_changed = threading.Condition(self._lock)
        self._usual = threads
        self._threads = [
            threading.Thread(target=self._serve, args=(n == threads,), name=name, daemon=True)
            for n, name in enumerate([*(f"pictures-{n}" for n in range(threads)), "pictures-large"])
        ]
        for thread in self._threads:
            thread.start()

    async def finish(self, work: Callable[[*Ts], T], *args: *Ts, megapixels: float = 1.0) -> T:
        """Run the work on a provider's picture: before everything that is not yet begun."""
        return await self._run(Kind.FINISH, work, args, megapixels, None)

    async def parse(self, work: Callable[..., T], *arguments: Any) -> T:
        """Take a provider's answer apart: it holds what was paid for, so it goes first."""
        return await self._run(Kind.PARSE, work, arguments, 1.0, None)

    async def look(self, work: Callable[[*Ts], T], *args: *Ts, megapixels: float) -> T:
        """Run the work on a picture that no booth waits for: after all others, but not for ever."""
        return await self._run(Kind.LOOK, work, args, megapixels, None)

    async def process(
        self, work: Callable[[*Ts], T], *args: *Ts, deadline: Deadline, megapixels: float
    ) -> T:
        """Run the work of a provider that is this machine itself.

        Raises:
            DeadlinePassed: it was not done in time, or could not have been.
        """
        return await self._run(Kind.PROCESS, work, args, megapixels, deadline)

    async def prepare(
        self,
        work: Callable[[*Ts], T],
        *args: *Ts,
        deadline: Deadline,
        megapixels: float,
        size_bytes: int,
    ) -> T:
        """Run the work on a camera's photo, when no other has to be finished.

        ``deadline`` is when preparing has to be over so that the rest still makes
        sense. Raised early where what waits ahead already takes longer.

        Raises:
            DeadlinePassed: it was not done in time, or could not have been.
        """
        if self.expected_seconds(size_bytes) > deadline.remaining_seconds():
            with self._lock:
                self._lines.pace.doubt(Kind.PREPARE)
            raise DeadlinePassed
        weight = weight_of_photo(size_bytes)
        return await self._run(Kind.PREPARE, work, args, megapixels, deadline, weight)

    def photo_cost(self) -> PhotoCost | None:
        """Return what a photo costs, as lately seen; None while too few have been."""
        with self._lock:
            return self._lines.pace.photo_cost()

    def expected_seconds(self, size_bytes: int) -> float:
        """Return how long until a photo of this size, handed in now, would be prepared.

        0.0 while nothing is known yet. Work that comes later and goes first is not in it, nor are
        large pictures, which have their own thread.
        """
        with self._lock:
            pace, lines = self._lines.pace, self._lines
            waiting = [p for line in lines.waiting.values() for p in line if p.wanted]
            before = [p for p in waiting if not p.large and p.kind is not Kind.LOOK]
            ahead = sum(pace.expected_seconds(p.kind, p.weight) for p in before)
            for piece in lines.running:
                spent = self._clock.monotonic() - piece.started_monotonic_seconds
                if not piece.large:
                    ahead += max(0.0, pace.expected_seconds(piece.kind, piece.weight) - spent)
            own = pace.expected_seconds(Kind.PREPARE, weight_of_photo(size_bytes))
        return ahead / self._usual + own

    def close(self) -> None:
        """End the threads after what they are doing; work that still waits is cancelled."""
        with self._lock:
            self._lines.closed = True
            for line in self._lines.waiting.values():
                for piece in line:
                    piece.tell(None, asyncio.CancelledError())
                line.clear()
            self._usual_changed.notify_all()
            self._large_changed.notify_all()
        for thread in self._threads:
            thread.join()

    async def _run(
        self,
        kind: Kind,
        work: Callable[[*Ts], T],
        args: tuple[*Ts],
        megapixels: float,
        deadline: Deadline | None,
        weight: float | None = None,
    ) -> T:
        if deadline is not None and deadline.passed():
            raise DeadlinePassed
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        weight = megapixels if weight is None else weight
        come = self._clock.monotonic()
        piece = _Piece(kind, lambda: work(*args), done, loop, megapixels, weight, deadline, come)
        with self._lock:
            if self._lines.closed:
                raise RuntimeError("The picture threads are closed.")
            self._lines.waiting[kind].append(piece)
            # One that is at work looks for itself when it is done with that.
            (self._large_changed if piece.large else self._usual_changed).notify()
        try:
            if deadline is None:
                return await done
            async with deadline.enforced():
                return await done
        finally:
            # Cancelled, late or done: whatever still waits is passed over.
            piece.wanted = False

    def _serve(self, large: bool) -> None:
        while (piece := self._next(large)) is not None:
            result, error = None, None
            try:
                result = piece.call()
            except Exception as caught:  # noqa: BLE001 - raised again where it is waited for
                error = caught
            self._over(piece, learned=error is None)
            piece.tell(result, error)
            # Nothing of a picture is held while this thread waits for the next.
            del piece, result, error

    def _next(self, large: bool) -> _Piece | None:
        with self._lock:
            while True:
                if self._lines.closed:
                    return None
                piece = self._startable(large)
                if piece is not None:
                    piece.started_monotonic_seconds = self._clock.monotonic()
                    self._lines.running.append(piece)
                    return piece
                (self._large_changed if large else self._usual_changed).wait()

    def _startable(self, large: bool) -> _Piece | None:
        """Take the next piece for a thread of the large or of the usual ones out of its line."""
        at_work = sum(piece.megapixels for piece in self._lines.running if not piece.large)
        for line in self._in_turn():
            for piece in tuple(line):
                if not piece.wanted or self._too_late(piece):
                    line.remove(piece)
                elif piece.large is large:
                    if not large and at_work and at_work + piece.megapixels > MEGAPIXELS_AT_ONCE:
                        return None
                    line.remove(piece)
                    return piece
        return None

    def _in_turn(self) -> list[deque[_Piece]]:
        lines = list(self._lines.waiting.values())
        looks = self._lines.waiting[Kind.LOOK]
        if looks:
            waited = self._clock.monotonic() - looks[0].come_monotonic_seconds
            if waited > LONGEST_LOOK_SECONDS:
                return [looks, *lines]
        return lines

    def _too_late(self, piece: _Piece) -> bool:
        if piece.deadline is None or (piece.large and not piece.deadline.passed()):
            return False
        pace = self._lines.pace
        expected = pace.expected_seconds(piece.kind, piece.weight)
        late = piece.deadline.remaining_seconds() <= expected
        if late:
            pace.doubt(piece.kind)
            piece.tell(None, DeadlinePassed())
        return late

    def _over(self, piece: _Piece, *, learned: bool) -> None:
        with self._lock:
            self._lines.running.remove(piece)
            spent = self._clock.monotonic() - piece.started_monotonic_seconds
            # What these took says nothing about the photos that a booth sends.
            if learned and not piece.large and piece.kind is not Kind.LOOK:
                self._lines.pace.learn(piece.kind, spent, piece.weight)
            if not piece.large and any(self._lines.waiting.values()):
                # There may be room now for what other threads could not begin.
                self._usual_changed.notify_all()
