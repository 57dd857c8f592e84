"""How a request proves whose it is: by a token, or by the session cookie and its XSRF token."""

from __future__ import annotations

import hmac

from tornado.httputil import HTTPServerRequest

from photobooth_daemon.administration.admins import AdminService
from photobooth_daemon.errors import NotAuthenticated, XsrfRequired
from photobooth_daemon.model import Identity
from photobooth_daemon.web.cookies import find_cookie
from photobooth_daemon.web.site import Site

SESSION_COOKIE = "photobooth_session"
XSRF_COOKIE = "photobooth_xsrf"
XSRF_HEADER = "X-XSRF-Token"
SAFE_METHODS = ("GET", "HEAD")


class SessionAuthenticator:
    """Knows a caller by the Bearer token, else by the session cookie."""

    def __init__(self, admins: AdminService, site: Site) -> None:
        self._admins = admins
        self._site = site

    async def identify(self, request: HTTPServerRequest) -> Identity:
        """Return the caller.

        Raises:
            NotAuthenticated: no token, or one that is not valid any more.
            XsrfRequired: a cookie call that changes state lacks its header.
        """
        scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() == "bearer":
            return await self._admins.authenticate(token.strip())
        session = find_cookie(request, self._site.cookie_name(request, SESSION_COOKIE))
        if session is None:
            raise NotAuthenticated
        identity = await self._admins.authenticate(session)
        if request.method not in SAFE_METHODS:
            _check_xsrf(request)
        return identity


def _check_xsrf(request: HTTPServerRequest) -> None:
    expected = find_cookie(request, XSRF_COOKIE) or ""
    given = request.headers.get(XSRF_HEADER, "")
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        raise XsrfRequired
