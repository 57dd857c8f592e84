"""What every handler is given: where it is, who is calling, whether work is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tornado.httputil import HTTPServerRequest

from photobooth_daemon.model import Identity
from photobooth_daemon.web.site import Life, Site


class Authenticator(Protocol):
    """Tells who is calling; ``web/authenticator.py`` knows tokens and cookies."""

    async def identify(self, request: HTTPServerRequest) -> Identity:
        """Return the caller.

        Raises:
            NotAuthenticated: no token, or one that is not valid any more.
            XsrfRequired: a cookie call that changes state lacks its header.
        """
        ...


@dataclass(frozen=True, slots=True)
class Base:
    """What every handler is given."""

    site: Site
    authenticator: Authenticator
    life: Life
