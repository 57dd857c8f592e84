"""How the installation is, from cached probes: asking never takes longer than a second.

A probe runs again when its verdict has grown old; whoever asks meanwhile waits
for it a little and else gets the last verdict. Where even that is too old, a
critical check counts as failing: a probe that does not come back is the answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import PhotoboothError, StorageUnavailable
from photobooth_daemon.monitoring.alerts.conditions import CLEANUP_LATE
from photobooth_daemon.tasks import end_tasks

FRESH_VERDICT_SECONDS = 0.7
"""How long whoever asks waits for a probe that has begun; then he is told the last verdict."""
CRITICAL_PROBE_SECONDS = 3.0
PROBE_SECONDS = 10.0
STALE_SECONDS = 30.0

log = logging.getLogger(__name__)


class Status(StrEnum):
    """How a check, or everything together, is."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a probe found; ``facts`` are figures such as ages and free bytes."""

    status: Status
    facts: Mapping[str, Any] = field(default_factory=dict)


Probe = Callable[[], Awaitable[Verdict]]


class CachedProbe:
    """A probe whose verdict is kept for a while; at most one runs at a time."""

    def __init__(
        self,
        name: str,
        probe: Probe,
        clock: Clock,
        *,
        life_seconds: float,
        critical: bool,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """``is_wanted`` tells at each report whether there is anything to probe."""
        self.name = name
        self.is_wanted = is_wanted
        self.critical = critical
        self._probe = probe
        self._clock = clock
        self._life_seconds = life_seconds
        self._verdict: Verdict | None = None
        self._latency_ms = 0
        self._probed_at = 0.0
        self._running: asyncio.Task[None] | None = None

    async def verdict(self) -> Verdict:
        """Return a verdict, with its latency and age, within ``FRESH_VERDICT_SECONDS``."""
        if self._verdict is None or self._age_seconds() >= self._life_seconds:
            if self._running is None:
                self._running = asyncio.create_task(self._run())
            await asyncio.wait({self._running}, timeout=FRESH_VERDICT_SECONDS)
        if self._verdict is None or (self.critical and self._age_seconds() > STALE_SECONDS):
            unknown = Status.FAILING if self.critical else Status.OK
            return Verdict(unknown, {"latency_ms": None, "age_seconds": None})
        timing = {
            "latency_ms": self._latency_ms,
            "age_seconds": round(self._age_seconds(), 1),
        }
        return Verdict(self._verdict.status, {**timing, **self._verdict.facts})

    async def close(self) -> None:
        """End a probe that runs."""
        if self._running is not None:
            await end_tasks(self._running)

    async def _run(self) -> None:
        started = self._clock.monotonic()
        longest = CRITICAL_PROBE_SECONDS if self.critical else PROBE_SECONDS
        try:
            async with asyncio.timeout(longest):
                verdict = await self._probe()
        except (TimeoutError, OSError, PhotoboothError) as error:
            log.warning("probe failed", extra={"check": self.name, "error": type(error).__name__})
            facts = {"reason": error.reason} if isinstance(error, StorageUnavailable) else {}
            verdict = Verdict(Status.FAILING if self.critical else Status.DEGRADED, facts)
        finally:
            self._running = None
        self._probed_at = self._clock.monotonic()
        self._latency_ms = round((self._probed_at - started) * 1000)
        self._verdict = verdict

    def _age_seconds(self) -> float:
        return self._clock.monotonic() - self._probed_at


@dataclass(frozen=True, slots=True)
class HealthReport:
    """All checks together."""

    status: Status
    checks: Mapping[str, Mapping[str, Any]]


class Health:
    """Puts the verdicts of all probes together; only a critical one makes it ``failing``."""

    def __init__(self, probes: list[CachedProbe], provider_probes: list[CachedProbe]) -> None:
        self._probes = probes
        self._provider_probes = provider_probes

    async def report(self) -> HealthReport:
        """Return how everything is, within a second."""
        provider_probes = [probe for probe in self._provider_probes if probe.is_wanted()]
        probes = [*self._probes, *provider_probes]
        verdicts = await asyncio.gather(*(probe.verdict() for probe in probes))
        rank = [Status.OK, Status.DEGRADED, Status.FAILING]
        shown = [{"status": v.status.value, **v.facts} for v in verdicts]
        worst = max((rank.index(v.status) for v in verdicts), default=0)
        checks = dict(zip((p.name for p in self._probes), shown, strict=False))
        checks["providers"] = dict(
            zip(
                (p.name for p in provider_probes),
                shown[len(self._probes) :],
                strict=True,
            )
        )
        return HealthReport(rank[worst], checks)

    async def failing(self) -> list[str]:
        """Return the names of the critical checks that fail: none means ready for traffic."""
        critical = [probe for probe in self._probes if probe.critical]
        verdicts = await asyncio.gather(*(probe.verdict() for probe in critical))
        return [
            probe.name
            for probe, verdict in zip(critical, verdicts, strict=True)
            if verdict.status is Status.FAILING
        ]

    async def close(self) -> None:
        """End the probes that run."""
        for probe in (*self._probes, *self._provider_probes):
            await probe.close()


def cleanup_verdict(
    now: datetime, last_success_at: datetime | None, last_succeeded: bool | None, since: datetime
) -> Verdict:
    """Return how cleanup is: late after half an hour, counted from ``since`` if it never ran."""
    age = None if last_success_at is None else round((now - last_success_at).total_seconds())
    late = now - (last_success_at or since) > CLEANUP_LATE
    bad = late or last_succeeded is False
    return Verdict(
        Status.DEGRADED if bad else Status.OK,
        {"age_seconds": age, "last_run_succeeded": last_succeeded},
    )
