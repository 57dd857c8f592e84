"""From a named failure to what a client sees (RFC 9457): the only place with status codes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from tornado.web import HTTPError

from photobooth_daemon import errors

CONTENT_TYPE = "application/problem+json"
PIN_CHALLENGE = "PIN"
"""A 401 names a scheme (RFC 9110, 15.5.2); this one says that a token opens nothing here."""

STATUS: Mapping[type[errors.PhotoboothError], HTTPStatus] = {
    errors.PhotoboothError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InvalidRequest: HTTPStatus.BAD_REQUEST,
    errors.TargetTooLong: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.HeadersTooLarge: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ReportTooLarge: HTTPStatus.BAD_REQUEST,
    errors.ValidationFailed: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    errors.PasswordChangeRequired: HTTPStatus.FORBIDDEN,
    errors.UsernameTaken: HTTPStatus.CONFLICT,
    errors.LastAdministrator: HTTPStatus.CONFLICT,
    errors.PermissionMissing: HTTPStatus.FORBIDDEN,
    errors.XsrfRequired: HTTPStatus.FORBIDDEN,
    errors.InvalidCredentials: HTTPStatus.UNAUTHORIZED,
    errors.InvalidPassword: HTTPStatus.UNAUTHORIZED,
    errors.TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.SlotNotFound: HTTPStatus.NOT_FOUND,
    errors.SlotDisabled: HTTPStatus.NOT_FOUND,
    errors.JobNotFound: HTTPStatus.NOT_FOUND,
    errors.RevisionNotFound: HTTPStatus.NOT_FOUND,
    errors.AdminNotFound: HTTPStatus.NOT_FOUND,
    errors.ResultNotFound: HTTPStatus.NOT_FOUND,
    errors.ResultAwaited: HTTPStatus.NOT_FOUND,
    errors.ResultExpired: HTTPStatus.GONE,
    errors.ResultRemoved: HTTPStatus.GONE,
    errors.OriginalNotKept: HTTPStatus.NOT_FOUND,
    errors.WrongKey: HTTPStatus.FORBIDDEN,
    errors.GalleryNotFound: HTTPStatus.NOT_FOUND,
    errors.GalleryEnded: HTTPStatus.GONE,
    errors.PinRequired: HTTPStatus.UNAUTHORIZED,
    errors.WrongPin: HTTPStatus.UNAUTHORIZED,
    errors.MediaNotFound: HTTPStatus.NOT_FOUND,
    errors.MediaExpired: HTTPStatus.GONE,
    errors.VersionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    errors.VersionConflict: HTTPStatus.CONFLICT,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.RangeNotSatisfiable: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    errors.InUse: HTTPStatus.CONFLICT,
    errors.ProviderNotFound: HTTPStatus.NOT_FOUND,
    errors.KeyManagedElsewhere: HTTPStatus.CONFLICT,
    errors.RestartNotPossible: HTTPStatus.CONFLICT,
    errors.ConfigurationFaulty: HTTPStatus.CONFLICT,
    errors.AlertChannelNotFound: HTTPStatus.NOT_FOUND,
    errors.PresetNotFound: HTTPStatus.NOT_FOUND,
    errors.BuiltinPreset: HTTPStatus.CONFLICT,
    errors.BoardNotFound: HTTPStatus.NOT_FOUND,
    errors.EventNotFound: HTTPStatus.NOT_FOUND,
    errors.EventRunning: HTTPStatus.LOCKED,
    errors.SlotTaken: HTTPStatus.CONFLICT,
    errors.AlreadyDone: HTTPStatus.CONFLICT,
    errors.PayloadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.InvalidImage: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UploadTimeout: HTTPStatus.REQUEST_TIMEOUT,
    errors.RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    errors.StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.StorageUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ProviderError: HTTPStatus.BAD_GATEWAY,
    errors.ProviderTimeout: HTTPStatus.GATEWAY_TIMEOUT,
    errors.DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ShuttingDown: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.SchemaMismatch: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ConfigError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.CleanupFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.FilesMissing: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.HostRuns: HTTPStatus.CONFLICT,
    errors.BackupFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.ToolFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
}

OF_A_VALUE: Mapping[type[errors.PhotoboothError], HTTPStatus] = {
    errors.PayloadTooLarge: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnsupportedMediaType: HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""Where the picture is a value among others: a wrong one is no limit of the route."""

OF_A_RERUN: Mapping[type[errors.PhotoboothError], HTTPStatus] = {
    errors.OriginalNotKept: HTTPStatus.CONFLICT,
}
"""Where the original is not what was asked for, but what the work needs."""

_TORNADO_CODES = {
    HTTPStatus.BAD_REQUEST: ("invalid_request", "The request cannot be understood."),
    HTTPStatus.NOT_FOUND: ("not_found", "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", "This address does not do that."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document, ready to send."""

    status: HTTPStatus
    code: str
    detail: str
    extra: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """Return the document as JSON in UTF-8."""
        document = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": int(self.status),
            "code": self.code,
            "detail": self.detail,
            **self.extra,
        }
        return json.dumps(document, ensure_ascii=False).encode()


def problem_of(
    error: BaseException | None,
    statuses: Mapping[type[errors.PhotoboothError], HTTPStatus] | None = None,
) -> Problem:
    """Return what a client is told about ``error``; anything unexpected is a plain 500.

    ``statuses`` says where a route sees a failure otherwise than the others.
    """
    if isinstance(error, errors.PhotoboothError):
        return _named(error, (statuses or {}).get(type(error)) or STATUS[type(error)])
    if isinstance(error, HTTPError):
        status = HTTPStatus(error.status_code)
        if status in _TORNADO_CODES:
            code, detail = _TORNADO_CODES[status]
            return Problem(status, code, detail)
    default = errors.PhotoboothError
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, default.code, default.default_detail)


def _named(error: errors.PhotoboothError, status: HTTPStatus) -> Problem:
    extra = error.extra()
    if error.job_id is not None:
        extra["job_id"] = str(error.job_id)
    headers = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_seconds)))
    if status == HTTPStatus.UNAUTHORIZED:
        of_gallery = isinstance(error, errors.PinRequired | errors.WrongPin)
        headers["WWW-Authenticate"] = PIN_CHALLENGE if of_gallery else "Bearer"
    if isinstance(error, errors.RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{error.size_bytes}"
    return Problem(status, error.code, error.detail, extra, headers)
