"""One slot's photos, in the order of their arrival: taken up, sent, their pictures laid out.

look    what lies in in/, and what of it is complete
take    a photo: look at it, send it, keep the picture, let both go to their folders

A photo that cannot be sent now holds its place until it can.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from photobooth_daemon.clock import Clock
from photobooth_daemon.intake import reasons
from photobooth_daemon.intake.folders import SlotFolders, Waiting
from photobooth_daemon.intake.photo_files import key_of, open_photo, sha256_of
from photobooth_daemon.intake.sender import Delivered, NotNow, Refused, Sender
from photobooth_daemon.intake.status import IntakeStatus
from photobooth_daemon.pictures.kinds import HEIC, MAGIC_BYTES, content_type_of, is_photo
from photobooth_daemon.tasks import end_tasks

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0
EMPTY_SECONDS = 30.0
"""How long a file may be empty: some programs make the name first and fill it later."""
WRITING_SECONDS = 30.0
"""How long a writer that has not closed its file may pause, where closing is seen."""
SCANS_SHARE = 5
"""A look at a folder of thousands takes its time: at most a fifth of all time goes into it."""
_NOT_PROCESSED = (
    "3fr arw cr2 cr3 crw dng erf gpr iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf "
    "srw x3f heic heif hif mov mp4 avi"
)
RAW_SUFFIXES = frozenset(f".{kind}" for kind in _NOT_PROCESSED.split())
"""What cameras send beside the photo that is meant."""

ITS_OWN_FAULTS = frozenset({errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG})
"""What one file is refused for, whoever comes after it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LineRules:
    """How a slot's photos are taken up."""

    at_once: int
    settle_seconds: float
    look_seconds: float
    max_file_bytes: int
    keep_done: bool
    copy: bool


class SlotLine:
    """Works one slot until it is stopped; what it was doing is done again by the next process."""

    def __init__(
        self,
        folders: SlotFolders,
        sender: Sender,
        status: IntakeStatus,
        clock: Clock,
        rules: LineRules,
        *,
        published: Callable[[], None],
    ) -> None:
        self.folders = folders
        self._sender = sender
        self._status = status
        self._clock = clock
        self._rules = rules
        self._published = published
        self._looked = asyncio.Event()
        self._seen: dict[str, tuple[Waiting, float]] = {}
        self._closed: set[Path] = set()
        self._writing: set[Path] = set()
        self._by_ftp: set[str] = set()
        self._put_off: dict[str, float] = {}
        self._reachable = True
        self._taken: dict[str, asyncio.Task[None]] = {}

    def notice(self, path: Path | None = None, *, by_ftp: bool = False) -> None:
        """Look again soon; a ``path`` has just been closed or renamed, so it is complete."""
        if path is not None:
            self._closed.add(path)
            self._writing.discard(path)
            if by_ftp:
                self._by_ftp.add(path.relative_to(self.folders.incoming).as_posix())
        self._looked.set()

    def being_written(self, path: Path) -> None:
        """Note that a file has an open writer: it is complete when it is closed."""
        self._writing.add(path)

    async def run(self) -> None:
        """Take up what comes, until cancelled."""
        try:
            while True:
                self._looked.clear()
                begun = self._clock.monotonic()
                pause = await self._look()
                took = self._clock.monotonic() - begun
                await asyncio.sleep(took * SCANS_SHARE)
                try:
                    async with asyncio.timeout(pause):
                        await self._looked.wait()
                except TimeoutError:
                    continue
        finally:
            await end_tasks(*self._taken.values())

    async def _look(self) -> float:
        """Start what is complete and has room; return after how many seconds to look again."""
        # What is told of from here on may be of files that this look does not find yet.
        closed, writing = set(self._closed), set(self._writing)
        found, reachable = await self._found()
        now = self._clock.monotonic()
        names = {one.name for one in found}
        ready = []
        for one in found:
            if one.name in self._taken or self._put_off.get(one.name, now) > now:
                continue
            earlier, since = self._seen.get(one.name, (one, now))
            if not one.same_as(earlier):
                since = now
            self._seen[one.name] = (one, since)
            settled = now - since >= self._settle_seconds(one)
            if settled or (one.size_bytes and one.path in closed):
                ready.append(one)
        for name in self._seen.keys() - names:
            del self._seen[name]
        for name in self._put_off.keys() - names:
            del self._put_off[name]
        self._writing -= writing - {one.path for one in found}
        for one in ready[: max(0, self._rules.at_once - len(self._taken))]:
            self._start(one)
        # What there was no room for stays complete.
        left = {one.path for one in ready if one.name not in self._taken}
        self._closed = (self._closed - closed) | left
        self._reachable = reachable
        self._status.seen(
            self.folders.slot_id,
            waiting=len(found),
            sending=len(self._taken),
            reachable=reachable,
        )
        settling = len(found) > len(self._taken)
        return (
            min(self._rules.look_seconds, self._rules.settle_seconds)
            if settling
            else (self._rules.look_seconds)
        )

    async def _found(self) -> tuple[list[Waiting], bool]:
        """Return what lies there, and whether the folder could be looked into at all."""
        try:
            return await asyncio.to_thread(self.folders.waiting), True
        except OSError as error:
            # Not there, or a share that has gone away: it is looked for again.
            if self._reachable:
                log.warning(
                    "the folder cannot be looked into: %s",
                    error.strerror or error,
                    extra={"slot_id": self.folders.slot_id, "folder": str(self.folders.incoming)},
                )
            return [], False

    def _settle_seconds(self, one: Waiting) -> float:
        if not one.size_bytes:
            return EMPTY_SECONDS
        return WRITING_SECONDS if one.path in self._writing else self._rules.settle_seconds

    def _start(self, photo: Waiting) -> None:
        self._seen.pop(photo.name, None)
        self._status.began(self.folders.slot_id, photo.name, self._source(photo))
        task = asyncio.create_task(self._take(photo), name=f"photo {photo.name!r}")
        self._taken[photo.name] = task
        task.add_done_callback(lambda _: self._ended(photo.name))

    def _ended(self, name: str) -> None:
        del self._taken[name]
        self._status.let_go(self.folders.slot_id, name)
        self._by_ftp.discard(name)
        self._looked.set()

    def _source(self, photo: Waiting) -> str:
        return "ftp" if photo.name in self._by_ftp else "folder"

    async def _take(self, photo: Waiting) -> None:
        begun = self._clock.monotonic()
        source = self._source(photo)
        tries = 0
        while True:
            try:
                outcome, job_id = await self._try(photo, source)
            except FileNotFoundError:
                return  # somebody took it away again
            except OSError as error:
                if error.errno in ITS_OWN_FAULTS:
                    self._put_aside_for_now(photo, f"{error.strerror}")
                    return
                outcome, job_id = NotNow(f"{error.strerror or error}", None), None
            except Exception:
                log.exception("a photo could not be taken up", extra={"photo": photo.name})
                outcome, job_id = NotNow("an error of the intake; its log has it", None), None
            if isinstance(outcome, str):
                break
            self._status.held_up(self.folders.slot_id, outcome.why)
            log.log(
                logging.WARNING if tries == 0 else logging.DEBUG,
                "a photo waits",
                extra={"slot_id": self.folders.slot_id, "photo": photo.name, "why": outcome.why},
            )
            pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(tries, 8))
            await asyncio.sleep(min(LONGEST_PAUSE_SECONDS, outcome.seconds or pause))
            tries += 1
        self._status.ended(
            self.folders.slot_id,
            photo.name,
            outcome,
            seconds=self._clock.monotonic() - begun,
            source=source,
            job_id=job_id,
        )

    def _put_aside_for_now(self, photo: Waiting, why: str) -> None:
        """Let the others pass a photo that cannot be read or moved; it is tried again later."""
        told = photo.name in self._put_off
        self._put_off[photo.name] = self._clock.monotonic() + LONGEST_PAUSE_SECONDS
        self._status.held_up(self.folders.slot_id, f"{photo.name}: {why}")
        log.log(
            logging.DEBUG if told else logging.WARNING,
            "a photo is passed by: %s",
            why,
            extra={"slot_id": self.folders.slot_id, "photo": photo.name},
        )

    async def _try(self, photo: Waiting, source: str) -> tuple[str | NotNow, str | None]:
        """Return how the photo ended, or why it did not yet, and its job.

        Raises:
            OSError: its file, or the folder for its picture, cannot be used now.
        """
        fault = await asyncio.to_thread(self._first_look, photo)
        if fault is not None:
            await self._refuse(photo, fault, None)
            return fault, None
        digest = await asyncio.to_thread(sha256_of, photo.path)
        key = key_of(self.folders.slot_id, photo.name, digest)
        fate, job_id = "done", None
        if not await asyncio.to_thread(self.folders.has_result, key):
            outcome = await self._sender.send(
                self.folders.slot_id, photo.path, photo.name, key, source=source
            )
            if isinstance(outcome, NotNow):
                return outcome, None
            if isinstance(outcome, Refused):
                await self._refuse(photo, outcome.code, outcome)
                return outcome.code, outcome.job_id
            fate, job_id = ("fallback" if outcome.fallback else "done"), outcome.job_id
            await self._keep(photo, key, outcome)
        await asyncio.to_thread(
            self.folders.finish,
            photo.path,
            photo.name,
            key,
            keep=self._rules.keep_done,
            copy=self._rules.copy,
        )
        self._published()
        log.info(
            "a picture is out",
            extra={"slot_id": self.folders.slot_id, "photo": photo.name, "job_id": job_id},
        )
        return fate, job_id

    def _first_look(self, photo: Waiting) -> str | None:
        """Return what keeps a file from being sent at all."""
        if Path(photo.name).suffix.lower() in RAW_SUFFIXES:
            return reasons.RAW
        if photo.path.stat().st_size > self._rules.max_file_bytes:
            return reasons.TOO_LARGE
        with open_photo(photo.path) as file:
            kind = content_type_of(file.read(MAGIC_BYTES))
        if is_photo(kind):
            return None
        return reasons.RAW if kind == HEIC else reasons.NOT_A_PICTURE

    async def _keep(self, photo: Waiting, key: str, delivered: Delivered) -> None:
        await asyncio.to_thread(
            self.folders.keep_result, key, photo.name, delivered.suffix, delivered.picture
        )

    async def _refuse(self, photo: Waiting, code: str, refused: Refused | None) -> None:
        text = reasons.reason_text(code, refused)
        await asyncio.to_thread(self.folders.refuse, photo.path, photo.name, text)
        log.warning(
            "a photo is refused",
            extra={"slot_id": self.folders.slot_id, "photo": photo.name, "code": code},
        )
