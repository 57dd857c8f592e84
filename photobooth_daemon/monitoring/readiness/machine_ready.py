"""The machine and its chores: disk, clock, public address, cleanup, backup, who is told."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp

from photobooth_daemon.config.start_up import ServerConfig
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import MB, Noticed
from photobooth_daemon.model.alerts import Troubles
from photobooth_daemon.model.networks import address_of
from photobooth_daemon.monitoring.alerts.conditions import (
    BACKUP_OLD,
    CLEANUP_LATE,
    CLOCK_WRONG_SECONDS,
    FILLING_HOURS,
)
from photobooth_daemon.monitoring.certificates import CERTIFICATE_ENDING, ends_by_subject
from photobooth_daemon.monitoring.readiness.model import (
    Finding,
    fault,
    ok,
    or_ok,
    warning,
)
from photobooth_daemon.providers.addresses import is_public
from photobooth_daemon.repositories.alerts import MaintenanceWindow
from photobooth_daemon.repositories.cleanup import CleanupRun

GB = 1024 * MB
TONIGHT = timedelta(days=1)
_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=5)


def check_connections(
    server: ServerConfig, public_url: str | None, noticed: Sequence[Noticed]
) -> list[Finding]:
    """Return whether passwords go in clear, and whether clients are known by their own address."""
    findings = []
    plain_from = next((seen.plain_from for seen in noticed if seen.plain_from), None)
    encrypted = server.tls_cert_file is not None or _is_https(public_url)
    if plain_from is not None:
        findings.append(warning("connections", "plain_password", address=plain_from))
    elif not encrypted and not _is_loopback(server.listen.host):
        findings.append(warning("connections", "plain_http"))
    proxies = {seen.forwarded_by for seen in noticed if seen.forwarded_by}
    findings += [
        warning("connections", "proxy_untrusted", address=address) for address in sorted(proxies)
    ]
    return or_ok("connections", findings)


def check_certificates(troubles: Mapping[str, Troubles], now: datetime) -> list[Finding]:
    """Return which of the certificates end soon that the hosts show or are shown."""
    findings = []
    for subject, ends_at in ends_by_subject(troubles).items():
        if ends_at - now < CERTIFICATE_ENDING:
            remark = warning if ends_at - now > TONIGHT else fault
            date = f"{ends_at:%Y-%m-%d}"
            findings.append(remark("connections", "certificate_ending", subject, date=date))
    return findings


def check_disk(free_bytes: int, min_free_bytes: int, bytes_per_hour: float) -> list[Finding]:
    """Return whether there is room tonight, going on like the busiest hour of the last day."""
    if free_bytes < min_free_bytes:
        return [fault("disk", "disk_full", free_mb=free_bytes // MB)]
    if bytes_per_hour <= 0:
        return [ok("disk", free_gb=round(free_bytes / GB, 1), hours="∞")]
    hours = (free_bytes - min_free_bytes) / bytes_per_hour
    if hours < FILLING_HOURS:
        return [fault("disk", "disk_filling", hours=round(hours, 1))]
    shown = f"{min(hours, 9999):.0f} h"
    return [ok("disk", free_gb=round(free_bytes / GB, 1), hours=shown)]


async def check_store(media_store: MediaStore) -> list[Finding]:
    """Return whether a bucket takes pictures; where they are files, the disk is looked at."""
    if media_store.sends_files:
        return []
    try:
        await media_store.prove_writable()
    except OSError as error:
        return [fault("store", "store_refuses", reason=str(error))]
    return [ok("store")]


def check_clock(skew_seconds: float, synchronised: bool | None) -> list[Finding]:
    """Return whether this machine's clock agrees with the database's and a time server's."""
    if abs(skew_seconds) > CLOCK_WRONG_SECONDS:
        return [fault("clock", "clock_wrong", seconds=round(skew_seconds))]
    if synchronised is False:
        return [warning("clock", "clock_unsynchronised")]
    return [ok("clock")]


def check_cleanup(
    now: datetime, last: CleanupRun | None, success: CleanupRun | None
) -> list[Finding]:
    """Return whether cleanup runs and succeeds."""
    if last is None:
        return [warning("cleanup", "cleanup_never")]
    if last.succeeded is False:
        return [fault("cleanup", "cleanup_failed")]
    age = now - (success or last).started_at
    minutes = round(age.total_seconds() / 60)
    if age > CLEANUP_LATE:
        return [fault("cleanup", "cleanup_late", minutes=minutes)]
    return [ok("cleanup", minutes=minutes)]


def check_backup(now: datetime, last_success_at: datetime | None) -> list[Finding]:
    """Return whether there is a fresh backup."""
    if last_success_at is None:
        return [warning("backup", "backup_never")]
    age = now - last_success_at
    hours = round(age / timedelta(hours=1))
    return [
        fault("backup", "backup_old", hours=hours)
        if age > BACKUP_OLD
        else ok("backup", hours=hours)
    ]


def check_alerts(
    configured: bool, windows: Sequence[MaintenanceWindow], now: datetime
) -> list[Finding]:
    """Return whether somebody is told when something goes wrong."""
    if not configured:
        return [warning("alerts", "alerts_nobody")]
    open_now = [window for window in windows if window.starts_at <= now]
    if open_now:
        until = max(window.ends_at for window in open_now).astimezone()
        return [warning("alerts", "alerts_quiet", until=f"{until:%d.%m. %H:%M}")]
    return [ok("alerts")]


async def check_public_url(
    http: aiohttp.ClientSession, url: str | None, needed_by: Sequence[str]
) -> list[Finding]:
    """Return whether the public address leads to this daemon, and from outside where it must."""
    names = ", ".join(needed_by)
    if url is None:
        if needed_by:
            return [fault("public_url", "public_url_missing", names)]
        return [Finding("public_url", "public_url_not_needed", ok("public_url").state)]
    try:
        if needed_by and await _is_private(url):
            return [fault("public_url", "public_url_private", names, url=url)]
        reason = await _leads_here(http, url)
    except (OSError, aiohttp.ClientError, TimeoutError) as error:
        reason = type(error).__name__
    if reason is None:
        return [ok("public_url", url=url)]
    return [fault("public_url", "public_url_unreachable", url=url, reason=reason)]


def check_stamps(url: str | None, stamping: Sequence[str]) -> list[Finding]:
    """Return which events stamp a link that no guest's phone may be able to follow."""
    if url is not None and not _is_loopback(urlsplit(url).hostname or ""):
        return []
    return [warning("public_url", "stamp_leads_nowhere", name) for name in stamping]


async def clock_is_synchronised() -> bool | None:
    """Return what systemd says about the clock; None where it says nothing."""
    program = shutil.which("timedatectl")
    if program is None:
        return None
    process = await asyncio.create_subprocess_exec(
        *(program, "show", "--property=NTPSynchronized", "--value"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        stdin=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(5):
            said, _ = await process.communicate()
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return {b"yes": True, b"no": False}.get(said.strip())


def _is_https(url: str | None) -> bool:
    return url is not None and urlsplit(url).scheme == "https"


def _is_loopback(host: str) -> bool:
    address = address_of(host)
    return host == "localhost" if address is None else address.is_loopback


async def _is_private(url: str) -> bool:
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(parts.hostname or "", parts.port or 443, type=socket.SOCK_STREAM)
    return not any(is_public(str(entry[4][0])) for entry in found)


async def _leads_here(http: aiohttp.ClientSession, url: str) -> str | None:
    """Return why the answer is not ours; None if it is."""
    sent = str(uuid4())
    async with http.get(
        f"{url}/livez", headers={"X-Request-ID": sent}, timeout=_TIMEOUT, allow_redirects=False
    ) as answer:
        body = await answer.content.read(10_000)
        if answer.status != 200:
            return f"answered {answer.status}"
        try:
            alive = json.loads(body).get("status") == "alive"
        except (ValueError, AttributeError):
            alive = False
        ours = alive and answer.headers.get("X-Request-ID") == sent
    return None if ours else "somebody else answers"
