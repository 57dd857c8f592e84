"""What cameras send and what they are answered, by the ingest table of the HTTP contract."""

from __future__ import annotations

import asyncio
import base64
import re
from io import BytesIO
from uuid import UUID

import pytest
from PIL import Image

from tests.support.booth import PASSWORD, SLOT, Booth
from tests.support.in_turn import in_turn

# The answer


async def test_json_answer(booth: Booth) -> None:
    answer = await booth.post()
    assert answer.status == 200, answer.body
    body = answer.json()
    job_id = str(UUID(body["job_id"], version=4))
    base = f"http://127.0.0.1:{booth.port}"
    assert body["status"] == "done"
    assert body["slot_id"] == SLOT
    assert body["result_url"] == f"/public/results/{job_id}"
    assert body["result_link"] == f"{base}/public/results/{job_id}"
    assert body["page_link"] == f"{base}/r/{job_id}"
    assert body["preview_url"] == f"/public/results/{job_id}/preview"
    assert (body["preview"], body["fallback"]) == (None, None)
    assert body["timings"].keys() == {
        "upload_ms", "prepare_ms", "wait_ms", "provider_ms", "store_ms", "total_ms"
    }  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", body["expires_at"])
    result = await booth.get(body["result_url"])
    assert result.status == 200
    assert len(result.body) == body["size_bytes"]
    assert Image.open(BytesIO(result.body)).size == (body["width"], body["height"])
    await booth.nothing_left()


async def test_headers_of_every_answer(booth: Booth) -> None:
    for mode in ("json", "image", "text"):
        answer = await booth.post(path=f"/api/ingest/{SLOT}?response={mode}")
        job_id = answer.headers["X-Job-ID"]
        url = f"/public/results/{job_id}"
        assert answer.headers["Link"] == f'<{url}>; rel="related", <{url}/preview>; rel="preview"'
        assert answer.headers["Cache-Control"] == "no-store"
        assert int(answer.headers["Content-Length"]) == len(answer.body)
        assert "total;dur=" in answer.headers["Server-Timing"]
        assert answer.headers.get("Content-Location") == (url if mode == "image" else None)
        assert "Transfer-Encoding" not in answer.headers


async def test_image_answer_is_the_stored_picture(booth: Booth) -> None:
    answer = await booth.post(path=f"/api/ingest/{SLOT}?response=image")
    assert answer.headers["Content-Type"] == "image/jpeg"
    stored = await booth.get(answer.headers["Content-Location"])
    assert stored.body == answer.body


async def test_text_answer_is_the_link(booth: Booth) -> None:
    answer = await booth.post(path=f"/api/ingest/{SLOT}?response=text")
    assert answer.headers["Content-Type"].startswith("text/plain")
    link = answer.body.decode()
    assert link.splitlines() == [
        f"http://127.0.0.1:{booth.port}/public/results/{answer.headers['X-Job-ID']}"
    ]


@in_turn(
    ("accept", "slot_mode", "kind"),
    [
        (None, "image", "image/jpeg"),
        (None, "json", "application/json"),
        ("*/*", "image", "image/jpeg"),
        ("application/json", "image", "application/json"),
        ("image/*", "json", "image/jpeg"),
        ("image/png", "json", "image/jpeg"),
        ("text/plain", "json", "text/plain"),
        ("text/plain;q=0.1, image/*;q=0.9", "json", "image/jpeg"),
        ("text/html", "text", "text/plain"),
    ],
)
async def test_answer_follows_accept_then_the_slot(
    booth: Booth, accept: str | None, slot_mode: str, kind: str
) -> None:
    await booth.configure_slot(response_mode=slot_mode)
    answer = await booth.post(**({} if accept is None else {"Accept": accept}))
    assert answer.headers["Content-Type"].partition(";")[0] == kind


async def test_query_wins_over_accept(booth: Booth) -> None:
    answer = await booth.post(path=f"/api/ingest/{SLOT}?response=text", Accept="image/*")
    assert answer.headers["Content-Type"].startswith("text/plain")


async def test_unknown_response_mode_is_400(booth: Booth) -> None:
    answer = await booth.post(path=f"/api/ingest/{SLOT}?response=xml")
    assert (answer.status, answer.code) == (400, "invalid_request")
    await booth.nothing_left()


async def test_preview_inline_when_asked_or_by_the_slot(booth: Booth) -> None:
    asked = (await booth.post(path=f"/api/ingest/{SLOT}?preview=inline")).json()["preview"]
    await booth.configure_slot(inline_preview=True)
    of_slot = (await booth.post()).json()["preview"]
    for preview in (asked, of_slot):
        assert preview.startswith("data:image/jpeg;base64,")
        data = base64.b64decode(preview.partition(",")[2])
        assert Image.open(BytesIO(data)).format == "JPEG"


async def test_request_id_is_kept_or_made(booth: Booth) -> None:
    kept = await booth.post(X_Request_ID="booth-7.photo_1")
    made = await booth.post(X_Request_ID="not allowed!")
    assert kept.headers["X-Request-ID"] == "booth-7.photo_1"
    assert UUID(made.headers["X-Request-ID"])


# What cameras send


async def test_fields_in_any_order_and_of_any_bytes(booth: Booth) -> None:
    fields = {"profile": "C:\\Профиль".encode("cp1251"), "survey[1]{qr}": b"a\0b", "id": b"S2L_1."}
    answer = await booth.post(booth.form(fields=fields, password_last=True))
    assert answer.status == 200
    kept = (await booth.the_job())["client_fields"]
    assert kept["id"] == "S2L_1."
    assert kept["profile"].startswith("C:\\\ufffd")
    assert kept["survey[1]{qr}"] == "a\ufffdb"
    assert "password" not in kept


async def test_only_the_first_64_fields_and_4_kib_are_kept(booth: Booth) -> None:
    fields = {f"survey{n}": b"x" for n in range(100)} | {"time": b"y" * 9000}
    assert (await booth.post(booth.form(fields=fields))).status == 200
    kept = (await booth.the_job())["client_fields"]
    assert len(kept) == 64
    assert len(kept["time"]) == 4096


async def test_file_alias(booth: Booth) -> None:
    assert (await booth.post(booth.form(name="file"))).status == 200


@pytest.mark.parametrize("expected", ["100-continue", "100-Continue"])
async def test_expect_100_continue(booth: Booth, expected: str) -> None:
    answer = await booth.post(Expect=expected)
    assert (answer.status, answer.interim) == (200, True)


async def test_body_without_length(booth: Booth) -> None:
    reader, writer = await booth.connect()
    kind = f"multipart/form-data; boundary={booth.boundary}"
    headers = {"Content-Type": kind, "Transfer-Encoding": "chunked"}
    await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", headers)
    body = booth.form()
    for start in range(0, len(body), 1000):
        piece = body[start : start + 1000]
        writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    writer.write(b"0\r\n\r\n")
    assert (await booth.answer(reader, writer)).status == 200


@pytest.mark.parametrize("header", ["X_Ingest_Password", "Authorization"])
async def test_password_as_a_header(booth: Booth, header: str) -> None:
    basic = "Basic " + base64.b64encode(f"anyone:{PASSWORD}".encode()).decode()
    value = basic if header == "Authorization" else PASSWORD
    assert (await booth.post(booth.form(password=None), **{header: value})).status == 200


async def test_names_in_a_national_code_page_are_no_reason_to_refuse(booth: Booth) -> None:
    cyrillic = "Фото".encode("cp1251")
    form = booth.form().replace(b"IMG_0042", cyrillic).replace(b'"hash"', b'"' + cyrillic + b'"')
    kind = f"Multipart/Form-Data; Boundary={booth.boundary}"
    answer = await booth.post(form, Content_Type=kind)
    assert answer.status == 200, answer.body
    fields = (await booth.the_job())["client_fields"]
    assert fields == {"time": "1767859200", "\ufffd" * 4: "0f3c"}


async def test_busy_slot_is_waited_for_in_order(booth: Booth) -> None:
    await booth.configure_settings(slot_concurrency=1)
    booth.provider.script.always("image", delay_seconds=0.2)
    answers = await asyncio.gather(*(booth.post() for _ in range(6)))
    assert {a.status for a in answers} == {200}
    assert max(a.json()["timings"]["wait_ms"] for a in answers) >= 500
    await booth.nothing_left()
