"""ComfyUI on a machine of one's own: upload, queue a workflow, wait, fetch the picture.

A prompt whose photo has gone is called off, or the next guest would wait for
it; that happens behind the attempt's back, so that the attempt ends at once.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, DeadlinePassed, Fault, Reason
from photobooth_daemon.providers.checks import Finding, checked
from photobooth_daemon.providers.comfyui.answers import OutputFile
from photobooth_daemon.providers.comfyui.server import ComfyUIServer
from photobooth_daemon.providers.comfyui.workflow import fault_of, filled, model_of
from photobooth_daemon.providers.driver import (
    PictureWork,
    ProviderCheck,
    ProviderConfig,
    ProviderRequest,
    ProviderResult,
)
from photobooth_daemon.providers.http import BEARER, ProviderHttp
from photobooth_daemon.providers.polling import pause
from photobooth_daemon.providers.templates import pictures_of

logger = logging.getLogger(__name__)

BASE_URL = "http://127.0.0.1:8188"
CALL_OFF_SECONDS = 5.0
POLLS_PER_QUEUE_LOOK = 5
FAILED_POLLS = 4
"""After so many failed polls in a row the server is given up; one may be busy loading."""
UNKNOWN_LOOKS = 2


class ComfyUIDriver:
    """One attempt is one prompt in the server's queue."""

    name = "comfyui"
    title = "ComfyUI"
    needs_public_url = False

    def __init__(
        self, config: ProviderConfig, http: aiohttp.ClientSession, pictures: PictureWork
    ) -> None:
        self.poll_seconds = 0.4
        self._server = ComfyUIServer(
            ProviderHttp(
                config, http, default_base_url=BASE_URL, key_header=BEARER, key_required=False
            )
        )
        self._leaving: set[asyncio.Task[None]] = set()
        self._usual_seconds: float | None = None

    @staticmethod
    def is_configured(config: ProviderConfig) -> bool:
        """Return whether it is said where the server is."""
        return config.base_url is not None

    @staticmethod
    def faults(operation: str, params: Mapping[str, Any], roles: Sequence[str]) -> list[Fault]:
        """Return why this workflow can never take the photo, the prompt and the references."""
        found = fault_of(params, references=roles.count("reference"))
        return [] if found is None else [Fault("/workflow", f"Cannot be filled: {found}.")]

    def model(self, operation: str, params: Mapping[str, Any]) -> str | None:
        """Return the model that the workflow loads."""
        return model_of(params.get("workflow") or {})

    async def process(self, request: ProviderRequest) -> ProviderResult:
        """Run the workflow once.

        Raises:
            AttemptFailed: as ComfyUI says.
            DeadlinePassed: it was not done in time; the prompt is called off.
        """
        deadline = request.deadline
        ahead = await self._server.queue_remaining(deadline)
        if self._usual_seconds and ahead * self._usual_seconds > deadline.remaining_seconds():
            raise AttemptFailed(Reason.OVERLOADED, f"{ahead} prompts are ahead in the queue")
        workflow = await self._prepared(request)
        output_node = str(request.params.get("output_node", ""))
        prompt_id = str(uuid.uuid4())
        begun_seconds = deadline.clock.monotonic()
        done = False
        try:
            prompt_id, refusal = await self._server.queue(
                workflow, prompt_id, output_node, deadline
            )
            if refusal is not None:
                raise AttemptFailed(Reason.BAD_REQUEST, refusal)
            file = await self._wait(prompt_id, output_node, deadline)
            done = True
            took_seconds = deadline.clock.monotonic() - begun_seconds
            picture = await self._server.view(file, deadline)
        except AttemptFailed as failure:
            failure.provider_request_id = prompt_id
            raise
        finally:
            self._leave(prompt_id, done=done)
        self._learn(took_seconds / (ahead + 1))
        return ProviderResult(picture, prompt_id, {"images": 1})

    async def check(self, operation: str | None, params: Mapping[str, Any]) -> ProviderCheck:
        """Ask for the server's version and its queue."""

        async def ask(deadline: Deadline) -> Finding:
            version = await self._server.version(deadline)
            waiting = await self._server.queue_remaining(deadline)
            return Finding(f"ComfyUI {version}, {waiting} in the queue")

        return await checked(ask)

    async def _prepared(self, request: ProviderRequest) -> dict[str, Any]:
        """Upload the pictures and return the workflow that uses them."""
        photo, references = request.photo, request.templates_of("reference")
        pictures = pictures_of(references)
        stem = f"photobooth-{request.job_id}"
        name = await self._server.upload(stem, photo.content_type, photo.data, request.deadline)
        names = [
            await self._server.upload(
                f"photobooth-{reference.media_id}",
                picture.content_type,
                picture.data,
                request.deadline,
            )
            for reference, picture in zip(references, pictures, strict=True)
        ]
        seed = request.params.get("seed")
        return filled(
            request.params,
            photo=name,
            references=names,
            seed=secrets.randbelow(2**32) if seed is None else int(seed),
        )

    async def _wait(self, prompt_id: str, output_node: str, deadline: Deadline) -> OutputFile:
        """Poll until the prompt has a picture.

        An unknown prompt has the same empty history as one that waits, so now
        and then the queue is looked at, too.
        """
        polls = failed = unknown = 0
        while True:
            await pause(self.poll_seconds, deadline)
            polls += 1
            try:
                history = await self._server.history(prompt_id, deadline)
                if not history and polls % POLLS_PER_QUEUE_LOOK == 0:
                    known = await self._server.state(prompt_id, deadline)
                    unknown = 0 if known else unknown + 1
            except AttemptFailed as failure:
                failed += 1
                passing = failure.reason in (Reason.UNREACHABLE, Reason.OVERLOADED)
                if not passing or failed == FAILED_POLLS:
                    raise
                continue
            failed = 0
            file = self._server.output_of(history, prompt_id, output_node)
            if file is not None:
                return file
            if unknown == UNKNOWN_LOOKS:
                raise AttemptFailed(Reason.BAD_RESPONSE, "the server has lost the prompt")

    async def close(self) -> None:
        """Let prompts that are being called off get there: nobody else would end them."""
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=CALL_OFF_SECONDS)

    def _leave(self, prompt_id: str, *, done: bool) -> None:
        task = asyncio.create_task(self._clean_up(prompt_id, done=done), name="comfyui clean-up")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _clean_up(self, prompt_id: str, *, done: bool) -> None:
        deadline = Deadline.after(Clock(), CALL_OFF_SECONDS)
        try:
            if not done:
                await self._server.call_off(prompt_id, deadline)
            await self._server.forget(prompt_id, deadline)
        except (AttemptFailed, DeadlinePassed) as error:
            logger.warning("a prompt could not be cleaned up at ComfyUI: %s", error)

    def _learn(self, seconds: float) -> None:
        known = self._usual_seconds
        self._usual_seconds = seconds if known is None else 0.7 * known + 0.3 * seconds
