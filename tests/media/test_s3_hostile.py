"""A bucket that means harm, or is none: what it says costs no more than what is asked of it."""

from __future__ import annotations

import os
from uuid import uuid4

import pytest

from photobooth_daemon.errors import StorageUnavailable
from photobooth_daemon.media import s3_client, s3_listing, s3_object
from photobooth_daemon.media.keys import Shelf, result_key
from photobooth_daemon.media.s3 import S3Store
from photobooth_daemon.media.s3_client import MOST_DOCUMENT_BYTES, MOST_EMPTY_PAGES
from photobooth_daemon.media.s3_object import OpenedObject
from photobooth_daemon.model import PictureBytes
from tests.support.fake_bucket import FakeBucket

WHEN = "<LastModified>2026-11-28T12:00:00.000Z</LastModified>"
ITEM = f"<Contents><Key>results/a/result.jpg</Key><Size>1</Size>{WHEN}</Contents>"
MORE = "<IsTruncated>true</IsTruncated><NextContinuationToken>on</NextContinuationToken>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    ("listing", "words"),
    [
        (f"<R>{MORE}{ITEM}</R>".encode(), "does not go on"),
        (f"<R>{MORE}</R>".encode(), "does not go on"),
        (b"<R>" + b" " * MOST_DOCUMENT_BYTES + b"</R>", "too long"),
        (f'<!DOCTYPE R [<!ENTITY l0 "ha">{LAUGHS}]><R>&l11;</R>'.encode(), "not XML of S3"),
        (b"\x89PNG\r\n\x1a\n", "not XML"),
        (f"<R><Contents><Size>many</Size>{WHEN}</Contents></R>".encode(), "no sense"),
        (b"<R><Contents><Size>" + b"9" * 5000 + b"</Size></Contents></R>", "no sense"),
        (b"<R><Contents><LastModified>soon</LastModified></Contents></R>", "no sense"),
    ],
    ids=["the same page", "empty pages", "long", "entities", "picture", "size", "digits", "date"],
)
async def test_a_list_that_is_none_ends(
    faulty: S3Store, fake_bucket: FakeBucket, listing: bytes, words: str
) -> None:
    fake_bucket.listing = listing
    with pytest.raises(StorageUnavailable, match=words):
        async for _ in faulty.list_shelf(Shelf.RESULTS):
            pass
    assert len(fake_bucket.requests) <= MOST_EMPTY_PAGES + 1


async def test_a_million_names_below_one_are_not_held_together(
    faulty: S3Store, fake_bucket: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_listing, "MOST_HELD", 10)
    monkeypatch.setattr(s3_client, "LISTED_AT_ONCE", 3)
    names = {f"results/../{n:03}": b"x" for n in range(50)}
    job_id = uuid4()
    await faulty.store_result(job_id, PictureBytes(b"picture", "image/jpeg", 30, 20), b"preview")
    fake_bucket.objects |= names
    things = [thing async for page in faulty.list_shelf(Shelf.RESULTS) for thing in page]
    assert max(len(thing.objects) for thing in things) < 10 + 3
    told = [name for thing in things for name in thing.objects]
    assert sorted(told) == sorted(fake_bucket.objects)
    assert {thing.id for thing in things if ".." in thing.name} == {None}
    pictures = [found async for page in faulty.list_pictures(Shelf.RESULTS) for found in page]
    assert [len(found) for found in pictures] == [2]


@pytest.mark.parametrize("size", ["*", "-1", "x", "9" * 5000, "9" * 15])
async def test_an_object_of_no_size_or_of_any_is_not_begun(
    faulty: S3Store, fake_bucket: FakeBucket, size: str
) -> None:
    job_id = uuid4()
    await faulty.store_result(job_id, PictureBytes(b"picture", "image/jpeg", 30, 20), b"preview")
    fake_bucket.told_size = size
    with pytest.raises(StorageUnavailable):
        await faulty.open(result_key(job_id, "image/jpeg"), whole=False)


async def test_an_object_larger_than_any_picture_fills_no_disk(
    faulty: S3Store, fake_bucket: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_object, "MOST_BYTES", 1_000_000)
    key = result_key(uuid4(), "image/jpeg")
    fake_bucket.objects[str(key)] = bytes(1_000_001)
    with pytest.raises(StorageUnavailable, match="larger than any picture"):
        async with faulty.local_copy(key):
            pytest.fail("it was fetched")
    assert list(faulty._scratch.path("").iterdir()) == []


async def test_a_store_without_ranges_is_read_from_where_it_was(
    faulty: S3Store, fake_bucket: FakeBucket
) -> None:
    data, key = os.urandom(1_500_000), result_key(uuid4(), "image/jpeg")
    fake_bucket.objects[str(key)] = data
    fake_bucket.knows_ranges = False
    opened = OpenedObject(faulty._client, str(key), len(data))
    read = b"".join([block async for block in opened.blocks(700_000, 300_000)])
    opened.close()
    assert read == data[700_000:1_000_000]
    cut = OpenedObject(faulty._client, str(key), len(data) + 1000)
    with pytest.raises(StorageUnavailable, match="less than it says"):
        async for _ in cut.blocks(len(data) + 10, 10):
            pass
