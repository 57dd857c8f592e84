"""Template pictures as they are sent: made smaller once, not for every photo."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import UUID

from cachetools import LRUCache

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.model import PictureBytes, TemplateMedia
from photobooth_daemon.pictures.headers import decoded_megapixels
from photobooth_daemon.pictures.steps import prepare
from photobooth_daemon.pictures.threads import PictureThreads

KEPT_BYTES = 64 << 20


class PreparedTemplates:
    """Prepares templates, and keeps the latest: they never change under their id."""

    def __init__(self, pictures: PictureThreads, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._pictures = pictures
        self._kept: LRUCache[tuple[UUID, int], PictureBytes] = LRUCache(
            kept_bytes, getsizeof=lambda kept: len(kept.data)
        )
        self._one_at_a_time = asyncio.Lock()

    async def get(
        self,
        template: TemplateMedia,
        path: Path,
        *,
        max_edge_px: int,
        deadline: Deadline,
    ) -> PictureBytes:
        """Return the template as a photo is prepared: what has transparency stays a PNG.

        Raises:
            OSError, InvalidImage: the file cannot be read.
            DeadlinePassed: the threads are too busy to do it in time.
        """
        key = (template.media_id, max_edge_px)
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        async with self._one_at_a_time:
            kept = self._kept.get(key)
            if kept is None:
                kept = await self._pictures.prepare(
                    partial(prepare, max_edge_px=max_edge_px),
                    path,
                    template.content_type,
                    deadline=deadline,
                    megapixels=decoded_megapixels(
                        template.content_type, template.width, template.height
                    ),
                    size_bytes=template.size_bytes,
                )
                # One that is larger than all that is kept is only used.
                with suppress(ValueError):
                    self._kept[key] = kept
        return kept
