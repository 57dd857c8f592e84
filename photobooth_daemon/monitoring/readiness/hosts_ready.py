"""The daemons: whether they run, on every host, alike and up to date."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import PurePath
from uuid import UUID

from photobooth_daemon import __version__
from photobooth_daemon.config.digest import said_alike
from photobooth_daemon.errors import ConfigError
from photobooth_daemon.monitoring.hosts_alike import groups_alike
from photobooth_daemon.monitoring.readiness.model import Finding, fault, or_ok, warning
from photobooth_daemon.repositories.processes import ProcessRepository

NOBODY = UUID(int=0)


async def check_daemon(
    processes: ProcessRepository,
    here: str,
    digest_on_disk: Callable[[], Awaitable[str]],
    can_restart: bool,
    now: datetime,
) -> list[Finding]:
    """Return whether the daemon runs as it is installed ``here``, and how the other hosts do.

    ``can_restart``: whoever looks in the browser may start it anew there.
    """
    living = await processes.list_living(now)
    if not living:
        return [fault("daemon", "daemon_down")]
    try:
        current = (__version__, await digest_on_disk())
    except ConfigError as error:
        keys = ", ".join(PurePath(found.pointer).name for found in error.faults)
        return [fault("daemon", "configuration_faulty", keys=keys)]
    if any(p.host == here and (p.version, p.config_digest) != current for p in living):
        is_alone = len({process.host for process in living}) == 1
        return [fault("daemon", "restart_pending", can_restart=can_restart and is_alone)]
    remarks = [
        warning("daemon", "host_silent", host.host, since=clock_time(host.seen_at))
        for host in await processes.list_hosts(now)
        if host.processes == 0
    ]
    versions = ", ".join(sorted({process.version for process in living}))
    if ", " in versions:
        remarks.append(warning("daemon", "versions_differ", versions=versions))
    else:
        alike = groups_alike((p.host, said_alike(p.config_digest)) for p in living)
        if len(alike) > 1:
            remarks.append(warning("daemon", "configurations_differ", hosts=" / ".join(alike)))
    # This host is looked at by the other checks.
    remarks += [
        warning("daemon", "host_unwell", host)
        for host, troubles in (await processes.list_troubles(now, NOBODY)).items()
        if troubles.failing_checks and host != here
    ]
    return or_ok("daemon", remarks, count=len(living), version=versions)


def clock_time(instant: datetime) -> str:
    """Return an instant as people here read it."""
    return f"{instant.astimezone():%d.%m. %H:%M}"
