"""Yesterday's package: this repository as it was before its newest migration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSIDE = ("sql", "schemas", "etc")
"""What setup.py puts into the package from the top level."""


def unpack_yesterday(directory: Path) -> dict[str, str]:
    """Unpack the newest commit with an older schema; return the environment that runs it.

    Without history there is none: in a shallow clone or a source tarball its tests are skipped.
    """
    try:
        commit = _find()
        packed = _git("archive", commit, "photobooth_daemon", *INSIDE)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no history, so no yesterday's package: git fetch --unshallow ({error})")
    directory.mkdir()
    subprocess.run(["tar", "-x", "-C", directory], input=packed, check=True)
    for name in INSIDE:
        (directory / name).rename(directory / "photobooth_daemon" / name)
    # Without the directory that a command is run in, which may be today's checkout.
    return {**os.environ, "PYTHONPATH": str(directory), "PYTHONSAFEPATH": "1"}


def _find() -> str:
    today = _schema_of("HEAD")
    changes = _git("log", "--format=%P", "--", "sql").decode().split("\n")
    for parent in (parents.split()[0] for parents in changes if parents):
        schema = _schema_of(parent)
        if schema and len(schema) < len(today) and schema == today[: len(schema)]:
            return parent
    raise subprocess.CalledProcessError(1, "git log -- sql")


def _schema_of(commit: str) -> list[tuple[str, str]]:
    """Return the migrations of a commit, each with its contents' digest."""
    entries = (line.split() for line in _git("ls-tree", commit, "sql/").decode().splitlines())
    return sorted((name, blob) for _, _, blob, name in entries if name.endswith(".sql"))


def _git(*arguments: str) -> bytes:
    ran = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True)
    return ran.stdout
