"""Which version of a versioned thing a caller means to change."""

from __future__ import annotations

from dataclasses import dataclass

from photobooth_daemon.errors import VersionConflict


@dataclass(frozen=True, slots=True)
class ExpectedVersion:
    """The versions that a change may replace; None where any will do (``If-Match: *``)."""

    versions: frozenset[int] | None

    @classmethod
    def exactly(cls, version: int) -> ExpectedVersion:
        """Expect one version."""
        return cls(frozenset({version}))

    @classmethod
    def any(cls) -> ExpectedVersion:
        """Expect whatever is there."""
        return cls(None)

    def check(self, current: int) -> None:
        """Return if ``current`` is expected.

        Raises:
            VersionConflict: it is another one.
        """
        if self.versions is not None and current not in self.versions:
            raise VersionConflict(current)
