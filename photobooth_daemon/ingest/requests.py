"""What a provider is asked: the prepared photo, the templates, and links where it wants links."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

from photobooth_daemon.config.public_address import PublicAddress
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import InvalidImage
from photobooth_daemon.ingest.exchange import Admitted
from photobooth_daemon.ingest.prepared_templates import PreparedTemplates
from photobooth_daemon.media.links import TemporaryLinks
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import Picture, PictureBytes, Rung, SentPrompts, TemplateMedia
from photobooth_daemon.pictures.steps import prepare
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.providers.driver import (
    ProviderDriver,
    ProviderRequest,
    TemplatePicture,
    takes_files,
)
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.providers.prompts import prompts_of, with_answers
from photobooth_daemon.repositories.media import MediaRepository
from photobooth_daemon.repositories.templates import TemplateRepository

logger = logging.getLogger(__name__)

EDGE_PARAMETER = "input_max_edge_px"
EDGE_OF_UNKNOWN_PX = 1536
"""For an operation whose driver is not installed any more: the ladder passes it by."""


class ProviderRequests:
    """Makes a builder for each photo."""

    def __init__(
        self,
        *,
        params: ParamSchemas,
        pictures: PictureThreads,
        templates: TemplateRepository,
        media: MediaRepository,
        media_store: MediaStore,
        address: PublicAddress,
        made_here: Collection[str],
    ) -> None:
        """``made_here`` are the providers whose pictures this machine makes of the photo itself."""
        self.params = params
        self.pictures = pictures
        self.prepared_templates = PreparedTemplates(pictures)
        self.templates = templates
        self.media_store = media_store
        self.made_here = made_here
        self._media = media
        self._address = address

    def of(
        self,
        admitted: Admitted,
        photo: Picture,
        client_fields: Mapping[str, str],
        sent: list[SentPrompts],
    ) -> RequestBuilder:
        """Return the builder of one photo's requests; prompts may use the fields it came with.

        What each operation is asked with is appended to ``sent``, once.
        """
        links = TemporaryLinks(
            admitted.job_id,
            public_url=self._address.url,
            repository=self._media,
            media_store=self.media_store,
        )
        return RequestBuilder(self, admitted, photo, client_fields, sent, links)


class RequestBuilder:
    """Builds the requests of one photo; a prepared picture serves each rung that takes it alike.

    ``async with`` it: its links end with the block, if :meth:`close` has not ended them before.
    """

    def __init__(
        self,
        parts: ProviderRequests,
        admitted: Admitted,
        photo: Picture,
        client_fields: Mapping[str, str],
        sent: list[SentPrompts],
        links: TemporaryLinks,
    ) -> None:
        self._parts = parts
        self._admitted = admitted
        self._photo = photo
        self._client_fields = client_fields
        self._sent = sent
        self._links = links
        self._prepared: dict[tuple[int, bool], PictureBytes] = {}
        self._templates: dict[UUID, TemplateMedia] | None = None

    async def __aenter__(self) -> RequestBuilder:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def prepare(self, rung: Rung, deadline: Deadline) -> PictureBytes:
        """Return the photo as the rung's operation takes it: upright, clean, not too large.

        Raises:
            InvalidImage: the photo is truncated or corrupt.
            DeadlinePassed: the threads are too busy to do it in time.
        """
        edge_px, for_print = self._edge_px(rung), rung.provider in self._parts.made_here
        if (edge_px, for_print) not in self._prepared:
            self._prepared[edge_px, for_print] = await self._parts.pictures.prepare(
                partial(prepare, max_edge_px=edge_px, for_print=for_print),
                self._photo.path,
                self._photo.content_type,
                deadline=deadline,
                megapixels=self._photo.decoded_megapixels,
                size_bytes=self._photo.size_bytes,
            )
        return self._prepared[edge_px, for_print]

    async def build(
        self, rung: Rung, driver: ProviderDriver, deadline: Deadline
    ) -> ProviderRequest:
        """Return a complete request to ``driver`` for one attempt.

        Raises:
            InvalidImage, DeadlinePassed: as for :meth:`prepare`.
        """
        photo = await self.prepare(rung, deadline)
        photo_url = None
        if driver.needs_public_url:
            expires_at = self._admitted.deadline.due_at()
            photo_url = await self._links.open(id(photo), photo, expires_at)
        request = ProviderRequest(
            job_id=self._admitted.job_id,
            slot_id=self._admitted.slot.slot_id,
            operation=rung.operation,
            params=self._params_with_answers(rung),
            photo=photo,
            templates=await self._template_pictures(rung, driver, deadline),
            deadline=deadline,
            photo_url=photo_url,
        )
        self._note_prompts(rung, request.params)
        return request

    async def close(self) -> None:
        """End every link that was opened, and drop the prepared pictures."""
        self._prepared.clear()
        await self._links.close()

    def _params(self, rung: Rung) -> Mapping[str, Any]:
        return self._parts.params.with_defaults(rung.provider, rung.operation, rung.params)

    def _params_with_answers(self, rung: Rung) -> Mapping[str, Any]:
        operation = self._parts.params.find_operation(rung.provider, rung.operation)
        fields = self._admitted.slot.guest_fields
        if operation is None or not fields:
            return self._params(rung)
        return with_answers(operation.schema, self._params(rung), fields, self._client_fields)

    def _note_prompts(self, rung: Rung, params: Mapping[str, Any]) -> None:
        operation = self._parts.params.find_operation(rung.provider, rung.operation)
        prompts = {} if operation is None else prompts_of(operation.schema, params)
        noted = SentPrompts(rung.provider, rung.operation, prompts)
        if prompts and noted not in self._sent:
            self._sent.append(noted)

    def _edge_px(self, rung: Rung) -> int:
        return int(self._params(rung).get(EDGE_PARAMETER, EDGE_OF_UNKNOWN_PX))

    async def _template_pictures(
        self, rung: Rung, driver: ProviderDriver, deadline: Deadline
    ) -> tuple[TemplatePicture, ...]:
        """Return the slot's templates in the roles that the rung's operation knows."""
        bindings = self._admitted.slot.template_media
        if not bindings:
            return ()
        operation = self._parts.params.find_operation(rung.provider, rung.operation)
        roles = {role.role for role in operation.template_roles} if operation else set()
        if self._templates is None:
            found = await self._parts.templates.list_by_ids([b.media_id for b in bindings])
            self._templates = {template.media_id: template for template in found}
        pictures = []
        for binding in bindings:
            template = self._templates.get(binding.media_id)
            if binding.role not in roles or template is None:
                continue
            path = await self._parts.media_store.template_file(
                template.media_id, template.content_type
            )
            sent, url = None, None
            if not takes_files(driver):
                sent = await self._template_as_sent(rung, template, path, deadline)
            if sent is not None and driver.needs_public_url:
                source = (template.media_id, self._edge_px(rung))
                url = await self._links.open(source, sent, self._admitted.deadline.due_at())
            pictures.append(
                TemplatePicture(
                    binding.role, template.media_id, template.content_type, path, url, sent
                )
            )
        return tuple(pictures)

    async def _template_as_sent(
        self, rung: Rung, template: TemplateMedia, path: Path, deadline: Deadline
    ) -> PictureBytes | None:
        """Return the picture, or None where only this rung, not the photo, has to do without."""
        try:
            return await self._parts.prepared_templates.get(
                template,
                path,
                max_edge_px=self._edge_px(rung),
                deadline=deadline,
            )
        except (OSError, InvalidImage) as error:
            logger.error(
                "a template picture cannot be read: %s",
                error,
                extra={"media_id": str(template.media_id), "provider": rung.provider},
            )
            return None
