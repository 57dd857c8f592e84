"""What a client hears that does not speak HTTP, or speaks too much of it."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID

from tornado.httputil import HTTPHeaders

from tests.support.in_turn import in_turn
from tests.support.office import Office

HOST = b"Host: localhost\r\n"


async def raw(office: Office, request: bytes) -> tuple[int, HTTPHeaders, bytes]:
    """Send these bytes; return the first answer."""

    reader, writer = await asyncio.open_connection("127.0.0.1", office.port)
    try:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        start, _, lines = head.partition("\r\n")
        headers = HTTPHeaders.parse(lines)
        body = await reader.readexactly(int(headers["Content-Length"]))
    finally:
        writer.close()
    return int(start.split()[1]), headers, body


@in_turn(
    "request_bytes",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /livez\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n" + HOST + b"no colon\r\n\r\n",
        b"POST /api/login HTTP/1.1\r\n" + HOST + b"Content-Length: abc\r\n\r\n",
        b"POST /api/login HTTP/1.1\r\n" + HOST + b"Content-Length: 5, 6\r\n\r\nhello!",
    ],
)
async def test_a_message_that_is_no_http_gets_a_problem(
    office: Office, request_bytes: bytes
) -> None:
    status, headers, body = await raw(office, request_bytes)
    assert status == 400
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Connection"] == "close"
    assert UUID(headers["X-Request-ID"])
    problem = json.loads(body)
    assert problem["code"] == "invalid_request"
    assert problem["status"] == 400


async def test_a_length_beyond_all_numbers_is_too_large(office: Office) -> None:
    line = b"POST /api/login HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
    status, _, body = await raw(office, line + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n")
    assert (status, json.loads(body)["code"]) == (413, "payload_too_large")


async def test_headers_and_targets_have_an_end(office: Office) -> None:
    line = b"GET /livez HTTP/1.1\r\n" + HOST
    status, _, body = await raw(office, line + b"X: " + b"a" * 100_000 + b"\r\n\r\n")
    assert (status, json.loads(body)["code"]) == (431, "invalid_request")
    status, _, body = await raw(
        office, b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    )
    assert (status, json.loads(body)["code"]) == (414, "invalid_request")


async def test_an_unknown_address_is_not_found_whatever_the_method(office: Office) -> None:
    for method in (b"GET", b"FOO", b"PROPFIND"):
        status, headers, body = await raw(office, method + b" /nope HTTP/1.1\r\n" + HOST + b"\r\n")
        assert (status, json.loads(body)["code"]) == (404, "not_found")
        assert "Allow" not in headers
    status, headers, _ = await raw(office, b"FOO /livez HTTP/1.1\r\n" + HOST + b"\r\n")
    assert (status, headers["Allow"]) == (405, "GET, HEAD")
