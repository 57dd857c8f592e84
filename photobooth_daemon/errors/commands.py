"""Failures of commands and of the start, never of a request."""

from __future__ import annotations

from collections.abc import Sequence

from photobooth_daemon.errors.base import Fault, PhotoboothError


class SchemaMismatch(PhotoboothError):
    """The database's schema is older or newer than this program's."""

    code = "schema_mismatch"


class CleanupFailed(PhotoboothError):
    """A run ended with an error; what it had done before is done."""

    code = "cleanup_failed"


class FilesMissing(PhotoboothError):
    """So many files are missing that the media directory itself is suspected."""

    code = "files_missing"


class HostRuns(PhotoboothError):
    """A host is to be forgotten, and its daemon runs."""

    code = "host_runs"


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


class UnsuitablePooler(ConfigError):
    """Between us and PostgreSQL is a pooler that breaks what sessions are needed for."""
