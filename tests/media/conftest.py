"""The stores that keep the same promises."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.media.s3 import S3Store
from photobooth_daemon.media.store import MediaStore
from tests.support.fake_bucket import FakeBucket
from tests.support.object_store import ObjectStore
from tests.support.tls_front import DOMAIN, TlsFront


@pytest.fixture(scope="session")
def store_by_tls(
    object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TlsFront]:
    """HAProxy in front of the object store, with a certificate of the test's own authority."""
    front = TlsFront(tmp_path_factory.mktemp("tls"), object_store.endpoint)
    front.start(front.authority.certify(DOMAIN, f"*.{DOMAIN}"))
    yield front
    front.close()


@pytest.fixture
def names_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every name below ``.test`` be this machine's."""
    really = socket.getaddrinfo

    def look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        is_ours = isinstance(host, str) and host.endswith(".test")
        return really("127.0.0.1" if is_ours else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.fixture(params=["files", "s3", "s3 by TLS"])
def any_store(
    request: pytest.FixtureRequest, io_loop: IOLoop, tmp_path: Path
) -> Iterator[MediaStore]:
    """Each kind of store, empty."""
    root = tmp_path / "media"
    store: MediaStore
    if request.param == "files":
        store = FileStore(root)
    else:
        there: ObjectStore = request.getfixturevalue("object_store")
        bucket = io_loop.run_sync(there.new_bucket)
        if request.param == "s3 by TLS":
            request.getfixturevalue("names_of_tests")
            front: TlsFront = request.getfixturevalue("store_by_tls")
            bucket = front.config(bucket, addressing="virtual")
        store = S3Store(root, bucket)
    store.create()
    yield store
    io_loop.run_sync(store.close)


@pytest.fixture
def faulty(io_loop: IOLoop, fake_bucket: FakeBucket, tmp_path: Path) -> Iterator[S3Store]:
    """A store on it."""
    store = S3Store(tmp_path / "media", fake_bucket.config())
    store.create()
    yield store
    io_loop.run_sync(store.close)
