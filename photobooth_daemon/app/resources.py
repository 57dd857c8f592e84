"""Builds what one serving process has for itself: threads, connections, figures, its tasks."""

from __future__ import annotations

import os
from dataclasses import dataclass

import aiohttp
from prometheus_client import CollectorRegistry

from photobooth_daemon.administration.passwords import Passwords
from photobooth_daemon.app.providers import session_for_providers
from photobooth_daemon.clock import Clock
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.monitoring.recent_problems import RecentProblems
from photobooth_daemon.pictures.threads import PictureThreads, threads_for_cores
from photobooth_daemon.tasks import InFlight
from photobooth_daemon.web.site import Life


@dataclass(frozen=True, slots=True)
class Resources:
    """What everything in a process shares; none of it outlives the process."""

    life: Life
    metrics: Metrics
    problems: RecentProblems
    in_flight: InFlight
    http: aiohttp.ClientSession
    pictures: PictureThreads
    picture_threads: int
    passwords: Passwords
    camera_passwords: Passwords
    guest_passwords: Passwords

    async def close(self) -> None:
        """Let go of connections and threads; work in flight has been drained before."""
        await self.http.close()
        self.pictures.close()
        self.passwords.close()
        self.camera_passwords.close()
        self.guest_passwords.close()


def build_resources(clock: Clock, *, hash_rounds: int) -> Resources:
    """Return a process' own; whoever builds them closes them."""
    threads = threads_for_cores()
    return Resources(
        life=Life(),
        # Set by the supervisor of several processes, whose figures are added up.
        metrics=Metrics(
            CollectorRegistry(), multiprocess_dir=os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        ),
        problems=RecentProblems(clock),
        in_flight=InFlight(),
        http=session_for_providers(),
        pictures=PictureThreads(clock, threads=threads),
        picture_threads=threads,
        passwords=Passwords(hash_rounds),
        # Whoever guesses the cameras' password keeps no administrator from logging in.
        camera_passwords=Passwords(hash_rounds),
        # Nor does whoever guesses a gallery's PIN.
        guest_passwords=Passwords(hash_rounds),
    )
