"""Builds the intake: a process of its own that knows the daemon by its address alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp

from photobooth_daemon.clock import Clock
from photobooth_daemon.config.intake import IntakeConfig
from photobooth_daemon.intake.copies import Copies
from photobooth_daemon.intake.folders import SlotFolders
from photobooth_daemon.intake.ftp import FtpIntake
from photobooth_daemon.intake.line import LineRules, SlotLine
from photobooth_daemon.intake.password import IntakePassword
from photobooth_daemon.intake.sender import Sender
from photobooth_daemon.intake.service import Intake
from photobooth_daemon.intake.status import IntakeStatus
from photobooth_daemon.model.units import MB

LOOK_SECONDS = 5.0
"""How often folders are looked into that inotify watches, for what it missed."""


def build_intake(
    config: IntakeConfig,
    http: aiohttp.ClientSession,
    read_password: Callable[[], str | None],
    clock: Clock,
) -> tuple[Intake, IntakeStatus]:
    """Return the intake of a configuration, and what tells how it does."""
    loop = asyncio.get_running_loop()
    password = IntakePassword(read_password, clock)
    status = IntakeStatus(config.slots, clock, stuck_seconds=config.stuck_minutes * 60)
    slots = {slot_id: SlotFolders(config.folder, slot_id) for slot_id in config.slots}
    copies = Copies(config.copy_to, slots.values()) if config.copy_to else None
    sender = Sender(http, config.server, password.current)
    rules = LineRules(
        at_once=config.at_once_per_slot,
        settle_seconds=config.settle_seconds,
        look_seconds=config.poll_seconds if config.watch == "poll" else LOOK_SECONDS,
        max_file_bytes=config.max_file_bytes,
        keep_done=config.keep_done_hours > 0,
        copy=copies is not None,
    )
    published = copies.notice if copies is not None else lambda: None
    lines = {
        slot_id: SlotLine(folders, sender, status, clock, rules, published=published)
        for slot_id, folders in slots.items()
    }

    def arrived(slot_id: str, upload: Path) -> None:
        photo = slots[slot_id].receive(upload, upload.name)
        if photo is None:
            return
        loop.call_soon_threadsafe(lambda: lines[slot_id].notice(photo, by_ftp=True))

    ftp = None
    if config.ftp.enabled:
        ftp = FtpIntake(
            config.ftp,
            slots,
            password.current,
            arrived,
            max_file_bytes=config.max_file_bytes,
            min_free_bytes=config.min_free_mb * MB,
        )
    return Intake(config, lines, status, ftp, copies), status
