"""Waiting between two polls."""

from __future__ import annotations

import asyncio

from photobooth_daemon.deadline import Deadline


async def pause(seconds: float, deadline: Deadline) -> None:
    """Let time pass.

    Raises:
        DeadlinePassed: there was not so much left; raised when it is used up.
    """
    async with deadline.enforced():
        await asyncio.sleep(seconds)
