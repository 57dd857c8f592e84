"""Reads the pictures that a slot binds to an operation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.providers.driver import TemplatePicture


async def read_templates(templates: Iterable[TemplatePicture]) -> list[bytes]:
    """Return the files' bytes, in order.

    Raises:
        AttemptFailed: one cannot be read.
    """
    try:
        return [await asyncio.to_thread(template.path.read_bytes) for template in templates]
    except OSError as error:
        raise AttemptFailed(Reason.BAD_REQUEST, "a template picture cannot be read") from error
