"""A machine by its commands, and the bucket that it keeps pictures in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from photobooth_daemon.config.media import S3Config
from photobooth_daemon.media.s3_body import body_of
from photobooth_daemon.media.s3_client import S3Client
from tests.support.commands import Commands

T = TypeVar("T")


class Bucket:
    """A bucket of the test's own, as whoever runs the store sees it."""

    def __init__(self, config: S3Config) -> None:
        self.config = config

    def put(self, name: str, data: bytes) -> None:
        """Store an object under a name below the installation's prefix."""

        async def run(client: S3Client) -> None:
            await client.put(f"{self.config.prefix}{name}", await body_of(data), "image/jpeg")

        self._with_client(run)

    def contents(self) -> dict[str, bytes]:
        """Return all there is below the prefix."""

        async def run(client: S3Client) -> dict[str, bytes]:
            found = {}
            async for page in client.pages(self.config.prefix):
                for item in page:
                    answer = await client.get(item.key)
                    found[item.key.removeprefix(self.config.prefix)] = await answer.read()
            return found

        return self._with_client(run)

    def _with_client(self, work: Callable[[S3Client], Awaitable[T]]) -> T:
        async def run() -> T:
            client = S3Client(self.config)
            try:
                return await work(client)
            finally:
                await client.close()

        return asyncio.run(run())


class House:
    """A machine by its commands; without a bucket it keeps files."""

    def __init__(
        self, database_url: str, directory: Path, bucket: Bucket | None, **more: str
    ) -> None:
        (directory / "media").mkdir(parents=True)
        self.directory = directory
        self.backups = directory.parent / "backups"
        environment = {"PHOTOBOOTH_BACKUP__DIRECTORY": str(self.backups), **more}
        if bucket is not None:
            environment |= {"PHOTOBOOTH_MEDIA__STORE": "s3", **_keys(bucket.config)}
        self.commands = Commands(database_url, directory, **environment)

    def backup(self, *arguments: str) -> Path:
        self.commands.good("backup", *arguments)
        return max(path for path in self.backups.iterdir() if path.name[0] != ".")

    def restore(self, backup: Path, *arguments: str) -> Any:
        return self.commands.run("restore", str(backup), "--unsealed", *arguments)


def _keys(config: S3Config) -> dict[str, str]:
    names = ("endpoint", "bucket", "prefix", "access_key", "secret_key")
    return {f"PHOTOBOOTH_MEDIA__S3__{name.upper()}": getattr(config, name) for name in names}
