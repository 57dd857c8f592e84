"""One provider attempt that brought no picture, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from photobooth_daemon.errors.base import storable


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
