"""The pictures that a slot binds to an operation, as a provider is sent them."""

from __future__ import annotations

from collections.abc import Iterable

from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.model import PictureBytes
from photobooth_daemon.providers.driver import TemplatePicture


def pictures_of(templates: Iterable[TemplatePicture]) -> list[PictureBytes]:
    """Return what is sent of each, in order.

    Raises:
        AttemptFailed: the file of one is missing or broken.
    """
    pictures = [template.sent for template in templates]
    found = [picture for picture in pictures if picture is not None]
    if len(found) < len(pictures):
        raise AttemptFailed(Reason.BAD_REQUEST, "a template picture cannot be read")
    return found
