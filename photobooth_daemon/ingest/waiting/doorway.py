"""Where photos wait that have not shown the password yet: a few at a time come in.

A camera that sends the password as a form field shows it with the photo, so until
then anybody could be sending. Of one address four may be on a slot's way in at a time, and
of all addresses half of what the slot has room for; the others wait here and hold
nothing that a camera with a password header would need. Whoever sends goes before
those who only keep a connection open, and is not one of the four.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import DeadlinePassed, RateLimited

MOST_PER_ADDRESS = 4
SENDING_BYTES = 16 * 1024
"""So much that has arrived without being asked for comes from somebody who sends."""
LOOK_SECONDS = 0.1


class Doorway:
    """Lets photos in whose sender is not known yet."""

    def __init__(self) -> None:
        self._inside: Counter[str] = Counter()
        self._inside_of: Counter[tuple[str, str]] = Counter()
        self._waiting: dict[str, list[_Waiting]] = {}
        self._looks: set[str] = set()

    async def enter(
        self,
        slot_id: str,
        address: str,
        *,
        room: int,
        unread_bytes: Callable[[], int],
        deadline: Deadline,
    ) -> Passage:
        """Return once there is a way in; ``room`` is what the slot has room for in all.

        Raises:
            RateLimited: there was none in time.
        """
        loop = asyncio.get_running_loop()
        entry = _Waiting(address, max(1, room // 2), unread_bytes, loop.create_future())
        self._waiting.setdefault(slot_id, []).append(entry)
        self._call(slot_id)
        self._look_again(slot_id)
        try:
            async with deadline.enforced():
                await asyncio.wait({entry.called})
        except BaseException as error:
            if entry.called.done():
                self._leave(slot_id, address)
            else:
                self._forget(slot_id, entry)
            if isinstance(error, DeadlinePassed):
                raise RateLimited(retry_after_seconds=1.0) from error
            raise
        return Passage(self, slot_id, address)

    def _call(self, slot_id: str) -> None:
        """Let in who may come: those who send first, the others as they came."""
        waiting = self._waiting.get(slot_id, [])
        sent = {id(entry): entry.unread_bytes() for entry in waiting}
        for entry in sorted(waiting, key=lambda entry: -sent[id(entry)]):
            if self._inside[slot_id] >= entry.most:
                break
            sends = sent[id(entry)] >= SENDING_BYTES
            if sends or self._inside_of[slot_id, entry.address] < MOST_PER_ADDRESS:
                self._forget(slot_id, entry)
                self._inside[slot_id] += 1
                self._inside_of[slot_id, entry.address] += 1
                entry.called.set_result(None)

    def _look_again(self, slot_id: str) -> None:
        # One look for all who wait at a slot, however many they are.
        if slot_id in self._waiting and slot_id not in self._looks:
            self._looks.add(slot_id)
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look, slot_id)

    def _look(self, slot_id: str) -> None:
        self._looks.remove(slot_id)
        self._call(slot_id)
        self._look_again(slot_id)

    def _leave(self, slot_id: str, address: str) -> None:
        self._inside[slot_id] -= 1
        self._inside_of[slot_id, address] -= 1
        # Strangers' addresses are not kept.
        self._inside_of += Counter()
        self._call(slot_id)

    def _forget(self, slot_id: str, entry: _Waiting) -> None:
        self._waiting[slot_id].remove(entry)
        if not self._waiting[slot_id]:
            del self._waiting[slot_id]


@dataclass(slots=True, eq=False)
class _Waiting:
    address: str
    most: int
    unread_bytes: Callable[[], int]
    called: asyncio.Future[None]


class Passage:
    """One photo's way in; given back when its password has been shown, or it leaves."""

    def __init__(self, doorway: Doorway, slot_id: str, address: str) -> None:
        self._doorway = doorway
        self._slot_id = slot_id
        self._address = address
        self._inside = True

    def leave(self) -> None:
        """Let another one in; a second call does nothing."""
        if self._inside:
            self._inside = False
            self._doorway._leave(self._slot_id, self._address)
