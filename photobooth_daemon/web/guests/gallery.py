"""``/g/{gallery}``: an event's pictures for its guests, page by page, behind a link and a PIN."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from photobooth_daemon.administration.galleries import Galleries
from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import (
    GalleryEnded,
    GalleryNotFound,
    MediaNotFound,
    PhotoboothError,
    PinRequired,
)
from photobooth_daemon.model.events import Event, EventState
from photobooth_daemon.repositories.gallery_pictures import GalleryPicture, GalleryPictures
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.cookies import find_cookie
from photobooth_daemon.web.guests.gallery_page import (
    GalleryPlace,
    GalleryState,
    PinFault,
    picture_view,
    render_gallery,
    render_gallery_end,
    render_pin,
    render_show,
)
from photobooth_daemon.web.guests.guest import LogoHandler, LogoNeeds, PageHandler
from photobooth_daemon.web.guests.look import Look, look_of
from photobooth_daemon.web.handler import unless_refused
from photobooth_daemon.web.paging import read_limit, read_time_cursor, time_cursor, write_page
from photobooth_daemon.web.problems import STATUS
from photobooth_daemon.web.public import qr_svg
from photobooth_daemon.web.rendered import Rendered

COOKIE = "photobooth_gallery"
PICTURES_A_PAGE = 60
SHOW = "show"
"""What a form says that came from the slideshow's page."""

STATES: dict[type[PhotoboothError], GalleryState] = {
    GalleryNotFound: GalleryState.NOT_FOUND,
    GalleryEnded: GalleryState.OVER,
}


def gallery_url(token: str) -> str:
    """Return the path of a gallery."""
    return f"/g/{token}"


@dataclass(frozen=True, slots=True)
class GalleryNeeds:
    """What everything behind a gallery's link is given."""

    galleries: Galleries
    pictures: GalleryPictures
    clock: Clock


class GalleryHandler(PageHandler):
    """What everything behind a gallery's link has in common."""

    def initialize(self, base: Base, *, needs: GalleryNeeds) -> None:
        """Take the galleries, and what is in them."""
        super().initialize(base)
        self.galleries = needs.galleries
        self.pictures = needs.pictures
        self.clock = needs.clock

    async def find(self, token: str) -> Event:
        """Return the event of a gallery that is there.

        Raises:
            GalleryNotFound: as :meth:`Galleries.get`.
            GalleryEnded: the evening is over, and nothing is kept of it.
        """
        event = await self.galleries.get(token)
        now = self.clock.utcnow()
        if event.state(now) == EventState.ENDED and not await self.pictures.has_any(
            event.event_id, now
        ):
            raise GalleryEnded
        return event

    def check_pass(self, event: Event) -> None:
        """Let in whoever needs no PIN or has typed it.

        Raises:
            PinRequired: it has to be typed.
        """
        self.galleries.check(event, find_cookie(self.request, COOKIE))

    def has_pass(self, event: Event) -> bool:
        """Return whether :meth:`check_pass` lets in."""
        try:
            self.check_pass(event)
        except PinRequired:
            return False
        return True

    async def find_or_tell(self, token: str) -> Event | None:
        """Return the event of a gallery; None once it is said in words why there is nothing."""
        try:
            return await self.find(token)
        except (GalleryNotFound, GalleryEnded) as error:
            look = Look()
            if isinstance(error, GalleryEnded):
                look = self.look(await self.galleries.get(token))
            text = render_gallery_end(STATES[type(error)], self.language(look), look)
            self.write_problem_page(text, error, look)
            return None

    async def enter_or_tell(self, token: str, *, to_show: bool) -> Event | None:
        """Return the event to whoever may see it; None once the end is told or the PIN asked."""
        event = await self.find_or_tell(token)
        if event is None or self.has_pass(event):
            return event
        text = self.pin_page(event, PinFault.NONE, to_show=to_show)
        self.write_page(text, HTTPStatus.OK, self.look(event))
        return None

    def write_problem_page(self, text: str, error: PhotoboothError, look: Look) -> None:
        """Answer with a page where other clients would get a problem document."""
        self.problem_code = error.code
        self.write_page(text, STATUS[type(error)], look)

    def look(self, event: Event) -> Look:
        """Return how the event's pages look."""
        return look_of(event, f"{gallery_url(event.gallery.token)}/logo")

    def place(self, event: Event) -> GalleryPlace:
        """Return where the gallery's parts are."""
        return GalleryPlace(gallery_url(event.gallery.token), event.gallery.archive)

    def pin_page(self, event: Event, fault: PinFault, *, to_show: bool) -> str:
        """Return the page that asks for the PIN."""
        look = self.look(event)
        return render_pin(self.language(look), look, self.place(event), fault, to_show=to_show)


class GalleryPageHandler(GalleryHandler):
    """The pictures, sixty at a time."""

    @unless_refused
    async def get(self, token: str) -> None:
        """Show a page of pictures, or ask for the PIN."""
        before = read_time_cursor(self)
        event = await self.enter_or_tell(token, to_show=False)
        if event is None:
            return
        look = self.look(event)
        found = await self.pictures.list_newest(
            event.event_id, self.clock.utcnow(), before, PICTURES_A_PAGE + 1
        )
        shown = found[:PICTURES_A_PAGE]
        text = render_gallery(
            self.language(look),
            look,
            self.place(event),
            shown,
            older=picture_cursor(shown[-1]) if len(found) > len(shown) else None,
            is_first=before is None,
        )
        self.write_page(text, HTTPStatus.OK, look)


class GalleryShowHandler(GalleryHandler):
    """``…/show``: the pictures on a screen, one after the other, the new ones first."""

    @unless_refused
    async def get(self, token: str) -> None:
        """Show the page, or ask for the PIN."""
        event = await self.enter_or_tell(token, to_show=True)
        if event is None:
            return
        look = self.look(event)
        text = render_show(self.language(look), look, self.place(event))
        self.write_page(text, HTTPStatus.OK, look)
        # A picture that was fetched is kept for when the network is away.
        self.set_header("Content-Security-Policy", look.policy(images="'self' blob:"))


class GalleryPicturesHandler(GalleryHandler):
    """``…/pictures``: the same for programs."""

    @unless_refused
    async def get(self, token: str) -> None:
        """Answer with a page of pictures."""
        limit, before = read_limit(self), read_time_cursor(self)
        event = await self.find(token)
        self.check_pass(event)
        found = await self.pictures.list_newest(
            event.event_id, self.clock.utcnow(), before, limit + 1
        )
        write_page(self, found, limit, picture_view, picture_cursor)


class GalleryQrHandler(GalleryHandler):
    """``…/qr.svg``: the gallery's link, for a screen."""

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, needs: GalleryNeeds, rendered: Rendered
    ) -> None:
        """Take where drawings are kept."""
        super().initialize(base, needs=needs)
        self._rendered = rendered

    @unless_refused
    async def get(self, token: str) -> None:
        """Answer with an SVG drawing."""
        await self.galleries.get(token)
        link = self.site.absolute_url(self.request, gallery_url(token))
        self.set_header("Content-Type", "image/svg+xml")
        self.set_header("Cache-Control", "private, max-age=3600")
        self.write(await self._rendered.get(link, lambda: qr_svg(link)))


class GalleryLogoHandler(LogoHandler):
    """``…/logo``: the event's; the page that asks for the PIN shows it, too."""

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, needs: LogoNeeds, galleries: Galleries
    ) -> None:
        """Take the galleries."""
        super().initialize(base, needs=needs)
        self._galleries = galleries

    @unless_refused
    async def get(self, token: str) -> None:
        """Answer with the logo."""
        try:
            event = await self._galleries.get(token)
        except GalleryNotFound as error:
            raise MediaNotFound from error
        await self.send_logo(event)


def picture_cursor(picture: GalleryPicture) -> str:
    """Return the cursor of the place behind a picture."""
    return time_cursor(picture.created_at, picture.job_id)
