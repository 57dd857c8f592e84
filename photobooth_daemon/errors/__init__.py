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
    ├── RestartNotPossible · ConfigurationFaulty    of a service that is to start anew
    ├── PreconditionFailed · RangeNotSatisfiable    of a file
    ├── PayloadTooLarge · UnsupportedMediaType · InvalidImage · UploadTimeout
    ├── RateLimited · StorageFull · StorageUnavailable · IdempotencyKeyReused
    ├── ProviderError · ProviderTimeout the outcome of a whole job
    ├── GaveWay                         of a photo that is made again
    ├── DatabaseUnavailable · ShuttingDown
    ├── CleanupFailed · FilesMissing · HostRuns     commands only
    ├── BackupFailed · ToolFailed                   commands only
    ├── SchemaMismatch · ConfigError    outside of requests only
    │   └── UnsuitablePooler
    DeadlinePassed                      the time is used up; caught inside
    AttemptFailed                       one provider attempt, with its Reason

The codes are part of the HTTP contract; status codes and titles belong to the
web layer (``web/problems.py``), which has one row for each class.
"""

from __future__ import annotations

from photobooth_daemon.errors.accounts import (
    AdminNotFound,
    InvalidCredentials,
    LastAdministrator,
    NotAuthenticated,
    PasswordChangeRequired,
    PermissionMissing,
    TooManyAttempts,
    UsernameTaken,
    XsrfRequired,
)
from photobooth_daemon.errors.attempts import CONFIGURATION_REASONS, AttemptFailed, Reason
from photobooth_daemon.errors.base import (
    DatabaseUnavailable,
    DeadlinePassed,
    Fault,
    HeadersTooLarge,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    PhotoboothError,
    PreconditionFailed,
    RangeNotSatisfiable,
    ShuttingDown,
    TargetTooLong,
    UnsupportedMediaType,
    ValidationFailed,
    VersionConflict,
    VersionRequired,
    storable,
)
from photobooth_daemon.errors.commands import (
    BackupFailed,
    CleanupFailed,
    ConfigError,
    FilesMissing,
    HostRuns,
    SchemaMismatch,
    ToolFailed,
    UnsuitablePooler,
)
from photobooth_daemon.errors.events import (
    EventNotFound,
    EventRunning,
    GalleryEnded,
    GalleryNotFound,
    PinRequired,
    ReportTooLarge,
    SlotTaken,
    WrongPin,
)
from photobooth_daemon.errors.ingest import (
    GaveWay,
    IdempotencyKeyReused,
    InvalidImage,
    InvalidPassword,
    ProviderError,
    ProviderTimeout,
    RateLimited,
    SlotDisabled,
    StorageFull,
    StorageUnavailable,
    UploadTimeout,
)
from photobooth_daemon.errors.results import (
    AlreadyDone,
    JobNotFound,
    MediaExpired,
    MediaNotFound,
    OriginalNotKept,
    ResultAwaited,
    ResultExpired,
    ResultNotFound,
    ResultRemoved,
    WrongKey,
)
from photobooth_daemon.errors.setup import (
    AlertChannelNotFound,
    BoardNotFound,
    BuiltinPreset,
    ConfigurationFaulty,
    InUse,
    KeyManagedElsewhere,
    PresetNotFound,
    ProviderNotFound,
    RestartNotPossible,
    RevisionNotFound,
    SlotNotFound,
)

__all__ = [
    "CONFIGURATION_REASONS",
    "AdminNotFound",
    "AlertChannelNotFound",
    "AlreadyDone",
    "AttemptFailed",
    "BackupFailed",
    "BoardNotFound",
    "BuiltinPreset",
    "CleanupFailed",
    "ConfigError",
    "ConfigurationFaulty",
    "DatabaseUnavailable",
    "DeadlinePassed",
    "EventNotFound",
    "EventRunning",
    "Fault",
    "FilesMissing",
    "GalleryEnded",
    "GalleryNotFound",
    "GaveWay",
    "HeadersTooLarge",
    "HostRuns",
    "IdempotencyKeyReused",
    "InUse",
    "InvalidCredentials",
    "InvalidImage",
    "InvalidPassword",
    "InvalidRequest",
    "JobNotFound",
    "KeyManagedElsewhere",
    "LastAdministrator",
    "MediaExpired",
    "MediaNotFound",
    "NotAuthenticated",
    "NotFound",
    "OriginalNotKept",
    "PasswordChangeRequired",
    "PayloadTooLarge",
    "PermissionMissing",
    "PhotoboothError",
    "PinRequired",
    "PreconditionFailed",
    "PresetNotFound",
    "ProviderError",
    "ProviderNotFound",
    "ProviderTimeout",
    "RangeNotSatisfiable",
    "RateLimited",
    "Reason",
    "ReportTooLarge",
    "RestartNotPossible",
    "ResultAwaited",
    "ResultExpired",
    "ResultNotFound",
    "ResultRemoved",
    "RevisionNotFound",
    "SchemaMismatch",
    "ShuttingDown",
    "SlotDisabled",
    "SlotNotFound",
    "SlotTaken",
    "StorageFull",
    "StorageUnavailable",
    "TargetTooLong",
    "TooManyAttempts",
    "ToolFailed",
    "UnsuitablePooler",
    "UnsupportedMediaType",
    "UploadTimeout",
    "UsernameTaken",
    "ValidationFailed",
    "VersionConflict",
    "VersionRequired",
    "WrongKey",
    "WrongPin",
    "XsrfRequired",
    "storable",
]
