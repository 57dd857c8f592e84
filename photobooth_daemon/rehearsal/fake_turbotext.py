"""Turbotext's queue as the daemon meets it: it really fetches the photo, and takes its time.

What a create is scripted to do decides the whole life of its entry: when and
how often the input is fetched, how many polls it takes, where the link hides.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs

from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.routing import Rule, URLSpec
from tornado.web import RequestHandler

from photobooth_daemon.rehearsal.fake_handler import FakeHandler, FakeState, LookHandler
from photobooth_daemon.rehearsal.fake_picture import Answer, Order
from photobooth_daemon.rehearsal.fake_script import Behaviour

FORM = "application/x-www-form-urlencoded"
PHOTO_FIELDS = {
    "generate_image2image": "url",
    "mix_images": "url_image_target",
    "deepfake_photo": "url_image_target",
}
TEMPLATE_FIELDS = {"mix_images": "url", "deepfake_photo": "url"}


@dataclass(slots=True)
class Entry:
    """One queue entry: what was asked, how it will go, how often it was polled."""

    fields: Mapping[str, str]
    method: str
    behaviour: Behaviour
    polls: int = 0
    photo: bytes | None = None
    answer: Answer | None = None
    link_failures: int = 0


@dataclass(slots=True)
class Queue:
    """The entries of one fake provider."""

    entries: dict[str, Entry] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(90211))


def rules(state: FakeState) -> list[Rule]:
    """Return the routes of this protocol; any prefix is served."""
    queue = Queue()
    given = {"state": state, "queue": queue}
    return [
        URLSpec(r"/(?:.*/)?api_ai/(?P<method>available_api)", MethodsHandler, given),
        URLSpec(r"/(?:.*/)?api_ai/(?P<method>\w+)", QueueHandler, given),
        URLSpec(r"/download\.php", DownloadHandler, {"queue": queue}),
        URLSpec(r"/image/(?P<name>\w+)\.png", DownloadHandler, {"queue": queue}),
    ]


class QueueHandler(FakeHandler):
    """``POST api_ai/{method}``: creates and polls share the address."""

    protocol: ClassVar[str] = "turbotext"

    def initialize(self, state: FakeState, queue: Queue | None = None) -> None:
        super().initialize(state)
        self._queue = queue or Queue()
        self._form: dict[str, str] = {}

    async def post(self, method: str) -> None:
        text = self.body().decode("utf-8", "replace")
        self._form = {name: values[-1] for name, values in parse_qs(text).items()}
        self.seen.facts |= {"method": method, "form": dict(self._form)}
        if self._form.get("do") == "get_result":
            await self._poll(self._form.get("queueid", ""))
        else:
            await self.act()

    def wants_body(self) -> bool:
        return True

    def key_seen(self) -> tuple[str | None, str | None]:
        scheme, _, key = self.request.headers.get("Authorization", "").partition(" ")
        return ("header", key) if scheme == "Bearer" else (None, None)

    def answer_json(self, document: Mapping[str, Any]) -> None:
        """Answer with JSON."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.write(json.dumps(document).encode())

    def fail(self, code: str) -> None:
        """Answer that it failed, in the vendor's way: a 200 with ``success: false``."""
        self.answer_json({"success": False, "error": code})

    async def do_image(self, behaviour: Behaviour) -> None:
        """Takes the photo into the queue.

        Options: ``fetch`` (create, late, twice, head, never), ``polls`` (how
        many times "reconnect"), ``unready`` (reconnect, false, status), ``link``
        (top, data, list, relative), ``text_id``, ``link_404`` (how often the
        link fails first), ``poll_fault`` (a behaviour of each second poll).
        """
        entry = Entry(self._form, self.path_kwargs["method"], behaviour)
        if not self._key_is_good():
            return
        if not self._is_form() or entry.method not in PHOTO_FIELDS:
            self.fail("params_error")
            return
        if behaviour.options.get("fetch", "create") in ("create", "twice", "head"):
            await self._fetch(entry)
            if entry.photo is None:
                self.fail("url_error")
                return
        number = next(self._queue.numbers)
        self._queue.entries[str(number)] = entry
        text_id = behaviour.options.get("text_id")
        self.answer_json({"success": True, "queueid": str(number) if text_id else number})

    async def do_never(self, behaviour: Behaviour) -> None:
        """Takes the photo and is never ready."""
        await self.do_image(Behaviour("image", None, {**behaviour.options, "polls": 10**9}))

    async def do_failed(self, behaviour: Behaviour) -> None:
        """Takes the photo; a poll then says that it failed: ``code`` (face_not_detected)."""
        await self.do_image(behaviour)

    async def do_image_safety(self, behaviour: Behaviour) -> None:
        """Takes the photo; a poll then says forbidden_content."""
        await self.do_image(behaviour)

    async def do_no_image(self, behaviour: Behaviour) -> None:
        """Takes the photo; a poll then says success, without a link."""
        await self.do_image(behaviour)

    async def do_not_a_picture(self, behaviour: Behaviour) -> None:
        """Takes the photo; the result's link leads to something else."""
        await self.do_image(behaviour)

    async def do_refuse_code(self, behaviour: Behaviour) -> None:
        """Refuses the create: ``code`` (params_error)."""
        self.fail(behaviour.options.get("code", "params_error"))

    async def do_prompt_blocked(self, _: Behaviour) -> None:
        """Refuses the create: quality_limit."""
        self.fail("quality_limit")

    async def do_bad_request(self, _: Behaviour) -> None:
        """Refuses the create: params_error."""
        self.fail("params_error")

    async def do_quota_day(self, _: Behaviour) -> None:
        """Refuses the create: LIMIT, no photo attempts are left."""
        self.fail("LIMIT")

    async def do_quota(self, _: Behaviour) -> None:
        """Answers 429."""
        self.set_status(429)
        self.fail("too many requests")

    async def do_overloaded(self, behaviour: Behaviour) -> None:
        """Answers 503, or ``busy``: provider_busy."""
        if behaviour.options.get("busy"):
            self.fail("provider_busy")
        else:
            self.page(503, "Service Unavailable")

    async def do_internal(self, _: Behaviour) -> None:
        """Answers 500."""
        self.page(500, "Internal Server Error")

    async def do_bad_key(self, _: Behaviour) -> None:
        """Answers 401."""
        self.set_status(401)
        self.fail("wrong key")

    async def do_html_200(self, _: Behaviour) -> None:
        """Answers 200 with an HTML page."""
        self.page(200, "Maintenance")

    async def do_python_dict(self, _: Behaviour) -> None:
        """Answers 200 with single quotes, which is not JSON."""
        self.write(b"{'success': True, 'queueid': 7}")

    async def _poll(self, queue_id: str) -> None:
        entry = self._queue.entries.get(queue_id)
        if not self._key_is_good():
            return
        if entry is None:
            self.fail("queue entry not found")
            return
        entry.polls += 1
        options = entry.behaviour.options
        if options.get("poll_fault") and entry.polls % 2:
            await self.perform(Behaviour(options["poll_fault"]))
        elif entry.polls <= int(options.get("polls", 1)):
            self.answer_json(_UNREADY[options.get("unready", "reconnect")])
        elif entry.behaviour.do == "failed":
            self.fail(options.get("code", "face_not_detected"))
        else:
            await self._answer_ready(queue_id, entry)

    async def _answer_ready(self, queue_id: str, entry: Entry) -> None:
        options = entry.behaviour.options
        if entry.photo is None and options.get("fetch") != "never":
            await self._fetch(entry)
            if entry.photo is None:
                self.fail("url_error")
                return
        entry.link_failures = int(options.get("link_404", 0))
        if entry.behaviour.do == "not_a_picture":
            entry.answer = Answer(b"This is not a picture.", "text/plain")
        elif entry.photo is not None:
            painted = self.state.painter.paint
            entry.answer = await self.in_thread(painted, entry.photo, Order())
        refused = entry.behaviour.do == "image_safety"
        data: dict[str, Any] = {"width": 768, "height": 512, "forbidden_content": refused}
        document: dict[str, Any] = {"success": True, "error": "", "data": data}
        base = f"{self.request.protocol}://{self.request.host}"
        link = options.get("link_to", f"{base}/download.php?f={queue_id}.png")
        match options.get("link", "top") if entry.behaviour.do != "no_image" else None:
            case "top":
                document["uploaded_image"] = link
            case "data":
                data["uploaded_image"] = link
            case "list":
                data["image"] = [link]
            case "relative":
                data["image"] = [f"image/{queue_id}.png"]
        self.answer_json(document)

    async def _fetch(self, entry: Entry) -> None:
        """Get the photo, and the template, by their links, as the vendor's servers do."""
        fetch = entry.behaviour.options.get("fetch", "create")
        fetched = self.seen.facts.setdefault("fetched", [])
        names = [PHOTO_FIELDS[entry.method], TEMPLATE_FIELDS.get(entry.method)]
        bodies: list[bytes] = []
        for name in filter(None, names):
            verbs = {"head": ["HEAD", "GET"], "twice": ["GET", "GET"]}.get(fetch, ["GET"])
            for verb in verbs:
                status, body = await _asked_for(verb, entry.fields.get(name, ""))
                fetched.append([name, verb, status])
                if status != 200:
                    return
            bodies.append(body)
        entry.photo = bodies[0]

    def _is_form(self) -> bool:
        return self.request.headers.get("Content-Type", "").startswith(FORM)

    def _key_is_good(self) -> bool:
        key = self.seen.key
        if key is None or (self.state.keys and key not in self.state.keys):
            self.set_status(401)
            self.fail("wrong key")
            return False
        return True


class MethodsHandler(LookHandler, QueueHandler):
    """``POST api_ai/available_api``: what the key may use, through the queue like all else."""

    async def do_image(self, _: Behaviour) -> None:
        """Takes the question into the queue."""
        if self._key_is_good():
            self.answer_json({"success": True, "queueid": next(self._queue.numbers)})


class DownloadHandler(RequestHandler):
    """The result's link."""

    def initialize(self, queue: Queue) -> None:
        self._queue = queue

    def get(self, name: str | None = None) -> None:
        queue_id = name or self.get_query_argument("f", "").removesuffix(".png")
        entry = self._queue.entries.get(queue_id)
        if entry is None or entry.answer is None:
            self.send_error(404)
        elif entry.link_failures > 0:
            entry.link_failures -= 1
            self.send_error(404)
        else:
            self.set_header("Content-Type", entry.answer.content_type)
            self.write(entry.answer.data)


_UNREADY: Mapping[str, Mapping[str, Any]] = {
    "reconnect": {"action": "reconnect"},
    "false": {"success": False, "action": "reconnect"},
    "status": {"status": "processing"},
}


async def _asked_for(verb: str, url: str) -> tuple[int, bytes]:
    try:
        answer = await AsyncHTTPClient().fetch(
            url, method=verb, follow_redirects=False, request_timeout=10
        )
    except HTTPClientError as error:
        return error.code, b""
    except (OSError, ValueError):
        return 0, b""
    return answer.code, answer.body
