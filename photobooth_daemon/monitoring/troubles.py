"""What is wrong with each host: found by the host itself, told to whichever process watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from uuid import UUID, uuid4

from photobooth_daemon.clock import Clock
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model.alerts import Troubles
from photobooth_daemon.monitoring.certificates import Certificates
from photobooth_daemon.monitoring.intake_page import IntakePage, IntakeState, stalled_slots
from photobooth_daemon.monitoring.recent_problems import RecentProblems
from photobooth_daemon.repositories.processes import ProcessRepository
from photobooth_daemon.repositories.vitals import VitalsRepository


class HostTroubles:
    """This process' own findings, and those of the others as they were last told."""

    def __init__(
        self,
        *,
        host: str,
        failing_checks: Callable[[], tuple[str, ...]],
        problems: RecentProblems,
        intake: IntakePage,
        certificates: Certificates,
        vitals: VitalsRepository,
        processes: ProcessRepository,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._host = host
        self._failing_checks = failing_checks
        self._problems = problems
        self._intake = intake
        self._certificates = certificates
        self._vitals = vitals
        self._processes = processes
        self._metrics = metrics
        self._clock = clock
        self._seen = Troubles()
        self._others: Mapping[str, Troubles] = {}
        self.process_id: UUID = uuid4()
        """By which the others know what is told from what this process finds itself."""

    async def refresh(self) -> None:
        """Look anew; without a database, what was known of clocks and of others is kept.

        Raises:
            DatabaseUnavailable: that is so.
        """
        if self._intake.config.is_wanted:
            intake = await self._intake.look()
            self._seen = replace(
                self._seen,
                intake_is_down=intake.state is IntakeState.DOWN,
                stalled=stalled_slots(intake),
            )
        self._certificates.refresh()
        skew_seconds = await self._vitals.clock_skew_seconds(self._clock)
        self._metrics.clock_skew_seconds.set(skew_seconds)
        self._seen = replace(self._seen, clock_skew_seconds=skew_seconds)
        self._others = await self._processes.list_troubles(self._clock.utcnow(), self.process_id)

    def own(self) -> Troubles:
        """Return what this process finds now."""
        return replace(
            self._seen,
            failing_checks=self._failing_checks(),
            problems=self._problems.counts(),
            certificates=self._certificates.ends(),
        )

    def of_all(self) -> dict[str, Troubles]:
        """Return what is wrong with each host that has been heard of."""
        here = self._others.get(self._host, Troubles()).and_of(self.own())
        return {**self._others, self._host: here}
