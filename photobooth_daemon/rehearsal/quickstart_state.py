"""The quick start's directory: its lock, the start-up file, the passwords.

It may run as root, in a directory that somebody else thought of: what others
could have put there, or could still change, is refused, and no file is opened
through a link.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

ADMINS = ("serg", "igor")
REHEARSAL_KEY = "rehearsal"
LOG_MAX_BYTES = 10_000_000


class QuickstartError(Exception):
    """The quick start cannot go on; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The passwords that the quick start made: the ingest password and one for each admin."""

    ingest_password: str = field(repr=False)
    admins: Mapping[str, str] = field(repr=False)

    @classmethod
    def make(cls) -> Credentials:
        """Return new ones that nobody can guess."""
        return cls(secrets.token_urlsafe(12), {name: secrets.token_urlsafe(12) for name in ADMINS})


class QuickstartState:
    """One state directory; everything in it that is secret is readable by its owner only."""

    def __init__(self, directory: Path) -> None:
        self.path = directory.absolute()
        self.config_path = self.path / "photobooth.toml"
        self.media_root = self.path / "media"
        self.log_path = self.path / "daemon.log"
        self.jwt_key_path = self.path / "jwt.key"
        self.credentials_path = self.path / "credentials.json"
        self.sample_path = self.path / "sample-result.jpg"
        self.intake_folder = self.path / "intake"
        self.ingest_password_path = self.path / "ingest.password"
        self._kept_path = self.path / ".credentials.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Have the directory to ourselves, making it where there is none.

        Raises:
            QuickstartError: another quick start runs there, it cannot be written, or others could
                write there, too.
        """
        try:
            if not self.path.is_dir():
                # Root's PostgreSQL runs as another user, who has to pass through.
                self.path.mkdir(parents=True, mode=0o711 if os.geteuid() == 0 else 0o700)
            _refuse_what_others_may_change(self.path)
            lock = os.fdopen(_open(self.path / "quickstart.lock", os.O_APPEND), "ab")
        except OSError as error:
            raise QuickstartError(f"Cannot use {self.path}: {error.strerror}.") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise QuickstartError(
                    f"Another quick start is running in {self.path}. "
                    "Stop it, or choose another --state-dir."
                ) from error
            yield

    def withdraw_credentials(self) -> Credentials:
        """Take ``credentials.json`` away while nothing answers, and return what was in it.

        Where there was nothing, or nothing usable, new passwords are made.
        """
        if self.credentials_path.exists():
            self.credentials_path.replace(self._kept_path)
        try:
            with os.fdopen(os.open(self._kept_path, os.O_RDONLY | os.O_NOFOLLOW)) as file:
                kept = json.load(file)
            return Credentials(
                str(kept["ingest_password"]), {name: str(kept["admins"][name]) for name in ADMINS}
            )
        except (OSError, ValueError, KeyError, TypeError):
            return Credentials.make()

    def keep_credentials(self, credentials: Credentials) -> None:
        """Keep the passwords before they are in force, so that no crash loses them."""
        self._write(self._kept_path, json.dumps(_document(credentials)))

    def publish_credentials(
        self, credentials: Credentials, base_url: str, intake: Mapping[str, Any] | None = None
    ) -> None:
        """Put ``credentials.json`` in its place, whole: who sees it finds everything running."""
        document = {"base_url": base_url, **_document(credentials)}
        if intake is not None:
            document["intake"] = dict(intake)
        self._write(self.credentials_path, json.dumps(document, indent=2) + "\n")

    def write_intake(self, lines: Sequence[str], password: str) -> None:
        """Add the intake's section to the start-up file, and keep its password in a file."""
        self._write(self.ingest_password_path, password + "\n")
        self._write(self.config_path, self.config_path.read_text("utf-8") + "\n".join(lines) + "\n")

    def write_config(
        self,
        port: int,
        fake_urls: Mapping[str, str],
        environment: Mapping[str, str],
        *,
        host: str = "127.0.0.1",
    ) -> None:
        """Write the start-up file.

        ``fake_urls`` are the rehearsal provider's base URLs by provider: for those
        that the environment gives neither an address nor a key. One with an address
        and no key gets a made-up key.
        """
        lines = [
            "# Written by photoboothctl quickstart, anew each time it starts.",
            "[server]",
            f'listen = "{host}:{port}"',
            f"jwt_key_file = {json.dumps(str(self.jwt_key_path))}",
            "",
            "[database]",
            'url = "embedded"',
            "",
            "[media]",
            f"root = {json.dumps(str(self.media_root))}",
            "",
            "[backup]",
            f"directory = {json.dumps(str(self.path / 'backups'))}",
        ]
        for provider, fake_url in fake_urls.items():
            lines += ["", f"[providers.{provider}]"]
            if is_rehearsed(provider, environment):
                lines += [f"base_url = {json.dumps(fake_url)}", "local = true"]
            if not has_key(provider, environment):
                lines.append(f"api_key = {json.dumps(REHEARSAL_KEY)}")
        self._write(self.config_path, "\n".join(lines) + "\n")

    def open_log(self) -> IO[bytes]:
        """Open the daemon's log to append to, anew where it has grown large."""
        log = os.fdopen(_open(self.log_path, os.O_APPEND), "ab")
        if log.tell() > LOG_MAX_BYTES:
            log.truncate(0)
        return log

    def write_sample(self, picture: bytes) -> None:
        """Keep the first photo's result to look at."""
        with os.fdopen(_open(self.sample_path, os.O_TRUNC), "wb") as file:
            file.write(picture)

    def log_tail(self, lines: int = 15) -> str:
        """Return the last lines of the daemon's log."""
        try:
            text = self.log_path.read_text("utf-8", "replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def _write(self, path: Path, text: str) -> None:
        """Put a file of the owner's own in its place by one rename."""
        unfinished = path.with_name(f"{path.name}.unfinished")
        descriptor = _open(unfinished, os.O_TRUNC)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, 0o600)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        unfinished.replace(path)


def has_key(provider: str, environment: Mapping[str, str]) -> bool:
    """Return whether the environment brings a provider's key."""
    variables = f"PHOTOBOOTH_PROVIDERS__{provider.upper()}__"
    return bool({f"{variables}API_KEY", f"{variables}API_KEY_FILE"} & environment.keys())


def is_rehearsed(provider: str, environment: Mapping[str, str]) -> bool:
    """Return whether the rehearsal provider stands in: whoever brings a key means the real one."""
    address = f"PHOTOBOOTH_PROVIDERS__{provider.upper()}__BASE_URL"
    return address not in environment and not has_key(provider, environment)


def _open(path: Path, flag: int) -> int:
    """Return a descriptor to write a file of the owner's own with; never through a link."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | flag, 0o600)


def _refuse_what_others_may_change(directory: Path) -> None:
    """Check who could have prepared the directory, or could change it meanwhile.

    Raises:
        QuickstartError: a link on the way to it, or the directory itself, is somebody
            else's, or others than its owner may write there.
    """
    ours = {0, os.geteuid()}
    for place in (directory, *directory.parents):
        if place.is_symlink() and place.lstat().st_uid not in ours:
            raise QuickstartError(f"{place} is a link that somebody else has made.")
    status = directory.stat()
    if status.st_uid not in ours or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise QuickstartError(
            f"Others can write in {directory}. Take that from them (chmod go-w), "
            "or choose a --state-dir of your own."
        )


def _document(credentials: Credentials) -> dict[str, Any]:
    return {
        "ingest_password": credentials.ingest_password,
        "admins": dict(credentials.admins),
    }
