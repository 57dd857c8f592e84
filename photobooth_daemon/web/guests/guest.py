"""``/r/{job_id}``: the guest's page, the deletion that its key allows, the event's logo on it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from photobooth_daemon.administration.results import ResultService, opens
from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import (
    MediaNotFound,
    PhotoboothError,
    ResultAwaited,
    ResultExpired,
    ResultNotFound,
    ResultRemoved,
    WrongKey,
)
from photobooth_daemon.media.keys import template_preview_key
from photobooth_daemon.media.results import Results
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import Job
from photobooth_daemon.model.events import Event
from photobooth_daemon.model.public_urls import page_url, result_url
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.templates import TemplateRepository
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.files import FileHandler, StoredFile
from photobooth_daemon.web.form_body import MAX_FORM_BYTES, read_form
from photobooth_daemon.web.guests.guest_page import (
    Deletion,
    GuestFacts,
    GuestState,
    render_guest_page,
)
from photobooth_daemon.web.guests.look import Look, look_of
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.problems import STATUS

STATES: dict[type[PhotoboothError], GuestState] = {
    ResultRemoved: GuestState.REMOVED,
    ResultExpired: GuestState.EXPIRED,
    ResultNotFound: GuestState.NOT_FOUND,
    WrongKey: GuestState.WRONG_KEY,
}
LOGO_TYPE = "image/webp"
LOGO_SECONDS = 3600


class PageHandler(Handler):
    """Answers with HTML that needs nothing from elsewhere."""

    public = True
    served_while_draining = True

    def language(self, look: Look) -> str:
        """Return the language of the answer."""
        return look.language(self.request.headers.get("Accept-Language", ""))

    def write_page(self, text: str, status: HTTPStatus, look: Look) -> None:
        """Answer with a page in the event's look."""
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Language", self.language(look))
        self.set_header("Vary", "Accept-Language")
        self.set_header("Content-Security-Policy", look.policy())
        self.set_header("Referrer-Policy", "no-referrer")
        self.write(text)


@dataclass(frozen=True, slots=True)
class GuestNeeds:
    """What a guest's page is given: the results, and the events whose looks they have."""

    results: Results
    events: EventRepository


class GuestHandler(PageHandler):
    """What the page and its deletion have in common."""

    def initialize(self, base: Base, *, needs: GuestNeeds) -> None:
        """Take the results, and the events whose looks they have."""
        super().initialize(base)
        self.results = needs.results
        self._events = needs.events

    async def find(self, job_id: str) -> tuple[Job | None, Look]:
        """Return the job, if there is one, and its event's look."""
        try:
            job = await self.results.find(self.path_uuid(job_id, ResultNotFound))
        except ResultNotFound:
            return None, Look()
        event = None
        if job is not None and job.event_id is not None:
            event = await self._events.find(job.event_id)
        if job is None or event is None:
            return job, Look()
        return job, look_of(event, f"{page_url(job.job_id)}/logo")

    def write_end(
        self, error: PhotoboothError, look: Look, deletion: Deletion | None = None
    ) -> None:
        """Say in words why there is no picture here; the photo may be kept all the same."""
        state = STATES[type(error)]
        text = render_guest_page(state, self.language(look), look=look, deletion=deletion)
        self.write_page(text, STATUS[type(error)], look)


class GuestPageHandler(GuestHandler):
    """The page behind the QR code: works without JavaScript, in Russian and English."""

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, needs: GuestNeeds, clock: Clock
    ) -> None:
        """Take the clock that counts the pictures' time."""
        super().initialize(base, needs=needs)
        self._clock = clock

    @unless_refused
    async def get(self, job_id: str) -> None:
        """Show the picture, or say in words that it is gone or never was."""
        job, look = await self.find(job_id)
        deletion = self._deletion(job)
        facts, state, status = None, GuestState.READY, HTTPStatus.OK
        try:
            facts = self._facts(job, await self.results.living(job))
        except ResultAwaited:
            state, status = GuestState.AWAITED, HTTPStatus.ACCEPTED
        except (ResultExpired, ResultNotFound) as error:
            self.write_end(error, look, deletion if self._keeps_photo(job) else None)
            return
        text = render_guest_page(state, self.language(look), facts, look, deletion)
        self.write_page(text, status, look)

    def _deletion(self, job: Job | None) -> Deletion | None:
        """Return what the key in the link allows."""
        key = self.get_query_argument("k", "")
        if job is None or not opens(job, key):
            return None
        return Deletion(
            url=f"{page_url(job.job_id)}/delete",
            ask_url=f"{page_url(job.job_id, key)}&delete=1",
            key=key,
            is_asked_for=self.get_query_argument("delete", "") == "1",
        )

    def _keeps_photo(self, job: Job | None) -> bool:
        """Return whether there is still what the camera sent."""
        until = None if job is None else job.original_expires_at
        return until is not None and until > self._clock.utcnow()

    def _facts(self, asked: Job | None, made: Job) -> GuestFacts:
        """Return what the page shows: by the links that were asked for, the picture as it is."""
        job = asked or made
        url = result_url(job.job_id)
        assert made.result_expires_at is not None
        return GuestFacts(
            page_link=self.site.absolute_url(self.request, page_url(job.job_id)),
            preview_link=self.site.absolute_url(self.request, f"{url}/preview"),
            result_url=url,
            download_url=f"{url}?download=1",
            qr_url=f"{url}/qr.svg",
            width=made.result_width or 0,
            height=made.result_height or 0,
            size_bytes=made.result_size_bytes or 0,
            expires_at=made.result_expires_at,
            now=self._clock.utcnow(),
        )


class GuestDeletionHandler(GuestHandler):
    """``…/delete``: whoever has the key has the picture removed; it proves what a cookie would."""

    served_while_draining = False

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, needs: GuestNeeds, ends: ResultService
    ) -> None:
        """Take what ends results."""
        super().initialize(base, needs=needs)
        self._ends = ends

    async def admit(self) -> None:
        """Take a key, and nothing larger."""
        self.body.max_bytes = MAX_FORM_BYTES
        await super().admit()

    @unless_refused
    async def post(self, job_id: str) -> None:
        """Remove everything that there is of the photo."""
        key = read_form(self).get("k", "")
        job, look = await self.find(job_id)
        try:
            if job is None:
                raise ResultNotFound
            await self._ends.remove_as_guest(job, key)
        except (WrongKey, ResultNotFound) as error:
            self.write_end(error, look)
            return
        self.redirect(page_url(job.job_id), status=HTTPStatus.SEE_OTHER)


@dataclass(frozen=True, slots=True)
class LogoNeeds:
    """What shows logos is given: the events, and where their logos are."""

    events: EventRepository
    templates: TemplateRepository
    media_store: MediaStore


class LogoHandler(FileHandler):
    """An event's logo, small, for guests: no other template picture is given to strangers."""

    public = True
    served_while_draining = True

    def initialize(self, base: Base, *, needs: LogoNeeds) -> None:
        """Take the events, and where their logos are."""
        super().initialize(base)
        self.events = needs.events
        self._templates = needs.templates
        self._media_store = needs.media_store

    async def send_logo(self, event: Event | None) -> None:
        """Answer with the logo.

        Raises:
            MediaNotFound: there is none.
        """
        media_id = None if event is None else event.guest.logo_media_id
        found = None if media_id is None else await self._templates.find(media_id)
        if found is None:
            raise MediaNotFound
        stored = StoredFile(
            key=template_preview_key(found.media.media_id),
            content_type=LOGO_TYPE,
            etag=f"{found.media.sha256[:32]}-preview",
            modified_at=found.media.created_at,
            max_age_seconds=LOGO_SECONDS,
        )
        await self.send_file(self._media_store, stored, missing=MediaNotFound)


class GuestLogoHandler(LogoHandler):
    """``/r/{job_id}/logo``."""

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, needs: LogoNeeds, results: Results
    ) -> None:
        """Take the results, which know their events."""
        super().initialize(base, needs=needs)
        self._results = results

    @unless_refused
    async def get(self, job_id: str) -> None:
        """Answer with the logo of the event that the photo belongs to."""
        job = await self._results.find(self.path_uuid(job_id, MediaNotFound))
        if job is None or job.event_id is None:
            raise MediaNotFound
        await self.send_logo(await self.events.find(job.event_id))
