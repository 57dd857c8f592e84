"""Where a private PostgreSQL lives: directories that its user can enter and nobody else reads."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from photobooth_daemon.child_process import RunAs
from photobooth_daemon.database.binaries import EmbeddedPostgresError

ELSEWHERE = Path("/var/tmp")  # noqa: S108 - a directory of its own is made in it, see _make_elsewhere
PREFIX = "photobooth-postgres-"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_MAX_BYTES = 107


@dataclass(frozen=True, slots=True)
class PostgresHome:
    """The places of one private server; ``run_as`` owns ``data_dir`` and ``socket_dir``."""

    path: Path
    run_as: RunAs | None

    @property
    def data_dir(self) -> Path:
        """The cluster itself."""
        return self.path / "data"

    @property
    def log_path(self) -> Path:
        """What the server and initdb printed."""
        return self.path / "postgres.log"

    @property
    def binaries_dir(self) -> Path:
        """Where the server's programs are copied to when its user cannot reach them."""
        return self.path / "binaries"

    def make_socket_dir(self) -> Path:
        """Return a directory for the socket, private and with a path that is short enough."""
        directory = self.path / "run"
        if len(os.fsencode(directory / SOCKET_NAME)) > SOCKET_PATH_MAX_BYTES:
            directory = self._short_socket_dir()
        self.make_private(directory)
        for leftover in (directory / SOCKET_NAME, directory / f"{SOCKET_NAME}.lock"):
            leftover.unlink(missing_ok=True)
        return directory

    def make_private(self, directory: Path) -> None:
        """Make the directory, if need be, with access for the server's user only."""
        directory.mkdir(mode=0o700, exist_ok=True)
        if self.run_as is not None:
            os.chown(directory, self.run_as.uid, self.run_as.gid)

    def _short_socket_dir(self) -> Path:
        # Its name is kept beside the data: a run that was killed leaves one behind, not many.
        kept = self.path / "socket_directory"
        directory = Path(kept.read_text("utf-8")) if kept.exists() else None
        if directory is None or not _belongs_to(directory, self.run_as):
            directory = Path(tempfile.mkdtemp(prefix=PREFIX))
            kept.write_text(str(directory), "utf-8")
        return directory


def find_home(directory: Path) -> PostgresHome:
    """Return the home for ``directory``, making it where there is none.

    It is ``directory`` itself; only where the server's user cannot enter that
    path, a directory under /var/tmp that ``directory`` remembers.

    Raises:
        EmbeddedPostgresError: started by root, and no other user is there to run it.
    """
    run_as = server_user()
    if not directory.exists():
        directory.mkdir(parents=True, mode=0o711 if run_as else 0o700)
    if run_as is None or can_enter(directory, run_as):
        return PostgresHome(directory, run_as)
    kept = directory / "location"
    elsewhere = Path(kept.read_text("utf-8")) if kept.exists() else None
    if elsewhere is None or not _belongs_to(elsewhere, None):
        elsewhere = _make_elsewhere(directory)
        kept.write_text(str(elsewhere), "utf-8")
    return PostgresHome(elsewhere, run_as)


def server_user() -> RunAs | None:
    """Return whom PostgreSQL runs as: None is this process's own user, unless that is root.

    Raises:
        EmbeddedPostgresError: this is root, and there is no user to become.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return RunAs(name, user.pw_uid, user.pw_gid)
    raise EmbeddedPostgresError(
        "PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody."
    )


def can_enter(directory: Path, user: RunAs) -> bool:
    """Return whether the user gets into the directory, asked of the kernel as that user."""
    return _succeeds_as(user, 'cd -- "$1"', directory)


def can_run(program: Path, user: RunAs) -> bool:
    """Return whether the user can run the program, libraries and all."""
    return _succeeds_as(user, '"$1" --version', program)


def _succeeds_as(user: RunAs, script: str, argument: Path) -> bool:
    try:
        asked = subprocess.run(  # noqa: S603 - a fixed script
            ["/bin/sh", "-c", script, "sh", argument],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            user=user.uid,
            group=user.gid,
            extra_groups=[],
            check=False,
        )
    except OSError as error:
        raise EmbeddedPostgresError(f"Cannot become the user {user.name}: {error}.") from error
    return asked.returncode == 0


def _belongs_to(directory: Path, user: RunAs | None) -> bool:
    """Return whether it is a real directory of that user, none of somebody else's making."""
    try:
        status = directory.lstat()
    except OSError:
        return False
    expected = user.uid if user else os.geteuid()
    return directory.is_dir() and not directory.is_symlink() and status.st_uid == expected


def _make_elsewhere(directory: Path) -> Path:
    _remove_forsaken()
    made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=ELSEWHERE))
    made.chmod(0o711)
    (made / "origin").write_text(str(directory.resolve()), "utf-8")
    return made


def _remove_forsaken() -> None:
    """Remove homes under /var/tmp whose state directory is gone: root's own, and nobody else's."""
    for candidate in ELSEWHERE.glob(f"{PREFIX}*"):
        origin = candidate / "origin"
        if not _belongs_to(candidate, None) or not origin.is_file():
            continue
        kept = Path(origin.read_text("utf-8")) / "location"
        if not kept.exists():
            shutil.rmtree(candidate, ignore_errors=True)
