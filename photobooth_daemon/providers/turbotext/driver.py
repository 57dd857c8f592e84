"""Turbotext: a queue that fetches the photo by a link; created once, polled until it is done.

There is no call that cancels: an entry that was created goes on, and is paid
for, when the window closes. So a poll that fails is repeated, a create is not:
only one that was not taken may be followed by another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import aiohttp

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, DeadlinePassed, Reason
from photobooth_daemon.model import MB
from photobooth_daemon.providers.checks import Finding, checked
from photobooth_daemon.providers.driver import (
    PictureWork,
    ProviderCheck,
    ProviderConfig,
    ProviderRequest,
    ProviderResult,
    has_key_or_address,
)
from photobooth_daemon.providers.http import BEARER, Answer, ProviderHttp
from photobooth_daemon.providers.polling import pause
from photobooth_daemon.providers.turbotext.answers import read_created, read_object, read_result

BASE_URL = "https://www.turbotext.ru"
MAX_QUEUE_ANSWER_BYTES = MB
DOWNLOAD_TRIES = 3
SLOWEST_POLL_SECONDS = 8.0
MOST_NEW_CREATES = 2
"""A busy queue may have taken the entry all the same."""
UNREADABLE_POLLS = 3
"""After so many answers that mean nothing the entry is taken for lost."""


class TurbotextDriver:
    """One attempt is one queue entry, from its creation to the download of its result."""

    name = "turbotext"
    title = "Turbotext"
    needs_public_url = True

    def __init__(
        self, config: ProviderConfig, http: aiohttp.ClientSession, pictures: PictureWork
    ) -> None:
        self.poll_seconds = 2.0
        self.retry_seconds = 0.5
        self._http = ProviderHttp(config, http, default_base_url=BASE_URL, key_header=BEARER)

    is_configured = staticmethod(has_key_or_address)

    def model(self, operation: str, params: Mapping[str, Any]) -> str | None:
        """Return the operation: there are no models to choose from."""
        return operation

    async def process(self, request: ProviderRequest) -> ProviderResult:
        """Create a queue entry, wait for it, fetch its result.

        Raises:
            AttemptFailed: as the queue says; ``timeout`` for an entry that was not ready.
            DeadlinePassed: there is not even an entry.
        """
        method, deadline = request.operation, request.deadline
        fields = {"do": "create_queue", **fields_of(request)}
        queue_id = await self._create(method, fields, deadline)
        try:
            link = await self._wait(method, queue_id, deadline)
            picture = await self._download(link, deadline)
        except AttemptFailed as failure:
            failure.provider_request_id = queue_id
            failure.usage = {"creates": 1}
            failure.again = 0
            raise
        except DeadlinePassed as error:
            raise AttemptFailed(
                Reason.TIMEOUT,
                "the entry was not ready in time",
                provider_request_id=queue_id,
                usage={"creates": 1},
            ) from error
        return ProviderResult(picture, queue_id, {"creates": 1, "images": 1}, again=0)

    async def check(self, operation: str | None, params: Mapping[str, Any]) -> ProviderCheck:
        """Ask which methods there are: it costs no photo attempt."""

        async def ask(deadline: Deadline) -> Finding:
            fields = {"do": "create_queue"}
            document = await self._ask("available_api", fields, deadline)
            read_created(document, self._http.scrub)
            return Finding("answers, and takes the key")

        return await checked(ask)

    async def _create(self, method: str, fields: Mapping[str, str], deadline: Deadline) -> str:
        try:
            document = await self._ask(method, fields, deadline)
            return read_created(document, self._http.scrub)
        except AttemptFailed as failure:
            if failure.reason is Reason.OVERLOADED:
                failure.again = MOST_NEW_CREATES
            raise

    async def _wait(self, method: str, queue_id: str, deadline: Deadline) -> str:
        """Poll until there is a link; a poll that fails says nothing about the entry."""
        fields = {"do": "get_result", "queueid": queue_id}
        wait_seconds = self.poll_seconds
        unreadable = 0
        while True:
            await pause(wait_seconds, deadline)
            try:
                document = await self._ask(method, fields, deadline)
            except AttemptFailed as failure:
                if failure.reason is Reason.QUOTA:
                    wait_seconds = min(SLOWEST_POLL_SECONDS, wait_seconds * 2)
                elif failure.reason is Reason.BAD_RESPONSE:
                    unreadable += 1
                    if unreadable == UNREADABLE_POLLS:
                        raise
                elif failure.reason not in (Reason.OVERLOADED, Reason.UNREACHABLE):
                    raise
                continue
            link = read_result(document, self._http.base_url, self._http.scrub)
            if link is not None:
                return link

    async def _download(self, link: str, deadline: Deadline) -> bytes:
        """Fetch the result; a link may lag behind the word of its success."""
        failure: AttemptFailed | None = None
        for _ in range(DOWNLOAD_TRIES):
            if failure is not None:
                await pause(self.retry_seconds, deadline)
            try:
                answer = await self._http.fetch_link(link, deadline=deadline)
            except AttemptFailed as failed:
                if failed.reason is not Reason.UNREACHABLE:
                    raise
                failure = failed
                continue
            if answer.status == 200 and answer.body:
                return bytes(answer.body)
            failure = self._no_picture(answer)
        raise failure or AttemptFailed(Reason.BAD_RESPONSE)

    def _no_picture(self, answer: Answer) -> AttemptFailed:
        excerpt = self._http.excerpt(answer)
        return AttemptFailed(
            Reason.BAD_RESPONSE, f"the result's link answered {answer.status}: {excerpt}"
        )

    async def _ask(
        self, method: str, fields: Mapping[str, str], deadline: Deadline
    ) -> Mapping[str, Any]:
        answer = await self._http.post(
            f"/api_ai/{method}",
            deadline=deadline,
            data=dict(fields),
            limit_bytes=MAX_QUEUE_ANSWER_BYTES,
        )
        return read_object(answer, self._http.scrub, self._http.excerpt(answer))


def fields_of(request: ProviderRequest) -> dict[str, str]:
    """Return the form fields of an operation.

    ``url`` and ``url_image_target`` change their roles between the operations:
    mix_images works on the target and takes the style from ``url``,
    deepfake_photo works on ``url`` and takes the face from the target.

    Raises:
        AttemptFailed: there are no links, or no template.
    """
    params, photo_url = request.params, request.photo_url
    if photo_url is None:
        raise AttemptFailed(
            Reason.INPUT_NOT_FETCHED, "without a public address no provider can fetch a photo"
        )
    if request.operation == "generate_image2image":
        prompt = str(params.get("prompt", ""))
        optional = {"seed": params.get("seed"), "negative_prompt": params.get("negative_prompt")}
        return {
            "url": photo_url,
            "content": prompt,
            "strength": str(params.get("strength", 40)),
            "scale": str(params.get("scale", 7.5)),
            "original_language": language_of(params.get("original_language", "auto"), prompt),
            **{name: str(value) for name, value in optional.items() if value},
        }
    if request.operation == "mix_images":
        prompt = str(params.get("prompt", ""))
        return {
            "url": _template_url(request, "style"),
            "url_image_target": photo_url,
            **({"content": prompt} if prompt else {}),
        }
    if request.operation == "deepfake_photo":
        return {
            "url": _template_url(request, "scene"),
            "url_image_target": photo_url,
            "face_restore": str(bool(params.get("face_restore", True))),
        }
    raise AttemptFailed(Reason.BAD_REQUEST, f"no such operation: {request.operation}")


def language_of(wanted: str, prompt: str) -> str:
    """Return the language to name: the vendor takes everything for Russian otherwise."""
    if wanted != "auto":
        return wanted
    return "ru" if re.search(r"[а-яё]", prompt, re.IGNORECASE) else "en"


def _template_url(request: ProviderRequest, role: str) -> str:
    for template in request.templates_of(role):
        if template.url:
            return template.url
    raise AttemptFailed(Reason.BAD_REQUEST, f"no template picture in the role {role}")
