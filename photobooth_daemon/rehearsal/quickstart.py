"""A running booth in one command: database, daemon, rehearsal provider, a first photo.

database      private, under the state directory
prepare       migrations, passwords, two slots
daemon        a child process that cannot outlive this one
first photo   sent as a booth sends it
credentials   in place last of all: who sees them finds everything running
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from photobooth_daemon.child_process import start_tied, stop
from photobooth_daemon.config import start_up
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.config.urls import shown_url
from photobooth_daemon.database.binaries import EmbeddedPostgresError
from photobooth_daemon.database.embedded import database_at
from photobooth_daemon.rehearsal.camera import Camera, Shot
from photobooth_daemon.rehearsal.camera_form import Photo
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from photobooth_daemon.rehearsal.quickstart_intake import IntakePorts, QuickstartIntake
from photobooth_daemon.rehearsal.quickstart_state import (
    Credentials,
    QuickstartError,
    QuickstartState,
    is_rehearsed,
)

SAMPLE_SLOT = "slot-001"
FAKED_PROVIDERS = ("gemini",)
READY_SECONDS = 60.0
DRAIN_SECONDS = 75.0
CLEANUP_EVERY_SECONDS = 15 * 60.0

Prepare = Callable[[Credentials], Awaitable[None]]
"""Brings the database behind the written start-up file to where a booth can work."""


@dataclass(frozen=True, slots=True)
class Running:
    """What a running quick start has to show."""

    base_url: str
    shot: Shot
    asks: str
    """Whom the slots on Gemini ask: in words, for whoever pays."""
    intake: Mapping[str, Any] | None = None

    @property
    def result_link(self) -> str:
        """Where the first photo's result opens in a browser."""
        assert self.shot.answer is not None
        return f"{self.base_url}/public/results/{self.shot.answer.headers['x-job-id']}"

    @property
    def admin_url(self) -> str:
        """Where the administrators log in."""
        return f"{self.base_url}/"

    def as_json(self) -> dict[str, Any]:
        """Return the summary for scripts."""
        return {
            "result_link": self.result_link,
            "admin_url": self.admin_url,
            "seconds": round(self.shot.seconds, 3),
            "width": self.shot.width,
            "height": self.shot.height,
            "asks": self.asks,
        }


class Quickstart:
    """Starts everything, shows it, keeps it going, and ends it in the right order."""

    def __init__(
        self,
        state: QuickstartState,
        *,
        port: int,
        prepare: Prepare,
        say: Callable[[str], None],
        ftp_port: int | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self._state = state
        self._host = host
        self._port = port
        self._ftp_port = ftp_port
        self._intake: QuickstartIntake | None = None
        self._prepare = prepare
        self._say = say
        self._fake = FakeProvider()
        self._daemon: subprocess.Popen[bytes] | None = None

    def run(self, on_running: Callable[[Running], None], *, once: bool = False) -> None:
        """Start, hand what runs to ``on_running``, and stay until a signal; ``once`` only starts.

        Raises:
            QuickstartError: something did not start, or the daemon ended.
        """
        with self._state.locked():
            asyncio.run(self._run(on_running, once))

    async def _run(self, on_running: Callable[[Running], None], once: bool) -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        credentials = self._state.withdraw_credentials()
        self._state.keep_credentials(credentials)
        config = self._configure(credentials)
        try:
            with database_at(config.database.url, config.state_dir) as database_url:
                self._say("Preparing the database …")
                await self._prepare(credentials)
                try:
                    running = await self._until(
                        stopped, self._start(config, database_url, credentials)
                    )
                    if running is None:
                        return
                    on_running(running)
                    if not once:
                        await self._stay(stopped, database_url)
                finally:
                    if self._intake is not None:
                        await asyncio.to_thread(self._intake.stop)
                    await self._end_daemon(stopped)
        except EmbeddedPostgresError as error:
            raise QuickstartError(str(error)) from error
        finally:
            await self._fake.stop()

    def _configure(self, credentials: Credentials) -> Config:
        """Write the start-up file and read it back with the environment, which wins."""
        port = _free_port(self._port, host=self._host)
        fake_url = self._fake.start()
        faked = dict.fromkeys(FAKED_PROVIDERS, fake_url)
        self._state.write_config(port, faked, os.environ, host=self._host)
        if self._ftp_port is not None:
            ftp_port = _free_port(self._ftp_port, "--ftp-port", host=self._host)
            ports = IntakePorts(ftp_port, _free_port(0))
            self._intake = QuickstartIntake(self._state, ports, host=self._host)
            self._intake.configure(f"http://127.0.0.1:{port}", credentials.ingest_password)
        return start_up.load(self._state.config_path)

    async def _start(self, config: Config, database_url: str, credentials: Credentials) -> Running:
        base_url = f"http://127.0.0.1:{config.server.listen.port}"
        # The daemon has a cleanup to tell of from its first scrape on.
        await asyncio.to_thread(self._start_cleanup(database_url).wait)
        self._say("Starting the daemon …")
        self._daemon = self._start_daemon(database_url)
        await self._wait_until_ready(base_url)
        self._say("Sending a photo …")
        sample = resources.files("photobooth_daemon.app") / "sample_photo.jpg"
        camera = Camera(
            f"{base_url}/api/ingest/{SAMPLE_SLOT}?response=image", credentials.ingest_password
        )
        shot = await camera.take(Photo("IMG_0001.JPG", sample.read_bytes()))
        if shot.picture is None:
            raise QuickstartError(
                f"The first photo did not come back: {shot.why_original}. "
                f"The daemon's log is {self._state.log_path}; it ends with:\n"
                f"{self._state.log_tail()}"
            )
        self._state.write_sample(shot.picture)
        if self._intake is not None:
            self._say("Starting the intake …")
            await self._intake.start()
        told = None if self._intake is None else self._intake.as_json()
        self._state.publish_credentials(credentials, base_url, told)
        return Running(base_url, shot, _whom_gemini_means(config), told)

    def _start_daemon(self, database_url: str) -> subprocess.Popen[bytes]:
        with self._state.open_log() as log:
            return start_tied(
                [
                    *(sys.executable, "-m", "photobooth_daemon"),
                    *("--config", self._state.config_path),
                ],
                # Its database is gone with us, so there is nothing that it could finish.
                death_signal=signal.SIGKILL,
                env=_child_environment(database_url),
                stdout=log,
                stderr=log,
            )

    async def _wait_until_ready(self, base_url: str) -> None:
        client = AsyncHTTPClient()
        until = asyncio.get_running_loop().time() + READY_SECONDS
        while asyncio.get_running_loop().time() < until:
            self._check_daemon()
            with suppress(HTTPClientError, OSError):
                await client.fetch(f"{base_url}/readyz", request_timeout=5)
                return
            await asyncio.sleep(0.05)
        raise QuickstartError(f"The daemon is not ready after {READY_SECONDS:.0f} s.{self._log()}")

    async def _stay(self, stopped: asyncio.Event, database_url: str) -> None:
        """Clean up every quarter of an hour until told to stop, as long as the daemon runs."""
        loop = asyncio.get_running_loop()
        clean_up_at = loop.time() + CLEANUP_EVERY_SECONDS
        cleaning: subprocess.Popen[bytes] | None = None
        while not stopped.is_set():
            self._check_daemon()
            if self._intake is not None:
                self._intake.check()
            if cleaning is not None and cleaning.poll() is not None:
                cleaning = None
            if cleaning is None and loop.time() >= clean_up_at:
                clean_up_at = loop.time() + CLEANUP_EVERY_SECONDS
                cleaning = self._start_cleanup(database_url)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stopped.wait(), 1.0)

    def _start_cleanup(self, database_url: str) -> subprocess.Popen[bytes]:
        with self._state.open_log() as log:
            return start_tied(
                [
                    *(sys.executable, "-m", "photobooth_daemon.cli"),
                    *("--config", self._state.config_path, "cleanup", "--json"),
                ],
                env=_child_environment(database_url),
                stdout=log,
                stderr=log,
            )

    async def _until(self, stopped: asyncio.Event, work: Any) -> Running | None:
        """Return what the work gives, None if a signal came first."""
        task = asyncio.create_task(work)
        signalled = asyncio.create_task(stopped.wait())
        await asyncio.wait({task, signalled}, return_when=asyncio.FIRST_COMPLETED)
        signalled.cancel()
        if task.done():
            running: Running = task.result()
            return running
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return None

    async def _end_daemon(self, stopped: asyncio.Event) -> None:
        """Let photos in flight finish; a second signal cuts them off."""
        daemon = self._daemon
        if daemon is None:
            return
        stopped.clear()
        if daemon.poll() is None:
            daemon.terminate()
        ended = asyncio.create_task(asyncio.to_thread(daemon.wait))
        again = asyncio.create_task(stopped.wait())
        await asyncio.wait(
            {ended, again}, timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        again.cancel()
        stop(daemon)
        await ended

    def _check_daemon(self) -> None:
        assert self._daemon is not None
        status = self._daemon.poll()
        if status is not None:
            raise QuickstartError(f"The daemon has ended with status {status}.{self._log()}")

    def _log(self) -> str:
        return f" Its log is {self._state.log_path}; it ends with:\n{self._state.log_tail()}"


def _whom_gemini_means(config: Config) -> str:
    """Return in words whom photos for Gemini go to."""
    if is_rehearsed("gemini", os.environ):
        return "asks the rehearsal provider on this machine"
    base_url = config.providers["gemini"].base_url
    if base_url is None:
        return "asks Google Gemini itself: photos cost money"
    return f"asks {shown_url(base_url)}"


def _child_environment(database_url: str) -> dict[str, str]:
    return {**os.environ, "PHOTOBOOTH_DATABASE__URL": database_url}


def _free_port(port: int, option: str = "--port", *, host: str = "127.0.0.1") -> int:
    """Return the port, or any that is free for 0.

    Raises:
        QuickstartError: somebody else listens there.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise QuickstartError(
                f"Port {port} of {host} cannot be used ({error.strerror}). "
                f"Choose another with {option}, or {option} 0 for any."
            ) from error
        chosen: int = probe.getsockname()[1]
    return chosen
