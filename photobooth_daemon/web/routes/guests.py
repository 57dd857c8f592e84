"""What guests and providers open: nobody logs in there."""

from __future__ import annotations

from tornado.routing import URLSpec

from photobooth_daemon.web import archive, public
from photobooth_daemon.web.guests import gallery, gallery_live, gallery_pin, guest
from photobooth_daemon.web.guests.gallery import GalleryNeeds
from photobooth_daemon.web.guests.guest import GuestNeeds, LogoNeeds
from photobooth_daemon.web.rendered import Rendered
from photobooth_daemon.web.routing import SEGMENT, route
from photobooth_daemon.web.services import Services
from photobooth_daemon.web.stream_places import StreamPlaces


def public_routes(services: Services, drawings: Rendered) -> list[URLSpec]:
    """Return a result's links, its guest's page, and the temporary inputs of providers."""
    base = services.base
    results, media_store = services.guests.results, services.media_store
    page = GuestNeeds(results, services.evenings.event_repository)
    return [
        route(
            rf"/public/results/{SEGMENT}",
            public.ResultHandler,
            base=base,
            results=results,
            media_store=media_store,
        ),
        route(
            rf"/public/results/{SEGMENT}/preview",
            public.ResultHandler,
            base=base,
            results=results,
            media_store=media_store,
            preview=True,
        ),
        route(
            rf"/public/results/{SEGMENT}/qr\.svg",
            public.ResultQrHandler,
            base=base,
            results=results,
            rendered=drawings,
        ),
        route(
            rf"/r/{SEGMENT}", guest.GuestPageHandler, base=base, needs=page, clock=services.clock
        ),
        route(
            rf"/r/{SEGMENT}/delete",
            guest.GuestDeletionHandler,
            base=base,
            needs=page,
            ends=services.evenings.results,
        ),
        route(
            rf"/r/{SEGMENT}/logo",
            guest.GuestLogoHandler,
            base=base,
            needs=_logo(services),
            results=results,
        ),
        route(
            rf"/public/media/{SEGMENT}",
            public.MediaHandler,
            base=base,
            media=services.guests.media,
            media_store=media_store,
            clock=services.clock,
        ),
    ]


def gallery_routes(services: Services, drawings: Rendered) -> list[URLSpec]:
    """Return what guests of an event see together."""
    base = services.base
    shown = GalleryNeeds(services.guests.galleries, services.guests.pictures, services.clock)
    return [
        route(rf"/g/{SEGMENT}", gallery.GalleryPageHandler, base=base, needs=shown),
        route(
            rf"/g/{SEGMENT}/pin",
            gallery_pin.GalleryPinHandler,
            base=base,
            needs=shown,
            metrics=services.metrics,
        ),
        route(rf"/g/{SEGMENT}/show", gallery.GalleryShowHandler, base=base, needs=shown),
        route(rf"/g/{SEGMENT}/pictures", gallery.GalleryPicturesHandler, base=base, needs=shown),
        route(
            rf"/g/{SEGMENT}/live",
            gallery_live.GalleryLiveHandler,
            base=base,
            needs=shown,
            feed=services.feed,
            places=StreamPlaces(most_of_page=gallery_live.MOST_OF_GALLERY),
            lookups=gallery_live.SharedLookups(services.guests.pictures),
            metrics=services.metrics,
        ),
        route(
            rf"/g/{SEGMENT}/archive\.zip",
            archive.GalleryArchiveHandler,
            base=base,
            needs=shown,
            archives=services.guests.archives,
        ),
        route(
            rf"/g/{SEGMENT}/qr\.svg",
            gallery.GalleryQrHandler,
            base=base,
            needs=shown,
            rendered=drawings,
        ),
        route(
            rf"/g/{SEGMENT}/logo",
            gallery.GalleryLogoHandler,
            base=base,
            needs=_logo(services),
            galleries=services.guests.galleries,
        ),
    ]


def _logo(services: Services) -> LogoNeeds:
    return LogoNeeds(
        services.evenings.event_repository,
        services.recipes.template_repository,
        services.media_store,
    )
