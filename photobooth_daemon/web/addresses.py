"""``/api/addresses``: what to type into a camera on another machine, and its QR code."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from photobooth_daemon.errors import InvalidRequest, SlotNotFound
from photobooth_daemon.monitoring.own_addresses import OwnAddress, list_own_addresses
from photobooth_daemon.repositories.slots import is_slot_id
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.paging import query_text
from photobooth_daemon.web.public import qr_svg
from photobooth_daemon.web.rendered import Rendered

PORTS = {"http": 80, "https": 443}
LONGEST_BASE = 200
_BASE = re.compile(r"https?://[^\s/?#@\\]+(/[^\s?#@\\]*)?")


class AddressesHandler(Handler):
    """The ways to this machine that others of its network may have."""

    permission = "slots:read"

    @unless_refused
    async def get(self) -> None:
        """Answer with this machine's name and addresses, on the port that was asked."""
        scheme = "https" if self.site.is_secure(self.request) else "http"
        port = _port_of(f"{scheme}://{self.request.host}")
        found = await list_own_addresses(port)
        self.write_json({"items": [_view(scheme, port, one) for one in found]})


class SlotQrHandler(Handler):
    """``…/slots/{id}/qr.svg``: the address that cameras send to, to carry it to another machine."""

    permission = "slots:read"

    def initialize(self, base: Base, *, rendered: Rendered) -> None:
        """Take where drawings are kept."""
        super().initialize(base)
        self._rendered = rendered

    @unless_refused
    async def get(self, slot_id: str) -> None:
        """Answer with an SVG drawing of the address below ``?base=``, for an answer as picture."""
        if not is_slot_id(slot_id):
            raise SlotNotFound
        begin = _base(query_text(self, "base")) or self.site.base_url(self.request)
        link = f"{begin}/api/ingest/{slot_id}?response=image"
        self.set_header("Content-Type", "image/svg+xml")
        self.set_header("Cache-Control", "private, max-age=3600")
        self.write(await self._rendered.get(link, lambda: qr_svg(link)))


def _view(scheme: str, port: int, one: OwnAddress) -> dict[str, object]:
    end = "" if port == PORTS[scheme] else f":{port}"
    return {"url": f"{scheme}://{one.host}{end}", "is_name": one.is_name, "is_open": one.is_open}


def _port_of(url: str) -> int:
    try:
        parts = urlsplit(url)
        return parts.port or PORTS[parts.scheme]
    except ValueError as error:
        raise InvalidRequest("The header Host is none.") from error


def _base(text: str | None) -> str | None:
    """Return what the query says the address begins with.

    Raises:
        InvalidRequest: it is no address of a host.
    """
    if text is None:
        return None
    if len(text) > LONGEST_BASE or not _BASE.fullmatch(text):
        raise InvalidRequest("The parameter base is an address such as http://booth.local:8080.")
    return text.rstrip("/")
