"""ComfyUI as the daemon meets it: uploads, one prompt at a time, histories, interrupts.

What a ``POST /prompt`` is scripted to do decides how its prompt ends.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tornado.httputil import HTTPFile, parse_multipart_form_data
from tornado.routing import Rule, URLSpec

from photobooth_daemon.rehearsal.fake_handler import FakeHandler, FakeState
from photobooth_daemon.rehearsal.fake_picture import Answer, Order
from photobooth_daemon.rehearsal.fake_script import Behaviour, Lane

VERSION = "0.36.0"


@dataclass(slots=True)
class Prompt:
    """One prompt: its workflow, how it will go, how far it is."""

    prompt_id: str
    workflow: Mapping[str, Any]
    behaviour: Behaviour
    looks: int = 0
    ended: str | None = None
    answer: Answer | None = None


@dataclass(slots=True)
class Server:
    """What one ComfyUI holds; the first prompt that has not ended is the one that runs."""

    uploads: dict[str, bytes] = field(default_factory=dict)
    prompts: dict[str, Prompt] = field(default_factory=dict)
    interrupted: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    def waiting(self) -> list[Prompt]:
        """Return the prompts that have not ended, the running one first."""
        return [prompt for prompt in self.prompts.values() if prompt.ended is None]


def rules(state: FakeState) -> list[Rule]:
    """Return the routes of this protocol, with ``/api`` before them or without."""
    server = Server()
    given = {"state": state, "server": server}
    return [
        URLSpec(r"(?:/api)?/upload/image", UploadHandler, given),
        URLSpec(r"(?:/api)?/prompt", PromptHandler, given),
        URLSpec(r"(?:/api)?/queue", QueueHandler, given),
        URLSpec(r"(?:/api)?/history(?:/(?P<prompt_id>[^/]+))?", HistoryHandler, given),
        URLSpec(r"(?:/api)?/interrupt", InterruptHandler, given),
        URLSpec(r"(?:/api)?/view", ViewHandler, given),
        URLSpec(r"(?:/api)?/system_stats", StatsHandler, given),
    ]


class ComfyUIHandler(FakeHandler):
    """What all routes have in common: one server, JSON, no keys."""

    protocol: ClassVar[str] = "comfyui"
    lane: ClassVar[Lane] = Lane.CHECK

    def initialize(self, state: FakeState, server: Server | None = None) -> None:
        super().initialize(state)
        self.server = server or Server()

    def wants_body(self) -> bool:
        return True

    def answer_json(self, document: Mapping[str, Any]) -> None:
        """Answer with JSON."""
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps(document).encode())

    def refuse(self, kind: str, message: str, nodes: Mapping[str, Any] | None = None) -> None:
        """Answer 400 in ComfyUI's words."""
        self.set_status(400)
        error = {"type": kind, "message": message, "details": "", "extra_info": {}}
        self.answer_json({"error": error, "node_errors": nodes or {}})


class UploadHandler(ComfyUIHandler):
    """``POST /upload/image``."""

    async def post(self) -> None:
        files: dict[str, list[HTTPFile]] = {}
        _, _, boundary = self.request.headers.get("Content-Type", "").partition("boundary=")
        parse_multipart_form_data(boundary.encode(), self.body(), {}, files)
        if "image" not in files:
            self.set_status(400)
            return
        file = files["image"][0]
        stem, _, extension = file.filename.rpartition(".")
        name, number = file.filename, 0
        while name in self.server.uploads and self.server.uploads[name] != file.body:
            number += 1
            name = f"{stem} ({number}).{extension}"
        self.server.uploads[name] = file.body
        self.seen.facts["name"] = name
        self.answer_json({"name": name, "subfolder": "", "type": "input"})


class PromptHandler(ComfyUIHandler):
    """``POST /prompt`` queues, ``GET /prompt`` counts."""

    lane: ClassVar[Lane] = Lane.PROCESS

    async def get(self) -> None:
        self.answer_json({"exec_info": {"queue_remaining": len(self.server.waiting())}})

    async def post(self) -> None:
        await self.act()

    async def do_image(self, behaviour: Behaviour) -> None:
        """Queues the workflow.

        Options: ``looks`` (how many times its history is empty), ``own_id``
        (the server's id instead of the client's), ``preview`` (the picture is
        a temporary one), ``dropped`` (an output that cannot run and is left out).
        """
        order = json.loads(self.body())
        workflow = order.get("prompt")
        if not isinstance(workflow, dict) or not all(
            isinstance(node, dict) and "class_type" in node for node in workflow.values()
        ):
            self.refuse("invalid_prompt", "Cannot execute because a node is missing class_type")
            return
        missing = self._missing_picture(workflow)
        if missing is not None:
            error = {"type": "custom_validation_failed", "message": "Custom validation failed"}
            details = {**error, "details": f"image - Invalid image file: {workflow[missing]}"}
            nodes = {missing: {"errors": [details], "class_type": "LoadImage"}}
            self.refuse("prompt_outputs_failed_validation", "Prompt outputs failed", nodes)
            return
        chosen = None if behaviour.options.get("own_id") else order.get("prompt_id")
        prompt_id = chosen or str(uuid.uuid4())
        self.server.prompts[prompt_id] = Prompt(prompt_id, workflow, behaviour)
        self.seen.facts |= {"prompt_id": prompt_id, "workflow": workflow}
        number = len(self.server.prompts)
        dropped = behaviour.options.get("dropped")
        error = {"message": "Required input is missing", "details": "images"}
        faulty = {"errors": [error], "dependent_outputs": [dropped], "class_type": "SaveImage"}
        node_errors = {dropped: faulty} if dropped else {}
        self.answer_json({"prompt_id": prompt_id, "number": number, "node_errors": node_errors})

    async def do_never(self, behaviour: Behaviour) -> None:
        """Queues the workflow and never ends it."""
        await self.do_image(Behaviour("image", None, {**behaviour.options, "looks": 10**9}))

    async def do_failed(self, behaviour: Behaviour) -> None:
        """Queues the workflow; a node then fails: ``error`` (RuntimeError)."""
        await self.do_image(behaviour)

    async def do_overloaded(self, behaviour: Behaviour) -> None:
        """Queues the workflow; the card then runs out of memory."""
        await self.do_image(behaviour)

    async def do_interrupted(self, behaviour: Behaviour) -> None:
        """Queues the workflow; somebody then interrupts it."""
        await self.do_image(behaviour)

    async def do_no_image(self, behaviour: Behaviour) -> None:
        """Queues the workflow; it then ends with a video and no picture."""
        await self.do_image(behaviour)

    async def do_not_a_picture(self, behaviour: Behaviour) -> None:
        """Queues the workflow; its picture is something else."""
        await self.do_image(behaviour)

    async def do_lost(self, behaviour: Behaviour) -> None:
        """Queues the workflow and forgets it."""
        await self.do_image(behaviour)
        self.server.prompts.pop(self.seen.facts.get("prompt_id", ""), None)

    async def do_bad_request(self, _: Behaviour) -> None:
        """Refuses the workflow."""
        self.refuse("prompt_no_outputs", "Prompt has no outputs")

    async def do_old_refusal(self, _: Behaviour) -> None:
        """Refuses the workflow as very old versions do, with a text."""
        self.set_status(400)
        self.answer_json({"error": "no prompt", "node_errors": {}})

    async def do_internal(self, _: Behaviour) -> None:
        """Answers 500."""
        self.page(500, "Internal Server Error")

    def _missing_picture(self, workflow: Mapping[str, Any]) -> str | None:
        for node, content in workflow.items():
            name = content.get("inputs", {}).get("image")
            if content["class_type"] == "LoadImage" and name not in self.server.uploads:
                return node
        return None


class QueueHandler(ComfyUIHandler):
    """``GET /queue`` lists, ``POST /queue`` deletes what waits."""

    async def get(self) -> None:
        rows = [[number, p.prompt_id, {}] for number, p in enumerate(self.server.waiting())]
        self.answer_json({"queue_running": rows[:1], "queue_pending": rows[1:]})

    async def post(self) -> None:
        running = [prompt.prompt_id for prompt in self.server.waiting()[:1]]
        for prompt_id in json.loads(self.body()).get("delete", []):
            if prompt_id in self.server.prompts and prompt_id not in running:
                del self.server.prompts[prompt_id]
                self.server.deleted.append(prompt_id)


class HistoryHandler(ComfyUIHandler):
    """``GET /history/{id}`` tells how a prompt ended, ``POST /history`` forgets."""

    async def get(self, prompt_id: str | None = None) -> None:
        prompt = self.server.prompts.get(prompt_id or "")
        if prompt is None:
            self.answer_json({})
            return
        if prompt.ended is None and prompt is self.server.waiting()[0]:
            prompt.looks += 1
            if prompt.looks > int(prompt.behaviour.options.get("looks", 1)):
                await self._run(prompt)
        self.answer_json({} if prompt.ended is None else {prompt.prompt_id: _history(prompt)})

    async def post(self) -> None:
        for prompt_id in json.loads(self.body()).get("delete", []):
            if prompt_id in self.server.prompts and self.server.prompts[prompt_id].ended:
                del self.server.prompts[prompt_id]
            self.server.forgotten.append(prompt_id)

    async def _run(self, prompt: Prompt) -> None:
        prompt.ended = prompt.behaviour.do
        if prompt.ended == "not_a_picture":
            prompt.answer = Answer(b"This is not a picture.", "image/png")
        elif prompt.ended == "image":
            loads = [n for n in prompt.workflow.values() if n["class_type"] == "LoadImage"]
            photo = self.server.uploads[loads[0]["inputs"]["image"]]
            prompt.answer = await self.in_thread(self.state.painter.paint, photo, Order())


class InterruptHandler(ComfyUIHandler):
    """``POST /interrupt``: ends what runs, as older versions do, whatever the id."""

    async def post(self) -> None:
        for prompt in self.server.waiting()[:1]:
            prompt.ended = "interrupted"
            self.server.interrupted.append(prompt.prompt_id)


class ViewHandler(ComfyUIHandler):
    """``GET /view``: a picture's file."""

    async def get(self) -> None:
        prompt_id = self.get_query_argument("filename").removesuffix("_00001_.png")
        prompt = self.server.prompts.get(prompt_id)
        if prompt is None or prompt.answer is None:
            self.send_error(404)
            return
        self.set_header("Content-Type", prompt.answer.content_type)
        self.write(prompt.answer.data)


class StatsHandler(ComfyUIHandler):
    """``GET /system_stats``."""

    async def get(self) -> None:
        await self.act()

    async def do_image(self, _: Behaviour) -> None:
        """Tells the version."""
        self.answer_json({"system": {"comfyui_version": VERSION}, "devices": []})


def _history(prompt: Prompt) -> dict[str, Any]:
    """Return the entry of a prompt that has ended."""
    messages: list[list[Any]] = [["execution_start", {"prompt_id": prompt.prompt_id}]]
    facts = {"prompt_id": prompt.prompt_id, "node_id": "3", "node_type": "KSampler"}
    outputs: dict[str, Any] = {}
    if prompt.ended == "failed":
        kind = prompt.behaviour.options.get("error", "RuntimeError")
        error = {**facts, "exception_type": kind, "exception_message": "It went wrong."}
        messages.append(["execution_error", error])
    elif prompt.ended == "overloaded":
        error = {"exception_type": "torch.OutOfMemoryError", "exception_message": "CUDA is full"}
        messages.append(["execution_error", {**facts, **error}])
    elif prompt.ended == "interrupted":
        messages.append(["execution_interrupted", facts])
    else:
        messages.append(["execution_success", {"prompt_id": prompt.prompt_id}])
        kind = "temp" if prompt.behaviour.options.get("preview") else "output"
        file = {"filename": f"{prompt.prompt_id}_00001_.png", "subfolder": "", "type": kind}
        outputs = {"9": {"gifs" if prompt.ended == "no_image" else "images": [file]}}
    good = bool(outputs)
    status = {"status_str": "success" if good else "error", "completed": good}
    return {
        "prompt": [1, prompt.prompt_id, {}, {}, ["9"]],
        "outputs": outputs,
        "status": {**status, "messages": messages},
    }
