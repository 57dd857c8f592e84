"""``/api/boards`` and ``/board/…``: the live board for a screen that nobody logs in on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from tornado.iostream import StreamClosedError

from photobooth_daemon.administration.boards import BoardService
from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import BoardNotFound, DatabaseUnavailable, ShuttingDown
from photobooth_daemon.live.feed import FeedClosed, LiveFeed, Viewer
from photobooth_daemon.model.boards import Board, BoardSlot
from photobooth_daemon.model.networks import network_of
from photobooth_daemon.model.public_urls import result_url
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.cookies import find_cookie
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.json_text import encode_json
from photobooth_daemon.web.live import COMMENT_SECONDS, RECONNECT_MS, set_stream_headers
from photobooth_daemon.web.paging import read_limit, read_time_cursor, time_cursor, write_page
from photobooth_daemon.web.public import qr_svg
from photobooth_daemon.web.stream_places import StreamPlaces
from photobooth_daemon.web.ui import UiHandler
from photobooth_daemon.web.ui_files import UiFiles

COOKIE = "photobooth_board"
COOKIE_SECONDS = 400 * 24 * 3600
"""As long as browsers keep one (RFC 6265bis, 5.5): a screen is not set up again each season."""
PATH = "/board"
MOST_OF_ADDRESS = 24
"""Streams of one address, so that the cameras behind it have connections; other screens look now
and then."""
MOST_OF_BOARD = 256


class _BoardsHandler(Handler):
    def initialize(self, base: Base, *, boards: BoardService) -> None:
        super().initialize(base)
        self._boards = boards


class BoardsHandler(_BoardsHandler):
    """``/api/boards``: the links that there are; a new one."""

    permission: ClassVar[Mapping[str, str]] = {"GET": "slots:read", "POST": "slots:write"}

    @unless_refused
    async def get(self) -> None:
        """Answer with a page of boards; their links are not known any more."""
        limit, before = read_limit(self), read_time_cursor(self)
        write_page(
            self,
            await self._boards.list_newest(before, limit + 1),
            limit,
            _board_view,
            lambda board: time_cursor(board.created_at, board.board_id),
        )

    @unless_refused
    async def post(self) -> None:
        """Make a board and show its link, this once."""
        board, token = await self._boards.create(self.read_json_object(), self.actor())
        link = self.site.absolute_url(self.request, f"{PATH}/{token}")
        code = await asyncio.to_thread(qr_svg, link)
        shown = {**_board_view(board), "link": link, "qr_svg": code.decode()}
        self.write_json(shown, HTTPStatus.CREATED)


class OneBoardHandler(_BoardsHandler):
    """``/api/boards/{board_id}``."""

    permission = "slots:write"

    @unless_refused
    async def delete(self, board_id: str) -> None:
        """Take the link back."""
        await self._boards.delete(self.path_uuid(board_id, BoardNotFound), self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)


class BoardPageHandler(UiHandler):
    """``/board/{token}``: the page; it leaves a cookie that opens the two below."""

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, ui_files: UiFiles, boards: BoardService
    ) -> None:
        """Take the boards beside the files."""
        super().initialize(base, ui_files=ui_files)
        self._boards = boards

    @unless_refused
    async def get(self, token: str) -> None:
        """Send the page."""
        await self._boards.open(token)
        self.set_cookie(
            COOKIE,
            token,
            path=PATH,
            httponly=True,
            secure=self.site.is_secure(self.request),
            samesite="Strict",
            max_age=COOKIE_SECONDS,
        )
        self.send_file(self.ui_files.board, "no-store")
        # The address is the key: nobody else is to learn it from a link on the page.
        self.set_header("Referrer-Policy", "no-referrer")


class _ScreenHandler(_BoardsHandler):
    """Knows the board by the screen's cookie."""

    public = True

    async def board(self) -> Board:
        """Return the board that the screen shows.

        Raises:
            BoardNotFound: the screen has no link, or it was taken back.
        """
        return await self._boards.open(find_cookie(self.request, COOKIE) or "")


class BoardStateHandler(_ScreenHandler):
    """``/board/state``: what the screen shows now."""

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, boards: BoardService, events: EventRepository, clock: Clock
    ) -> None:
        """Take the events and the clock beside the boards."""
        super().initialize(base, boards=boards)
        self._events = events
        self._clock = clock

    @unless_refused
    async def get(self) -> None:
        """Answer with slots and pictures; no address, no account's name, no setting."""
        board = await self.board()
        slots = await self._boards.slots_of(board)
        shown = {slot.slot_id for slot in slots}
        running = [
            {"name": event.title(), "ends_at": event.ends_at}
            for event in await self._events.list_running(self._clock.utcnow())
            if any(event.has_slot(slot_id) for slot_id in shown)
        ]
        self.write_json(
            {
                "label": board.label,
                "events": running,
                "slots": [_slot_view(slot) for slot in slots],
            }
        )


class BoardLiveHandler(_ScreenHandler):
    """``/board/live``: says that something on the screen has changed."""

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self,
        base: Base,
        *,
        boards: BoardService,
        feed: LiveFeed,
        places: StreamPlaces,
        clock: Clock,
    ) -> None:
        """Take the feed, the places for streams and the clock beside the boards."""
        super().initialize(base, boards=boards)
        self._feed = feed
        self._places = places
        self._viewer: Viewer | None = None
        self._has_left = False
        self._clock = clock

    @unless_refused
    async def head(self, *args: str) -> None:
        """Answer as GET begins; there is no end to wait for."""
        await self.board()
        set_stream_headers(self)

    @unless_refused
    async def get(self) -> None:
        """Stream until the screen leaves, its link is taken back or the process drains."""
        if self._feed.closed:
            raise ShuttingDown
        board = await self.board()
        network = network_of(self.client_address())
        with self._places.taken(network, str(board.board_id), most_of_address=MOST_OF_ADDRESS):
            await self._follow(board)

    async def _follow(self, board: Board) -> None:
        viewer, _ = await self._feed.subscribe(None)
        self._viewer = viewer
        try:
            set_stream_headers(self)
            self.write(f"retry: {RECONNECT_MS}\n\n")
            await self.flush()
            await self._stream(board, viewer)
        except (StreamClosedError, FeedClosed, DatabaseUnavailable, BoardNotFound):
            # The headers are out: the end of the stream is all that can be said.
            pass
        finally:
            self._feed.unsubscribe(viewer)

    def client_left(self, *, hung_up: bool) -> None:
        """Give the place to the next one at once."""
        self._has_left = True
        if self._viewer is not None:
            self._viewer.recheck()

    async def _stream(self, board: Board, viewer: Viewer) -> None:
        checked_at = self._clock.monotonic()
        while True:
            messages = await viewer.next(COMMENT_SECONDS)
            if self._has_left:
                return
            if self._clock.monotonic() - checked_at >= COMMENT_SECONDS or not messages:
                await self.board()
                checked_at = self._clock.monotonic()
                self.write(": still here\n\n")
            for message in messages:
                if "trying" in message.data:
                    continue  # a photo in work stays one, whoever is asked
                slot_id = message.data.get("slot_id")
                if slot_id is None or not board.slot_ids or slot_id in board.slot_ids:
                    data = encode_json({"slot_id": slot_id}).decode()
                    self.write(f"id: {message.message_id}\nevent: changed\ndata: {data}\n\n")
            await self.flush()


def _board_view(board: Board) -> dict[str, Any]:
    return {
        "board_id": board.board_id,
        "label": board.label,
        "slots": board.slot_ids,
        "created_at": board.created_at,
        "created_by": board.created_by,
    }


def _slot_view(slot: BoardSlot) -> dict[str, Any]:
    return {
        "slot_id": slot.slot_id,
        "display_name": slot.display_name,
        "enabled": slot.enabled,
        "in_work": slot.in_work,
        "failure": slot.failure,
        "pictures": [
            {"preview_url": f"{result_url(found.job_id)}/preview", "created_at": found.created_at}
            for found in slot.pictures
        ],
    }
