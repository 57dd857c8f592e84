"""The OpenAPI document: valid, complete, and true of what the daemon answers."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from photobooth_daemon.administration.bounds import BOUNDS
from photobooth_daemon.administration.slot_config import SLOT_CONFIG_SCHEMA
from photobooth_daemon.web.handler import METHODS
from tests.support.office import Office
from tests.support.sample_pictures import jpeg, png, see_through
from tests.web.test_permissions import own_methods, rules

GUIDE = Path(__file__).parents[2] / "docs" / "api.md"


async def document_of(office: Office) -> Any:
    reply = await office.get("/api/openapi.json", token=None)
    assert reply.status == 200
    return reply.json()


def validator(document: Any, schema: Any) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]})


async def test_the_document_has_every_route_and_no_other(office: Office) -> None:
    document = await document_of(office)
    assert document["openapi"].startswith("3.1.")
    described = {
        (re.sub(r"\{\w+\}", "([^/]+)", path).replace(".", r"\.") + "$", method.upper())
        for path, methods in document["paths"].items()
        for method in methods
    }
    served = {
        (rule.matcher.regex.pattern, method)
        for rule in rules(office)
        for method in own_methods(rule.target)
    }
    ui = {entry for entry in served if re.fullmatch(r"/(ui/.*)?\$?", entry[0])}
    assert described == served - ui


async def test_the_document_is_sound(office: Office) -> None:
    document = await document_of(office)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    names = set(document["components"]["schemas"])
    used = set(re.findall(r"#/components/schemas/([\w.]+)", json.dumps(document)))
    assert used <= names
    ids = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    ]
    assert len(ids) == len(set(ids))
    assert all(
        method.upper() in METHODS for methods in document["paths"].values() for method in methods
    )


async def test_security_is_what_the_handlers_declare(office: Office) -> None:
    document = await document_of(office)
    login = document["paths"]["/api/login"]["post"]
    assert login["security"] == []
    put = document["paths"]["/api/settings"]["put"]
    assert put["security"] == [{"token": []}, {"session": []}]
    assert "settings:write" in put["description"]
    assert {"401", "403", "409", "413", "415", "422", "428"} <= put["responses"].keys()


async def test_bounds_are_the_ones_that_are_enforced(office: Office) -> None:
    schemas = (await document_of(office))["components"]["schemas"]
    for key, bound in BOUNDS.items():
        assert schemas["SettingsChange"]["properties"][key] == bound.schema()
    for key, schema in SLOT_CONFIG_SCHEMA["properties"].items():
        assert schemas["SlotChange"]["properties"][key] == schema
    look = (await office.get("/api/providers")).json()["items"]
    local = next(item for item in look if item["provider"] == "local")
    assert schemas["params.local.look"] == local["operations"][0]["schema"]


ANSWERS = [
    ("POST", "/api/login"),
    ("GET", "/api/me"),
    ("GET", "/api/settings"),
    ("GET", "/api/providers"),
    ("GET", "/api/slots"),
    ("GET", "/api/slots/slot-001"),
    ("GET", "/api/slots/slot-001/revisions"),
    ("GET", "/api/template-media"),
    ("GET", "/api/jobs"),
    ("GET", "/api/stats"),
    ("GET", "/api/audit"),
    ("GET", "/api/readiness"),
    ("GET", "/api/intake"),
    ("GET", "/healthz"),
    ("GET", "/livez"),
]


@pytest.fixture
def busy_office(io_loop: Any, office: Office) -> Office:
    """An office where something of everything has happened."""

    async def happen() -> None:
        await office.put("/api/settings", {"ingest_password": "booth-password"}, If_Match="*")
        frame = await office.post_form(
            "/api/template-media/register", {"file": png(see_through()), "label": "x"}
        )
        slot = {
            "enabled": True,
            "provider": "local",
            "operation": "frame",
            "template_media": [{"role": "frame", "media_id": frame.json()["media_id"]}],
            "fallback": [{"provider": "local", "operation": "look", "params": {}}],
        }
        assert (await office.put("/api/slots/slot-001", slot, If_Match="*")).status == 200
        for password in ("booth-password", "wrong-password"):
            await office.post_form("/api/ingest/slot-001", {"password": password, "file": jpeg()})
        await office.login("serg", "wrong password")

    io_loop.run_sync(happen)
    return office


async def test_answers_have_the_shape_that_the_document_says(busy_office: Office) -> None:
    office, document = busy_office, await document_of(busy_office)
    for method, path in ANSWERS:
        if path == "/api/login":
            reply = await office.login("igor")
        else:
            reply = await office.call(method, path)
        template = path.replace("slot-001", "{slot_id}")
        responses = document["paths"][template][method.lower()]["responses"]
        content = responses[str(reply.status)]["content"]
        kind = reply.headers["Content-Type"].partition(";")[0]
        assert kind in content, (path, reply.body)
        validator(document, content[kind]["schema"]).validate(reply.json())
        if path.startswith("/api/") and "items" in reply.json():
            assert reply.json()["items"], path


@pytest.mark.parametrize(
    ("path", "schema"),
    [("/api/settings", "SettingsChange"), ("/api/slots/slot-001", "SlotChange")],
)
async def test_what_get_gives_may_be_put_back(busy_office: Office, path: str, schema: str) -> None:
    document = await document_of(busy_office)
    given = (await busy_office.get(path)).json()
    validator(document, document["components"]["schemas"][schema]).validate(given)
    again = await busy_office.put(path, given)
    assert (again.status, again.json()["version"]) == (200, given["version"])


async def test_a_file_is_described_with_its_parts_and_conditions(busy_office: Office) -> None:
    document = await document_of(busy_office)
    slot = (await busy_office.get("/api/slots/slot-001")).json()
    (media,) = (await busy_office.get("/api/template-media")).json()["items"]
    for template, url in (
        ("/public/results/{job_id}", slot["recent_results"][0]["result_url"]),
        ("/public/results/{job_id}/preview", slot["recent_results"][0]["preview_url"]),
        ("/api/template-media/{media_id}/content", media["content_url"]),
        ("/api/template-media/{media_id}/preview", media["preview_url"]),
    ):
        described = document["paths"][template]["get"]
        sent = {p["name"] for p in described["parameters"] if p["in"] == "header"}
        for headers, status in (
            ({"Range": "bytes=0-9"}, 206),
            ({"If_None_Match": "*"}, 304),
            ({"If_Match": '"another"'}, 412),
            ({"Range": "bytes=99999999-"}, 416),
        ):
            assert {name.replace("_", "-") for name in headers} <= sent
            assert (await busy_office.get(url, **headers)).status == status
            assert str(status) in described["responses"], (template, status)


async def test_the_cameras_other_ways_are_described(office: Office) -> None:
    ingest = (await document_of(office))["paths"]["/api/ingest/{slot_id}"]["post"]
    headers = {p["name"] for p in ingest["parameters"] if p["in"] == "header"}
    assert headers == {"X-Ingest-Password", "Idempotency-Key"}
    form = ingest["requestBody"]["content"]["multipart/form-data"]["schema"]
    for name in ("file", "fileToUpload"):
        Draft202012Validator(form).validate({name: "", "survey": "yes"})
    assert not Draft202012Validator(form).is_valid({"password": "booth-password"})


async def test_the_page_needs_nothing_from_elsewhere(office: Office) -> None:
    reply = await office.get("/api/docs", token=None)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    text = reply.body.decode()
    page = Page()
    page.feed(text)
    assert page.tags.isdisjoint({"script", "link", "img", "iframe"})
    assert all(link.startswith(("/", "#")) for link in page.links)
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    for path in (await document_of(office))["paths"]:
        assert path in text
    assert "curl" in text


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            assert name != "style"
            if name in ("href", "src"):
                self.links.add(str(value))
            if name == "id":
                self.ids.add(str(value))


async def test_the_guide_has_a_curl_line_for_each_call(office: Office) -> None:
    guide = GUIDE.read_text("utf-8").replace("\\\n", " ")
    called = set()
    for line in re.findall(r"^\s*curl .*$", guide, re.M):
        path = re.search(r'"\$BOOTH(/[^"?]*)', line)
        assert path is not None, line
        method = re.search(r"-X (\w+)", line)
        posts = any(option in line for option in (" -d ", " -F "))
        called.add((method[1] if method else "POST" if posts else "GET", path[1]))
    for template, methods in (await document_of(office))["paths"].items():
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", template.replace(".", r"\.")))
        for method in methods:
            assert any(
                verb == method.upper() and pattern.fullmatch(path) for verb, path in called
            ), (method, template)
