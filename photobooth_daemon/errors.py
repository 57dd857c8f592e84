"""Every failure that is expected, by name.

    PhotoboothError                     code, detail
    ├── InvalidRequest                  the request cannot be understood
    │   └── TargetTooLong · HeadersTooLarge
    ├── ValidationFailed                values out of bounds, a pointer per fault
    ├── NotAuthenticated · PermissionMissing · XsrfRequired · InvalidCredentials
    │   PasswordChangeRequired · UsernameTaken · LastAdministrator
    ├── InvalidPassword · TooManyAttempts · PinRequired · WrongPin
    ├── NotFound                        slot, job, result, media, admin …
    ├── SlotDisabled · ResultExpired · MediaExpired · WrongKey · GalleryEnded
    ├── VersionRequired · VersionConflict · InUse
    ├── EventRunning · SlotTaken        an evening is in the way
    ├── AlreadyDone                     nothing is to be made again
    ├── PreconditionFailed · RangeNotSatisfiable    of a file
    ├── PayloadTooLarge · UnsupportedMediaType · InvalidImage · UploadTimeout
    ├── RateLimited · StorageFull · IdempotencyKeyReused
    ├── ProviderError · ProviderTimeout the outcome of a whole job
    ├── DatabaseUnavailable · ShuttingDown
    ├── CleanupFailed · FilesMissing · BackupFailed · ToolFailed  commands only
    ├── SchemaMismatch · ConfigError    outside of requests only
    DeadlinePassed                      the time is used up; caught inside
    AttemptFailed                       one provider attempt, with its Reason

The codes are part of the HTTP contract; status codes and titles belong to the
web layer (``web/problems.py``), which has one row for each class.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID


class PhotoboothError(Exception):
    """A failure that a caller can be told about.

    ``detail`` is text for the person at the other end: it never holds a
    secret, a path, SQL or a stack trace.
    """

    code: ClassVar[str] = "internal_error"
    default_detail: ClassVar[str] = "Something went wrong."
    hold_seconds: float = 0.0
    """How long the answer is held back, once nothing is kept for it any more: wrong passwords."""

    def __init__(
        self,
        detail: str | None = None,
        *,
        job_id: UUID | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        self.detail = detail or self.default_detail
        self.job_id = job_id
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self.detail)

    def extra(self) -> dict[str, Any]:
        """Return further members for the problem document."""
        return {}


class InvalidRequest(PhotoboothError):
    code = "invalid_request"
    default_detail = "The request cannot be understood."


class TargetTooLong(InvalidRequest):
    default_detail = "The address is too long."


class HeadersTooLarge(InvalidRequest):
    default_detail = "The request's headers are too large."


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong value: where (a JSON pointer, RFC 6901) and what to do about it."""

    pointer: str
    message: str


class ValidationFailed(PhotoboothError):
    code = "validation_failed"
    default_detail = "Some values cannot be accepted; see errors."

    def __init__(self, faults: Sequence[Fault], detail: str | None = None) -> None:
        super().__init__(detail)
        self.faults = tuple(faults)

    def extra(self) -> dict[str, Any]:
        return {"errors": [{"pointer": f.pointer, "message": f.message} for f in self.faults]}


class NotAuthenticated(PhotoboothError):
    code = "unauthenticated"
    default_detail = "Log in first: this call needs a valid token."


class PermissionMissing(PhotoboothError):
    code = "forbidden"

    def __init__(self, permission: str) -> None:
        super().__init__(f"This call needs the permission {permission}.")
        self.permission = permission

    def extra(self) -> dict[str, Any]:
        return {"permission": self.permission}


class XsrfRequired(PhotoboothError):
    code = "xsrf_required"
    default_detail = (
        "A call with the session cookie needs the header X-XSRF-Token "
        "equal to the cookie photobooth_xsrf."
    )


class InvalidCredentials(PhotoboothError):
    code = "invalid_credentials"
    default_detail = "The user name or the password is wrong."


class InvalidPassword(PhotoboothError):
    code = "invalid_password"
    default_detail = "The ingest password is wrong or missing."


class TooManyAttempts(PhotoboothError):
    code = "too_many_attempts"
    default_detail = "Too many wrong passwords; wait before the next one."


class NotFound(PhotoboothError):
    """Something that was asked for by its id does not exist."""

    code = "not_found"
    default_detail = "There is nothing at this address."


class SlotNotFound(NotFound):
    code = "slot_not_found"
    default_detail = "There is no slot of this id; the slots are slot-001 to slot-015."


class SlotDisabled(PhotoboothError):
    code = "slot_disabled"
    default_detail = "This slot is switched off or not configured yet."


class JobNotFound(NotFound):
    code = "job_not_found"
    default_detail = "There is no job of this id."


class UsernameTaken(PhotoboothError):
    code = "username_taken"
    default_detail = "There is an account of this name."


class LastAdministrator(PhotoboothError):
    code = "last_administrator"
    default_detail = "This is the last account that keeps the others; give admins:write first."


class PasswordChangeRequired(PhotoboothError):
    code = "password_change_required"
    default_detail = "This password was for one login: choose your own with PUT /api/me/password."


class ProviderNotFound(NotFound):
    code = "provider_not_found"
    default_detail = "There is no provider of this name that takes a key."


class KeyManagedElsewhere(PhotoboothError):
    code = "key_managed_elsewhere"

    def __init__(self, source: str | None) -> None:
        super().__init__(f"The key comes from the {source}: change it there and restart.")


class RevisionNotFound(NotFound):
    default_detail = "This slot has no such version in its history."


class AdminNotFound(NotFound):
    default_detail = "There is no administrator of this name."


class ResultNotFound(NotFound):
    code = "result_not_found"
    default_detail = "There is no result of this id."


class ResultAwaited(ResultNotFound):
    default_detail = "This picture is being made again; it will be here."


class ResultExpired(PhotoboothError):
    code = "result_expired"
    default_detail = "This picture was kept for its time and has been removed."


class ResultRemoved(ResultExpired):
    code = "result_removed"
    default_detail = "This picture has been removed."


class OriginalNotKept(NotFound):
    code = "original_not_kept"
    default_detail = "The photo of this job is not kept: its event keeps none, or not any longer."


class WrongKey(PhotoboothError):
    """A guest's link lacks the key of its picture."""

    code = "wrong_key"
    default_detail = "This is not the key of this picture."


class GalleryNotFound(NotFound):
    code = "gallery_not_found"
    default_detail = "There is no gallery behind this link."


class GalleryEnded(PhotoboothError):
    """An evening is over, and nothing is kept of it."""

    code = "gallery_ended"
    default_detail = "The event is over, and its pictures have been removed."


class PinRequired(PhotoboothError):
    code = "pin_required"
    default_detail = "This gallery opens with a PIN."


class WrongPin(PhotoboothError):
    code = "wrong_pin"
    default_detail = "This is not the gallery's PIN."


class MediaNotFound(NotFound):
    code = "media_not_found"
    default_detail = "There is no media of this id."


class MediaExpired(PhotoboothError):
    code = "media_expired"
    default_detail = "This temporary link has ended."


class VersionRequired(PhotoboothError):
    code = "version_required"
    default_detail = "Say which version is being changed: If-Match, or version in the body."


class VersionConflict(PhotoboothError):
    code = "version_conflict"
    default_detail = "Somebody else has changed this meanwhile; read it again."

    def __init__(self, current_version: int) -> None:
        super().__init__()
        self.current_version = current_version

    def extra(self) -> dict[str, Any]:
        return {"current_version": self.current_version}


class PreconditionFailed(PhotoboothError):
    code = "precondition_failed"
    default_detail = "This is not the version that was asked for."


class RangeNotSatisfiable(PhotoboothError):
    code = "range_not_satisfiable"

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"The range lies outside of the {size_bytes} bytes that there are.")
        self.size_bytes = size_bytes


class InUse(PhotoboothError):
    code = "in_use"

    def __init__(self, slot_ids: Sequence[str]) -> None:
        super().__init__(f"Still bound to {', '.join(slot_ids)}; unbind it or pass unbind=1.")
        self.slot_ids = tuple(slot_ids)

    def extra(self) -> dict[str, Any]:
        return {"slots": list(self.slot_ids)}


class PresetNotFound(NotFound):
    code = "preset_not_found"
    default_detail = "There is no preset of this id, or no such picture of it."


class BuiltinPreset(PhotoboothError):
    code = "builtin_preset"
    default_detail = "This preset came with the program and stays."


class BoardNotFound(NotFound):
    code = "board_not_found"
    default_detail = "There is no board of this link."


class EventNotFound(NotFound):
    code = "event_not_found"
    default_detail = "There is no event of this id."


class EventRunning(PhotoboothError):
    """Something is kept as it is while an event runs; a stated reason changes it all the same."""

    code = "event_running"

    def __init__(self, event: Mapping[str, Any]) -> None:
        super().__init__(
            f"The event “{event['name']}” runs until {event['ends_at']} and keeps this as it is;"
            " to change it anyway, state a reason in X-Override-Freeze."
        )
        self.event = event

    def extra(self) -> dict[str, Any]:
        return {"event": dict(self.event)}


class AlreadyDone(PhotoboothError):
    code = "already_done"
    default_detail = "This photo has its picture: nothing is to be made again."


class SlotTaken(PhotoboothError):
    code = "slot_taken"
    default_detail = "Another event has one of these slots at that time; see events."

    def __init__(self, events: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.events = tuple(events)

    def extra(self) -> dict[str, Any]:
        return {"events": [dict(event) for event in self.events]}


class PayloadTooLarge(PhotoboothError):
    code = "payload_too_large"
    default_detail = "The body is larger than allowed."


class UnsupportedMediaType(PhotoboothError):
    code = "unsupported_media_type"
    default_detail = "Only JPEG, PNG and WEBP pictures are taken."


class InvalidImage(PhotoboothError):
    code = "invalid_image"
    default_detail = "The picture is truncated or corrupt."


class UploadTimeout(PhotoboothError):
    code = "upload_timeout"
    default_detail = "The photo did not arrive in time."


class RateLimited(PhotoboothError):
    code = "rate_limited"
    default_detail = "The slot's waiting room is full."


class StorageFull(PhotoboothError):
    code = "storage_full"
    default_detail = "Not enough free disk space to take a photo."


class IdempotencyKeyReused(PhotoboothError):
    code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used with another photo."


class ProviderError(PhotoboothError):
    """Every attempt failed; ``provider_code`` is the last one's reason."""

    code = "provider_error"
    default_detail = "The provider did not make a picture."

    def __init__(
        self, provider_code: Reason, detail: str | None = None, *, job_id: UUID | None = None
    ) -> None:
        super().__init__(detail, job_id=job_id)
        self.provider_code = provider_code

    def extra(self) -> dict[str, Any]:
        return {"provider_code": str(self.provider_code)}


class ProviderTimeout(PhotoboothError):
    """``still_running``: of an earlier request under the same key, which may yet end well."""

    code = "provider_timeout"
    default_detail = "The window closed before a picture was there."

    def __init__(
        self,
        detail: str | None = None,
        *,
        job_id: UUID | None = None,
        still_running: bool = False,
    ) -> None:
        super().__init__(detail, job_id=job_id)
        self._still_running = still_running

    def extra(self) -> dict[str, Any]:
        """Return whether it is worth asking again."""
        return {"still_running": True} if self._still_running else {}


class DatabaseUnavailable(PhotoboothError):
    code = "database_unavailable"
    default_detail = "The database does not answer; try again shortly."

    def __init__(self, detail: str | None = None, *, job_id: UUID | None = None) -> None:
        super().__init__(detail, job_id=job_id, retry_after_seconds=5)


class ShuttingDown(PhotoboothError):
    code = "shutting_down"
    default_detail = "The daemon is stopping; try again shortly."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, retry_after_seconds=5)


class SchemaMismatch(PhotoboothError):
    """The database's schema is older or newer than this program's."""

    code = "schema_mismatch"


class CleanupFailed(PhotoboothError):
    """A run ended with an error; what it had done before is done."""

    code = "cleanup_failed"


class FilesMissing(PhotoboothError):
    """So many files are missing that the media directory itself is suspected."""

    code = "files_missing"


class BackupFailed(PhotoboothError):
    """A backup could not be made or restored."""

    code = "backup_failed"


class ToolFailed(BackupFailed):
    """A program of PostgreSQL's is missing, failed, or took too long."""


class ConfigError(PhotoboothError):
    """The start-up configuration has faults; all of them are listed."""

    code = "config_error"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{f.pointer}: {f.message}" for f in faults))
        self.faults = tuple(faults)


class DeadlinePassed(Exception):
    """The time for a piece of work is used up."""


class Reason(StrEnum):
    """Why a provider attempt brought no picture; one word in answers, jobs, logs and metrics."""

    NO_IMAGE = "no_image"
    OVERLOADED = "overloaded"
    QUOTA = "quota"
    BAD_RESPONSE = "bad_response"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    AUTH = "auth"
    MODEL_GONE = "model_gone"
    BAD_REQUEST = "bad_request"
    INPUT_NOT_FETCHED = "input_not_fetched"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


def storable(text: str) -> str:
    """Return the text as PostgreSQL can keep it: without NUL and halves of surrogate pairs."""
    return re.sub("[\0\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


CONFIGURATION_REASONS = (
    Reason.AUTH,
    Reason.MODEL_GONE,
    Reason.BAD_REQUEST,
    Reason.INPUT_NOT_FETCHED,
)
"""Reasons that somebody has to mend: no second try does."""


class AttemptFailed(Exception):
    """One provider attempt brought no picture.

    ``again`` overrides what the reason's row in the ladder says about more
    attempts on the same rung, and is how many at most: 0 (or ``False``) for a
    per-day quota or a blocked prompt, 1 (or ``True``) for a refusal that a
    second try sometimes passes. ``message`` is the provider's own text, cut to
    300 characters and free of keys and of what cannot be stored; it goes to the
    log and the job, never to the client.
    """

    def __init__(
        self,
        reason: Reason,
        message: str = "",
        *,
        again: int | None = None,
        retry_after_seconds: float | None = None,
        provider_request_id: str | None = None,
        usage: dict[str, Any] | None = None,
    ) -> None:
        self.reason = reason
        self.message = storable(message[:300])
        super().__init__(f"{reason}: {self.message}" if message else str(reason))
        self.again = again
        self.retry_after_seconds = retry_after_seconds
        self.provider_request_id = provider_request_id
        self.usage = usage or {}
