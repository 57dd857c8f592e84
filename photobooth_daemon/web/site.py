"""How this daemon is reached: whose address counts, and what absolute links start with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tornado.httputil import HTTPServerRequest

from photobooth_daemon.config.public_address import PublicAddress
from photobooth_daemon.config.urls import is_this_machine
from photobooth_daemon.media.keys import MediaKey
from photobooth_daemon.model import Noticed
from photobooth_daemon.model.networks import Networks, address_of

MOST_HOPS = 32
"""Looked at of X-Forwarded-For: whoever is at its left may have written what he liked."""


class Life:
    """Whether this process takes new work; whoever ends it says so."""

    def __init__(self) -> None:
        self.leaving = False
        """A balancer is to send nothing new; what comes all the same is served."""
        self.draining = False


class Site:
    """The addresses and links of a request, with forwarded headers believed only from proxies."""

    def __init__(
        self,
        *,
        address: PublicAddress,
        trusted_proxies: Sequence[str],
        accel_redirect: str | None = None,
        metrics_from: Sequence[str] = (),
    ) -> None:
        self._address = address
        self._accel_redirect = accel_redirect
        self.noticed = Noticed()
        self._metrics_from = Networks(metrics_from)
        self._trusted = Networks(trusted_proxies)

    def client_address(self, request: HTTPServerRequest) -> str:
        """Return the rightmost hop that is not a trusted proxy, each address in one spelling.

        A socket for both families names an IPv4 client ``::ffff:10.0.0.5``: that is 10.0.0.5.
        """
        client = self._find_client(request)
        self._notice(request, client)
        return client

    def _find_client(self, request: HTTPServerRequest) -> str:
        peer = address_of(request.remote_ip or "")
        if peer is None:
            return request.remote_ip or ""
        if peer not in self._trusted:
            return str(peer)
        hops = ",".join(request.headers.get_list("X-Forwarded-For")).rsplit(",", MOST_HOPS)
        for hop in reversed([hop.strip() for hop in hops[-MOST_HOPS:] if hop.strip()]):
            address = address_of(hop)
            if address is None:
                break
            peer = address
            if peer not in self._trusted:
                break
        return str(peer)

    def _notice(self, request: HTTPServerRequest, client: str) -> None:
        """Remember what ``photoboothctl check`` tells of; whoever asks for an address has secrets.

        A proxy of ours stands near: what comes from the internet with such a header is made up.
        """
        peer = address_of(request.remote_ip or "")
        near = peer is not None and peer.is_private
        if near and "X-Forwarded-For" in request.headers and peer not in self._trusted:
            self.noticed = replace(self.noticed, forwarded_by=str(peer))
        address = address_of(client)
        if address is not None and not address.is_loopback and not self.is_secure(request):
            self.noticed = replace(self.noticed, plain_from=client)

    def may_scrape(self, request: HTTPServerRequest) -> bool:
        """Return whether a request comes from this machine, or from where figures may be read.

        What a proxy hands on that is not trusted is nobody's: its own address proves nothing.
        """
        if "X-Forwarded-For" in request.headers and not self._is_trusted(request.remote_ip or ""):
            return False
        address = address_of(self._find_client(request))
        return address is not None and (address.is_loopback or address in self._metrics_from)

    def is_secure(self, request: HTTPServerRequest) -> bool:
        """Return whether the client's own connection is behind TLS."""
        forwarded = request.headers.get("X-Forwarded-Proto", "")
        if forwarded and self._is_trusted(request.remote_ip or ""):
            return forwarded.rpartition(",")[2].strip().lower() == "https"
        return request.protocol == "https"

    def cookie_name(self, request: HTTPServerRequest, name: str) -> str:
        """Return what a cookie that proves something is called on this connection.

        Behind TLS it has the prefix that browsers let nobody set without TLS, nor another host
        of the domain (RFC 6265bis, 4.1.3.2); a cookie of the plain name counts for nothing there.
        """
        return f"__Host-{name}" if self.is_secure(request) else name

    def accel_path(self, request: HTTPServerRequest, key: MediaKey) -> str | None:
        """Return where the proxy finds a picture's file, or None where the bytes go from here.

        Only a trusted proxy is told, and only of what it passes on: anybody else would get an
        answer without a picture.
        """
        if self._accel_redirect is None:
            return None
        if "X-Forwarded-For" not in request.headers:
            return None
        if not self._is_trusted(request.remote_ip or ""):
            return None
        return f"{self._accel_redirect}{key}"

    def absolute_url(self, request: HTTPServerRequest, path: str) -> str:
        """Return ``path`` as a link: on the public address, else on the host that was asked."""
        return self.base_url(request) + path

    def base_url(self, request: HTTPServerRequest) -> str:
        """Return what absolute links start with, without a trailing slash.

        A public address that is this machine's own is no use to whoever came
        from elsewhere: they get the name they asked for.
        """
        scheme = "https" if self.is_secure(request) else "http"
        asked = f"{scheme}://{request.host}"
        public = self._address.url
        if public is None:
            return asked
        if is_this_machine(public) and not is_this_machine(asked):
            return asked
        return public

    def _is_trusted(self, text: str) -> bool:
        return address_of(text) in self._trusted
