"""Whose photo is read next: a few at a time, and no faster than they can be prepared.

A hundred cameras that send at once would otherwise share the loop until all
are read, and every photo would be late together. First come, first served; who
cannot make it any more is told so, before its body is read where possible. A
turn is held only while bytes flow: a slow line keeps nobody waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import DeadlinePassed, RateLimited
from photobooth_daemon.pictures.pace import PhotoCost

TURNS = 4
TURNS_OF_STRANGERS = TURNS // 2
READY_TO_PREPARE = 2
"""Photos that have been read and wait for a picture thread; more would only lie on disk."""
REST_SECONDS = 0.002
"""How long a turn is kept for the next bytes."""
_DOUBT = 0.8
"""A photo is sent away only if even this share of the expected time is too much."""
_NOTHING = PhotoCost(0.0, 0.0)


class UploadTurns:
    """Hands out turns to read.

    ``photo_cost`` asks the picture threads what a photo costs them, as far as they know.
    """

    def __init__(self, photo_cost: Callable[[], PhotoCost | None], *, threads: int) -> None:
        self._photo_cost = photo_cost
        self._threads = threads
        self._most_to_prepare = threads + READY_TO_PREPARE
        self._line: dict[UploadTurn, None] = {}
        self._holding = 0
        self.crowded = False
        """Whether anyone may be waiting for a turn: then a holder's rest is short."""
        self._to_prepare: dict[UploadTurn, None] = {}

    def line_up(
        self, deadline: Deadline, content_length: int, *, is_known: bool = True
    ) -> UploadTurn:
        """Return a place in the line for a photo whose headers have arrived.

        ``deadline`` is when its picture must be there.

        Raises:
            RateLimited: those ahead will take all the time there is.
        """
        turn = UploadTurn(self, deadline, content_length, is_known=is_known)
        cost = self._photo_cost() or _NOTHING
        before = (*self._to_prepare, *self._line)
        ahead = sum(cost.seconds(other.believed_bytes) for other in before)
        late = self._lateness_seconds(turn, ahead, cost)
        if late > 0:
            raise _busy(late)
        self._line[turn] = None
        return turn

    def beside(self, deadline: Deadline, content_length: int) -> UploadTurn:
        """Return the turn of a photo that has been here for long: it is in nobody's way."""
        return UploadTurn(self, deadline, content_length, is_known=True)

    def hold_back(self, turn: UploadTurn) -> None:
        """Count a photo that has been read as one that waits to be prepared."""
        turn.is_known = True
        self._to_prepare[turn] = None

    def prepared(self, turn: UploadTurn) -> None:
        """Count it no more."""
        del self._to_prepare[turn]
        self._call()

    def take(self, turn: UploadTurn) -> None:
        """Let the turn read, now or when it is called."""
        turn.waits = True
        self._call()
        if turn.waits:
            for other in self._line:
                other.end_long_rest()

    def give_back(self, turn: UploadTurn) -> None:
        """Let others read; the turn keeps its place in the line."""
        if turn.holds:
            turn.holds = False
            self._holding -= 1
            self._call()

    def leave(self, turn: UploadTurn) -> None:
        """Take the turn out of the line."""
        self._line.pop(turn, None)
        self.give_back(turn)

    def _call(self) -> None:
        """Let those read whose time has come, and send away who cannot make it any more."""
        cost = self._photo_cost() or _NOTHING
        ahead = sum(cost.seconds(turn.believed_bytes) for turn in self._to_prepare)
        known_wait = any(turn.waits and turn.is_known for turn in self._line)
        strangers = sum(turn.holds and not turn.is_known for turn in self._line)
        self.crowded = False
        for turn in tuple(self._line):
            if turn.waits:
                late = 0.0 if turn.begun else self._lateness_seconds(turn, ahead, cost)
                if late > 0:
                    del self._line[turn]
                    turn.called(_busy(late))
                    continue
                # Whoever has shown a password goes before those who have not.
                in_turn = turn.is_known or not known_wait or strangers < TURNS_OF_STRANGERS
                free = self._holding < TURNS and len(self._to_prepare) < self._most_to_prepare
                if free and in_turn:
                    self._holding += 1
                    strangers += not turn.is_known
                    turn.holds = turn.begun = True
                    turn.called(None)
                else:
                    self.crowded = True
            ahead += cost.seconds(turn.believed_bytes)

    def _lateness_seconds(self, turn: UploadTurn, seconds_ahead: float, cost: PhotoCost) -> float:
        """Return how much later than its deadline the photo would be; 0.0 while nobody knows.

        The first in the line is never late: only photos that are let in teach what they cost.
        """
        if not seconds_ahead:
            return 0.0
        wait = (seconds_ahead + cost.seconds(turn.believed_bytes)) / self._threads
        return max(0.0, wait * _DOUBT - turn.deadline.remaining_seconds())


class UploadTurn:
    """One photo's place in the line; ``leave()`` gives it up at any time."""

    def __init__(
        self, turns: UploadTurns, deadline: Deadline, content_length: int, *, is_known: bool
    ) -> None:
        self.deadline = deadline
        self.content_length = content_length
        self.is_known = is_known
        self.received_bytes = 0
        self.holds = False
        self.begun = False
        self.waits = False
        self._turns = turns
        self._call: asyncio.Future[None] | None = None
        self._rests = False
        self._rest: asyncio.TimerHandle | None = None
        self._left = False

    @property
    def believed_bytes(self) -> int:
        """Return how large the photo is thought to be.

        Whoever has not shown a password and does not send either may announce what he likes.
        """
        if self.is_known or not self.begun or self.waits:
            return self.content_length
        return min(self.content_length, self.received_bytes)

    async def take(self) -> None:
        """Return once the next bytes may be read; at once after ``leave()``.

        Raises:
            RateLimited: it cannot make it any more.
        """
        self._end_rest()
        if self.holds or self._left:
            return
        self._call = asyncio.get_running_loop().create_future()
        self._turns.take(self)
        try:
            async with self.deadline.enforced():
                await self._call
        except DeadlinePassed as error:
            raise _busy(1.0) from error
        finally:
            self.waits = False

    def rest(self) -> None:
        """Keep the turn until others wait, and for a moment then; the next bytes end the rest."""
        self._rests = True
        if self._turns.crowded:
            self.end_long_rest()

    def end_long_rest(self) -> None:
        """If it rests, let others read unless bytes come in a moment."""
        if self._rests and self.holds and self._rest is None:
            loop = asyncio.get_running_loop()
            self._rest = loop.call_later(REST_SECONDS, self._turns.give_back, self)

    @contextmanager
    def preparing(self, *, beside: bool = False) -> Iterator[None]:
        """Let no more be read than can be prepared, while this photo waits for that.

        One that is prepared ``beside`` the usual ones keeps none of them from being read.
        """
        if beside:
            yield
            return
        self._turns.hold_back(self)
        try:
            yield
        finally:
            self._turns.prepared(self)

    def leave(self) -> None:
        """Give the place up: the photo has been read, or never will be."""
        self._left = True
        self._end_rest()
        self._turns.leave(self)
        self.called(None)

    def called(self, error: RateLimited | None) -> None:
        """End the wait, if there is one."""
        self.waits = False
        if self._call is None or self._call.done():
            return
        if error is None:
            self._call.set_result(None)
        else:
            self._call.set_exception(error)

    def _end_rest(self) -> None:
        self._rests = False
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None


def _busy(retry_after_seconds: float) -> RateLimited:
    return RateLimited(
        "More photos are waiting than can be worked on in time.",
        retry_after_seconds=max(1.0, retry_after_seconds),
    )
