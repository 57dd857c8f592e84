"""Who may look at an event's gallery: whoever has its link, and its PIN if there is one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from photobooth_daemon.administration.passwords import Passwords
from photobooth_daemon.administration.throttle import Limit, Throttle
from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import GalleryNotFound, PinRequired, WrongPin
from photobooth_daemon.model.events import Event
from photobooth_daemon.model.networks import network_of, site_of
from photobooth_daemon.repositories.events import EventRepository

PASS_SECONDS = 12 * 3600
GALLERY_PIN = Limit("gallery_pin", 10)
"""Wrong PINs of one gallery from one address."""
GALLERY_PIN_OF_SITE = Limit("gallery_pin_of_site", 30)
"""The same from the 65,536 networks of an IPv6 /48: one by one they would guess 655,360 times."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_PASS = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


class Galleries:
    """Finds galleries, and gives a pass to whoever knows the PIN.

    The pass is signed and names the PIN's hash: another PIN, or another link, ends it.
    """

    def __init__(
        self,
        events: EventRepository,
        throttle: Throttle,
        passwords: Passwords,
        signing_key: bytes,
        clock: Clock,
    ) -> None:
        self._events = events
        self._throttle = throttle
        self._passwords = passwords
        self._key = hmac.digest(signing_key, b"photobooth-daemon galleries", hashlib.sha256)
        self._clock = clock

    async def get(self, token: str) -> Event:
        """Return the event whose gallery a link opens.

        Raises:
            GalleryNotFound: the link is nobody's, or not any longer, or the gallery is off.
        """
        event = await self._events.find_by_gallery(token) if _TOKEN.fullmatch(token) else None
        if event is None or not event.gallery.enabled:
            raise GalleryNotFound
        return event

    def check(self, event: Event, given: str | None) -> None:
        """Let those pass who need no PIN, or hold a pass.

        Raises:
            PinRequired: it has to be typed.
        """
        if event.gallery.pin_hash is None:
            return
        found = _PASS.fullmatch(given or "")
        if found is None or int(found[1]) <= self._clock.utcnow().timestamp():
            raise PinRequired
        if not hmac.compare_digest(found[2], self._seal(event, found[1])):
            raise PinRequired

    async def open(self, event: Event, pin: str, address: str) -> str:
        """Return a pass for the right PIN.

        It is counted as wrong before it is looked at, so that what is sent at one moment
        is not looked at all together; whoever was wrong too often waits, even with the right one.

        Raises:
            WrongPin: it is not.
            TooManyAttempts: ten from this address were not, or thirty from its IPv6 /48.
        """
        network, site = network_of(address), site_of(address)
        places = [(GALLERY_PIN, f"{event.event_id}@{network}")]
        if site is not None:
            places.append((GALLERY_PIN_OF_SITE, f"{event.event_id}@{site}"))
        tallies = await self._throttle.count(*places)
        for (limit, _), tally in zip(places, tallies, strict=True):
            if tally.attempts > limit.attempts:
                raise self._throttle.refusal(tally)
        if not await self._passwords.verify_for(network, pin, event.gallery.pin_hash):
            raise WrongPin
        await self._throttle.take_back(*places)
        ends = str(int(self._clock.utcnow().timestamp()) + PASS_SECONDS)
        return f"{ends}.{self._seal(event, ends)}"

    def _seal(self, event: Event, ends: str) -> str:
        text = "\0".join((event.gallery.token, event.gallery.pin_hash or "", ends))
        digest = hmac.digest(self._key, text.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
