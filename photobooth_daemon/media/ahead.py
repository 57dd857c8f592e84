"""Pictures that are asked for while somebody still looks whether they may be seen."""

from __future__ import annotations

import asyncio
from types import TracebackType

from photobooth_daemon.media.keys import MediaKey
from photobooth_daemon.media.store import MediaStore, OpenedMedia
from photobooth_daemon.tasks import end_tasks


class Ahead:
    """Asks a store elsewhere for a picture at once; what is not taken is let go of with the block.

    The store answers meanwhile. Nothing of it is read before somebody takes it, so whether it may
    be seen is still for the row to say.
    """

    def __init__(self, media_store: MediaStore, key: MediaKey | None) -> None:
        """``key`` is the likely one; without one nothing is asked for."""
        self._media_store = media_store
        self._key = key if media_store.is_elsewhere else None
        self._opening: asyncio.Task[OpenedMedia] | None = None

    async def __aenter__(self) -> Ahead:
        """Ask for all of it."""
        if self._key is not None:
            self._opening = asyncio.create_task(self._media_store.open(self._key))
        return self

    async def open(self, key: MediaKey, *, whole: bool) -> OpenedMedia:
        """Return a picture to be read: what was asked for, if it is that, or as the store does.

        Raises:
            FileNotFoundError: there is none of this name.
        """
        opening = self._opening
        if opening is None or key != self._key or not whole:
            return await self._media_store.open(key, whole=whole)
        self._opening = None
        return await opening

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of what nobody has taken."""
        opening = self._opening
        if opening is None:
            return
        await end_tasks(opening)
        if not opening.cancelled() and opening.exception() is None:
            opening.result().close()
