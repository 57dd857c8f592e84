"""Which event a command means: by name, by id, or by how the id begins."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import click

from photobooth_daemon.errors import EventNotFound

if TYPE_CHECKING:
    from photobooth_daemon.administration.events import CountedEvent
    from photobooth_daemon.app.commands import Services

MOST_EVENTS = 1000


async def find_event(here: Services, text: str) -> CountedEvent:
    """Return the event of a name, an id, or the beginning of an id.

    Raises:
        EventNotFound: there is none.
        click.UsageError: there are several.
    """
    events = here.administration.events
    try:
        return await events.get(UUID(text))
    except ValueError:
        pass
    wanted = text.casefold()
    every = await events.list_newest(None, MOST_EVENTS)
    found = [one for one in every if one.event.name.casefold() == wanted]
    if not found and len(wanted) >= 4:
        found = [one for one in every if str(one.event.event_id).startswith(wanted)]
    if not found:
        raise EventNotFound(f"There is no event “{text}”; photoboothctl event list shows them.")
    if len(found) > 1:
        ids = ", ".join(str(one.event.event_id)[:8] for one in found)
        raise click.UsageError(f"several events are called “{text}”: say which, {ids}")
    return found[0]
