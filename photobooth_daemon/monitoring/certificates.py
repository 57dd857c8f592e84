"""Until when the TLS certificates are good that photos and pictures depend on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model.alerts import SHOWN_BY_BUCKET, SHOWN_HERE, Troubles

CERTIFICATE_ENDING = timedelta(days=14)
"""What renews itself has done so by then: of 90 days it has 30 left when it is renewed."""

log = logging.getLogger(__name__)


class Certificates:
    """Knows the end of the certificate that this process shows, and of the bucket's.

    The first is the one that was taken up, not what the file holds by now: a renewed file that
    nobody has told the daemon of does not help those who connect.
    """

    def __init__(self, file: Path | None, media_store: MediaStore, metrics: Metrics) -> None:
        self._media_store = media_store
        self._metrics = metrics
        self._ends: dict[str, int] = {}
        if file is not None:
            self.take_up(file)

    def take_up(self, file: Path) -> None:
        """Note the end of the certificate that is shown from here on; blocks a moment."""
        try:
            self._note(SHOWN_HERE, _end_of(file))
        except (OSError, ValueError) as error:
            log.warning("nobody knows when the certificate ends: %s", error)

    def refresh(self) -> None:
        """Note the end of the one that the bucket has shown last."""
        shown = self._media_store.certificate_ends()
        if shown is not None:
            self._note(SHOWN_BY_BUCKET, shown)

    def ends(self) -> tuple[tuple[str, int], ...]:
        """Return when each of them ends, in seconds since 1970."""
        return tuple(sorted(self._ends.items()))

    def _note(self, name: str, end: int) -> None:
        self._ends[name] = end
        self._metrics.tls_expires_timestamp_seconds.set(end, name)


def ends_by_subject(troubles: Mapping[str, Troubles]) -> dict[str, datetime]:
    """Return the earliest end of each host's own certificate, by its name, and of the bucket's."""
    ends: dict[str, datetime] = {}
    for host, told in troubles.items():
        for name, end in told.certificates:
            subject = host if name == SHOWN_HERE else name
            ends_at = datetime.fromtimestamp(end, UTC)
            ends[subject] = min(ends_at, ends.get(subject, ends_at))
    return ends


def _end_of(file: Path) -> int:
    # The first of the file: the others are those that vouch for it.
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    # Before version 42 of the library there is only the end without its zone.
    end: datetime | None = getattr(certificate, "not_valid_after_utc", None)
    return int((end or certificate.not_valid_after.replace(tzinfo=UTC)).timestamp())
