"""One listener per process, any number of live viewers.

The listener is woken by NOTIFY, reads what is new once and hands it to all
viewers; a viewer that comes back reads what it missed from the table. Ids
increase in commit order, so "everything after my last id" leaves nothing out.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import DatabaseUnavailable
from photobooth_daemon.model import LiveMessage
from photobooth_daemon.repositories.admins import ACCOUNTS_CHANNEL
from photobooth_daemon.repositories.live_messages import CHANNEL, LiveMessageRepository
from photobooth_daemon.tasks import end_tasks

RESUMABLE_SECONDS = 3600
PROBE_SECONDS = 2.0
"""How often a connection that is idle is asked for a sign of life, and how long any answer may
take: a server that hangs ends nothing by itself, and here it is noticed first."""
BURST_SECONDS = 0.05
FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 1.0
READ_AT_ONCE = 500
REMEMBERED = 1000

log = logging.getLogger(__name__)


class FeedClosed(Exception):
    """The process is draining: viewers come back to another one, or later."""


class LiveFeed:
    """Follows the message table as long as the process lives."""

    def __init__(
        self,
        database: Database,
        repository: LiveMessageRepository,
        clock: Clock,
        *,
        heard: Callable[[LiveMessage], None] | None = None,
    ) -> None:
        """``heard`` is told of every message that comes while the process lives."""
        self._database = database
        self._repository = repository
        self._clock = clock
        self._heard = heard
        self._recent: deque[LiveMessage] = deque(maxlen=REMEMBERED)
        self._last_id: int | None = None
        self._news = asyncio.Event()
        self._viewers: set[Viewer] = set()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def start(self) -> None:
        """Begin to follow; a database that is away is tried again and again."""
        self._task = asyncio.create_task(self._follow(), name="live feed")

    async def close(self) -> None:
        """Send every viewer away and stop following; a second call does nothing."""
        self._closed = True
        for viewer in self._viewers:
            viewer.wake()
        if self._task is not None:
            await end_tasks(self._task)
            self._task = None

    async def subscribe(self, last_id: int | None) -> tuple[Viewer, bool]:
        """Return a viewer, and whether it goes on where ``last_id`` was.

        False means that messages in between are gone (or the id was never one of
        ours): whoever shows a state has to read it anew.

        Raises:
            DatabaseUnavailable: what was missed cannot be looked up now.
        """
        newest, oldest = await self._repository.span(
            self._clock.utcnow() - timedelta(seconds=RESUMABLE_SECONDS)
        )
        start = newest if last_id is None else last_id
        missed_known = oldest is not None and start >= oldest - 1
        resumed = start == newest or (start < newest and missed_known)
        viewer = Viewer(self, start if resumed else newest)
        self._viewers.add(viewer)
        return viewer, resumed

    def unsubscribe(self, viewer: Viewer) -> None:
        """Forget a viewer."""
        self._viewers.discard(viewer)

    @property
    def closed(self) -> bool:
        """Return whether viewers are sent away."""
        return self._closed

    async def read_after(self, message_id: int) -> Sequence[LiveMessage]:
        """Return what came after a message: from memory, or for a viewer far behind from the table.

        Raises:
            DatabaseUnavailable: it is not in memory, and the table cannot be read.
        """
        if self._last_id is not None and message_id >= self._last_id:
            return ()
        if self._recent and message_id >= self._recent[0].message_id - 1:
            return [message for message in self._recent if message.message_id > message_id]
        return await self._repository.list_after(message_id, READ_AT_ONCE)

    async def _follow(self) -> None:
        retry_seconds = FIRST_RETRY_SECONDS
        while not self._closed:
            try:
                await self._listen()
            except DatabaseUnavailable as error:
                log.warning("live feed interrupted", extra={"detail": error.detail})
            except Exception:
                # Live views must not end for good because of one thing nobody thought of.
                log.exception("live feed interrupted")
            else:
                retry_seconds = FIRST_RETRY_SECONDS
                continue
            await asyncio.sleep(retry_seconds)
            retry_seconds = min(2 * retry_seconds, LONGEST_RETRY_SECONDS)

    async def _listen(self) -> None:
        """Follow on one connection until it ends."""
        async with self._database.dedicated_connection() as connection:
            await connection.add_listener(CHANNEL, lambda *_: self._news.set())
            await connection.add_listener(ACCOUNTS_CHANNEL, lambda *_: self._recheck())
            connection.add_termination_listener(lambda _: self._news.set())
            # What was told while nobody listened is lost: the table has the messages, and
            # sessions are looked at once.
            self._recheck()
            if self._last_id is None:
                self._last_id, _ = await self._repository.span(self._clock.utcnow())
            while not (connection.is_closed() or self._closed):
                await self._read_news()
                try:
                    async with asyncio.timeout(PROBE_SECONDS):
                        await self._news.wait()
                except TimeoutError:
                    await connection.execute("SELECT 1", timeout=PROBE_SECONDS)
                self._news.clear()
                # A burst of photos is one read, and one write to each viewer.
                await asyncio.sleep(BURST_SECONDS)

    def _recheck(self) -> None:
        for viewer in self._viewers:
            viewer.recheck()

    async def _read_news(self) -> None:
        assert self._last_id is not None
        while True:
            async with asyncio.timeout(PROBE_SECONDS):
                messages = await self._repository.list_after(self._last_id, READ_AT_ONCE)
            self._recent.extend(messages)
            if self._heard is not None:
                for message in messages:
                    self._heard(message)
            if messages:
                self._last_id = messages[-1].message_id
                for viewer in self._viewers:
                    viewer.wake()
            if len(messages) < READ_AT_ONCE:
                return


class Viewer:
    """Someone who follows the messages, at their own pace."""

    def __init__(self, feed: LiveFeed, last_id: int) -> None:
        self._feed = feed
        self._news = asyncio.Event()
        self._news.set()
        self._interrupted = False
        self.last_id = last_id

    def wake(self) -> None:
        """Let :meth:`next` look again."""
        self._news.set()

    def recheck(self) -> None:
        """Let :meth:`next` return at once, so that the viewer's session is looked at."""
        self._interrupted = True
        self._news.set()

    async def next(self, patience_seconds: float) -> Sequence[LiveMessage]:
        """Return the messages that follow; none if nothing happened for so long, or at a recheck.

        Raises:
            FeedClosed: the process is draining.
            DatabaseUnavailable: the viewer is far behind, and the table cannot be read.
        """
        try:
            async with asyncio.timeout(patience_seconds):
                while True:
                    await self._news.wait()
                    self._news.clear()
                    if self._feed.closed:
                        raise FeedClosed
                    if self._interrupted:
                        self._interrupted = False
                        # Events may wait as well.
                        self._news.set()
                        return ()
                    messages = await self._feed.read_after(self.last_id)
                    if messages:
                        self.last_id = messages[-1].message_id
                        # There may be more than one reading brought.
                        self._news.set()
                        return messages
        except TimeoutError:
            return ()
