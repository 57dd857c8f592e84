"""A camera that sends by FTP, with the oddities that users' guides tell of.

The makes are named after what their guides describe; none of it was recorded from hardware.
"""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import io
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath
from types import MappingProxyType

from photobooth_daemon.rehearsal.camera import Shot
from photobooth_daemon.rehearsal.camera_form import Photo
from photobooth_daemon.rehearsal.coming_pictures import ComingPictures

DEFAULT_FTP_PORT = 2121
BLOCK_BYTES = 32 * 1024
RAW_BYTES = 300_000
BREAKS = 3
"""How often a camera tries again to send what broke off."""
AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class FtpHabits:
    """What a camera does besides STOR; ``goes_on_by`` says how it ends what broke off halfway."""

    folder: PurePosixPath | None = None
    greets: bool = False
    looks_first: tuple[str, ...] = ()
    temporary_name: bool = False
    raw_suffix: str | None = None
    stays: bool = False
    goes_on_by: str | None = None


FTP_HABITS: Mapping[str, FtpHabits] = MappingProxyType(
    {
        "plain": FtpHabits(),
        "canon": FtpHabits(folder=PurePosixPath("/A/DCIM/100EOS"), greets=True, stays=True),
        "nikon": FtpHabits(greets=True, looks_first=("SIZE", "NLST"), temporary_name=True),
        "sony": FtpHabits(looks_first=("MLSD",), raw_suffix=".ARW", stays=True),
        "resuming": FtpHabits(goes_on_by="REST", looks_first=("SIZE",)),
        "appending": FtpHabits(goes_on_by="APPE", looks_first=("SIZE",)),
        "restarting": FtpHabits(goes_on_by="STOR"),
    }
)


@dataclass(frozen=True, slots=True)
class FtpServer:
    """Where a camera sends, and how its menu is set."""

    host: str
    port: int
    user: str
    password: str
    active: bool = False
    encrypted: bool = False
    verify_tls: bool = True
    timeout_seconds: float = 50.0


class FtpCamera:
    """Sends photos one after the other; with ``pictures`` it waits for each one's picture."""

    def __init__(
        self,
        server: FtpServer,
        habits: FtpHabits,
        number: int = 1,
        *,
        pictures: ComingPictures | None = None,
        bytes_per_second: float | None = None,
    ) -> None:
        self._server = server
        self._habits = habits
        self._number = number
        self._pictures = pictures
        self._bytes_per_second = bytes_per_second
        self._ftp: ftplib.FTP | None = None
        # A camera is one thing at a time.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"camera-{number}")

    async def take(self, photo: Photo) -> Shot:
        """Send the photo and return what became of it."""
        started = time.monotonic()
        loop = asyncio.get_running_loop()
        why = await loop.run_in_executor(self._thread, self._try, photo)
        if why is None and self._pictures is not None:
            why = await self._pictures.wait_for(photo.name)
        return Shot(
            photo=photo.name,
            camera=self._number,
            seconds=time.monotonic() - started,
            why_original=why,
            sent_only=self._pictures is None,
        )

    def _try(self, photo: Photo) -> str | None:
        """Return why the photo was not sent; None when it was."""
        try:
            ftp = self._connected()
        except ftplib.error_perm as error:
            return f"refused ({_words(error)})"
        except (OSError, EOFError, ftplib.Error) as error:
            return f"unreachable ({_words(error)})"
        try:
            self._send(ftp, photo)
        except ftplib.error_perm as error:
            self._leave(politely=False)
            return f"refused ({_words(error)})"
        except (OSError, EOFError, ftplib.Error):
            self._leave(politely=False)
            return "connection lost"
        if not self._habits.stays:
            self._leave(politely=True)
        return None

    def _connected(self) -> ftplib.FTP:
        if self._ftp is not None:
            with contextlib.suppress(OSError, EOFError, ftplib.Error):
                self._ftp.voidcmd("NOOP")
                return self._ftp
            self._leave(politely=False)
        server = self._server
        if server.encrypted:
            context = _context(server.verify_tls)
            ftp: ftplib.FTP = ftplib.FTP_TLS(context=context)  # noqa: S321
        else:
            ftp = ftplib.FTP()  # noqa: S321 - what cameras speak
        ftp.connect(server.host, server.port, server.timeout_seconds)
        ftp.login(server.user, server.password)
        if isinstance(ftp, ftplib.FTP_TLS):
            ftp.prot_p()
        ftp.set_pasv(not server.active)
        self._ftp = ftp
        self._arrive(ftp)
        return ftp

    def _arrive(self, ftp: ftplib.FTP) -> None:
        if self._habits.greets:
            ftp.sendcmd("SYST")
            ftp.pwd()
            ftp.voidcmd("TYPE I")
        if self._habits.folder is None:
            return
        for folder in (*reversed(self._habits.folder.parents), self._habits.folder):
            if folder.name:
                with contextlib.suppress(ftplib.error_perm):
                    ftp.mkd(str(folder))
        ftp.cwd(str(self._habits.folder))

    def _leave(self, *, politely: bool) -> None:
        ftp, self._ftp = self._ftp, None
        if ftp is None:
            return
        with contextlib.suppress(OSError, EOFError, ftplib.Error):
            if politely:
                ftp.quit()
        ftp.close()

    def _send(self, ftp: ftplib.FTP, photo: Photo) -> None:
        for command in self._habits.looks_first:
            _look(ftp, command, photo.name)
        if self._habits.raw_suffix is not None:
            raw = PurePath(photo.name).with_suffix(self._habits.raw_suffix).name
            ftp.storbinary(f"STOR {raw}", io.BytesIO(bytes(RAW_BYTES)))
        if self._habits.goes_on_by is not None:
            self._send_in_pieces(ftp, photo, self._habits.goes_on_by)
        elif self._habits.temporary_name:
            unfinished = f"{photo.name}.TMP"
            self._store(ftp, f"STOR {unfinished}", photo.data)
            ftp.rename(unfinished, photo.name)
        else:
            self._store(ftp, f"STOR {photo.name}", photo.data)

    def _store(self, ftp: ftplib.FTP, command: str, data: bytes, rest: int | None = None) -> None:
        def pause(block: bytes) -> None:
            if self._bytes_per_second is not None:
                time.sleep(len(block) / self._bytes_per_second)

        ftp.storbinary(command, io.BytesIO(data), BLOCK_BYTES, callback=pause, rest=rest)

    def _send_in_pieces(self, ftp: ftplib.FTP, photo: Photo, goes_on_by: str) -> None:
        """Send half, lose the connection without a word, and end it by a new one."""
        half = photo.data[: len(photo.data) // 2]
        with ftp.transfercmd(f"STOR {photo.name}") as data:
            data.sendall(half)
            self._leave(politely=False)
        for _ in range(BREAKS):
            time.sleep(AGAIN_SECONDS)
            ftp = self._connected()
            begun = 0 if goes_on_by == "STOR" else _size(ftp, photo.name)
            rest = photo.data[begun:]
            try:
                if goes_on_by == "APPE":
                    self._store(ftp, f"APPE {photo.name}", rest)
                else:
                    self._store(ftp, f"STOR {photo.name}", rest, rest=begun or None)
            except ftplib.error_temp:
                self._leave(politely=False)
                continue
            return
        raise OSError("the connection breaks again and again")


def _look(ftp: ftplib.FTP, command: str, name: str) -> None:
    with contextlib.suppress(ftplib.error_perm):
        if command == "SIZE":
            ftp.voidcmd("TYPE I")
            ftp.size(name)
        elif command == "NLST":
            ftp.nlst()
        else:
            list(ftp.mlsd())


def _size(ftp: ftplib.FTP, name: str) -> int:
    """Return how much of an upload has arrived; 0 where there is none."""
    try:
        ftp.voidcmd("TYPE I")
        return ftp.size(name) or 0
    except ftplib.error_perm:
        return 0


def _context(verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
