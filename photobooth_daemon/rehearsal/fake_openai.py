"""OpenAI's ``/v1/images/edits`` as the daemon meets it, and a local server of the same protocol.

Below ``/local`` nothing is refused for its fields and no key is asked for.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from tornado.routing import Rule, URLSpec
from tornado.web import RequestHandler

from photobooth_daemon.rehearsal.fake_handler import FakeHandler, FakeState, LookHandler
from photobooth_daemon.rehearsal.fake_openai_messages import (
    MODELS,
    Asked,
    OpenAIError,
    read_request,
)
from photobooth_daemon.rehearsal.fake_picture import Answer, Order
from photobooth_daemon.rehearsal.fake_script import PICTURE, Behaviour

LOCAL_MODEL = "sd-cpp-local"


def rules(state: FakeState) -> list[Rule]:
    """Return the routes of this protocol; any prefix is served."""
    given = {"state": state}
    files: dict[str, Answer] = {}
    return [
        URLSpec(r"/(?:.*/)?v1/images/edits", EditsHandler, {**given, "files": files}),
        URLSpec(r"/(?:.*/)?v1/models", ModelsHandler, given),
        URLSpec(r"/_openai/([0-9a-f]+)", FileHandler, {"files": files}),
    ]


class OpenAIHandler(FakeHandler):
    """What the picture requests and the others have in common: keys and error bodies."""

    protocol: ClassVar[str] = "openai"

    @property
    def local(self) -> bool:
        """Whether a server of one's own is played."""
        return self.request.path.startswith("/local/")

    def key_seen(self) -> tuple[str | None, str | None]:
        scheme, _, key = self.request.headers.get("Authorization", "").partition(" ")
        return ("header", key) if scheme == "Bearer" else (None, None)

    async def perform(self, behaviour: Behaviour) -> None:
        self.set_header("x-request-id", f"req_{uuid.uuid4().hex}")
        try:
            if behaviour.do == PICTURE and not self.local:
                self._check_key()
            await super().perform(behaviour)
        except OpenAIError as error:
            self.set_status(error.status)
            self.answer_json(error.body)

    def answer_json(self, document: Mapping[str, Any]) -> None:
        """Answer with JSON."""
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps(document).encode())

    def _check_key(self) -> None:
        if self.seen.key is None or (self.state.keys and self.seen.key not in self.state.keys):
            raise bad_key()

    async def do_bad_key(self, _: Behaviour) -> None:
        """Answers 401 invalid_api_key."""
        raise bad_key()

    async def do_permission_denied(self, _: Behaviour) -> None:
        """Answers 403: the organisation is not verified."""
        message = "Your organization must be verified to use the model."
        raise OpenAIError(403, None, message)

    async def do_overloaded(self, behaviour: Behaviour) -> None:
        """Answers 503; ``retry_after`` adds the header."""
        if "retry_after" in behaviour.options:
            self.set_header("Retry-After", str(behaviour.options["retry_after"]))
        raise OpenAIError(503, None, "The server is overloaded.", kind="server_error")

    async def do_internal(self, _: Behaviour) -> None:
        """Answers 500."""
        raise OpenAIError(500, None, "The server had an error.", kind="server_error")


class EditsHandler(OpenAIHandler):
    """``POST images/edits``."""

    def initialize(self, state: FakeState, files: dict[str, Answer] | None = None) -> None:
        super().initialize(state)
        self._files = {} if files is None else files

    async def post(self) -> None:
        await self.act()

    def wants_body(self) -> bool:
        return True

    async def do_image(self, behaviour: Behaviour) -> None:
        """Answers with the edited photo.

        Options: ``format``, ``link`` (an url instead of base64), ``link_to``
        (that very url), ``data_url`` (base64 with a data: prefix).
        """
        asked, answer = await self._painted(behaviour)
        text = base64.b64encode(answer.data).decode()
        item: dict[str, Any] = {"b64_json": text}
        if behaviour.options.get("data_url"):
            item = {"b64_json": f"data:{answer.content_type};base64,{text}"}
        if "link_to" in behaviour.options:
            item = {"url": behaviour.options["link_to"]}
        elif behaviour.options.get("link"):
            name = uuid.uuid4().hex
            self._files[name] = answer
            item = {"url": f"{self.request.protocol}://{self.request.host}/_openai/{name}"}
        self._finish_with([item], asked)

    async def do_no_image(self, _: Behaviour) -> None:
        """Answers 200 with an empty list of pictures."""
        self._finish_with([], None)

    async def do_malformed_base64(self, _: Behaviour) -> None:
        """Answers with a picture whose base64 cannot be decoded."""
        self._finish_with([{"b64_json": "iVBORw0KGgo=!!not*base64"}], None)

    async def do_not_a_picture(self, _: Behaviour) -> None:
        """Answers with bytes that are called a picture and are none."""
        text = base64.b64encode(b"This is not a picture. " * 40).decode()
        self._finish_with([{"b64_json": text}], None)

    async def do_truncated_json(self, _: Behaviour) -> None:
        """Answers 200 with JSON that ends in the middle."""
        self.write(b'{"created": 1767859200, "data": [{"b64_json": "iVBORw0KGgo')

    async def do_model_gone(self, _: Behaviour) -> None:
        """Answers 404 model_not_found."""
        raise OpenAIError(404, "model_not_found", "The model does not exist.")

    async def do_bad_request(self, _: Behaviour) -> None:
        """Answers 400 invalid_value."""
        raise OpenAIError(400, "invalid_value", "Invalid value.", param="size")

    async def do_image_safety(self, _: Behaviour) -> None:
        """Refuses the generated picture: moderation_blocked, stage output."""
        raise moderated("output")

    async def do_prompt_blocked(self, _: Behaviour) -> None:
        """Refuses the request: moderation_blocked, stage input."""
        raise moderated("input")

    async def do_quota(self, behaviour: Behaviour) -> None:
        """Answers 429 with Retry-After (``retry_after``, 2), or says it in words (``words``)."""
        delay = behaviour.options.get("retry_after", 2)
        text = "Rate limit reached for images per minute."
        if behaviour.options.get("words"):
            text = f"{text} Please try again in {behaviour.options['words']}."
        else:
            self.set_header("Retry-After", str(delay))
        raise OpenAIError(429, "rate_limit_exceeded", text, kind="requests")

    async def do_quota_day(self, _: Behaviour) -> None:
        """Answers 429 insufficient_quota: no credit is left."""
        text = "You exceeded your current quota, please check your plan and billing details."
        raise OpenAIError(429, "insufficient_quota", text, kind="insufficient_quota")

    async def _painted(self, behaviour: Behaviour) -> tuple[Asked, Answer]:
        kind = self.request.headers.get("Content-Type", "")
        asked = await self.in_thread(self._read, kind)
        self.seen.facts |= {
            "model": asked.model,
            "prompt": asked.prompt,
            "fields": dict(asked.fields),
            "pictures_bytes": [len(data) for data in asked.pictures],
        }
        order = Order(
            format=behaviour.options.get("format", asked.fields.get("output_format", "png")).upper()
        )
        try:
            return asked, await self.in_thread(self.state.painter.paint, asked.pictures[0], order)
        except (OSError, ValueError) as error:
            raise OpenAIError(400, "invalid_image_file", "Invalid image file.") from error

    def _read(self, content_type: str) -> Asked:
        return read_request(content_type, self.body(), strict=not self.local)

    def _finish_with(self, data: list[dict[str, Any]], asked: Asked | None) -> None:
        self.answer_json(
            {
                "created": 1767859200,
                "output_format": asked.fields.get("output_format", "png") if asked else "png",
                "data": data,
                "usage": {
                    "input_tokens": 410,
                    "input_tokens_details": {"image_tokens": 388, "text_tokens": 22},
                    "output_tokens": 1568 if data else 0,
                    "total_tokens": 1978 if data else 410,
                },
            }
        )


class ModelsHandler(LookHandler, OpenAIHandler):
    """``GET models``: what the key may use."""

    async def get(self) -> None:
        await self.act()

    async def do_image(self, _: Behaviour) -> None:
        """Lists the models."""
        names = (LOCAL_MODEL,) if self.local else MODELS
        self.answer_json(
            {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}
        )


class FileHandler(RequestHandler):
    """A picture that was answered as a link; it wants no key."""

    def initialize(self, files: Mapping[str, Answer]) -> None:
        self._files = files

    def get(self, name: str) -> None:
        answer = self._files.get(name)
        if answer is None:
            self.send_error(404)
            return
        self.set_header("Content-Type", answer.content_type)
        self.write(answer.data)


def bad_key() -> OpenAIError:
    """Return the refusal of a wrong key."""
    return OpenAIError(401, "invalid_api_key", "Incorrect API key provided.")


def moderated(stage: str) -> OpenAIError:
    """Return the refusal of the safety system, before (``input``) or after rendering."""
    return OpenAIError(
        400,
        "moderation_blocked",
        "Your request was rejected by the safety system.",
        kind="image_generation_user_error",
        moderation_details={"moderation_stage": stage, "categories": ["sexual"]},
    )
