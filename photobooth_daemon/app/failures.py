"""How a command ends that fails: a text for people, an exit status for scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click

from photobooth_daemon.errors import (
    ConfigError,
    DatabaseUnavailable,
    EventRunning,
    HostRuns,
    NotFound,
    PhotoboothError,
    SchemaMismatch,
    SlotTaken,
    ValidationFailed,
    VersionConflict,
)
from photobooth_daemon.logs import printable

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_UNAVAILABLE = 3
EXIT_NOT_FOUND = 4
EXIT_CONFLICT = 5
EXIT_SCHEMA = 6
EXIT_EVENT_RUNNING = 7

P = ParamSpec("P")
R = TypeVar("R")


class Failure(click.ClickException):
    """A named failure as the command line shows it, with an exit status of its own."""

    def __init__(self, error: PhotoboothError) -> None:
        super().__init__(error.detail)
        self.error = error
        self.exit_code = _exit_code(error)  # type: ignore[misc]

    def format_message(self) -> str:
        """Return the text, a line per fault where there are several."""
        if isinstance(self.error, EventRunning):
            return printable(_event_in_the_way(self.error.event))
        if isinstance(self.error, SlotTaken):
            lines = (printable(_event_line(event)) for event in self.error.events)
            return "\n  ".join(["another event has one of these slots at that time:", *lines])
        faults = getattr(self.error, "faults", ())
        if not faults:
            return printable(self.message)
        lines = (printable(f"{fault.pointer}: {fault.message}") for fault in faults)
        return "\n  ".join(["these values are wrong:", *lines])


def run_async(command: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, R]:
    """Run an ``async def`` command on a loop of its own; named failures become exit statuses."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return asyncio.run(command(*args, **kwargs))
        except PhotoboothError as error:
            raise Failure(error) from error

    return run


def _exit_code(error: PhotoboothError) -> int:
    if isinstance(error, ConfigError | ValidationFailed):
        return EXIT_USAGE
    if isinstance(error, DatabaseUnavailable):
        return EXIT_UNAVAILABLE
    if isinstance(error, NotFound):
        return EXIT_NOT_FOUND
    if isinstance(error, VersionConflict | SlotTaken | HostRuns):
        return EXIT_CONFLICT
    if isinstance(error, SchemaMismatch):
        return EXIT_SCHEMA
    if isinstance(error, EventRunning):
        return EXIT_EVENT_RUNNING
    return EXIT_FAILED


def _event_in_the_way(event: Mapping[str, Any]) -> str:
    return (
        f"an event runs and keeps this as it is: {_event_line(event)}."
        " To change it anyway, say why: --override REASON"
    )


def _event_line(event: Mapping[str, Any]) -> str:
    begin, end = (
        datetime.fromisoformat(event[key]).astimezone() for key in ("starts_at", "ends_at")
    )
    by = f", by {event['updated_by']}" if "updated_by" in event else ""
    return f"“{event['name']}”, {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}{by}"
