"""A form's file comes out as it went in, wherever its pieces are cut."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from photobooth_daemon.errors import InvalidRequest, PayloadTooLarge
from photobooth_daemon.web.incoming.multipart import LEAST_PASSED_BYTES, FormNames, FormReader

BOUNDARY = b"------------090306000104030805010400"
KIND = f"multipart/form-data; boundary={BOUNDARY.decode()}"
NAMES = FormNames(file=("fileToUpload",), secret=("password",))
MARK = b"\r\n--" + BOUNDARY
ALMOST = (b"\r\n", b"\r\n--", MARK[:-1], MARK[:-1] + b"x", b"--" + BOUNDARY, b"\n" * 90, MARK * 2)
"""What a file may hold that looks like its end; the last ones are an end of their own."""


def form(file: bytes) -> bytes:
    def part(name: bytes, value: bytes, more: bytes = b"") -> bytes:
        head = b'--%b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n'
        return head % (BOUNDARY, name, more) + value + b"\r\n"

    return (
        part(b"password", b"secret")
        + part(b"fileToUpload", file, b'; filename="IMG_0001.JPG"')
        + part(b"time", b"now")
        + b"--%b--\r\n" % BOUNDARY
    )


async def read(
    pieces: Iterator[bytes], *, max_file_bytes: int = 1 << 30
) -> tuple[bytes, FormReader]:
    taken: list[bytes] = []

    async def sink(piece: bytes | memoryview) -> None:
        taken.append(bytes(piece))

    reader = FormReader(KIND, sink, NAMES, max_file_bytes=max_file_bytes)
    for piece in pieces:
        await reader.feed(piece)
    await reader.finish()
    return b"".join(taken), reader


def cut(body: bytes, *at: int) -> Iterator[bytes]:
    for start, end in zip((0, *at), (*at, len(body)), strict=True):
        yield body[start:end]


@pytest.mark.parametrize("almost", ALMOST[:-1], ids=range(len(ALMOST) - 1))
async def test_a_file_with_what_looks_like_its_end_is_taken_whole(almost: bytes) -> None:
    chance = random.Random(7)
    whole = chance.randbytes(3 * LEAST_PASSED_BYTES) + almost + chance.randbytes(90_000)
    for file in (whole, whole + almost):
        body = form(file)
        looks_so = body.index(almost, 3 * LEAST_PASSED_BYTES)
        ends = body.rindex(MARK, 0, body.index(b'name="time"'))
        for first in (looks_so, ends):
            for at in range(first - 80, first + 100, 3):
                taken, reader = await read(cut(body, 2 * LEAST_PASSED_BYTES, at))
                assert taken == file
                assert reader.form.fields == {"time": "now"}
                assert reader.form.secrets == {"password": b"secret"}


async def test_a_file_in_pieces_of_any_size_is_taken_whole() -> None:
    chance = random.Random(11)
    for _ in range(60):
        parts = [chance.randbytes(chance.choice((1, 100, 40_000))) for _ in range(8)]
        file = b"".join(part + chance.choice(ALMOST[:-1]) for part in parts) + b"."
        body = form(file)
        most = chance.choice((300, 20_000, 200_000))
        cuts, at = [], 0
        while (at := at + chance.randint(1, most)) < len(body):
            cuts.append(at)
        taken, _ = await read(cut(body, *cuts))
        assert taken == file


async def test_a_file_is_not_passed_by_its_limit() -> None:
    body = form(bytes(300_000))
    most = 300_000
    assert len((await read(cut(body, 100_000, 200_000), max_file_bytes=most))[0]) == most
    with pytest.raises(PayloadTooLarge):
        await read(cut(body, 100_000, 200_000), max_file_bytes=most - 1)


async def test_a_file_without_an_end_is_cut_off() -> None:
    body = form(bytes(300_000))
    with pytest.raises(InvalidRequest):
        await read(cut(body[:200_000], 100_000))
