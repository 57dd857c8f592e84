"""What a cleanup removed and what it left."""

from __future__ import annotations

from photobooth_daemon.housekeeping.cleanup import CleanupReport
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.model import PictureBytes
from tests.support.sample_pictures import corners, jpeg

PICTURE = PictureBytes(jpeg(corners()), "image/jpeg", 300, 200)


def removed(report: CleanupReport) -> dict[str, int]:
    """What was removed; old jobs count in statistics that nobody can look at any more."""
    return {kind: number for kind, number in report.counts.items() if kind != "statistics"}


def files_of(store: FileStore) -> set[str]:
    files = {str(p.relative_to(store.root)) for p in store.root.rglob("*") if p.is_file()}
    return files - {".in-use"}
