"""What every media store promises, be it a tree of files or a bucket."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from photobooth_daemon.media import s3_client
from photobooth_daemon.media.keys import (
    MediaKey,
    Shelf,
    original_key,
    preview_key,
    provider_key,
    result_key,
    template_preview_key,
)
from photobooth_daemon.media.listing import StoredThing
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import PictureBytes

DATA = os.urandom(3_000_000)
PICTURE = PictureBytes(DATA, "image/jpeg", 30, 20)
MOST_BLOCK_BYTES = 1 << 20


async def stored(store: MediaStore, picture: PictureBytes = PICTURE) -> UUID:
    job_id = uuid4()
    await store.store_result(job_id, picture, b"preview")
    return job_id


async def span(store: MediaStore, key: MediaKey, first: int, length: int, *, whole: bool) -> bytes:
    opened = await store.open(key, whole=whole)
    try:
        blocks = [block async for block in opened.blocks(first, length)]
    finally:
        opened.close()
    assert max(map(len, blocks), default=0) <= MOST_BLOCK_BYTES
    return b"".join(blocks)


async def listed(store: MediaStore, shelf: Shelf) -> list[StoredThing]:
    return [thing async for batch in store.list_shelf(shelf) for thing in batch]


async def upload(store: MediaStore, data: bytes) -> Path:
    scratch = store.open_scratch(uuid4())
    await scratch.write(data)
    return (await scratch.close()).path


async def test_a_result_is_found_and_read_whole(any_store: MediaStore) -> None:
    job_id = await stored(any_store)
    key = result_key(job_id, "image/jpeg")
    assert await any_store.find_result(job_id) == key
    assert await any_store.find_size(key) == len(DATA)
    assert await span(any_store, key, 0, len(DATA), whole=True) == DATA
    assert await any_store.find_preview(job_id) == (preview_key(job_id), "image/jpeg")
    assert await any_store.read(preview_key(job_id)) == b"preview"
    async with any_store.local_copy(key) as path:
        assert path.read_bytes() == DATA


async def test_a_part_is_that_part(any_store: MediaStore) -> None:
    key = result_key(await stored(any_store), "image/jpeg")
    spans = ((0, 1), (0, 500_000), (1_000_000, 1_500_000), (len(DATA) - 1, 1), (7, 0))
    for (first, length), whole in itertools.product(spans, (True, False)):
        part = await span(any_store, key, first, length, whole=whole)
        assert part == DATA[first : first + length], (first, length, whole)


async def test_many_read_at_once(any_store: MediaStore) -> None:
    keys = [result_key(await stored(any_store), "image/jpeg") for _ in range(3)] * 4
    reads = (span(any_store, key, 0, len(DATA), whole=True) for key in keys)
    assert set(await asyncio.gather(*reads)) == {DATA}


async def test_what_is_half_read_is_let_go(any_store: MediaStore) -> None:
    key = result_key(await stored(any_store), "image/jpeg")
    opened = await any_store.open(key)
    async for block in opened.blocks(0, opened.size_bytes):
        assert DATA.startswith(block)
        break
    opened.close()
    opened.close()
    assert await any_store.find_size(key) == len(DATA)


async def test_what_is_missing_is_missing(any_store: MediaStore) -> None:
    there = result_key(await stored(any_store), "image/jpeg")
    gone = result_key(uuid4(), "image/png")
    for whole in (True, False):
        with pytest.raises(FileNotFoundError):
            await any_store.open(gone, whole=whole)
    with pytest.raises(FileNotFoundError):
        await any_store.read(gone)
    assert await any_store.find_size(gone) is None
    assert await any_store.find_result(gone.id) is None
    assert await any_store.find_preview(gone.id) is None
    assert await any_store.remove_result(gone.id) == 0
    assert await any_store.remove_original(gone.id) == 0
    assert await any_store.remove_provider_input(gone.id) == 0
    assert await any_store.list_missing([there, gone]) == {gone}
    many = [result_key(uuid4(), "image/jpeg") for _ in range(20)]
    assert await any_store.list_missing([*many, there]) == set(many)


async def test_a_result_goes_with_its_preview(any_store: MediaStore) -> None:
    job_id = await stored(any_store)
    assert await any_store.remove_result(job_id) == len(DATA) + 7
    assert await any_store.remove_result(job_id) == 0
    assert await any_store.find_result(job_id) is None
    assert await any_store.find_preview(job_id) is None
    assert await listed(any_store, Shelf.RESULTS) == []


async def test_a_result_whose_caller_has_left_can_be_removed(any_store: MediaStore) -> None:
    job_id = uuid4()
    storing = asyncio.ensure_future(any_store.store_result(job_id, PICTURE, b"preview"))
    await asyncio.sleep(0.01)
    storing.cancel()
    await asyncio.gather(storing, return_exceptions=True)
    await any_store.remove_result(job_id)
    assert await any_store.find_result(job_id) is None


async def test_everything_is_listed_once_however_many_pages(
    any_store: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_client, "LISTED_AT_ONCE", 5)
    small = PictureBytes(b"picture", "image/webp", 3, 2)
    ids = {await stored(any_store, small) for _ in range(13)}
    things = await listed(any_store, Shelf.RESULTS)
    assert [thing.id for thing in things if thing.id in ids] == [thing.id for thing in things]
    assert {thing.id for thing in things} == ids
    assert len(things) == 13
    assert {thing.size_bytes for thing in things} == {14}
    now = datetime.now(UTC)
    assert all(abs(thing.modified_at - now) < timedelta(minutes=1) for thing in things)
    assert await any_store.remove_thing(things[0]) == 14
    assert await any_store.remove_thing(things[0]) == 0
    assert len(await listed(any_store, Shelf.RESULTS)) == 12


async def test_what_a_crash_leaves_is_whole_or_half_and_goes(any_store: MediaStore) -> None:
    """Objects without a row: cleanup finds them by the listing, and ends them."""
    job_id = await stored(any_store)
    media_id = uuid4()
    await any_store.store_provider_input(media_id, b"photo", "image/jpeg")
    await any_store.keep_original(job_id, await upload(any_store, b"original"), "image/jpeg")
    present = await any_store.list_present([job_id, media_id])
    assert present == {Shelf.RESULTS: {job_id}, Shelf.ORIGINALS: {job_id}}
    for shelf in (Shelf.RESULTS, Shelf.ORIGINALS, Shelf.PROVIDER):
        (thing,) = await listed(any_store, shelf)
        assert await any_store.remove_thing(thing) == thing.size_bytes > 0
        assert await listed(any_store, shelf) == []


async def test_many_go_at_once_and_what_is_gone_is_no_fault(any_store: MediaStore) -> None:
    small = PictureBytes(b"picture", "image/webp", 3, 2)
    ids = [await stored(any_store, small) for _ in range(5)]
    await any_store.keep_original(ids[0], await upload(any_store, b"original"), "image/jpeg")
    media_id = uuid4()
    await any_store.store_provider_input(media_id, b"photo", "image/jpeg")
    going = [result_key(id_, "image/webp") for id_ in ids[:3]]
    going += [preview_key(id_) for id_ in ids[:3]]
    going += [original_key(ids[0], "image/jpeg"), provider_key(media_id)]
    for _ in range(2):
        assert await any_store.remove_many([*going, result_key(uuid4(), "image/png")]) == {}
    assert {thing.id for thing in await listed(any_store, Shelf.RESULTS)} == set(ids[3:])
    assert await any_store.find_preview(ids[0]) is None
    for shelf in (Shelf.ORIGINALS, Shelf.PROVIDER):
        assert await listed(any_store, shelf) == []
    things = await listed(any_store, Shelf.RESULTS)
    for _ in range(2):
        assert await any_store.remove_things(things) == {}
    assert await listed(any_store, Shelf.RESULTS) == []


async def test_an_original_is_kept_and_comes_back(any_store: MediaStore) -> None:
    job_id = uuid4()
    photo = await upload(any_store, DATA)
    await any_store.keep_original(job_id, photo, "image/png")
    assert photo.read_bytes() == DATA, "it is still worked on"
    scratch = any_store.open_scratch(uuid4())
    written = await any_store.copy_original(job_id, "image/png", scratch)
    assert written.sha256 == hashlib.sha256(DATA).hexdigest()
    await scratch.discard()
    assert await any_store.remove_original(job_id) == len(DATA)
    with pytest.raises(FileNotFoundError):
        await any_store.copy_original(job_id, "image/png", any_store.open_scratch(uuid4()))
    assert await any_store.find_size(original_key(job_id, "image/png")) is None


async def test_a_providers_input(any_store: MediaStore) -> None:
    media_id = uuid4()
    await any_store.store_provider_input(media_id, b"photo", "image/jpeg")
    assert await any_store.read(provider_key(media_id)) == b"photo"
    assert await any_store.remove_provider_input(media_id) == 5
    with pytest.raises(FileNotFoundError):
        await any_store.read(provider_key(media_id))


async def test_a_template_is_a_file_of_this_host_while_it_is_needed(any_store: MediaStore) -> None:
    media_id = uuid4()
    await any_store.store_template(
        media_id, await upload(any_store, b"frame"), "image/png", b"preview"
    )
    for _ in range(2):
        path = await any_store.template_file(media_id, "image/png")
        assert path.read_bytes() == b"frame"
    assert await any_store.read(template_preview_key(media_id)) == b"preview"
    (thing,) = await listed(any_store, Shelf.TEMPLATES)
    await any_store.retire_template(media_id)
    (younger,) = await listed(any_store, Shelf.TEMPLATES)
    assert younger.modified_at >= thing.modified_at
    assert await any_store.remove_template(media_id) == 12
    assert await listed(any_store, Shelf.TEMPLATES) == []
    assert not (await any_store.template_file(media_id, "image/png")).exists()
    assert not (await any_store.template_file(uuid4(), "image/png")).exists()


async def test_scratch_is_this_hosts(any_store: MediaStore) -> None:
    path = await upload(any_store, b"half a photo")
    (thing,) = await listed(any_store, Shelf.SCRATCH)
    assert (thing.name, thing.size_bytes) == (path.name, 12)
    assert await any_store.remove_thing(thing) == 12
    assert not path.exists()
    assert any_store.free_bytes() == any_store.space().free_bytes > 0


async def test_a_store_that_can_be_written_to_says_nothing(any_store: MediaStore) -> None:
    await any_store.prove_writable()
    await any_store.prove_writable()
    for shelf in Shelf:
        assert await listed(any_store, shelf) == []
