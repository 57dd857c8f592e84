"""The intake for cameras that cannot post: looked at only where somebody wants it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from photobooth_daemon.config.intake import FtpConfig
from photobooth_daemon.model import MB
from photobooth_daemon.monitoring.intake_page import IntakePage, IntakeState, SeenIntake
from photobooth_daemon.monitoring.readiness.model import Finding, fault, ok

FTP_SECONDS = 3.0
GREETING = b"220"
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - addresses to be replaced


async def check_intake(page: IntakePage, min_free_bytes: int) -> list[Finding]:
    """Return whether photos can come by FTP and from folders; nothing where nobody wants them."""
    if not page.config.is_wanted:
        return []
    seen = await page.look()
    if seen.state is not IntakeState.RUNNING:
        return [fault("intake", "intake_down")]
    findings = [*_folders(seen, min_free_bytes)]
    ftp = page.config.ftp
    if ftp.enabled:
        port = seen.ftp_port or ftp.port
        if seen.ftp_port is None or not await _greets(ftp, port):
            findings.append(fault("intake", "intake_ftp_unreachable", port=port))
    return findings or [ok("intake", count=len(seen.slots or {}))]


def _folders(seen: SeenIntake, min_free_bytes: int) -> Iterator[Finding]:
    for slot_id, slot in (seen.slots or {}).items():
        if not slot.reachable:
            yield fault("intake", "intake_folder_missing", slot_id)
        elif not slot.writable:
            yield fault("intake", "intake_folder_read_only", slot_id)
        if slot.stuck:
            yield fault("intake", "intake_stalled", slot_id, count=slot.waiting)
    if seen.free_bytes is not None and seen.free_bytes < min_free_bytes:
        yield fault("intake", "intake_disk_full", free_mb=seen.free_bytes // MB)


async def _greets(ftp: FtpConfig, port: int) -> bool:
    """Return whether an FTP server says hello there."""
    try:
        async with asyncio.timeout(FTP_SECONDS):
            reader, writer = await asyncio.open_connection(_HERE.get(ftp.host, ftp.host), port)
            try:
                return await reader.readexactly(len(GREETING)) == GREETING
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
