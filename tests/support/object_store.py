"""A real S3-compatible object store for tests: Debian's Swift, in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from photobooth_daemon.child_process import start_tied
from photobooth_daemon.config.media import S3Config
from photobooth_daemon.media.s3_client import Request, S3Client

DEBIANS_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).with_name("swift_server.py")


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """Where it listens, and the keys that it knows."""

    endpoint: str
    access_key: str = "test:tester"
    secret_key: str = "testing"

    async def new_bucket(self) -> S3Config:
        """Make an empty bucket, and return how to get at it."""
        config = S3Config(
            endpoint=self.endpoint,
            bucket=f"booths-{uuid4()}",
            access_key=self.access_key,
            secret_key=self.secret_key,
            prefix="studio/",
        )
        client = S3Client(config)
        # The daemon makes no buckets: whoever runs the store does.
        async with client.call(Request("PUT", "")):
            pass
        await client.close()
        return config


def start_object_store(directory: Path) -> tuple[subprocess.Popen[bytes], ObjectStore]:
    """Start the server; without one its tests are skipped by name, but not in CI."""
    pytest.importorskip("botocore")
    asked = [DEBIANS_PYTHON, "-c", "import swift, eventlet"]
    if not Path(DEBIANS_PYTHON).exists() or subprocess.run(asked, capture_output=True).returncode:
        message = "no object store: apt-get install python3-swift"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    store = ObjectStore(f"http://127.0.0.1:{port}")
    process = run_object_store(directory, store)
    wait_until_listening(process)
    return process, store


def run_object_store(directory: Path, store: ObjectStore) -> subprocess.Popen[bytes]:
    """Run the server on what the directory holds."""
    return start_tied(
        [
            *(DEBIANS_PYTHON, SERVER, directory, store.endpoint.rpartition(":")[2]),
            *(store.access_key, store.secret_key),
        ],
        env={"PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def wait_until_listening(process: subprocess.Popen[bytes]) -> None:
    """Return once the server answers."""
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said.startswith(b"listening"), "the object store does not start"
