"""What every failure has, and those that any call may meet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
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


class NotFound(PhotoboothError):
    """Something that was asked for by its id does not exist."""

    code = "not_found"
    default_detail = "There is nothing at this address."


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


class PayloadTooLarge(PhotoboothError):
    code = "payload_too_large"
    default_detail = "The body is larger than allowed."


class UnsupportedMediaType(PhotoboothError):
    code = "unsupported_media_type"
    default_detail = "Only JPEG, PNG and WEBP pictures are taken."


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


class DeadlinePassed(Exception):
    """The time for a piece of work is used up."""


def storable(text: str) -> str:
    """Return the text as PostgreSQL can keep it: without NUL and halves of surrogate pairs."""
    return re.sub("[\0\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)
