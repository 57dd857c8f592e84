"""The gallery's pages in plain HTML: the pictures, the PIN, the slideshow, and their absence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import Any

from photobooth_daemon.clock import rfc3339
from photobooth_daemon.model.public_urls import page_url, result_url
from photobooth_daemon.repositories.gallery_pictures import GalleryPicture
from photobooth_daemon.web.guests.guest_page import render
from photobooth_daemon.web.guests.look import Look

PREVIEW_EDGE_PX = 512


class GalleryState(StrEnum):
    """What is found behind a gallery's link."""

    OPEN = "gallery"
    PIN = "pin"
    SHOW = "show"
    NOT_FOUND = "gallery_not_found"
    OVER = "gallery_over"


class PinFault(StrEnum):
    """Why the PIN is asked for once more; the words of the pages' texts."""

    NONE = ""
    WRONG = "wrong"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class GalleryPlace:
    """Where a gallery's parts are, on this host."""

    url: str
    archive: bool

    @property
    def archive_url(self) -> str:
        """Return where all pictures are to be had at once; nothing if they are not."""
        return f"{self.url}/archive.zip" if self.archive else ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture as the page shows it, with the proportions that it will have."""

    job_id: str
    page_url: str
    preview_url: str
    download_url: str
    width: int
    height: int
    created_at: str
    utc: str


def tile_of(picture: GalleryPicture) -> Tile:
    """Return how a picture is shown."""
    scale = min(1.0, PREVIEW_EDGE_PX / max(picture.width, picture.height, 1))
    url = result_url(picture.job_id)
    return Tile(
        job_id=str(picture.job_id),
        page_url=page_url(picture.job_id),
        preview_url=f"{url}/preview",
        download_url=f"{url}?download=1",
        width=max(1, round(picture.width * scale)),
        height=max(1, round(picture.height * scale)),
        created_at=rfc3339(picture.created_at),
        utc=f"{picture.created_at.astimezone(UTC):%H:%M} UTC",
    )


def picture_view(picture: GalleryPicture) -> dict[str, Any]:
    """Return a picture as the gallery's JSON gives it."""
    url = result_url(picture.job_id)
    return {
        "job_id": picture.job_id,
        "preview_url": f"{url}/preview",
        "result_url": url,
        "width": picture.width,
        "height": picture.height,
        "created_at": picture.created_at,
        "expires_at": picture.expires_at,
    }


def render_gallery(
    language: str,
    look: Look,
    place: GalleryPlace,
    pictures: Sequence[GalleryPicture],
    *,
    older: str | None,
    is_first: bool,
) -> str:
    """Return a page of the gallery; ``older`` is the cursor of the next one."""
    return render(
        "gallery.html",
        GalleryState.OPEN,
        language,
        look,
        place=place,
        tiles=[tile_of(picture) for picture in pictures],
        older=older,
        is_first=is_first,
    )


def render_pin(
    language: str, look: Look, place: GalleryPlace, fault: PinFault, *, to_show: bool
) -> str:
    """Return the page that asks for the PIN, and says what was wrong with the last one."""
    return render(
        "pin.html",
        GalleryState.PIN,
        language,
        look,
        place=place,
        fault=fault.value,
        to_show=to_show,
    )


def render_show(language: str, look: Look, place: GalleryPlace) -> str:
    """Return the slideshow's page."""
    return render("show.html", GalleryState.SHOW, language, look, place=place)


def render_gallery_end(state: GalleryState, language: str, look: Look) -> str:
    """Return the page that says that there is no gallery here, or none any more."""
    return render("ended.html", state, language, look, deletion=None)
