"""The daemon's event loop: its timers are on time while a hundred sockets are ready.

asyncio serves everything that is ready before it looks at the clock again. When
many photos arrive at once that takes long enough to be late for the end of a window.
"""

from __future__ import annotations

import asyncio
import gc
import selectors

EVENTS_AT_ONCE = 8

_Event = tuple[selectors.SelectorKey, int]


class FewAtOnceSelector(selectors.DefaultSelector):
    """Gives a few of the sockets that are ready, then those that had to wait, then looks again."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[_Event] = []

    def select(self, timeout: float | None = None) -> list[_Event]:
        """Return at most ``EVENTS_AT_ONCE`` events, as :meth:`selectors.BaseSelector.select`."""
        ready = self._waiting or super().select(timeout)
        self._waiting = ready[EVENTS_AT_ONCE:]
        registered = self.get_map()
        # Meanwhile a socket may have been closed, and its number be another's.
        return [
            (key, events) for key, events in ready[:EVENTS_AT_ONCE] if registered.get(key.fd) is key
        ]


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return the loop to run the daemon on.

    What has been imported stays for good, so the garbage collector is told not to look
    through it again: each full look would stop the loop for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    return asyncio.SelectorEventLoop(FewAtOnceSelector())
