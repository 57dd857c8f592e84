"""What everything in the media store is called: in a tree of files and in a bucket alike.

    scratch/{upload_id}                     in flight, on this host; anything stale is rubbish
    provider/{media_id}                     a photo that a provider may fetch
    results/{job_id}/result.{ext}           there before the row that says so
    results/{job_id}/preview.jpg            (.webp in results of the first versions)
    originals/{job_id}/photo.{ext}          the photo as it came, where an event keeps it
    templates/{media_id}/original.{ext}     a picture of the library
    templates/{media_id}/preview.webp

Keys are built from ids alone, so no name from outside reaches a disk or a bucket.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from photobooth_daemon.model import MediaKind, MediaObject
from photobooth_daemon.pictures.headers import EXTENSIONS

PREVIEW_NAMES = {"image/jpeg": "preview.jpg", "image/webp": "preview.webp"}
"""A result's preview has been a JPEG since WEBP proved six times as dear; older ones live on."""
TEMPLATE_PREVIEW_TYPE = "image/webp"


class Shelf(StrEnum):
    """A directory of the tree, or the first part of a key in a bucket."""

    SCRATCH = "scratch"
    PROVIDER = "provider"
    RESULTS = "results"
    ORIGINALS = "originals"
    TEMPLATES = "templates"


@dataclass(frozen=True, slots=True)
class MediaKey:
    """The name of one stored picture; ``str()`` writes it out, with slashes."""

    shelf: Shelf
    id: UUID
    file: str = ""

    def __str__(self) -> str:
        return f"{self.shelf}/{self.id}/{self.file}" if self.file else f"{self.shelf}/{self.id}"


def result_key(job_id: UUID, content_type: str) -> MediaKey:
    """Return what a job's result of this type is called."""
    return MediaKey(Shelf.RESULTS, job_id, f"result.{EXTENSIONS[content_type]}")


def preview_key(job_id: UUID, content_type: str = "image/jpeg") -> MediaKey:
    """Return what a result's preview of this type is called."""
    return MediaKey(Shelf.RESULTS, job_id, PREVIEW_NAMES[content_type])


def original_key(job_id: UUID, content_type: str) -> MediaKey:
    """Return what a job's photo of this type is called."""
    return MediaKey(Shelf.ORIGINALS, job_id, f"photo.{EXTENSIONS[content_type]}")


def provider_key(media_id: UUID) -> MediaKey:
    """Return what a provider's input is called."""
    return MediaKey(Shelf.PROVIDER, media_id)


def template_key(media_id: UUID, content_type: str) -> MediaKey:
    """Return what template media of this type is called."""
    return MediaKey(Shelf.TEMPLATES, media_id, f"original.{EXTENSIONS[content_type]}")


def template_preview_key(media_id: UUID) -> MediaKey:
    """Return what the preview of template media is called."""
    return MediaKey(Shelf.TEMPLATES, media_id, "preview.webp")


def key_of(media: MediaObject) -> MediaKey:
    """Return what the object that a row speaks of is called."""
    if media.kind is MediaKind.PREVIEW:
        return preview_key(media.job_id, media.content_type)
    if media.kind is MediaKind.ORIGINAL:
        return original_key(media.job_id, media.content_type)
    if media.kind is MediaKind.PROVIDER_INPUT:
        return provider_key(media.media_id)
    return result_key(media.job_id, media.content_type)


def type_of(key: MediaKey) -> str | None:
    """Return the content type that a picture's name tells, or None: then it is no picture."""
    extension = key.file.rpartition(".")[2]
    return next((kind for kind, known in EXTENSIONS.items() if known == extension), None)


def id_of(name: str) -> UUID | None:
    """Return the id at the start of an entry's name, or None: only our own spelling counts."""
    text = name.partition(".")[0]
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
