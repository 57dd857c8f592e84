"""The provider that needs no key and no network: looks and frames made on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from typing import Any

import aiohttp
from PIL import Image

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, InvalidImage, Reason
from photobooth_daemon.model import PictureBytes
from photobooth_daemon.pictures.codec import (
    MOST_PIXELS,
    decode,
    encode_jpeg,
    encode_png,
    has_transparency,
)
from photobooth_daemon.pictures.headers import decoded_megapixels, read_header
from photobooth_daemon.providers.checks import Finding, checked
from photobooth_daemon.providers.driver import (
    PictureWork,
    ProviderCheck,
    ProviderConfig,
    ProviderRequest,
    ProviderResult,
)
from photobooth_daemon.providers.local.borders import apply_border
from photobooth_daemon.providers.local.frames import Frames
from photobooth_daemon.providers.local.looks import apply_look
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.providers.schemas import read_schema

RESULT_QUALITY = 92
DRAWN_MEGAPIXELS = 64 * 48 / 1e6


@cache
def _schemas(name: str) -> ParamSchemas:
    return ParamSchemas({name: read_schema(name, __name__)})


class LocalDriver:
    """Makes pictures with Pillow, in the threads that all picture work shares."""

    name = "local"
    takes_files = True
    calls_nobody = True
    title = "On this machine"
    needs_public_url = False

    def __init__(
        self, config: ProviderConfig, http: aiohttp.ClientSession, pictures: PictureWork
    ) -> None:
        self._pictures = pictures
        self._frames = Frames()
        self._schemas = _schemas(self.name)

    @staticmethod
    def is_configured(config: ProviderConfig) -> bool:
        """Return True: it needs nothing."""
        return True

    def model(self, operation: str, params: Mapping[str, Any]) -> str | None:
        """Return None: there is one way only."""
        return None

    async def process(self, request: ProviderRequest) -> ProviderResult:
        """Make the picture.

        Raises:
            AttemptFailed: the frame or the photo cannot be read.
            DeadlinePassed: ``request.deadline`` passed first.
        """
        photo = request.photo
        picture = await self._pictures.process(
            self._rendered,
            request,
            deadline=request.deadline,
            megapixels=decoded_megapixels(photo.content_type, photo.width, photo.height),
        )
        return ProviderResult(picture)

    async def check(self, operation: str | None, params: Mapping[str, Any]) -> ProviderCheck:
        """Draw a small picture with each look there is."""
        looks = self._schemas.operations(self.name)[0].schema["properties"]["look"]["enum"]

        async def draw(deadline: Deadline) -> Finding:
            await self._pictures.process(
                _drawn, tuple(looks), deadline=deadline, megapixels=DRAWN_MEGAPIXELS
            )
            return Finding("Needs no key and no network.")

        return await checked(draw)

    def _rendered(self, request: ProviderRequest) -> bytes:
        params = self._schemas.with_defaults(self.name, request.operation, request.params)
        try:
            image = _decoded(request.photo)
            if params["look"] != "none":
                image = _with_look(image, params["look"], params["intensity"])
            if request.operation == "frame":
                image = self._framed(image, request, params)
            elif request.operation == "border":
                image = _coloured(image, lambda plain: apply_border(plain, params["border"]))
        except InvalidImage as error:
            raise AttemptFailed(Reason.BAD_REQUEST, error.detail) from error
        except OSError as error:
            message = f"The frame cannot be read ({error.strerror})."
            raise AttemptFailed(Reason.BAD_REQUEST, message) from error
        if has_transparency(image):
            return encode_png(image)
        return encode_jpeg(image.convert("RGB"), RESULT_QUALITY)

    def _framed(
        self, image: Image.Image, request: ProviderRequest, params: Mapping[str, Any]
    ) -> Image.Image:
        frames = request.templates_of("frame")
        if not frames:
            raise AttemptFailed(Reason.BAD_REQUEST, "No template is bound in the role frame.")
        return self._frames.overlaid(image, frames[0], params)


def _decoded(photo: PictureBytes) -> Image.Image:
    file = BytesIO(photo.data)
    return decode(file, read_header(file, photo.content_type, max_pixels=MOST_PIXELS))


def _with_look(image: Image.Image, look: str, intensity_percent: int) -> Image.Image:
    return _coloured(image, lambda plain: apply_look(plain, look, intensity_percent))


def _coloured(image: Image.Image, work: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Return what ``work`` makes of the colours; transparency stays as it was."""
    looked = work(image.convert("RGB"))
    if image.mode == "RGBA":
        looked.putalpha(image.getchannel("A"))
    return looked


def _drawn(looks: tuple[str, ...]) -> None:
    for look in looks:
        apply_look(Image.new("RGB", (64, 48), (180, 120, 90)), look, 100)
