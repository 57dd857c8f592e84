"""Gemini's ``generateContent`` as the daemon meets it: pictures, refusals, quotas, oddities.

Requests may be spelt in camelCase or snake_case, answers are camelCase, and a
200 is not yet a picture.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tornado.routing import Rule, URLSpec

from photobooth_daemon.rehearsal import fake_gemini_messages as messages
from photobooth_daemon.rehearsal.fake_gemini_errors import (
    DAILY_QUOTA,
    GeminiError,
    bad_key,
    error_body,
    invalid,
    model_gone,
    retry_info,
)
from photobooth_daemon.rehearsal.fake_handler import FakeHandler, FakeState, LookHandler
from photobooth_daemon.rehearsal.fake_picture import Answer, Order
from photobooth_daemon.rehearsal.fake_script import PICTURE, Behaviour

MODELS = (
    "gemini-3-pro-image",
    "gemini-3.1-flash-image",
    "gemini-3.1-flash-lite-image",
    "gemini-nano-banana-2.1",
)
RETIRED_MODELS = (
    "gemini-2.5-flash-image",
    "gemini-2.5-flash-image-preview",
    "gemini-3-pro-image-preview",
    "gemini-3.1-flash-image-preview",
)
REHEARSAL_PREFIX = "rehearse-"
"""With a behaviour's name (``rehearse-hang``) a model that always does so, for one slot."""


def rules(state: FakeState) -> list[Rule]:
    """Return the routes of this protocol; any prefix and API version is served."""
    given = {"state": state}
    return [
        URLSpec(r"/(?:.*/)?models/(?P<model>[^/:]+):generateContent", GenerateHandler, given),
        URLSpec(r"/(?:.*/)?models/(?P<model>[^/:]+)", ModelHandler, given),
        URLSpec(r"/(?:.*/)?models", ModelsHandler, given),
    ]


class GeminiHandler(FakeHandler):
    """What the picture requests and the others have in common: keys, models, error bodies."""

    protocol: ClassVar[str] = "gemini"

    def key_seen(self) -> tuple[str | None, str | None]:
        header = self.request.headers.get("x-goog-api-key")
        if header is not None:
            return "header", header
        query = self.get_query_argument("key", None)
        return ("query", query) if query is not None else (None, None)

    async def perform(self, behaviour: Behaviour) -> None:
        try:
            if behaviour.do == PICTURE:
                self._check_key()
            await super().perform(behaviour)
        except GeminiError as error:
            self.set_status(error.status)
            self.answer_json(error_body(error))

    def answer_json(self, document: Mapping[str, Any]) -> None:
        """Answer with JSON in Google's clothes."""
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.write(json.dumps(document).encode())

    def check_model(self, model: str) -> None:
        """Refuse a model that is not served any more."""
        if model in RETIRED_MODELS:
            raise model_gone(model)

    def _check_key(self) -> None:
        if self.seen.key is None:
            raise GeminiError(403, "PERMISSION_DENIED", "Unregistered callers are not allowed.")
        if self.state.keys and self.seen.key not in self.state.keys:
            raise bad_key()

    async def do_bad_key(self, _: Behaviour) -> None:
        """Answers 400 API_KEY_INVALID: a wrong key is not a 401 here."""
        raise bad_key()

    async def do_permission_denied(self, _: Behaviour) -> None:
        """Answers 403: the key is blocked."""
        raise GeminiError(403, "PERMISSION_DENIED", "Your API key was reported as leaked.")

    async def do_location(self, _: Behaviour) -> None:
        """Answers 400 FAILED_PRECONDITION: not served in this country."""
        raise GeminiError(
            400, "FAILED_PRECONDITION", "User location is not supported for the API use."
        )

    async def do_model_gone(self, _: Behaviour) -> None:
        """Answers 404: the model has been retired."""
        raise model_gone(self.path_kwargs.get("model", "unknown"))

    async def do_overloaded(self, behaviour: Behaviour) -> None:
        """Answers 503 UNAVAILABLE; ``retry_after`` adds the header."""
        if "retry_after" in behaviour.options:
            self.set_header("Retry-After", str(behaviour.options["retry_after"]))
        raise GeminiError(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")

    async def do_internal(self, _: Behaviour) -> None:
        """Answers 500 INTERNAL."""
        raise GeminiError(500, "INTERNAL", "An internal error has occurred.")


class GenerateHandler(GeminiHandler):
    """``POST models/{model}:generateContent``."""

    async def post(self, model: str) -> None:
        self.seen.facts["model"] = model
        await self.act()

    def wished(self) -> Behaviour | None:
        name = self.seen.facts["model"].removeprefix(REHEARSAL_PREFIX)
        known = name != self.seen.facts["model"] and name in self.behaviours()
        return Behaviour(name) if known else None

    async def do_image(self, behaviour: Behaviour) -> None:
        """Answers with the edited photo.

        Options: ``format`` (PNG, JPEG, WEBP), ``mime`` (what it claims to be),
        ``text_first``, ``text_last``, ``drafts`` (how many, flagged as
        thoughts), ``thought`` (flag the final one too), ``signature``,
        ``response_id``.
        """
        self.answer_json(self._candidate(await self._painted(behaviour), behaviour.options))

    async def do_slow_answer(self, behaviour: Behaviour) -> None:
        """Answers with the edited photo, sent evenly over ``seconds``."""
        document = json.dumps(self._candidate(await self._painted(behaviour), {})).encode()
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.set_header("Content-Length", str(len(document)))
        parts = 20
        step = -(-len(document) // parts)
        for start in range(0, len(document), step):
            self.write(document[start : start + step])
            await self.flush()
            await self.keep_waiting(behaviour.options.get("seconds", 5) / parts)

    async def do_drop_mid_answer(self, behaviour: Behaviour) -> None:
        """Sends half of the answer and closes."""
        document = json.dumps(self._candidate(await self._painted(behaviour), {})).encode()
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.set_header("Content-Length", str(len(document)))
        self.write(document[: len(document) // 2])
        await self.flush()
        self.hang_up()

    async def do_truncated_json(self, behaviour: Behaviour) -> None:
        """Answers 200 with JSON that ends in the middle."""
        document = json.dumps(self._candidate(await self._painted(behaviour), {})).encode()
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.write(document[: len(document) // 2])

    async def do_malformed_base64(self, _: Behaviour) -> None:
        """Answers with a picture whose base64 cannot be decoded."""
        self._finish_with([messages.inline("image/png", "iVBORw0KGgo=!!not*base64")])

    async def do_not_a_picture(self, _: Behaviour) -> None:
        """Answers with bytes that are called a picture and are none."""
        text = base64.b64encode(b"This is not a picture. " * 40).decode()
        self._finish_with([messages.inline("image/png", text)])

    async def do_truncated_picture(self, behaviour: Behaviour) -> None:
        """Answers with the first half of a picture."""
        answer = await self._painted(behaviour)
        half = base64.b64encode(answer.data[: len(answer.data) // 2]).decode()
        self._finish_with([messages.inline(answer.content_type, half)])

    async def do_no_image(self, _: Behaviour) -> None:
        """Answers 200 with finishReason NO_IMAGE."""
        self._finish_with(None, "NO_IMAGE")

    async def do_text_only(self, _: Behaviour) -> None:
        """Answers 200 STOP with words and no picture."""
        self._finish_with([{"text": "Here is the description of an edited picture."}])

    async def do_empty_content(self, _: Behaviour) -> None:
        """Answers 200 STOP with nothing in it."""
        self.answer_json(messages.envelope({"content": {"role": "model"}, "finishReason": "STOP"}))

    async def do_no_candidates(self, _: Behaviour) -> None:
        """Answers 200 without candidates."""
        self.answer_json({"usageMetadata": messages.usage(0)})

    async def do_null_candidates(self, _: Behaviour) -> None:
        """Answers 200 with candidates null."""
        self.answer_json({"candidates": None, "usageMetadata": messages.usage(0)})

    async def do_image_safety(self, _: Behaviour) -> None:
        """Refuses the generated picture: IMAGE_SAFETY."""
        self._finish_with(
            [{"text": "I cannot make this picture."}],
            "IMAGE_SAFETY",
            finishMessage="Unable to show the generated image.",
        )

    async def do_foul_text(self, _: Behaviour) -> None:
        """Refuses the picture in words, and with an id, that a database cannot keep."""
        candidate = messages.content(None, "IMAGE_PROHIBITED_CONTENT")
        envelope = messages.envelope({**candidate, "finishMessage": messages.FOUL_TEXT})
        self.answer_json({**envelope, "responseId": messages.FOUL_TEXT})

    async def do_prompt_blocked(self, behaviour: Behaviour) -> None:
        """Refuses the request: promptFeedback with ``reason`` (PROHIBITED_CONTENT)."""
        reason = behaviour.options.get("reason", "PROHIBITED_CONTENT")
        self.answer_json(
            {"promptFeedback": {"blockReason": reason}, "usageMetadata": messages.usage(0)}
        )

    async def do_finish(self, behaviour: Behaviour) -> None:
        """Ends without a picture for any finishReason: ``reason``."""
        self._finish_with(None, behaviour.options.get("reason", "IMAGE_OTHER"))

    async def do_bad_request(self, _: Behaviour) -> None:
        """Answers 400 INVALID_ARGUMENT."""
        raise invalid("Request contains an invalid argument.")

    async def do_indiscreet(self, _: Behaviour) -> None:
        """Answers 400 and repeats the key that it was given in the message."""
        raise invalid(f"Key {self.seen.key} may not do this; url ...?key={self.seen.key}")

    async def do_quota(self, behaviour: Behaviour) -> None:
        """Answers 429 with RetryInfo: ``retry_delay`` (2s)."""
        delay = behaviour.options.get("retry_delay", "2s")
        raise GeminiError(
            429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", (retry_info(delay),)
        )

    async def do_quota_plain(self, _: Behaviour) -> None:
        """Answers 429 without any detail."""
        raise GeminiError(
            429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."
        )

    async def do_quota_day(self, _: Behaviour) -> None:
        """Answers 429: the quota of the whole day is used up."""
        raise GeminiError(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota.",
            (DAILY_QUOTA, retry_info("17s")),
        )

    async def do_cancelled(self, _: Behaviour) -> None:
        """Answers 499 CANCELLED."""
        raise GeminiError(499, "CANCELLED", "The operation was cancelled.")

    async def do_deadline(self, _: Behaviour) -> None:
        """Answers 504 DEADLINE_EXCEEDED."""
        raise GeminiError(504, "DEADLINE_EXCEEDED", "Deadline expired before it could complete.")

    async def _painted(self, behaviour: Behaviour) -> Answer:
        """Return the picture that the request asks for, after checking it as Google would."""
        self.check_model(self.seen.facts["model"])
        if self.seen.body_bytes > self.state.body_max_bytes:
            raise invalid("Request payload size exceeds the limit.")
        asked = messages.Asked((b"",), "", Order())
        if self.wants_body():
            asked = await self.in_thread(messages.read_request, self.body())
            self.seen.facts["prompt"] = asked.prompt
            self.seen.facts["pictures_bytes"] = [len(data) for data in asked.pictures]
            self.seen.facts["photo_sha256"] = hashlib.sha256(asked.pictures[0]).hexdigest()
        order = Order(
            asked.order.ratio, asked.order.size, behaviour.options.get("format", "PNG").upper()
        )
        try:
            return await self.in_thread(self.state.painter.paint, asked.pictures[0], order)
        except (OSError, ValueError) as error:
            raise invalid("Unable to process input image.") from error

    def _candidate(self, answer: Answer, options: Mapping[str, Any]) -> dict[str, Any]:
        data = base64.b64encode(answer.data).decode()
        picture = messages.inline(options.get("mime", answer.content_type), data)
        if options.get("thought"):
            picture["thought"] = True
        if options.get("signature"):
            picture["thoughtSignature"] = base64.b64encode(
                self.state.chance.randbytes(30_000)
            ).decode()
        draft = {**messages.inline(answer.content_type, data), "thought": True}
        text = {"text": "Here is the edit."}
        parts = [
            *[draft] * int(options.get("drafts", 0)),
            *[text] * bool(options.get("text_first")),
            picture,
            *[text] * bool(options.get("text_last")),
        ]
        envelope = messages.envelope(
            messages.content(parts, "STOP"), self.seen.facts["model"], messages.TOKENS_PER_PICTURE
        )
        return envelope | {"responseId": options.get("response_id", envelope["responseId"])}

    def _finish_with(
        self, parts: Sequence[Mapping[str, Any]] | None, reason: str = "STOP", **more: Any
    ) -> None:
        self.answer_json(
            messages.envelope({**messages.content(parts, reason), **more}, self.seen.facts["model"])
        )


class ModelsHandler(LookHandler, GeminiHandler):
    """``GET models``: what the key may use."""

    async def get(self) -> None:
        await self.act()

    async def do_image(self, _: Behaviour) -> None:
        """Lists the models."""
        self.answer_json({"models": [messages.model(name) for name in MODELS]})


class ModelHandler(LookHandler, GeminiHandler):
    """``GET models/{model}``: is it there."""

    async def get(self, model: str) -> None:
        self.seen.facts["model"] = model
        await self.act()

    async def do_image(self, _: Behaviour) -> None:
        """Describes the model."""
        self.check_model(self.seen.facts["model"])
        self.answer_json(messages.model(self.seen.facts["model"]))
