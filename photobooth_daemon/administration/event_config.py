"""An event's configuration as JSON: its shape, its checks, and the way to a record and back."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from jsonschema import Draft202012Validator

from photobooth_daemon.administration.bounds import RESULT_HOURS
from photobooth_daemon.clock import rfc3339
from photobooth_daemon.errors import Fault
from photobooth_daemon.model.events import (
    Corner,
    Event,
    Gallery,
    GuestLook,
    KeepOriginals,
    RerunMode,
    Stamp,
)
from photobooth_daemon.model.slot_ids import SLOT_ID_PATTERN
from photobooth_daemon.providers.param_faults import body_faults, format_checker, whole_numbers

LONGEST = timedelta(days=14)
GALLERY_TOKEN_BYTES = 16
"""22 characters in a link, as unguessable as a job's id."""
GALLERY_READ_ONLY_KEYS = ("pin_set", "link")
_WHEN = {"type": "string", "format": "date-time", "pattern": "^[12]", "maxLength": 40}

EVENT_CONFIG_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 80, "pattern": r"\S"},
        "starts_at": _WHEN,
        "ends_at": _WHEN,
        "slots": {
            "type": "array",
            "maxItems": 15,
            "items": {"type": "string", "pattern": SLOT_ID_PATTERN},
        },
        "frozen": {"type": "boolean"},
        "gallery": {
            "type": "object",
            "properties": {
                "enabled": {"type": "boolean"},
                "pin": {"type": ["string", "null"], "pattern": "^[0-9]{4,8}$"},
                "archive": {"type": "boolean"},
            },
            "additionalProperties": False,
        },
        "guest": {
            "type": "object",
            "properties": {
                "title": {"type": "string", "maxLength": 80},
                "greeting": {"type": "string", "maxLength": 300},
                "accent": {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"},
                "logo_media_id": {"type": ["string", "null"], "format": "uuid"},
                "locale": {"type": "string", "enum": ["auto", "ru", "en"]},
            },
            "additionalProperties": False,
        },
        "stamp": {
            "type": ["object", "null"],
            "properties": {
                "corner": {"type": "string", "enum": [corner.value for corner in Corner]},
                "size_percent": {"type": "integer", "minimum": 8, "maximum": 30},
                "text": {"type": ["string", "null"], "maxLength": 40},
            },
            "additionalProperties": False,
        },
        "keep_originals": {"type": "string", "enum": [kept.value for kept in KeepOriginals]},
        "rerun": {"type": "string", "enum": [mode.value for mode in RerunMode]},
        "result_ttl_hours": RESULT_HOURS.schema_or_null(),
        "silent_minutes": {"type": ["integer", "null"], "minimum": 5, "maximum": 120},
    },
    "additionalProperties": False,
}
CONFIG_KEYS = tuple(EVENT_CONFIG_SCHEMA["properties"])
NEEDED_KEYS = ("name", "starts_at", "ends_at")
"""Without these there is no event."""

_INTEGERS = ("result_ttl_hours", "silent_minutes", "size_percent")
_VALIDATOR = Draft202012Validator(EVENT_CONFIG_SCHEMA, format_checker=format_checker())


def blank_event(now: datetime, username: str) -> Event:
    """Return what an event is before anything is said of it: everything off, all slots, frozen."""
    return Event(
        event_id=uuid4(),
        version=1,
        name="",
        starts_at=now,
        ends_at=now,
        slot_ids=(),
        frozen=True,
        gallery=Gallery(token=new_gallery_token()),
        guest=GuestLook(),
        stamp=None,
        keep_originals=KeepOriginals.NEVER,
        rerun=RerunMode.MANUAL,
        result_ttl_hours=None,
        silent_minutes=None,
        updated_at=now,
        updated_by=username,
    )


def new_gallery_token() -> str:
    """Return what makes a gallery's link unguessable."""
    return secrets.token_urlsafe(GALLERY_TOKEN_BYTES)


def config_of(event: Event) -> dict[str, Any]:
    """Return what administrators may change of an event, as the API gives it; never the PIN."""
    return {
        "name": event.name,
        "starts_at": rfc3339(event.starts_at),
        "ends_at": rfc3339(event.ends_at),
        "slots": list(event.slot_ids),
        "frozen": event.frozen,
        "gallery": {
            "enabled": event.gallery.enabled,
            "pin_set": event.gallery.pin_hash is not None,
            "archive": event.gallery.archive,
        },
        "guest": {
            **asdict(event.guest),
            "logo_media_id": event.guest.logo_media_id and str(event.guest.logo_media_id),
        },
        "stamp": None
        if event.stamp is None
        else {**asdict(event.stamp), "corner": event.stamp.corner.value},
        "keep_originals": event.keep_originals.value,
        "rerun": event.rerun.value,
        "result_ttl_hours": event.result_ttl_hours,
        "silent_minutes": event.silent_minutes,
    }


def changes_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body wants to change, without what GET adds to it."""
    changes = {key: value for key, value in body.items() if key in CONFIG_KEYS}
    if isinstance(changes.get("gallery"), Mapping):
        changes["gallery"] = {
            key: value
            for key, value in changes["gallery"].items()
            if key not in GALLERY_READ_ONLY_KEYS
        }
    return changes


def shape_faults(changes: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with the types and bounds of a change."""
    return body_faults(_VALIDATOR, changes)


def sound_changes(changes: Mapping[str, Any], faults: Collection[Fault]) -> dict[str, Any]:
    """Return the changes that have no fault, so that the meaning of these can be judged too."""
    faulty = _keys_of(faults)
    return {key: value for key, value in changes.items() if key not in faulty}


def changed(event: Event, changes: Mapping[str, Any]) -> Event:
    """Return the event with the changes made; what is left out keeps its value.

    The changes have no :func:`shape_faults`. A new PIN is not among them: it is hashed first.
    """
    values: dict[str, Any] = {
        key: changes[key]
        for key in ("name", "frozen", "result_ttl_hours", "silent_minutes")
        if key in changes
    }
    for key in ("starts_at", "ends_at"):
        if key in changes:
            values[key] = datetime.fromisoformat(changes[key].upper()).astimezone(UTC)
    if "slots" in changes:
        values["slot_ids"] = tuple(sorted(set(changes["slots"])))
    if "gallery" in changes:
        switches = {k: v for k, v in changes["gallery"].items() if k in ("enabled", "archive")}
        values["gallery"] = replace(event.gallery, **switches)
    if "guest" in changes:
        values["guest"] = _guest(event.guest, changes["guest"])
    if "stamp" in changes:
        values["stamp"] = _stamp(event.stamp, changes["stamp"])
    if "keep_originals" in changes:
        values["keep_originals"] = KeepOriginals(changes["keep_originals"])
    if "rerun" in changes:
        values["rerun"] = RerunMode(changes["rerun"])
    return replace(event, **whole_numbers(values, _INTEGERS))


def meaning_faults(
    event: Event, known_media: Collection[UUID], known_faults: Collection[Fault]
) -> list[Fault]:
    """Return why this event cannot be: its times, and a logo that there is not.

    Times of which one has a fault already are not judged against each other.
    """
    faults = []
    if _keys_of(known_faults).isdisjoint(("starts_at", "ends_at")):
        faults += _time_faults(event)
    logo = event.guest.logo_media_id
    if logo is not None and logo not in known_media:
        faults.append(Fault("/guest/logo_media_id", "There is no such template picture."))
    return faults


def _time_faults(event: Event) -> list[Fault]:
    if event.ends_at <= event.starts_at:
        return [Fault("/ends_at", "Must be after starts_at.")]
    if event.ends_at - event.starts_at > LONGEST:
        return [Fault("/ends_at", f"Must be at most {LONGEST.days} days after starts_at.")]
    return []


def _keys_of(faults: Collection[Fault]) -> set[str]:
    return {fault.pointer[1:].split("/", 1)[0] for fault in faults}


def _guest(before: GuestLook, changes: Mapping[str, Any]) -> GuestLook:
    values = dict(changes)
    if values.get("logo_media_id") is not None:
        values["logo_media_id"] = UUID(values["logo_media_id"])
    return replace(before, **values)


def _stamp(before: Stamp | None, changes: Mapping[str, Any] | None) -> Stamp | None:
    if changes is None:
        return None
    values = whole_numbers(changes, _INTEGERS)
    if "corner" in values:
        values["corner"] = Corner(values["corner"])
    return replace(before or Stamp(), **values)
