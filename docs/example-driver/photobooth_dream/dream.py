"""The Dream service: ``POST /v1/dream?depth=3`` with the photo, answered with the picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.providers.checks import Finding, checked
from photobooth_daemon.providers.driver import (
    PictureWork,
    ProviderCheck,
    ProviderConfig,
    ProviderRequest,
    ProviderResult,
)
from photobooth_daemon.providers.http import BEARER, Answer, ProviderHttp, failure_by_status

BASE_URL = "https://api.dream.example"


class DreamDriver:
    """One attempt is one call."""

    name = "dream"
    title = "Dream"
    needs_public_url = False

    def __init__(
        self, config: ProviderConfig, http: aiohttp.ClientSession, pictures: PictureWork
    ) -> None:
        # Bounded in size and time by the request's deadline, over the configured
        # proxy; what goes wrong on the way is named. The key goes to this host only.
        self._http = ProviderHttp(
            config, http, default_base_url=BASE_URL, key_header=BEARER, key_required=True
        )

    @staticmethod
    def is_configured(config: ProviderConfig) -> bool:
        """Return whether there is a key."""
        return bool(config.api_key)

    def model(self, operation: str, params: Mapping[str, Any]) -> str | None:
        """Return None: the service has one model."""
        return None

    async def process(self, request: ProviderRequest) -> ProviderResult:
        """Ask for one picture.

        Raises:
            AttemptFailed: as the answer says.
            DeadlinePassed: there was none in time.
        """
        answer = await self._http.post(
            f"/v1/dream?depth={int(request.params['depth'])}",
            deadline=request.deadline,
            headers={"Content-Type": request.photo.content_type},
            data=request.photo.data,
        )
        self._check(answer)
        # The bytes need not be a good picture: the daemon recognises them, and a
        # bad one is a bad response of this attempt.
        request_id = answer.headers.get("X-Request-ID")
        return ProviderResult(bytes(answer.body), request_id, {"images": 1})

    async def check(self, operation: str | None, params: Mapping[str, Any]) -> ProviderCheck:
        """Ask who the key belongs to."""

        async def ask(deadline: Deadline) -> Finding:
            self._check(await self._http.get("/v1/me", deadline=deadline))
            return Finding("answers, and takes the key")

        return await checked(ask)

    def _check(self, answer: Answer) -> None:
        words = self._http.excerpt(answer)
        if answer.status == 422:
            raise AttemptFailed(Reason.REFUSED, words)
        if answer.status == 402:
            raise AttemptFailed(Reason.QUOTA, words, again=False)
        if answer.status != 200:
            raise failure_by_status(answer, words)
        if not answer.body:
            raise AttemptFailed(Reason.NO_IMAGE, "the answer is empty")
