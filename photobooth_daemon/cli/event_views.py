"""An event as commands print it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from photobooth_daemon.model.events import Event

if TYPE_CHECKING:
    from photobooth_daemon.administration.events import CountedEvent
    from photobooth_daemon.app.commands import Services


def event_json(here: Services, found: CountedEvent) -> dict[str, Any]:
    """Return an event as the API gives it; its gallery's link as far as it is known here."""
    view = here.administration.events.view(found)
    gallery = found.event.gallery
    link = (
        f"{here.administration.public_address.url or ''}/g/{gallery.token}"
        if gallery.enabled
        else None
    )
    return {**view, "gallery": {**view["gallery"], "link": link}}


def event_fields(shown: dict[str, Any], event: Event) -> dict[str, Any]:
    """Return the same for people: a line per field, times as the clock on the wall shows them."""
    return {
        **shown,
        "starts_at": local(event.starts_at),
        "ends_at": local(event.ends_at),
        "slots": slots_text(event.slot_ids),
    }


def slots_text(slot_ids: Sequence[str]) -> str:
    """Return which slots these are, in few words."""
    return ", ".join(slot_ids) or "all"


def local(instant: datetime) -> str:
    """Return an instant as this machine's clock shows it."""
    return f"{instant.astimezone():%Y-%m-%d %H:%M}"
