"""PostgreSQL's ``pg_dump`` and ``pg_restore``, of a version that the server can talk to."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from photobooth_daemon.config.database_hosts import for_tools
from photobooth_daemon.database.binaries import installed_binaries, wheel_binaries
from photobooth_daemon.errors import ToolFailed


def without_password(url: str) -> tuple[str, str | None]:
    """Return the URL as other accounts may see it in the process list, and its password.

    Raises:
        ToolFailed: the password is where it cannot be taken out.
    """
    parts = urlsplit(url)
    if parse_qs(parts.query).get("password"):
        raise ToolFailed("Write the database's password before the @ of its URL.")
    if parts.password is None:
        return url, None
    user_info, _, host = parts.netloc.rpartition("@")
    shown = urlunsplit(parts._replace(netloc=f"{user_info.split(':')[0]}@{host}"))
    return shown, unquote(parts.password)


def find_tool(name: str, server_major: int) -> Path:
    """Return the program that can talk to a server of this version: of the same, else a newer one.

    Raises:
        ToolFailed: there is none; the text says what to install.
    """
    for path in _candidates(name, server_major):
        if path.is_file() and os.access(path, os.X_OK):
            return path
    raise ToolFailed(
        f"{name} of PostgreSQL {server_major} is missing"
        f" (apt install postgresql-client-{server_major})."
    )


async def run_tool(
    program: Path, arguments: list[str], *, url: str | None = None, longest_seconds: float
) -> None:
    """Run a program, on a database if there is a URL; the password travels in its environment.

    Raises:
        ToolFailed: it failed, or took too long; the text is its first line.
    """
    address, password = (None, None) if url is None else without_password(for_tools(url))
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        *([] if address is None else [f"--dbname={address}"]),
        env={**os.environ, **({"PGPASSWORD": password} if password else {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(longest_seconds):
            _, told = await process.communicate()
    except TimeoutError as error:
        raise ToolFailed(f"{program.name} took longer than {longest_seconds:.0f} s.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = told.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise ToolFailed(f"{program.name} failed: {lines[0][:300]}")


def _candidates(name: str, server_major: int) -> Iterator[Path]:
    found = [*installed_binaries(), *wheel_binaries()]
    for binaries in sorted(found, key=lambda b: b.major):
        if binaries.major >= server_major:
            yield binaries.bin_dir / name
    client_only = Path("/usr/lib/postgresql")
    for major in range(server_major, server_major + 10):
        yield client_only / str(major) / "bin" / name
    on_path = shutil.which(name)
    if on_path:
        yield Path(on_path)
