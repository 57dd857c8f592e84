"""The rehearsal provider's pictures for tests that do not look at them closely."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from photobooth_daemon.rehearsal.fake_picture import Answer, EditingPainter, Order


class QuickPainter:
    """Paints as the rehearsal does, but small, and the same picture only once.

    A picture of 1K takes longer than all that the daemon does for a photo.
    """

    needs_photo = True

    def paint(self, photo: bytes, order: Order) -> Answer:
        return _painted(photo, replace(order, size="512"))


@lru_cache(maxsize=32)
def _painted(photo: bytes, order: Order) -> Answer:
    return EditingPainter().paint(photo, order)
