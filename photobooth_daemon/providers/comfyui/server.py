"""The calls that a ComfyUI server takes, one method each."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.model import MB
from photobooth_daemon.pictures.headers import EXTENSIONS
from photobooth_daemon.providers.bodies import FormFile, form, pieces_of, size_of
from photobooth_daemon.providers.comfyui.answers import (
    OutputFile,
    dropped_output,
    queue_remaining,
    queued,
    read_history,
    read_object,
    read_upload,
)
from photobooth_daemon.providers.http import ProviderHttp, failure_by_status

MAX_JSON_BYTES = 8 * MB


class ComfyUIServer:
    """One server; every method raises AttemptFailed or DeadlinePassed as the calls below it."""

    def __init__(self, http: ProviderHttp) -> None:
        self._http = http
        self._client_id = uuid.uuid4().hex

    async def version(self, deadline: Deadline) -> str:
        """Return what the server calls its version."""
        system = (await self._get("/system_stats", deadline)).get("system")
        version = system.get("comfyui_version") if isinstance(system, Mapping) else None
        return self._http.scrub(str(version or "of unknown version"))

    async def queue_remaining(self, deadline: Deadline) -> int:
        """Return how many prompts wait or run."""
        return queue_remaining(await self._get("/prompt", deadline))

    async def upload(self, stem: str, kind: str, data: bytes, deadline: Deadline) -> str:
        """Upload a picture and return the name that a workflow uses for it."""
        filename = f"{stem}.{EXTENSIONS[kind]}"
        content_type, body = form({"type": "input"}, [FormFile("image", filename, kind, data)])
        headers = {"Content-Type": content_type, "Content-Length": str(size_of(body))}
        return read_upload(
            await self._post("/upload/image", deadline, headers, data=pieces_of(body))
        )

    async def queue(
        self, workflow: dict[str, Any], prompt_id: str, output_node: str, deadline: Deadline
    ) -> tuple[str, str | None]:
        """Queue the workflow; return its id, which older servers choose, and what was refused.

        A server may queue what is left of a workflow and drop the output that is wanted.
        """
        order = {"client_id": self._client_id, "prompt_id": prompt_id, "prompt": workflow}
        document = await self._post("/prompt", deadline, json=order)
        answered = document.get("prompt_id")
        if not isinstance(answered, str) or not answered:
            raise AttemptFailed(Reason.BAD_RESPONSE, "the prompt has no id")
        refusal = dropped_output(document, output_node)
        return answered, None if refusal is None else self._http.scrub(refusal)

    async def history(self, prompt_id: str, deadline: Deadline) -> Mapping[str, Any]:
        """Return the history of one prompt: empty while it waits, runs, or is not known."""
        return await self._get(f"/history/{prompt_id}", deadline)

    def output_of(
        self, history: Mapping[str, Any], prompt_id: str, output_node: str
    ) -> OutputFile | None:
        """Return where the picture is, or None while there is none yet."""
        return read_history(history, prompt_id, output_node, self._http.scrub)

    async def state(self, prompt_id: str, deadline: Deadline) -> str | None:
        """Return ``running`` or ``pending``, or None when the queue does not know the prompt."""
        return queued(await self._get("/queue", deadline), prompt_id)

    async def view(self, file: OutputFile, deadline: Deadline) -> bytes:
        """Return the picture."""
        path = f"/view?{urlencode(file.query())}"
        answer = await self._http.get(path, deadline=deadline)
        if answer.status in (400, 403, 404) or (answer.status == 200 and not answer.body):
            raise AttemptFailed(Reason.BAD_RESPONSE, f"the picture: HTTP {answer.status}")
        if answer.status != 200:
            raise failure_by_status(answer, self._http.excerpt(answer))
        return bytes(answer.body)

    async def call_off(self, prompt_id: str, deadline: Deadline) -> None:
        """See to it that the prompt neither waits nor runs, and touch no other one."""
        await self._send("/queue", {"delete": [prompt_id]}, deadline)
        # Older servers interrupt whatever runs, whichever id they are told.
        if await self.state(prompt_id, deadline) == "running":
            await self._send("/interrupt", {"prompt_id": prompt_id}, deadline)

    async def forget(self, prompt_id: str, deadline: Deadline) -> None:
        """Remove the prompt from the history."""
        await self._send("/history", {"delete": [prompt_id]}, deadline)

    async def _get(self, path: str, deadline: Deadline) -> Mapping[str, Any]:
        answer = await self._http.get(path, deadline=deadline, limit_bytes=MAX_JSON_BYTES)
        return read_object(answer, self._http.scrub, self._http.excerpt(answer))

    async def _post(
        self, path: str, deadline: Deadline, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Mapping[str, Any]:
        answer = await self._http.post(
            path,
            deadline=deadline,
            headers=headers,
            limit_bytes=MAX_JSON_BYTES,
            **more,
        )
        return read_object(answer, self._http.scrub, self._http.excerpt(answer))

    async def _send(self, path: str, document: Mapping[str, Any], deadline: Deadline) -> None:
        """Post what is answered with an empty body."""
        answer = await self._http.post(path, deadline=deadline, json=document)
        if answer.status != 200:
            raise failure_by_status(answer, self._http.excerpt(answer))
