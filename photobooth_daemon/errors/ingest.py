"""Failures on a photo's way."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from photobooth_daemon.errors.attempts import Reason
from photobooth_daemon.errors.base import PhotoboothError


class InvalidPassword(PhotoboothError):
    code = "invalid_password"
    default_detail = "The ingest password is wrong or missing."


class SlotDisabled(PhotoboothError):
    code = "slot_disabled"
    default_detail = "This slot is switched off or not configured yet."


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


class StorageUnavailable(PhotoboothError, OSError):
    """The media store refuses, or does not answer: what a broken disk's ``OSError`` is elsewhere.

    ``reason`` says why in words, without addresses and keys, for whoever runs the store.
    """

    code = "storage_unavailable"
    default_detail = "The store that keeps the pictures does not answer as it should."

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(retry_after_seconds=5.0)

    def __str__(self) -> str:
        return self.reason or self.detail


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


class GaveWay(PhotoboothError):
    """A photo that nobody waits for has left its place at the provider to a camera's."""

    code = "gave_way"
    default_detail = "A camera needed the place at the provider."

    def __init__(self, provider: str) -> None:
        super().__init__()
        self.provider = provider
