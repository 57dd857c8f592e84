"""Template pictures as they are sent: made smaller once, not for every photo."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from functools import partial
from pathlib import Path
from uuid import UUID

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.model import PictureBytes, TemplateMedia
from photobooth_daemon.pictures.steps import prepare
from photobooth_daemon.pictures.threads import PictureThreads

KEPT_BYTES = 64 << 20


class PreparedTemplates:
    """Prepares templates, and keeps the latest: they never change under their id."""

    def __init__(self, pictures: PictureThreads, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._pictures = pictures
        self._kept_bytes = kept_bytes
        self._kept: OrderedDict[tuple[UUID, int], PictureBytes] = OrderedDict()
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
        if key not in self._kept:
            async with self._one_at_a_time:
                if key not in self._kept:
                    prepared = await self._pictures.prepare(
                        partial(prepare, max_edge_px=max_edge_px),
                        path,
                        template.content_type,
                        deadline=deadline,
                        megapixels=template.width * template.height / 1e6,
                        size_bytes=template.size_bytes,
                    )
                    self._keep(key, prepared)
                    return prepared
        self._kept.move_to_end(key)
        return self._kept[key]

    def _keep(self, key: tuple[UUID, int], prepared: PictureBytes) -> None:
        self._kept[key] = prepared
        while sum(len(kept.data) for kept in self._kept.values()) > self._kept_bytes:
            self._kept.popitem(last=False)
