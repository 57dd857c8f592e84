"""``[media]``: where pictures are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from photobooth_daemon.config.values import Reader, Section

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"([\w.-]+/)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class S3Config:
    """``[media.s3]``: a bucket of an S3-compatible object store."""

    endpoint: str
    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    prefix: str = ""
    region: str = "us-east-1"
    addressing: str = "path"
    ca_file: Path | None = None
    timeout_seconds: float = 10.0
    template_cache_mb: int = 256


@dataclass(frozen=True, slots=True)
class MediaConfig:
    """``[media]``: this host's directory, and the bucket where there is one."""

    root: Path = Path("/var/lib/photobooth-daemon/media")
    store: str = "files"
    read_also: str | None = None
    s3: S3Config | None = None

    @property
    def has_files(self) -> bool:
        """Return whether pictures are in files, or some still are."""
        return "files" in (self.store, self.read_also)

    @property
    def bucket(self) -> str | None:
        """Return the name of the bucket that pictures are in, or some still are."""
        if self.s3 is None or "s3" not in (self.store, self.read_also):
            return None
        return self.s3.bucket


def read_media(reader: Reader) -> MediaConfig:
    """Return the section; what is wrong with it is noted."""
    default = MediaConfig()
    section = reader.section("media")
    store = section.choice("store", default.store, ("files", "s3"))
    read_also = section.text("read_also")
    if read_also is not None and read_also not in {"files", "s3"} - {store}:
        section.fault("read_also", 'must be the other one of "files" and "s3"')
    bucket = _read_s3(reader.section("media", "s3"), is_wanted="s3" in (store, read_also))
    return MediaConfig(
        root=section.path("root", default.root), store=store, read_also=read_also, s3=bucket
    )


def _read_s3(section: Section, *, is_wanted: bool) -> S3Config | None:
    """Return the bucket, if there is one."""
    default = S3Config("", "", "", "")
    found = S3Config(
        endpoint=section.url("endpoint") or "",
        bucket=section.text("bucket") or "",
        access_key=section.secret("access_key", credential="s3_access_key", allow_inline=True)[0]
        or "",
        secret_key=section.secret("secret_key", credential="s3_secret_key")[0] or "",
        prefix=section.text("prefix") or "",
        region=section.text("region") or default.region,
        addressing=section.choice("addressing", default.addressing, ("path", "virtual")),
        ca_file=section.existing_file("ca_file"),
        timeout_seconds=section.number("timeout_seconds", default.timeout_seconds, 1, 60),
        template_cache_mb=section.integer(
            "template_cache_mb", default.template_cache_mb, 16, 65536
        ),
    )
    if not is_wanted and not found.bucket:
        return None
    for key in ("endpoint", "bucket", "access_key", "secret_key"):
        if not getattr(found, key):
            section.fault(key, 'is needed for a store in "s3"')
    if found.bucket and not _BUCKET.fullmatch(found.bucket):
        section.fault("bucket", "must be a bucket's name: lower case, digits, hyphens, dots")
    if not _PREFIX.fullmatch(found.prefix):
        section.fault("prefix", "must end with a slash, and hold letters, digits, . _ - and / only")
    if urlsplit(found.endpoint).path not in ("", "/"):
        section.fault("endpoint", "must have no path: the bucket has a key of its own")
    return found
