"""Google Gemini: ``generateContent`` with the photo, the references and the prompt.

The key travels in a header only. Masks, temperature and an output format
cannot be asked for; what comes back is brought to the slot's output later.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import aiohttp

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.model import PictureBytes
from photobooth_daemon.providers.bodies import AsBase64, Part, pieces_of, size_of
from photobooth_daemon.providers.checks import Finding, checked
from photobooth_daemon.providers.driver import (
    PictureWork,
    ProviderCheck,
    ProviderConfig,
    ProviderRequest,
    ProviderResult,
    has_key_or_address,
)
from photobooth_daemon.providers.gemini.answers import describes_model, read_answer, read_error
from photobooth_daemon.providers.gemini.models import (
    AUTO,
    aspect_ratio_for,
    capabilities_of,
    image_size_for,
    thinking_level_for,
)
from photobooth_daemon.providers.http import Answer, ProviderHttp, failure_by_status
from photobooth_daemon.providers.model_lists import listed_models, pictures_first
from photobooth_daemon.providers.schemas import read_schema
from photobooth_daemon.providers.templates import pictures_of

BASE_URL = "https://generativelanguage.googleapis.com"
KEY_HEADER = "x-goog-api-key"
CATEGORIES = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")


class GeminiDriver:
    """One attempt is one ``generateContent`` call."""

    name = "gemini"
    title = "Google Gemini"
    needs_public_url = False

    def __init__(
        self, config: ProviderConfig, http: aiohttp.ClientSession, pictures: PictureWork
    ) -> None:
        schema = read_schema(self.name, __name__)
        defaults = schema["$defs"]["edit"]["properties"]
        self._default_model = str(defaults["model"]["default"])
        self._models: Iterable[Mapping[str, Any]] = schema["x-models"]
        self._http = ProviderHttp(config, http, default_base_url=BASE_URL, key_header=KEY_HEADER)
        self._pictures = pictures

    is_configured = staticmethod(has_key_or_address)

    def model(self, operation: str, params: Mapping[str, Any]) -> str | None:
        """Return Google's name of the model."""
        return str(params.get("model") or self._default_model)

    async def process(self, request: ProviderRequest) -> ProviderResult:
        """Ask for one edited picture.

        Raises:
            AttemptFailed: as the answer says.
            DeadlinePassed: there was none in time.
        """
        body = self._body(request, pictures_of(request.templates_of("reference")))
        answer = await self._http.post(
            self._path(request.params, ":generateContent"),
            deadline=request.deadline,
            headers={
                "Content-Type": "application/json",
                "Content-Length": str(size_of(body)),
            },
            data=pieces_of(body),
        )
        if answer.status != 200:
            raise self._failure(answer)
        return await self._pictures.parse(read_answer, answer.body, self._http.scrub)

    async def check(self, operation: str | None, params: Mapping[str, Any]) -> ProviderCheck:
        """Ask Google to describe the model: free, and it tells of key, way and model at once."""

        async def ask(deadline: Deadline) -> Finding:
            answer = await self._http.get(self._path(params, ""), deadline=deadline)
            if answer.status != 200:
                raise self._failure(answer)
            if not describes_model(answer.body):
                raise AttemptFailed(Reason.BAD_RESPONSE, self._http.excerpt(answer))
            return Finding(f"{self.model('edit', params)} is listed", model_listed=True)

        return await checked(ask)

    async def list_models(self, deadline: Deadline) -> list[str]:
        """Return the models that Google lists for this key, those that make pictures first.

        Raises:
            AttemptFailed: as the answer says.
            DeadlinePassed: there was none in time.
        """
        version = "" if self._http.base_url.endswith("/v1beta") else "/v1beta"
        answer = await self._http.get(f"{version}/models?pageSize=1000", deadline=deadline)
        if answer.status != 200:
            raise self._failure(answer)
        return pictures_first(listed_models(answer.document(), "models", "name"), "image")

    def _path(self, params: Mapping[str, Any], verb: str) -> str:
        version = "" if self._http.base_url.endswith("/v1beta") else "/v1beta"
        return f"{version}/models/{quote(self.model('edit', params) or '', safe='')}{verb}"

    def _body(self, request: ProviderRequest, references: list[PictureBytes]) -> list[Part]:
        parts: list[Part] = [b'{"contents":[{"role":"user","parts":[']
        for picture in (request.photo, *references):
            kind = json.dumps(picture.content_type)
            head = f'{{"inlineData":{{"mimeType":{kind},"data":"'
            parts += [head.encode(), AsBase64(picture.data), b'"}},']
        prompt = json.dumps({"text": str(request.params.get("prompt", ""))})
        rest = json.dumps(self._settings(request))[1:]
        parts.append(f"{prompt}]}}],{rest}".encode())
        return parts

    def _settings(self, request: ProviderRequest) -> dict[str, Any]:
        """Return the fields beside ``contents``: what the slot asks and the model takes."""
        params, photo = request.params, request.photo
        able = capabilities_of(self._models, self.model(request.operation, params) or "")
        picture = {
            "aspectRatio": aspect_ratio_for(
                able, params.get("aspect_ratio", AUTO), photo.width, photo.height
            ),
            "imageSize": image_size_for(able, params.get("image_size", AUTO)),
        }
        picture = {name: value for name, value in picture.items() if value is not None}
        thinking = thinking_level_for(able, params.get("thinking_level", AUTO))
        threshold = params.get("safety_threshold", AUTO)
        settings: dict[str, Any] = {
            "generationConfig": {
                "responseModalities": ["IMAGE"],
                **({"imageConfig": picture} if picture else {}),
                **({"thinkingConfig": {"thinkingLevel": thinking}} if thinking else {}),
            }
        }
        if threshold != AUTO:
            settings["safetySettings"] = [
                {"category": f"HARM_CATEGORY_{category}", "threshold": threshold.upper()}
                for category in CATEGORIES
            ]
        return settings

    def _failure(self, answer: Answer) -> AttemptFailed:
        document = answer.document()
        if document is None:
            return failure_by_status(answer, self._http.excerpt(answer))
        return read_error(answer.status, document, answer.headers, self._http.scrub)
