"""One file that tells the maintainers how an installation is, without secrets and faces.

Every text passes the mask that log lines pass; pictures are not looked at.
"""

from __future__ import annotations

import io
import json
import os
import platform
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import BinaryIO

from photobooth_daemon import __version__
from photobooth_daemon.logs import SecretMask, printable_lines
from photobooth_daemon.model import MB

COMMAND_SECONDS = 20.0
MOST_LOG_BYTES = 20 * MB
PACKAGES = (
    "tornado", "asyncpg", "PyJWT", "bcrypt", "jsonschema", "aiohttp", "prometheus-client",
    "click", "Pillow", "Werkzeug", "segno",
)  # fmt: skip
UNITS = (
    "photobooth-daemon.service",
    "photobooth-daemon.socket",
    "photobooth-cleanup.service",
    "photobooth-backup.service",
)
COMMANDS = {
    "uname": ("uname", "-a"),
    "os-release": ("cat", "/etc/os-release"),
    "disks": ("df", "-h"),
    "memory": ("free", "-m"),
    "load": ("uptime",),
    "clock": ("timedatectl", "show"),
    "units": ("systemctl", "status", "--no-pager", "--lines=0", *UNITS),
    "timers": ("systemctl", "list-timers", "--no-pager", "photobooth-*"),
}


def read_system() -> dict[str, str]:
    """Return what the machine says of itself; a program that is missing is left out. Blocks."""
    return {
        f"system/{name}.txt": said
        for name, command in COMMANDS.items()
        if (said := _said(command)) is not None
    }


def read_journal(hours: int) -> dict[str, str]:
    """Return the units' log of the last hours, its end if it is long. Blocks."""
    units = [f"--unit={unit}" for unit in UNITS]
    said = _said(
        ("journalctl", *units, f"--since=-{hours}h", "--output=short-iso", "--no-pager", "--quiet")
    )
    return {} if not said else {"journal.txt": said[-MOST_LOG_BYTES:]}


def read_versions() -> dict[str, str]:
    """Return the versions of the program and of everything it stands on."""
    versions = {"photobooth-daemon": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "missing"
    return {"versions.json": json.dumps(versions, indent=2)}


def create_bundle(path: Path) -> BinaryIO:
    """Return a new file, open, readable by nobody else; blocks.

    Raises:
        OSError: there is one of this name, or none can be made here.
    """
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def write_bundle(
    file: BinaryIO, name: str, texts: Mapping[str, str], mask: SecretMask, at: datetime
) -> None:
    """Write the bundle that will be called ``name``; every text is masked. Blocks."""
    directory = name.removesuffix(".tar.gz")
    with tarfile.open(fileobj=file, mode="w:gz") as bundle:
        for text_name, text in sorted(texts.items()):
            data = printable_lines(mask(text)).encode()
            entry = tarfile.TarInfo(f"{directory}/{text_name}")
            entry.size = len(data)
            entry.mtime = int(at.timestamp())
            entry.mode = 0o600
            bundle.addfile(entry, io.BytesIO(data))


def _said(command: tuple[str, ...]) -> str | None:
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        ran = subprocess.run(  # noqa: S603 - the commands of this module
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"({type(error).__name__})"
    return ran.stdout.decode("utf-8", "replace")
