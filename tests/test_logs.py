"""What a log line holds, and what it never does."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import sys
from collections.abc import Iterator
from contextvars import copy_context
from typing import Any

import pytest

from photobooth_daemon.logs import (
    JsonFormatter,
    SecretMask,
    TextFormatter,
    bind_log_fields,
    configure_logging,
)

log = logging.getLogger("photobooth_daemon.ingest.story")
SECRET = 'open "sesame"/42'


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logging(level="debug", style="json", secrets=[SECRET], stream=stream)
    yield stream
    for handler in list(root.handlers):
        if handler not in before:
            root.removeHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(False)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_its_time_level_logger_message_and_fields(stream: io.StringIO) -> None:
    def photo() -> None:
        bind_log_fields(request_id="r-1", slot_id="slot-001")
        bind_log_fields(job_id="j-1")
        log.info("photo %s", "done", extra={"total_ms": 1200, "timings": {"upload_ms": 3}})

    copy_context().run(photo)
    log.warning("outside")
    first, second = lines(stream)
    assert first["timestamp"].endswith("Z")
    assert first | {"timestamp": ""} == {
        "timestamp": "",
        "level": "info",
        "logger": "photobooth_daemon.ingest.story",
        "message": "photo done",
        "request_id": "r-1",
        "slot_id": "slot-001",
        "job_id": "j-1",
        "total_ms": 1200,
        "timings": {"upload_ms": 3},
    }
    assert set(second) == {"timestamp", "level", "logger", "message"}


async def test_fields_follow_a_task_and_do_not_leak_to_its_neighbour(stream: io.StringIO) -> None:
    async def photo(name: str) -> None:
        bind_log_fields(job_id=name)
        await asyncio.sleep(0)
        log.info("%s", name)

    await asyncio.gather(photo("a"), photo("b"))
    log.info("after")
    assert [line.get("job_id") for line in lines(stream)] == ["a", "b", None]


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        "Authorization: Bearer abcdefgh12345678",
        "Authorization: Basic dXNlcjpwYXNzd29yZA==",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzZXJnIn0.c2lnbmF0dXJl",
        "postgres://photobooth:hunter22@db/photobooth",
        "https://api.example/v1?key=AIzaSyA123&alt=json",
        "GET /x?password=hunter22",
        base64.b64encode(bytes(range(256)) * 4).decode(),
    ],
)
def test_no_secret_reaches_a_line(stream: io.StringIO, text: str) -> None:
    secrets = [
        *json.dumps(SECRET)[1:-1].split("\n"),
        SECRET,
        "abcdefgh12345678",
        "dXNlcjpwYXNzd29yZA==",
        "eyJhbGciOiJIUzI1NiJ9",
        "hunter22",
        "AIzaSyA123",
        "AAECAwQFBgcICQ",
    ]
    log.info("saw %s", text, extra={"seen": text, "nested": {"deep": [text]}})
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("failed")
    written = stream.getvalue()
    assert "***" in written
    for secret in secrets:
        assert secret not in written
    assert len(lines(stream)) == 2


def test_fields_named_like_secrets_and_bytes_are_not_written(stream: io.StringIO) -> None:
    log.info(
        "body %s",
        b"\xff\xd8 a face",
        extra={"password": "x", "request_body": "y", "part": b"z" * 9},
    )
    (line,) = lines(stream)
    assert line["message"] == "body <9 bytes>"
    assert line["password"] == line["request_body"] == "***"
    assert line["part"] == "<9 bytes>"


def test_long_text_is_cut_and_stays_one_line(stream: io.StringIO) -> None:
    log.info("a\nb", extra={"detail": "word " * 1000})
    (line,) = lines(stream)
    assert line["message"] == "a\nb"
    assert len(line["detail"]) < 600


def test_a_wrong_format_string_does_not_lose_the_event() -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "two %s %s", ("one",), None)
    assert json.loads(JsonFormatter(SecretMask()).format(record))["message"] == "two %s %s"


def test_text_for_a_terminal_is_masked_too() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    root = logging.getLogger()
    before = list(root.handlers)
    terminal = Terminal()
    configure_logging(style="auto", secrets=[SECRET], stream=terminal)
    try:
        log.info("photo with %s", SECRET, extra={"job_id": "j-1"})
    finally:
        for handler in list(root.handlers):
            if handler not in before:
                root.removeHandler(handler)
        logging.captureWarnings(False)
    assert "INFO    ingest.story: photo with ***  job_id=j-1" in terminal.getvalue()


def test_short_secrets_are_not_masked_by_value() -> None:
    assert SecretMask(["a"])("a banana") == "a banana"


HOSTILE = [
    "x\n12:00:00.000 INFO    daemon: nothing happened",
    "x\r\x1b[2K\x1b]0;owned\x07",
    "x\x9b31mred\x7f",
    "x\u2028y\u2029z\x85",
    "x\u202egnp.exe\u2066",
    "x\ud800",
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
@pytest.mark.parametrize("formatter", [JsonFormatter, TextFormatter])
def test_what_strangers_write_stays_in_its_place(
    formatter: type[JsonFormatter | TextFormatter], number: int
) -> None:
    text = HOSTILE[number]
    try:
        raise ValueError(text)
    except ValueError:
        failure = sys.exc_info()
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "photo of %s", (text,), failure)
    record.client, record.fields = text, {text: [text]}
    output = formatter(SecretMask()).format(record)
    output.encode()
    assert not [sign for sign in output if not sign.isprintable() and sign != "\n"], repr(output)
    if formatter is JsonFormatter:
        assert json.loads(output)["client"] == text
        assert "\n" not in output
    else:
        own = [line for line in output.splitlines() if not line.startswith("    ")]
        assert len(own) == 1, output


def test_a_field_of_a_text_line_cannot_pass_for_two() -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "refused", (), None)
    record.name_sent = 'me address=10.0.0.1 "'
    line = TextFormatter(SecretMask()).format(record)
    assert line.endswith(r'refused  name_sent="me address=10.0.0.1 \""')
