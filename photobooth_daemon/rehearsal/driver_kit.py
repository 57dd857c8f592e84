"""What every driver has to keep, tried on a server that makes trouble of every kind.

case = DriverCase(DreamDriver, "dream", "edit", {"prompt": "x"}, serve=dream_server)
report = asyncio.run(examine(case))
assert not report.broken, report
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from photobooth_daemon.errors import AttemptFailed, DeadlinePassed
from photobooth_daemon.model import MB
from photobooth_daemon.rehearsal.driver_trial import KEY, DriverCase, LogLines, Trial, trial
from photobooth_daemon.rehearsal.hostile_server import (
    ECHOES,
    WITHOUT_A_PICTURE,
    Seen,
    Trouble,
    hostile_server,
)

__all__ = ["DriverCase", "Report", "examine"]

WINDOW_SECONDS = 0.6
LATE_SECONDS = 1.0
"""How much later than its deadline an attempt may end, on a busy machine."""
AMPLE_SECONDS = 20.0
"""The window of an attempt that is not to run out, and how long its end is waited for."""
MOST_BYTES = 96 * MB


@dataclass(slots=True)
class Report:
    """What became of each promise; ``not_tried`` does not apply to the driver."""

    kept: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    not_tried: list[str] = field(default_factory=list)


class Broken(Exception):
    """A promise that was not kept."""


class NotTried(Exception):
    """A driver that asks no server, or a case that lends none."""


async def examine(case: DriverCase) -> Report:
    """Try every promise on a driver."""
    report = Report()
    for promise in PROMISES:
        name = promise.__name__.replace("_", " ")
        try:
            async with asyncio.timeout(3 * AMPLE_SECONDS):
                await promise(case)
        except Broken as broken:
            report.broken[name] = str(broken)
        except NotTried:
            report.not_tried.append(name)
        except Exception as error:  # noqa: BLE001 whatever a driver lets out is a fault of it
            report.broken[name] = f"the driver let out {type(error).__name__}: {error}"
        else:
            report.kept.append(name)
    return report


async def its_schema_takes_the_params(case: DriverCase) -> None:
    """The schema file is found beside the driver, and the case's params are right by it."""
    try:
        schemas = case.schemas()
    except (OSError, ValueError) as error:
        raise Broken(f"no schema: {error}") from error
    faults = schemas.check(case.provider, case.operation, dict(case.params))
    roles = [role for role, _ in case.templates]
    faults += schemas.check_templates(case.provider, case.operation, roles)
    if faults:
        raise Broken("; ".join(f"{fault.pointer}: {fault.message}" for fault in faults))


async def a_deadline_is_kept(case: DriverCase) -> None:
    """An attempt ends with its deadline, and one whose deadline has passed asks nobody."""
    for trouble in (Trouble.HANG, Trouble.TRICKLE):
        async with _meeting(case, trouble) as (here, seen):
            begun_seconds = time.monotonic()
            await here.attempt(here.request(WINDOW_SECONDS))
            took_seconds = time.monotonic() - begun_seconds
            _was_asked(seen)
            if took_seconds > WINDOW_SECONDS + LATE_SECONDS:
                raise Broken(f"{trouble}: {took_seconds:.1f} s, with {WINDOW_SECONDS} s to go")
    async with _meeting(case, Trouble.EMPTY_OBJECT) as (here, seen):
        await here.attempt(here.request(0.0))
        if seen.heads:
            raise Broken("the server was asked although the deadline had passed")


async def cancellation_ends_it(case: DriverCase) -> None:
    """A cancelled attempt ends at once and leaves neither a task nor a connection behind."""
    async with _meeting(case, Trouble.HANG) as (here, seen):
        attempt = asyncio.create_task(here.driver.process(here.request(AMPLE_SECONDS)))
        await _soon(lambda: attempt.done() or seen.asked.is_set())
        _was_asked(seen)
        attempt.cancel()
        await asyncio.wait({attempt}, timeout=LATE_SECONDS)
        if not attempt.cancelled():
            raise Broken("it did not end with its cancellation")
        if not await _soon(lambda: seen.open_connections == 0):
            raise Broken("a connection was left open")


async def no_picture_is_never_success(case: DriverCase) -> None:
    """An answer without a picture fails, by a name that the ladder knows."""
    for trouble in WITHOUT_A_PICTURE:
        async with _meeting(case, trouble) as (here, seen):
            result = await here.attempt(here.request(3 * WINDOW_SECONDS))
            _was_asked(seen)
            if result is not None and not result.picture:
                raise Broken(f"{trouble}: no bytes at all were called a success")
            if result is not None and await here.is_picture(result.picture):
                raise Broken(f"{trouble}: a picture came out of it")


async def key_and_picture_stay_inside(case: DriverCase) -> None:
    """Neither is in a URL, a log line or a failure, even when the server sends both back."""
    for trouble in ECHOES:
        with LogLines() as lines:
            async with _meeting(case, trouble) as (here, seen):
                asked = here.request(3 * WINDOW_SECONDS)
                result = await here.attempt(asked)
                _was_asked(seen)
                urls = [head.partition("\r\n")[0] for head in seen.heads]
                said = f"{urls} {here.said()} {result!r} {asked!r} {here.driver!r}"
        said = f"{said} {lines.text()}"
        if KEY[:24] in said:
            raise Broken(f"{trouble}: the key is in a URL, a log line or a failure")
        piece = asked.photo.data[3000:3030]
        if base64.b64encode(piece).decode() in said or repr(piece)[2:-1] in said:
            raise Broken(f"{trouble}: the picture is in a URL, a log line or a failure")


async def memory_is_bounded(case: DriverCase) -> None:
    """An answer without end is cut off."""
    async with _meeting(case, Trouble.ENDLESS) as (here, seen):
        await here.attempt(here.request(AMPLE_SECONDS))
        _was_asked(seen)
        if seen.sent_bytes > MOST_BYTES:
            raise Broken(f"{seen.sent_bytes >> 20} MB were read")


async def a_picture_arrives(case: DriverCase) -> None:
    """A server that works is understood, by several attempts at once, and the check says so."""
    if case.serve is None:
        raise NotTried
    async with case.serve() as url, trial(case, url) as here:
        requests = [here.request(AMPLE_SECONDS) for _ in range(3)]
        try:
            results = await asyncio.gather(*(here.driver.process(asked) for asked in requests))
        except (AttemptFailed, DeadlinePassed) as failure:
            raise Broken(f"{type(failure).__name__}: {failure}") from failure
        for result in results:
            if not await here.is_picture(result.picture):
                raise Broken("what came is not a picture")
        check = await here.driver.check(case.operation, requests[0].params)
        if not check.ok:
            raise Broken(f"its check says: {check.detail}")


PROMISES: Sequence[Callable[[DriverCase], Awaitable[None]]] = (
    its_schema_takes_the_params,
    a_deadline_is_kept,
    cancellation_ends_it,
    no_picture_is_never_success,
    key_and_picture_stay_inside,
    memory_is_bounded,
    a_picture_arrives,
)


@asynccontextmanager
async def _meeting(case: DriverCase, trouble: Trouble) -> AsyncIterator[tuple[Trial, Seen]]:
    """Put the driver in front of the trouble; whatever it began has to be over soon after."""
    before = asyncio.all_tasks()
    async with hostile_server(trouble) as seen, trial(case, seen.url) as here:
        yield here, seen
        if not await _soon(lambda: not _begun_since(before)):
            names = sorted(_name(task) for task in _begun_since(before))
            raise Broken(f"{trouble}: tasks were left behind: {', '.join(names)}")


def _begun_since(before: set[asyncio.Task[object]]) -> set[asyncio.Task[object]]:
    """Return the tasks that are new and not the hostile server's own."""
    return {task for task in asyncio.all_tasks() - before if "hostile_server" not in _name(task)}


def _name(task: asyncio.Task[object]) -> str:
    return str(getattr(task.get_coro(), "__qualname__", task.get_name()))


def _was_asked(seen: Seen) -> None:
    if not seen.heads:
        raise NotTried


async def _soon(holds: Callable[[], bool]) -> bool:
    """Return whether it becomes true in good time."""
    until = time.monotonic() + AMPLE_SECONDS
    while not holds():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.01)
    return True
