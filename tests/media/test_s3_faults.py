"""A bucket that refuses, hangs, breaks off or is not there: named in words, and never believed."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from photobooth_daemon.config.media import S3Config
from photobooth_daemon.errors import StorageUnavailable
from photobooth_daemon.media.keys import Shelf, preview_key, result_key
from photobooth_daemon.media.s3 import S3Store
from photobooth_daemon.media.s3_client import Request
from photobooth_daemon.model import PictureBytes
from tests.support.fake_bucket import FakeBucket
from tests.support.fakes import eventually
from tests.support.object_store import ObjectStore

DATA = os.urandom(1_000_000)
PICTURE = PictureBytes(DATA, "image/jpeg", 30, 20)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"secret_key": "wrong"}, "secret key does not fit"),
        ({"access_key": "nobody:there"}, "key"),
        ({"bucket": "no-such-bucket"}, "The bucket does not exist"),
        ({"region": "eu-west-1"}, "region is us-east-1"),
        ({"endpoint": "http://127.0.0.1:9"}, "cannot be reached: Connection refused"),
        ({"endpoint": "http://no-such-host.invalid"}, "cannot be reached"),
    ],
)
async def test_what_is_wrong_with_the_settings_is_said(
    object_store: ObjectStore, tmp_path: Path, wrong: dict[str, str], words: str
) -> None:
    config = replace(await object_store.new_bucket(), **wrong)
    store = S3Store(tmp_path, config)
    store.create()
    try:
        with pytest.raises(StorageUnavailable, match=words):
            await store.prove_writable()
        with pytest.raises(StorageUnavailable, match=words):
            await store.read(result_key(uuid4(), "image/jpeg"))
        # Not one of these may be taken for a picture that is gone.
        with pytest.raises(StorageUnavailable, match=words):
            await store.find_size(result_key(uuid4(), "image/jpeg"))
        with pytest.raises(StorageUnavailable, match=words):
            await store.list_missing([result_key(uuid4(), "image/jpeg")])
    finally:
        await store.close()


async def test_a_bucket_that_goes_while_it_is_used(
    object_store: ObjectStore, tmp_path: Path
) -> None:
    store = S3Store(tmp_path, await object_store.new_bucket())
    store.create()
    job_id = uuid4()
    await store.store_result(job_id, PICTURE, b"preview")
    await store.remove_result(job_id)
    async with store._client.call(Request("DELETE", "")):
        pass
    with pytest.raises(StorageUnavailable, match="The bucket does not exist"):
        await store.store_result(job_id, PICTURE, b"preview")
    with pytest.raises(StorageUnavailable, match="The bucket does not exist"):
        await store.open(result_key(job_id, "image/jpeg"))
    await store.close()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("skew", r"clock differs from the store's by \d{8,} seconds"),
        ("403 AccessDenied", "does not allow this key"),
        ("403 InvalidAccessKeyId", "does not know the access key"),
        ("301 PermanentRedirect", "in another region, or behind another endpoint"),
        ("507 InsufficientStorage", "The store is full"),
        ("418 Teapot", "answers 418 Teapot"),
    ],
)
async def test_a_refusal_is_not_tried_again(
    faulty: S3Store, fake_bucket: FakeBucket, fault: str, words: str
) -> None:
    fake_bucket.always = fault
    with pytest.raises(StorageUnavailable, match=words) as caught:
        await faulty.store_provider_input(uuid4(), b"photo", "image/jpeg")
    assert len(fake_bucket.requests) == 1
    assert fake_bucket.endpoint not in str(caught.value)
    assert caught.value.detail == StorageUnavailable.default_detail


@pytest.mark.parametrize("fault", ["503 SlowDown", "500 InternalError", "hang up"])
async def test_what_may_pass_is_tried_again(
    faulty: S3Store, fake_bucket: FakeBucket, fault: str
) -> None:
    media_id = uuid4()
    for work in (
        lambda: faulty.store_provider_input(media_id, b"photo", "image/jpeg"),
        lambda: faulty.remove_provider_input(media_id),
    ):
        fake_bucket.faults = [fault, fault]
        await work()
    assert fake_bucket.objects == {}
    # What is stored has been paid for: it is tried for as long as its time allows.
    fake_bucket.faults = [fault] * 3
    await faulty.store_provider_input(media_id, b"photo", "image/jpeg")
    fake_bucket.always = fault
    with pytest.raises(StorageUnavailable):
        await faulty.remove_provider_input(media_id)
    with pytest.raises(StorageUnavailable):
        await faulty.store_provider_input(media_id, b"photo", "image/jpeg")


@pytest.mark.parametrize("ahead", [-780, 780])
async def test_how_old_an_object_is_goes_by_our_clock(
    faulty: S3Store, fake_bucket: FakeBucket, ahead: int
) -> None:
    await faulty.store_provider_input(uuid4(), b"photo", "image/jpeg")
    fake_bucket.clock_ahead_seconds = ahead
    # By a store's clock that is ten minutes behind, a photo in work would be an orphan.
    (batch,) = [things async for things in faulty.list_shelf(Shelf.PROVIDER)]
    assert abs((batch[0].modified_at - datetime.now(UTC)).total_seconds()) < 5


async def test_a_store_that_hangs_keeps_nobody(faulty: S3Store, fake_bucket: FakeBucket) -> None:
    fake_bucket.always = "slow"
    begun = time.monotonic()
    with pytest.raises(StorageUnavailable, match="does not answer in time"):
        await faulty.store_result(uuid4(), PICTURE, b"preview")
    assert time.monotonic() - begun < 4.5, "five seconds is what each answer takes"


async def test_what_is_broken_off_does_not_come_after_its_removal(
    faulty: S3Store, fake_bucket: FakeBucket
) -> None:
    job_id = uuid4()
    fake_bucket.faults = ["late", "late"]
    storing = asyncio.create_task(faulty.store_result(job_id, PICTURE, b"preview"))
    await eventually(lambda: len(fake_bucket.requests) == 2)
    storing.cancel()
    await asyncio.gather(storing, return_exceptions=True)
    assert storing.cancelled()
    removing = asyncio.create_task(faulty.remove_result(job_id))
    # Long enough for a removal that waits for nothing.
    await asyncio.wait({removing}, timeout=0.3)
    fake_bucket.goes_on.set()
    assert await removing == len(DATA) + len(b"preview")
    await eventually(lambda: fake_bucket.at_work == 0)
    assert fake_bucket.objects == {}


async def test_a_result_that_is_broken_off_does_not_outlive_the_store(
    faulty: S3Store, fake_bucket: FakeBucket
) -> None:
    fake_bucket.always = "slow"
    storing = asyncio.create_task(faulty.store_result(uuid4(), PICTURE, b"preview"))
    await eventually(lambda: fake_bucket.requests)
    storing.cancel()
    begun = time.monotonic()
    await faulty.close()
    assert time.monotonic() - begun < 4.5, "five seconds is what each answer takes"


async def test_an_object_that_breaks_off_is_taken_up_again(
    faulty: S3Store, fake_bucket: FakeBucket
) -> None:
    job_id = uuid4()
    await faulty.store_result(job_id, PICTURE, b"preview")
    fake_bucket.faults = ["short", "short"]
    assert await faulty.read(result_key(job_id, "image/jpeg")) == DATA


async def test_an_object_that_is_always_cut_short_is_never_taken_for_whole(
    faulty: S3Store, fake_bucket: FakeBucket
) -> None:
    job_id = uuid4()
    await faulty.store_result(job_id, PICTURE, b"preview")
    fake_bucket.always = "short"
    with pytest.raises(StorageUnavailable):
        await faulty.read(result_key(job_id, "image/jpeg"))
    with pytest.raises(StorageUnavailable):
        async with faulty.local_copy(result_key(job_id, "image/jpeg")):
            pytest.fail("there is no whole copy")
    assert list(faulty._scratch.path("").iterdir()) == []


async def test_half_a_result_is_an_error_and_can_be_removed(
    faulty: S3Store, fake_bucket: FakeBucket
) -> None:
    job_id = uuid4()
    fake_bucket.faults = ["403 AccessDenied"]
    with pytest.raises(StorageUnavailable):
        await faulty.store_result(job_id, PICTURE, b"preview")
    await faulty.remove_result(job_id)
    assert fake_bucket.objects == {}


async def test_what_the_store_does_not_remove_is_told(
    faulty: S3Store, fake_bucket: FakeBucket
) -> None:
    media_id = uuid4()
    await faulty.store_provider_input(media_id, b"photo", "image/jpeg")
    fake_bucket.faults = ["", "keeps"]
    with pytest.raises(OSError, match="does not remove 1 objects: AccessDenied"):
        await faulty.remove_provider_input(media_id)
    assert "Content-MD5" in fake_bucket.headers[-1]


async def test_many_go_with_one_request(faulty: S3Store, fake_bucket: FakeBucket) -> None:
    keys = [result_key(uuid4(), "image/jpeg") for _ in range(1001)]
    fake_bucket.objects = dict.fromkeys([*map(str, keys), "other"], b"x")
    assert await faulty.remove_many(keys) == {}
    assert list(fake_bucket.objects) == ["other"]
    assert fake_bucket.requests == [("POST", "")] * 2


async def test_what_is_listed_goes_with_one_request(
    faulty: S3Store, fake_bucket: FakeBucket
) -> None:
    for _ in range(20):
        await faulty.store_result(uuid4(), PictureBytes(b"x", "image/png", 1, 1), b"preview")
    fake_bucket.objects["results/nobodys/own"] = b"x"
    things = [thing async for batch in faulty.list_shelf(Shelf.RESULTS) for thing in batch]
    fake_bucket.requests.clear()
    assert await faulty.remove_things(things) == {}
    assert fake_bucket.objects == {}
    assert fake_bucket.requests == [("POST", "")]


async def test_a_store_that_removes_one_at_a_time_is_asked_so(
    faulty: S3Store, fake_bucket: FakeBucket
) -> None:
    fake_bucket.removes_many = False
    keys = [result_key(uuid4(), "image/jpeg") for _ in range(20)]
    fake_bucket.objects = dict.fromkeys([*map(str, keys), "other"], b"x")
    assert await faulty.remove_many([*keys, result_key(uuid4(), "image/jpeg")]) == {}
    assert list(fake_bucket.objects) == ["other"]
    assert await faulty.remove_many(keys) == {}
    asked = [method for method, _ in fake_bucket.requests]
    assert (asked.count("POST"), asked.count("DELETE")) == (1, 41)
    fake_bucket.always = "403 AccessDenied"
    assert set(await faulty.remove_many(keys)) == set(keys)


async def test_of_many_those_are_told_that_stay(faulty: S3Store, fake_bucket: FakeBucket) -> None:
    keys = [result_key(uuid4(), "image/jpeg") for _ in range(3)]
    fake_bucket.objects = dict.fromkeys(map(str, keys), b"x")
    fake_bucket.faults = ["keeps"]
    kept = await faulty.remove_many(keys)
    assert set(kept) == set(keys)
    assert "does not remove 3 objects: AccessDenied" in str(kept[keys[0]])
    fake_bucket.faults = ["403 AccessDenied"]
    kept = await faulty.remove_many(keys)
    assert "does not allow this key" in str(kept[keys[0]])
    assert len(fake_bucket.objects) == 3
    # Nobody waits again and again for a store that is away.
    many = [result_key(uuid4(), "image/jpeg") for _ in range(2001)]
    fake_bucket.always = "403 AccessDenied"
    fake_bucket.requests.clear()
    assert set(await faulty.remove_many(many)) == set(many)
    assert len(fake_bucket.requests) == 1


async def test_previews_are_looked_for_once(faulty: S3Store, fake_bucket: FakeBucket) -> None:
    job_id = uuid4()
    fake_bucket.objects[f"results/{job_id}/preview.webp"] = b"old"
    expected = (preview_key(job_id, "image/webp"), "image/webp")
    assert [await faulty.find_preview(job_id) for _ in range(3)] == [expected] * 3
    assert len(fake_bucket.requests) == 1


async def test_templates_are_fetched_once_and_bounded(
    fake_bucket: FakeBucket, tmp_path: Path
) -> None:
    config: S3Config = replace(fake_bucket.config(), template_cache_mb=16)
    store = S3Store(tmp_path, config)
    store.create()
    ids = [uuid4() for _ in range(4)]
    for media_id in ids:
        fake_bucket.objects[f"templates/{media_id}/original.png"] = bytes(6_000_000)
    for _ in range(3):
        await asyncio.gather(*(store.template_file(media_id, "image/png") for media_id in ids))
    cache = tmp_path / "cache"
    assert len(fake_bucket.requests) == 4, "what a photo may be using is kept, whatever it takes"
    assert len(list(cache.iterdir())) == 4
    for number, media_id in enumerate(ids):
        used_at = time.time() - 600 + number
        os.utime(cache / f"{media_id}.png", (used_at, used_at))
    late = uuid4()
    fake_bucket.objects[f"templates/{late}/original.png"] = bytes(6_000_000)
    await store.template_file(late, "image/png")
    assert {path.stem for path in cache.iterdir()} == {str(late), str(ids[3])}
    await store.close()
