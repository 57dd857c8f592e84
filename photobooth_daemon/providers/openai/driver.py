"""OpenAI's Images API, ``/v1/images/edits``, and the servers that speak the same protocol.

With a ``base_url`` of one's own no key is needed; fields that a model does not
know are not sent, because the API refuses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.pictures.headers import EXTENSIONS
from photobooth_daemon.providers.bodies import FormFile, form, pieces_of, size_of
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
from photobooth_daemon.providers.model_lists import listed_models, pictures_first
from photobooth_daemon.providers.openai.answers import read_answer, read_error
from photobooth_daemon.providers.openai.models import fields_for, row_for
from photobooth_daemon.providers.schemas import read_schema
from photobooth_daemon.providers.templates import pictures_of

BASE_URL = "https://api.openai.com/v1"


class OpenAIDriver:
    """One attempt is one ``images/edits`` call."""

    name = "openai"
    title = "OpenAI Images"
    needs_public_url = False

    def __init__(
        self, config: ProviderConfig, http: aiohttp.ClientSession, pictures: PictureWork
    ) -> None:
        schema = read_schema(self.name, __name__)
        self._default_model = str(schema["$defs"]["edit"]["properties"]["model"]["default"])
        self._models: Iterable[Mapping[str, Any]] = schema["x-models"]
        self._http = ProviderHttp(config, http, default_base_url=BASE_URL, key_header=BEARER)
        self._pictures = pictures

    is_configured = staticmethod(has_key_or_address)

    def model(self, operation: str, params: Mapping[str, Any]) -> str | None:
        """Return OpenAI's name of the model."""
        return str(params.get("model") or self._default_model)

    async def process(self, request: ProviderRequest) -> ProviderResult:
        """Ask for one edited picture.

        Raises:
            AttemptFailed: as the answer says.
            DeadlinePassed: there was none in time.
        """
        content_type, body = self._body(request)
        answer = await self._http.post(
            self._path("/images/edits"),
            deadline=request.deadline,
            headers={
                "Content-Type": content_type,
                "Content-Length": str(size_of(body)),
            },
            data=pieces_of(body),
        )
        request_id = answer.headers.get("x-request-id")
        usage: Mapping[str, int] = {}
        try:
            if answer.status != 200:
                raise read_error(answer, self._http.scrub, self._http.excerpt(answer))
            made = await self._pictures.parse(read_answer, answer.body)
            usage = made.usage
            picture = made.picture or await self._fetch(str(made.url), request.deadline)
        except AttemptFailed as failure:
            failure.provider_request_id = request_id
            # A picture that was made is paid for, even if its link leads nowhere.
            failure.usage = failure.usage or dict(usage)
            raise
        return ProviderResult(picture, request_id, usage)

    async def check(self, operation: str | None, params: Mapping[str, Any]) -> ProviderCheck:
        """List the models: free, and it tells of key, way and model at once."""

        async def ask(deadline: Deadline) -> Finding:
            answer = await self._http.get(self._path("/models"), deadline=deadline)
            if answer.status != 200:
                raise read_error(answer, self._http.scrub, self._http.excerpt(answer))
            return self._finding(answer, str(self.model("edit", params)))

        return await checked(ask)

    async def list_models(self, deadline: Deadline) -> list[str]:
        """Return the models that the server lists for this key, those that make pictures first.

        Raises:
            AttemptFailed: as the answer says.
            DeadlinePassed: there was none in time.
        """
        answer = await self._http.get(self._path("/models"), deadline=deadline)
        if answer.status != 200:
            raise read_error(answer, self._http.scrub, self._http.excerpt(answer))
        return pictures_first(listed_models(answer.document(), "data", "id"), "image")

    def _finding(self, answer: Answer, model: str) -> Finding:
        try:
            listed = {str(item["id"]) for item in answer.document()["data"]}
        except (KeyError, TypeError) as error:
            raise AttemptFailed(Reason.BAD_RESPONSE, "not a list of models") from error
        if model in listed:
            return Finding(f"{model} is listed", model_listed=True)
        if self._http.key_required:
            return Finding(f"{model} is not listed", model_listed=False)
        # A server of one's own often serves its one model under any name.
        names = ", ".join(sorted(listed)[:5]) or "none"
        return Finding(self._http.scrub(f"answers; its models: {names}"))

    def _body(self, request: ProviderRequest) -> tuple[str, list[Any]]:
        params, photo = request.params, request.photo
        model = str(self.model(request.operation, params))
        row = row_for(self._models, model)
        fields = {
            "model": model,
            "prompt": str(params.get("prompt", "")),
            **fields_for(row, params, photo.width, photo.height),
        }
        files = [
            FormFile(
                row.image_field,
                f"picture-{index}.{EXTENSIONS[picture.content_type]}",
                picture.content_type,
                picture.data,
            )
            for index, picture in enumerate(
                (photo, *pictures_of(request.templates_of("reference")))
            )
        ]
        return form(fields, files)

    async def _fetch(self, url: str, deadline: Deadline) -> bytes:
        answer = await self._http.fetch_link(url, deadline=deadline)
        if answer.status != 200 or not answer.body:
            raise AttemptFailed(Reason.BAD_RESPONSE, f"the picture's link answered {answer.status}")
        return bytes(answer.body)

    def _path(self, path: str) -> str:
        return path if self._http.base_url.endswith("/v1") else f"/v1{path}"
