"""A daemon in a hurry: what it does each few seconds it does more often, and waits less long.

Every time is the field's, divided by one number: which is longer than which stays as it is.
"""

from __future__ import annotations

from tests.support import started

_PACKAGE = "photobooth_daemon"
PRESENCE = (f"{_PACKAGE}.monitoring.background.PRESENCE_SECONDS",)
"""How often a process shows itself, and learns of the others."""
ALERTS = (
    f"{_PACKAGE}.monitoring.background.LOOK_SECONDS",
    f"{_PACKAGE}.monitoring.background.VITALS_SECONDS",
    f"{_PACKAGE}.monitoring.alerts.board.GROUP_WAIT",
)
"""How often one process looks for what is wrong, and how long until people are told."""
DUTY = (f"{_PACKAGE}.monitoring.alerts.watch.LEASE",)
"""How soon another process looks in the place of one that does not any more."""
RECOVERY = (
    f"{_PACKAGE}.monitoring.background.RECOVERY_SECONDS",
    f"{_PACKAGE}.housekeeping.recovery.GRACE",
    f"{_PACKAGE}.ingest.open_job.RECORD_GRACE_SECONDS",
)
"""How soon others end what a process leaves open that stands still or is killed."""
SILENCE = (f"{_PACKAGE}.repositories.processes.SILENT_AFTER",)
"""How soon a process that does not show itself is taken for gone."""
RETRIES = (f"{_PACKAGE}.ingest.ladder.reasons.FIRST_BACKOFF_SECONDS",)
"""How long a provider that has failed is left alone before its next attempt."""
RERUNS = (
    f"{_PACKAGE}.ingest.reruns.worker.LOOK_SECONDS",
    f"{_PACKAGE}.ingest.reruns.worker.SETTLE_SECONDS",
)
"""How often photos that are to be made again are looked for."""


def divided(names: tuple[str, ...], by: float) -> dict[str, float]:
    """Return these times, so many times as short, for a daemon's ``constants``."""
    return {name: started.seconds_of(name) / by for name in names}
