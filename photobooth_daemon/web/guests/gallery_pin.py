"""``/g/{gallery}/pin``: what opens a gallery that has a PIN."""

from __future__ import annotations

from http import HTTPStatus

from photobooth_daemon.administration.galleries import PASS_SECONDS
from photobooth_daemon.errors import TooManyAttempts, WrongPin
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model.events import Event
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.form_body import MAX_FORM_BYTES, read_form
from photobooth_daemon.web.guests.gallery import (
    COOKIE,
    SHOW,
    GalleryHandler,
    GalleryNeeds,
    gallery_url,
)
from photobooth_daemon.web.guests.gallery_page import PinFault
from photobooth_daemon.web.handler import unless_refused
from photobooth_daemon.web.problems import PIN_CHALLENGE


class GalleryPinHandler(GalleryHandler):
    """``…/pin``: the right one opens the gallery to this browser for twelve hours."""

    served_while_draining = False

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, needs: GalleryNeeds, metrics: Metrics
    ) -> None:
        """Take where failures are counted."""
        super().initialize(base, needs=needs)
        self._metrics = metrics

    async def admit(self) -> None:
        """Take a PIN, and nothing larger."""
        self.body.max_bytes = MAX_FORM_BYTES
        await super().admit()

    @unless_refused
    async def post(self, token: str) -> None:
        """Give the pass, or ask once more."""
        form = read_form(self)
        event = await self.find_or_tell(token)
        if event is None:
            return
        to_show = form.get("to") == SHOW
        if event.gallery.pin_hash is not None:
            try:
                given = await self.galleries.open(
                    event, form.get("pin", "").strip(), self.client_address()
                )
            except (WrongPin, TooManyAttempts) as error:
                self._metrics.auth_failures_total.labels("gallery_pin").inc()
                self._refuse(event, error, to_show=to_show)
                return
            self._set_cookie(token, given)
        url = gallery_url(token)
        self.redirect(f"{url}/{SHOW}" if to_show else url, status=HTTPStatus.SEE_OTHER)

    def _refuse(self, event: Event, error: WrongPin | TooManyAttempts, *, to_show: bool) -> None:
        is_page = isinstance(error, WrongPin) or "text/html" in self.request.headers.get(
            "Accept", ""
        )
        if not is_page:
            raise error
        if error.retry_after_seconds is not None:
            self.set_header("Retry-After", str(int(error.retry_after_seconds)))
        else:
            self.set_header("WWW-Authenticate", PIN_CHALLENGE)
        fault = PinFault.WRONG if isinstance(error, WrongPin) else PinFault.TOO_MANY
        text = self.pin_page(event, fault, to_show=to_show)
        self.write_problem_page(text, error, self.look(event))

    def _set_cookie(self, token: str, given: str) -> None:
        self.set_cookie(
            COOKIE,
            given,
            path=gallery_url(token),
            httponly=True,
            secure=self.site.is_secure(self.request),
            samesite="Lax",
            max_age=PASS_SECONDS,
        )
