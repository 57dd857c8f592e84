"""Asks the intake how it does: by its page, for its folders are another service's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

import aiohttp

from photobooth_daemon.config.intake import IntakeConfig
from photobooth_daemon.intake.status import LAST_PHOTOS, PICTURED
from photobooth_daemon.model import MB

ANSWER_MAX_BYTES = MB
_TIMEOUT = aiohttp.ClientTimeout(total=2)


class IntakeState(StrEnum):
    """``off``: nobody wants it. ``down``: it has a password, and does not answer."""

    RUNNING = "running"
    DOWN = "down"
    OFF = "off"


class PhotoOutcome(StrEnum):
    """``taken``: being sent. ``fallback``: the untouched photo came back."""

    TAKEN = "taken"
    DONE = "done"
    FALLBACK = "fallback"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SeenPhoto:
    """One of a slot's last photos; ``code`` is the word of its failure, ``reason`` says it."""

    name: str
    at: str
    outcome: PhotoOutcome
    code: str | None = None
    reason: Mapping[str, str] | None = None
    source: str | None = None
    job_id: str | None = None


@dataclass(frozen=True, slots=True)
class SeenSlot:
    """One slot as the intake sees it."""

    waiting: int
    sending: int
    stuck: bool
    reachable: bool
    writable: bool
    holds_up: str | None
    photos: tuple[SeenPhoto, ...]


@dataclass(frozen=True, slots=True)
class SeenIntake:
    """How the intake does; all but ``state`` is known only while it runs."""

    state: IntakeState
    ftp_port: int | None = None
    free_bytes: int | None = None
    slots: Mapping[str, SeenSlot] | None = None


def stalled_slots(seen: SeenIntake) -> tuple[tuple[str, int], ...]:
    """Return each slot where photos lie and none moves, and how many they are."""
    return tuple(
        (slot_id, slot.waiting) for slot_id, slot in (seen.slots or {}).items() if slot.stuck
    )


class IntakePage:
    """Looks at the intake's page, for no longer than two seconds."""

    def __init__(self, config: IntakeConfig, http: aiohttp.ClientSession) -> None:
        self.config = config
        self._http = http

    async def look(self) -> SeenIntake:
        """Return how the intake does."""
        try:
            return _seen(json.loads(await self._fetch()))
        except (OSError, aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
            # Whoever else listens there has not told how an intake does.
            return SeenIntake(IntakeState.DOWN if self.config.is_wanted else IntakeState.OFF)

    async def _fetch(self) -> bytes:
        host = self.config.status_host
        name = f"[{host}]" if ":" in host else host
        body = bytearray()
        async with self._http.get(
            f"http://{name}:{self.config.status_port}/status",
            timeout=_TIMEOUT,
            allow_redirects=False,
            raise_for_status=True,
        ) as answer:
            async for piece in answer.content.iter_chunked(65536):
                body += piece
                if len(body) > ANSWER_MAX_BYTES:
                    raise ValueError("more than an intake ever says")
        return bytes(body)


def _seen(found: Mapping[str, Any]) -> SeenIntake:
    ftp = found["ftp"]
    return SeenIntake(
        state=IntakeState.RUNNING,
        ftp_port=int(ftp["port"]) if ftp["running"] else None,
        free_bytes=found["free_bytes"],
        slots={str(slot["slot_id"]): _slot(slot) for slot in found["slots"]},
    )


def _slot(found: Mapping[str, Any]) -> SeenSlot:
    taken = [_photo(one, PhotoOutcome.TAKEN) for one in islice(found["taken"], LAST_PHOTOS)]
    ended = [_photo(one, _outcome(one)) for one in islice(found["last"], LAST_PHOTOS)]
    return SeenSlot(
        waiting=int(found["waiting"]),
        sending=int(found["sending"]),
        stuck=bool(found["stuck"]),
        reachable=bool(found["reachable"]),
        writable=bool(found["writable"]),
        holds_up=found["holds_up"],
        photos=tuple([*reversed(taken), *ended][:LAST_PHOTOS]),
    )


def _outcome(found: Mapping[str, Any]) -> PhotoOutcome:
    word = found["outcome"]
    return PhotoOutcome(word) if word in PICTURED else PhotoOutcome.FAILED


def _photo(found: Mapping[str, Any], outcome: PhotoOutcome) -> SeenPhoto:
    return SeenPhoto(
        # A name may hold bytes that are no text; JSON cannot tell them.
        name=str(found["name"]).encode("utf-8", "replace").decode(),
        at=str(found["at"]),
        outcome=outcome,
        code=found["outcome"] if outcome is PhotoOutcome.FAILED else None,
        reason=found.get("reason"),
        source=found["source"],
        job_id=found.get("job_id"),
    )
