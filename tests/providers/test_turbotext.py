"""Turbotext: the queue from create to download, against a server that really fetches the photo."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.providers.turbotext.answers import read_created, read_result
from photobooth_daemon.providers.turbotext.driver import TurbotextDriver, language_of
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from photobooth_daemon.rehearsal.fake_script import Lane
from tests.support.drivers import (
    KEY,
    Canned,
    canned,
    driver_for,
    failure_of,
    picture,
    request,
    template,
)

BASE = "https://www.turbotext.ru"


@dataclass
class Scene:
    """A driver in a hurry, and the server that its links lead to."""

    driver: TurbotextDriver
    media: Canned

    def request(self, operation: str = "generate_image2image", **more: Any) -> Any:
        params = {"prompt": "Oil painting"} if operation != "deepfake_photo" else {}
        given = {"photo_url": f"{self.media.url}/guest.jpg", "provider": "turbotext", **more}
        return request(operation, params, **given)


@asynccontextmanager
async def scene(provider: FakeProvider, **config: Any) -> AsyncIterator[Scene]:
    given = {"local": True, **config}
    async with canned() as media, driver_for(TurbotextDriver, provider.url, **given) as driver:
        media.will(200, picture(), Content_Type="image/jpeg")
        driver.poll_seconds = driver.retry_seconds = 0.01
        yield Scene(driver, media)


def width(data: bytes) -> int:
    with Image.open(io.BytesIO(data)) as image:
        return image.width


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"polls": 4, "unready": "false"},
        {"polls": 2, "unready": "status"},
        {"text_id": True},
        {"link": "data"},
        {"link": "list"},
        {"link": "relative"},
        {"link_404": 2},
        {"fetch": "late"},
        {"fetch": "twice"},
        {"fetch": "head"},
        {"polls": 5, "poll_fault": "overloaded"},
        {"polls": 5, "poll_fault": "drop"},
        {"polls": 5, "poll_fault": "quota"},
        {"polls": 3, "poll_fault": "html_200"},
    ],
)
async def test_the_queue_brings_a_picture(provider: FakeProvider, options: dict[str, Any]) -> None:
    provider.script.then("image", **options)
    async with scene(provider) as here:
        result = await here.driver.process(here.request())
    assert width(result.picture) > 900
    assert (result.provider_request_id, result.usage["creates"]) == ("90211", 1)
    creates = [r for r in provider.log.requests if r.facts["form"]["do"] == "create_queue"]
    assert len(creates) == 1
    assert all(r.key == KEY for r in provider.log.requests)


@pytest.mark.parametrize(
    ("operation", "role", "guest_field"),
    [
        ("mix_images", "style", "url_image_target"),
        ("deepfake_photo", "scene", "url_image_target"),
    ],
)
async def test_guest_and_template_go_where_each_operation_wants_them(
    provider: FakeProvider, tmp_path: Path, operation: str, role: str, guest_field: str
) -> None:
    async with scene(provider) as here:
        bound = template(tmp_path, role, url=f"{here.media.url}/template.png")
        await here.driver.process(here.request(operation, templates=[bound]))
        form = provider.log.requests[0].facts["form"]
        assert form[guest_field].endswith("/guest.jpg")
        assert form["url"].endswith("/template.png")
        failure = await failure_of(here.driver, here.request(operation))
        assert failure.reason is Reason.BAD_REQUEST


async def test_the_fields_of_each_operation() -> None:
    async with canned() as server, driver_for(TurbotextDriver, server.url, local=True) as driver:
        server.will(200, '{"success": false, "error": "params_error"}')
        link = {"provider": "turbotext", "photo_url": "https://booth/x.jpg"}
        params = {"prompt": "Маслом", "seed": 9_999_999_999, "negative_prompt": "text"}
        await failure_of(driver, request("generate_image2image", params, **link))
        await failure_of(driver, request("generate_image2image", {"prompt": "Oil"}, **link))
        whole = {"prompt": "Oil", "seed": 5.0}
        await failure_of(driver, request("generate_image2image", whole, **link))
        first, second, third = (asked.body_arguments for asked in server.requests)
    assert first["original_language"] == [b"ru"]
    assert first["seed"] == [b"9999999999"]
    assert first["strength"] == [b"40"]
    assert second["original_language"] == [b"en"]
    assert "seed" not in second
    assert third["seed"] == [b"5"]
    assert "negative_prompt" not in second
    assert server.requests[0].headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("behaviour", "options", "reason", "again"),
    [
        ("quota_day", {}, Reason.QUOTA, False),
        ("quota", {}, Reason.QUOTA, False),
        ("refuse_code", {"code": "url_error"}, Reason.INPUT_NOT_FETCHED, None),
        ("refuse_code", {"code": "size_error"}, Reason.BAD_REQUEST, None),
        ("refuse_code", {"code": "Ошибка: face_not_found!"}, Reason.REFUSED, False),
        ("refuse_code", {"code": "quality_limit"}, Reason.REFUSED, False),
        ("refuse_code", {"code": "something new"}, Reason.BAD_RESPONSE, None),
        ("bad_request", {}, Reason.BAD_REQUEST, None),
        ("failed", {}, Reason.REFUSED, False),
        ("image_safety", {}, Reason.REFUSED, False),
        ("no_image", {}, Reason.NO_IMAGE, False),
        ("overloaded", {}, Reason.OVERLOADED, 2),
        ("overloaded", {"busy": True}, Reason.OVERLOADED, 2),
        ("internal", {}, Reason.OVERLOADED, 2),
        ("html_502", {}, Reason.OVERLOADED, 2),
        ("html_200", {}, Reason.BAD_RESPONSE, None),
        ("python_dict", {}, Reason.BAD_RESPONSE, None),
        ("empty", {}, Reason.BAD_RESPONSE, None),
        ("garbage", {}, Reason.BAD_RESPONSE, None),
        ("bad_key", {}, Reason.AUTH, None),
        ("drop", {}, Reason.UNREACHABLE, None),
        ("failed", {"code": "provider_busy"}, Reason.OVERLOADED, 0),
        ("failed", {"code": "something new"}, Reason.BAD_RESPONSE, 0),
        ("image", {"link_404": 99}, Reason.BAD_RESPONSE, 0),
        ("image", {"link_to": "ftp://x/y"}, Reason.BAD_RESPONSE, 0),
        ("image", {"link_to": "http://[x/"}, Reason.BAD_RESPONSE, 0),
        ("image", {"link_to": "http://h:99999/"}, Reason.BAD_RESPONSE, 0),
    ],
)
async def test_every_failure_has_its_reason(
    provider: FakeProvider,
    behaviour: str,
    options: dict[str, Any],
    reason: Reason,
    again: int | None,
) -> None:
    provider.script.then(behaviour, **options)
    async with scene(provider) as here:
        failure = await failure_of(here.driver, here.request())
    assert (failure.reason, failure.again) == (reason, again), failure


@pytest.mark.parametrize("fetch", ["create", "late"])
async def test_an_expired_link_is_an_input_not_fetched(provider: FakeProvider, fetch: str) -> None:
    provider.script.then("image", fetch=fetch)
    async with scene(provider) as here:
        here.media.answers.clear()
        here.media.will(410, "")
        failure = await failure_of(here.driver, here.request())
    assert failure.reason is Reason.INPUT_NOT_FETCHED


async def test_without_a_public_url_or_a_key_nothing_is_asked(provider: FakeProvider) -> None:
    async with scene(provider) as here:
        failure = await failure_of(here.driver, here.request(photo_url=None))
        assert failure.reason is Reason.INPUT_NOT_FETCHED
    assert not provider.log.requests
    async with driver_for(TurbotextDriver, None, api_key=None) as driver:
        asked = request(
            "generate_image2image", {"prompt": "x"}, provider="turbotext", photo_url="https://x/y"
        )
        assert (await failure_of(driver, asked)).reason is Reason.AUTH


async def test_a_private_link_is_refused_unless_the_provider_is_local(
    provider: FakeProvider,
) -> None:
    async with scene(provider, local=False) as here:
        failure = await failure_of(here.driver, here.request())
    assert failure.reason is Reason.BAD_RESPONSE
    assert "private" in failure.message


async def test_an_entry_that_is_never_ready_ends_with_the_deadline(
    provider: FakeProvider,
) -> None:
    provider.script.then("never")
    async with scene(provider) as here:
        late = await failure_of(here.driver, here.request(seconds=0.4))
    assert (late.reason, late.provider_request_id) == (Reason.TIMEOUT, "90211")
    assert late.usage == {"creates": 1}
    creates = [r for r in provider.log.requests if r.facts["form"]["do"] == "create_queue"]
    assert len(creates) == 1


async def test_the_check_takes_the_key_and_no_photo_attempt(provider: FakeProvider) -> None:
    async with scene(provider) as here:
        assert (await here.driver.check("mix_images", {})).ok
    async with scene(provider, api_key="some-other-key") as here:
        assert "auth" in (await here.driver.check("mix_images", {})).detail
    provider.script.then("refuse_code", lane=Lane.CHECK, code="access is denied")
    async with scene(provider) as here:
        refused = await here.driver.check("mix_images", {})
    assert not refused.ok
    assert "access is denied" in refused.detail


def test_the_language_is_told_by_the_letters() -> None:
    assert language_of("auto", "Oil painting") == "en"
    assert language_of("auto", "В стиле Van Gogh") == "ru"
    assert language_of("ru", "Oil") == "ru"


def plain(text: str) -> str:
    return text


@pytest.mark.parametrize("queue_id", [7, "7"])
def test_the_queue_id_is_a_number_or_a_string(queue_id: int | str) -> None:
    assert read_created({"success": True, "queueid": queue_id}, plain) == "7"


@pytest.mark.parametrize("document", [{"success": True}, {"success": True, "queueid": True}, {}])
def test_a_create_without_an_id_is_a_bad_response(document: dict[str, Any]) -> None:
    with pytest.raises(AttemptFailed) as failed:
        read_created(document, plain)
    assert failed.value.reason is Reason.BAD_RESPONSE


def test_the_link_is_looked_for_in_the_order_of_trust() -> None:
    data = {"uploaded_image": "https://b/2", "image": ["https://c/3"]}
    ready = {"success": True, "data": data, "uploaded_image": "https://a/1"}
    assert read_result(ready, BASE, plain) == "https://a/1"
    assert read_result({"success": True, "data": data}, BASE, plain) == "https://b/2"
    relative = {"success": True, "data": {"image": ["image/x.png"]}}
    assert read_result(relative, BASE, plain) == f"{BASE}/image/x.png"
    assert read_result({"success": False, "action": "reconnect"}, BASE, plain) is None
