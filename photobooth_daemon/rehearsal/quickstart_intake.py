"""The quick start's intake: FTP and folders on this machine, beside the daemon."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from photobooth_daemon.child_process import start_tied, stop
from photobooth_daemon.monitoring.own_addresses import list_own_addresses
from photobooth_daemon.rehearsal.quickstart_state import QuickstartError, QuickstartState

READY_SECONDS = 30.0
STOP_SECONDS = 5.0
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class IntakePorts:
    """Where the intake listens: for cameras, and for whoever asks how it is."""

    ftp: int
    status: int


class QuickstartIntake:
    """Starts the intake once the daemon answers, and stops it before the daemon."""

    def __init__(self, state: QuickstartState, ports: IntakePorts, *, host: str) -> None:
        self._state = state
        self._ports = ports
        self._host = host
        self._told_host = LOOPBACK
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        """Where the slots' folders are."""
        return self._state.intake_folder

    def as_json(self) -> dict[str, Any]:
        """Return what ``credentials.json`` says of it."""
        return {
            "ftp_host": self._told_host,
            "ftp_port": self._ports.ftp,
            "folder": str(self.folder),
        }

    def configure(self, base_url: str, password: str) -> None:
        """Write its section of the start-up file."""
        self._state.write_intake(
            [
                "",
                "[intake]",
                f"folder = {json.dumps(str(self.folder))}",
                f"server = {json.dumps(base_url)}",
                f"password_file = {json.dumps(str(self._state.ingest_password_path))}",
                f'ftp_listen = "{self._host}:{self._ports.ftp}"',
                f'status_listen = "127.0.0.1:{self._ports.status}"',
                "settle_seconds = 0.5",
            ],
            password,
        )

    async def start(self) -> None:
        """Start it and return when it takes photos up.

        Raises:
            QuickstartError: it did not start.
        """
        with self._state.open_log() as log:
            self._process = start_tied(
                [
                    *(sys.executable, "-m", "photobooth_daemon.process.intake"),
                    *("--config", self._state.config_path),
                ],
                death_signal=signal.SIGKILL,
                env=os.environ,
                stdout=log,
                stderr=log,
            )
        until = asyncio.get_running_loop().time() + READY_SECONDS
        while asyncio.get_running_loop().time() < until:
            self.check()
            if await asyncio.to_thread(self._is_ready):
                self._told_host = await self._host_for_cameras()
                return
            await asyncio.sleep(0.05)
        raise QuickstartError(f"The intake is not ready after {READY_SECONDS:.0f} s.")

    async def _host_for_cameras(self) -> str:
        """Return an address of this machine that a camera can be given, if it listens there."""
        if self._host == LOOPBACK:
            return LOOPBACK
        own = await list_own_addresses(self._ports.ftp)
        return next((one.host for one in own if one.is_open and not one.is_name), LOOPBACK)

    def check(self) -> None:
        """Make sure that it still runs.

        Raises:
            QuickstartError: it has ended.
        """
        status = None if self._process is None else self._process.poll()
        if status is not None:
            raise QuickstartError(
                f"The intake has ended with status {status}. The log ends with:\n"
                f"{self._state.log_tail()}"
            )

    def stop(self) -> None:
        """End it; a photo that it was sending lies in its folder for the next time."""
        if self._process is not None:
            stop(self._process, (signal.SIGTERM, STOP_SECONDS))

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self._ports.status}/status", timeout=5) as answer:
                return bool(json.load(answer)["ftp"].get("running"))
        except (URLError, OSError, ValueError):
            return False
