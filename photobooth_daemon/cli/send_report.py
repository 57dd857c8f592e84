"""What ``photoboothctl send`` shows and keeps while the photos go out, and in the end."""

from __future__ import annotations

import mimetypes
import sys
from contextlib import ExitStack
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any

import click

from photobooth_daemon.cli.printing import print_json_line, say
from photobooth_daemon.rehearsal.camera import Shot
from photobooth_daemon.rehearsal.shoot import Summary


class SendReport:
    """A progress bar on a terminal, a line per photo elsewhere; nothing but JSON if asked for."""

    def __init__(self, save_to: Path | None, total: int | None, as_json: bool) -> None:
        self._save_to = save_to
        self._total = total
        self._as_json = as_json
        self._bar: Any = None
        self._saved = 0
        self._closing = ExitStack()

    def __enter__(self) -> SendReport:
        if self._save_to is not None:
            self._save_to.mkdir(parents=True, exist_ok=True)
        if self._total and not self._as_json and sys.stderr.isatty():
            bar = click.progressbar(
                length=self._total, label="photos", file=sys.stderr, show_pos=True
            )
            self._bar = self._closing.enter_context(bar)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.close()

    def note(self, shot: Shot) -> None:
        """Show one photo's fate, and keep the picture that came back."""
        saved = self._keep(shot)
        if shot.why_original is not None:
            way = "not sent" if shot.sent_only else "use original"
            self.say(f"{shot.photo}: {way}: {shot.why_original} ({shot.seconds:.2f} s)")
        elif self._bar is None:
            came = f"{shot.width}x{shot.height}" if shot.width else shot.outcome
            facts = f"{came}, {shot.seconds:.2f} s"
            self.say(f"{shot.photo}: {facts}{f' -> {saved}' if saved else ''}")
        if self._bar is not None:
            self._bar.update(1)

    def say(self, line: str) -> None:
        """Print a line beside the progress bar."""
        if self._as_json:
            return
        if self._bar is not None:
            click.echo("\r\033[K", err=True, nl=False)
        say(line, err=True)

    def conclude(self, summary: Summary) -> None:
        """Print the summary."""
        if self._as_json:
            print_json_line(summary.as_json())
            return
        total, pictures = len(summary.shots), summary.pictures
        say(f"photos        {total:6d}")
        if any(shot.sent_only for shot in summary.shots):
            say(f"sent          {summary.sent:6d}")
            say(f"not sent      {total - summary.sent:6d}")
        else:
            say(f"pictures      {pictures:6d}")
            say(f"use original  {total - pictures:6d}")
        for reason, count in summary.reasons():
            say(f"{'':14}{count:6d}  {reason}")
        if pictures or summary.sent:
            p50, p95, longest = (summary.percentile_seconds(share) for share in (0.5, 0.95, 1.0))
            say(f"seconds         p50 {p50:.2f}   p95 {p95:.2f}   max {longest:.2f}")
        say(f"in all          {summary.elapsed_seconds:.1f} s")
        if self._saved:
            say(f"saved         {self._saved:6d}  in {self._save_to}")

    def _keep(self, shot: Shot) -> Path | None:
        if self._save_to is None or shot.picture is None or shot.answer is None:
            return None
        self._saved += 1
        content_type = shot.answer.headers.get("content-type", "").partition(";")[0]
        suffix = mimetypes.guess_extension(content_type) or ".jpg"
        stem = PurePath(shot.photo).stem
        path = self._save_to / f"{stem}-{shot.camera:02d}-{self._saved:04d}{suffix}"
        path.write_bytes(shot.picture)
        return path
