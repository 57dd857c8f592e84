"""``photoboothctl send --ftp`` and ``--into``: photos of cameras that cannot post."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

import click

from photobooth_daemon.config.values import parse_listen_address
from photobooth_daemon.rehearsal.camera import Shot
from photobooth_daemon.rehearsal.camera_form import Photo
from photobooth_daemon.rehearsal.coming_pictures import ComingPictures
from photobooth_daemon.rehearsal.ftp_camera import (
    DEFAULT_FTP_PORT,
    FTP_HABITS,
    FtpCamera,
    FtpServer,
)
from photobooth_daemon.rehearsal.shoot import Sends
from photobooth_daemon.rehearsal.tethering import MANNERS, TetheringProgram

NAMES = (*FTP_HABITS, *MANNERS)


@dataclass(frozen=True, slots=True)
class IntakeWay:
    """What ``--ftp``, ``--into`` and the options that go with them say."""

    ftp: str | None
    into: Path | None
    name: str | None
    out: Path | None
    active: bool
    encrypted: bool
    verify_tls: bool
    timeout_seconds: float
    bytes_per_second: float | None

    @property
    def is_chosen(self) -> bool:
        """Return whether photos go to an intake, rather than to the daemon."""
        return self.ftp is not None or self.into is not None

    def check(self, foreign: Mapping[str, object]) -> None:
        """Look whether the options fit together; ``foreign`` are those of cameras that post.

        Raises:
            UsageError: they do not.
        """
        own = {"--as": self.name, "--out": self.out, "--active": self.active}
        own["--ftps"] = self.encrypted
        if not self.is_chosen:
            for option in (name for name, given in own.items() if given):
                raise click.UsageError(f"{option} goes with --ftp or --into.")
            return
        if self.ftp is not None and self.into is not None:
            raise click.UsageError("Give --ftp or --into, not both.")
        for option in (name for name, given in foreign.items() if given):
            raise click.UsageError(f"{option} is for cameras that post.")
        known = MANNERS if self.into is not None else tuple(FTP_HABITS)
        if self.name is not None and self.name not in known:
            raise click.UsageError(f"--as {self.name}: choose one of {', '.join(known)}.")

    def cameras(self, count: int, slot: str, password: str, *, numbered: bool) -> list[Sends]:
        """Return so many cameras; ``numbered`` gives each photo a name of its own.

        Raises:
            UsageError: the address is none.
        """
        pictures = ComingPictures(self.out, self.timeout_seconds) if self.out else None
        numbers = range(1, count + 1)
        made: list[Sends]
        if self.into is not None:
            made = [
                TetheringProgram(
                    self.into,
                    self.name or MANNERS[0],
                    number,
                    pictures=pictures,
                    bytes_per_second=self.bytes_per_second,
                )
                for number in numbers
            ]
        else:
            server = self._server(slot, password)
            made = [
                FtpCamera(
                    server,
                    FTP_HABITS[self.name or "plain"],
                    number,
                    pictures=pictures,
                    bytes_per_second=self.bytes_per_second,
                )
                for number in numbers
            ]
        if not numbered:
            return made
        return [_Numbering(one, number) for number, one in enumerate(made, 1)]

    def _server(self, slot: str, password: str) -> FtpServer:
        assert self.ftp is not None
        address = self.ftp.removeprefix("ftp://").rstrip("/")
        try:
            # An IPv6 address has its port behind a bracket.
            has_port = ":" in address.rpartition("]")[2]
            host, port = parse_listen_address(
                address if has_port else f"{address}:{DEFAULT_FTP_PORT}"
            )
        except ValueError as error:
            raise click.UsageError(f"--ftp {self.ftp}: {error}") from error
        return FtpServer(
            host,
            port,
            slot,
            password,
            active=self.active,
            encrypted=self.encrypted,
            verify_tls=self.verify_tls,
            timeout_seconds=self.timeout_seconds,
        )


class _Numbering:
    """Gives each photo the next number, as cameras do: no two have one name."""

    def __init__(self, camera: Sends, number: int) -> None:
        self._camera = camera
        self._number = number
        self._taken = 0

    async def take(self, photo: Photo) -> Shot:
        """Send the photo under its new name."""
        self._taken += 1
        path = PurePath(photo.name)
        name = f"{path.stem}_{self._number:02d}{self._taken:04d}{path.suffix}"
        return await self._camera.take(Photo(name, photo.data))
