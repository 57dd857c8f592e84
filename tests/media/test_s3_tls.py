"""A bucket by TLS: through a proxy, under an authority of one's own, named in path or host."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from photobooth_daemon.config.media import S3Config
from photobooth_daemon.errors import StorageUnavailable
from photobooth_daemon.media.keys import preview_key, result_key
from photobooth_daemon.media.s3 import S3Store
from photobooth_daemon.model import PictureBytes
from tests.support.object_store import ObjectStore
from tests.support.tls_front import DOMAIN, TlsFront

pytestmark = pytest.mark.usefixtures("names_of_tests")

PICTURE = PictureBytes(os.urandom(1_000_000), "image/jpeg", 30, 20)


@pytest.fixture
def front(object_store: ObjectStore, tmp_path: Path) -> Iterator[TlsFront]:
    """A proxy of this test alone, not started yet."""
    made = TlsFront(tmp_path, object_store.endpoint)
    yield made
    made.close()


async def reason(root: Path, config: S3Config) -> str:
    store = S3Store(root / "media", config)
    store.create()
    try:
        with pytest.raises(StorageUnavailable) as caught:
            await store.prove_writable()
        return caught.value.reason
    finally:
        await store.close()


@pytest.mark.parametrize("addressing", ["path", "virtual"])
async def test_pictures_go_there_and_back(
    object_store: ObjectStore, store_by_tls: TlsFront, tmp_path: Path, addressing: str
) -> None:
    bucket = await object_store.new_bucket()
    store = S3Store(tmp_path / "media", store_by_tls.config(bucket, addressing=addressing))
    plain = S3Store(tmp_path / "plain", bucket)
    for made in (store, plain):
        made.create()
    try:
        assert store.certificate_ends() is None
        await store.prove_writable()
        left = (store.certificate_ends() or 0) - time.time()
        assert timedelta(hours=23) < timedelta(seconds=left) < timedelta(days=1)
        job_id = uuid4()
        await store.store_result(job_id, PICTURE, b"preview")
        key = result_key(job_id, "image/jpeg")
        assert await store.read(key) == await plain.read(key) == PICTURE.data
        assert await store.find_size(key) == len(PICTURE.data)
        assert await store.remove_many([key, preview_key(job_id)]) == {}
        assert await plain.find_result(job_id) is None
    finally:
        await store.close()
        await plain.close()


@pytest.mark.parametrize(
    ("names", "lasts", "changed", "words"),
    [
        ((DOMAIN,), timedelta(days=1), {"ca_file": None}, "not to be trusted: see ca_file"),
        (("another.test",), timedelta(days=1), {}, "for another name: see endpoint"),
        ((DOMAIN,), timedelta(days=1), {"addressing": "virtual"}, "name: see endpoint and address"),
        ((DOMAIN,), timedelta(days=-1), {}, "certificate has expired"),
    ],
    ids=["no authority", "another name", "a bucket's name", "expired"],
)
async def test_what_is_wrong_with_a_certificate_is_said(
    object_store: ObjectStore,
    front: TlsFront,
    tmp_path: Path,
    names: tuple[str, ...],
    lasts: timedelta,
    changed: dict[str, Any],
    words: str,
) -> None:
    front.start(front.authority.certify(*names, lasts=lasts))
    config = front.config(await object_store.new_bucket(), **changed)
    assert words in await reason(tmp_path, config)


async def test_a_port_without_tls_is_told_apart(
    object_store: ObjectStore, store_by_tls: TlsFront, tmp_path: Path
) -> None:
    bucket = await object_store.new_bucket()
    plain = object_store.endpoint.replace("http:", "https:")
    assert "no TLS that fits" in await reason(tmp_path, store_by_tls.config(bucket, endpoint=plain))
