"""What a slot's page says about cameras: addresses to type, and what came by FTP."""

from __future__ import annotations

from tornado.routing import URLSpec

from photobooth_daemon.web import addresses, intake
from photobooth_daemon.web.rendered import Rendered
from photobooth_daemon.web.routing import SEGMENT, route
from photobooth_daemon.web.services import Services


def camera_routes(services: Services, drawings: Rendered) -> list[URLSpec]:
    """Return the addresses of this machine, their QR codes, and the intake."""
    base = services.base
    return [
        route(r"/api/addresses", addresses.AddressesHandler, base=base),
        route(
            rf"/api/slots/{SEGMENT}/qr\.svg", addresses.SlotQrHandler, base=base, rendered=drawings
        ),
        route(r"/api/intake", intake.IntakeHandler, base=base, intake=services.intake),
    ]
