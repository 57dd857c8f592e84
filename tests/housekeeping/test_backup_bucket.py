"""Pictures in a bucket are copied into a backup, or named and left there, as asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.media.s3 import S3Store
from tests.support.bucket_house import Bucket, House
from tests.support.housekeeping import value

EXIT_FAILED, EXIT_USAGE = 1, 2


def manifest_of(backup: Path) -> Any:
    return json.loads((backup / "manifest.json").read_text())


def test_a_bucket_is_named_and_left(
    house: House, bucket: Bucket, empty_database_url: str, tmp_path: Path
) -> None:
    backup = house.backup()
    manifest = manifest_of(backup)
    assert (manifest["bucket"], manifest["media_files"]) == (bucket.config.bucket, 0)
    files = House(empty_database_url, tmp_path / "files", None)
    refused = files.restore(backup)
    assert refused.exit_code == EXIT_FAILED
    assert f"in the bucket {bucket.config.bucket}" in refused.output
    other = House(empty_database_url, tmp_path / "other", bucket)
    before = bucket.contents()
    restored = other.restore(backup)
    assert restored.exit_code == 0, restored.output
    assert "3 results." in restored.output
    assert "not in the bucket" not in restored.output
    assert bucket.contents() == before


@pytest.mark.parametrize("into", ["bucket", "files"])
def test_a_bucket_is_copied_and_comes_back(
    house: House,
    bucket: Bucket,
    new_bucket: Callable[[], Bucket],
    empty_database_url: str,
    tmp_path: Path,
    into: str,
) -> None:
    before = bucket.contents()
    backup = house.backup("--media", "copy")
    manifest = manifest_of(backup)
    assert (manifest["bucket"], manifest["media_files"]) == (None, 9)
    target = new_bucket() if into == "bucket" else None
    other = House(empty_database_url, tmp_path / "other", target)
    restored = other.restore(backup)
    assert restored.exit_code == 0, restored.output
    assert "3 results." in restored.output
    assert "expired" not in restored.output
    if target is not None:
        assert target.contents() == before
        assert not list((other.directory / "media" / "scratch").iterdir())
    else:
        media = other.directory / "media"
        assert {name: (media / name).read_bytes() for name in before} == before


def test_files_of_a_backup_come_back_into_a_bucket(
    database_url: str, new_bucket: Callable[[], Bucket], empty_database_url: str, tmp_path: Path
) -> None:
    files = House(database_url, tmp_path / "files", None)
    name = f"results/{uuid4()}/result.jpg"
    (files.directory / "media" / name).parent.mkdir(parents=True)
    (files.directory / "media" / name).write_bytes(b"picture")
    target = new_bucket()
    restored = House(empty_database_url, tmp_path / "other", target).restore(files.backup())
    assert restored.exit_code == 0, restored.output
    assert target.contents() == {name: b"picture"}


def test_what_is_in_both_places_while_an_installation_moves_is_in_the_backup_once(
    bucket: Bucket, database_url: str, tmp_path: Path
) -> None:
    moving = House(database_url, tmp_path / "moving", bucket, PHOTOBOOTH_MEDIA__READ_ALSO="files")
    (copied, *_) = [name for name in bucket.contents() if name.endswith("result.jpg")]
    only_here = f"results/{uuid4()}/result.jpg"
    for name in (copied, only_here):
        path = moving.directory / "media" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"picture")
    backup = moving.backup("--media", "copy")
    assert (backup / "media" / only_here).read_bytes() == b"picture"
    assert manifest_of(backup)["media_files"] == 9


def test_the_configuration_may_ask_for_copies_and_the_second_links_what_the_first_has(
    bucket: Bucket, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(database_url, tmp_path / "house", bucket, PHOTOBOOTH_BACKUP__MEDIA="copy")
    first = house.backup()
    first.rename(house.backups / "20200101T000000Z")
    bucket.put(f"results/{uuid4()}/result.jpg", b"new")
    fetched = []
    open_object = S3Store.open
    monkeypatch.setattr(
        S3Store, "open", lambda self, key: fetched.append(key) or open_object(self, key)
    )
    second = house.backup()
    manifest = manifest_of(second)
    assert (manifest["media_files"], manifest["linked_files"]) == (10, 9)
    assert len(fetched) == 1
    second.rename(house.backups / "20200102T000000Z")
    assert manifest_of(house.backup("--media", "leave"))["bucket"] == bucket.config.bucket


def test_what_no_backup_holds_is_left_where_it_is(house: House, bucket: Bucket) -> None:
    job_id = uuid4()
    foreign = (
        "results/readme.jpg",
        f"results/{job_id}/holiday.jpg",
        f"results/{job_id}/deeper/result.jpg",
        f"results/{job_id}/..",
        f"templates/{job_id}/retired",
        f"provider/{uuid4()}",
    )
    for name in foreign:
        bucket.put(name, b"nobody's")
    backup = house.backup("--media", "copy")
    assert manifest_of(backup)["media_files"] == 9
    kept = [path for path in (backup / "media").rglob("*") if path.is_file()]
    assert b"nobody's" not in {path.read_bytes() for path in kept}


@pytest.mark.parametrize("plant", ["link", "name", "picture"])
def test_what_was_planted_never_reaches_a_bucket(
    house: House,
    new_bucket: Callable[[], Bucket],
    empty_database_url: str,
    tmp_path: Path,
    plant: str,
) -> None:
    backup = house.backup("--media", "copy")
    picture = next((backup / "media" / "results").glob("*/result.jpg"))
    if plant == "link":
        (tmp_path / "shadow").write_text("root's own")
        picture.unlink()
        picture.symlink_to(tmp_path / "shadow")
    elif plant == "name":
        picture.with_name("page.html").write_text("<script>")
    else:
        picture.write_bytes(b"!" * picture.stat().st_size)
    target = new_bucket()
    other = House(empty_database_url, tmp_path / "other", target)
    assert other.restore(backup).exit_code == EXIT_FAILED
    assert target.contents() == {}


def test_a_bucket_in_use_is_not_restored_into(
    house: House, new_bucket: Callable[[], Bucket], empty_database_url: str, tmp_path: Path
) -> None:
    backup = house.backup("--media", "copy")
    target = new_bucket()
    picture = next((backup / "media" / "results").glob("*/result.jpg"))
    name = picture.relative_to(backup / "media").as_posix()
    target.put(name, b"another's")
    other = House(empty_database_url, tmp_path / "other", target)
    refused = other.restore(backup)
    assert refused.exit_code == EXIT_FAILED
    assert "--replace" in refused.output
    assert target.contents() == {name: b"another's"}
    assert other.restore(backup, "--replace").exit_code == 0
    assert target.contents()[name] == picture.read_bytes()


def test_what_a_bucket_does_not_give_back_fails_the_restore(
    house: House,
    new_bucket: Callable[[], Bucket],
    empty_database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backup = house.backup("--media", "copy")
    adopt = S3Store.adopt

    async def damage(self: S3Store, files: Any) -> None:
        for path in files.values():
            path.write_bytes(b"damaged on its way")
        await adopt(self, files)

    monkeypatch.setattr(S3Store, "adopt", damage)
    failed = House(empty_database_url, tmp_path / "other", new_bucket()).restore(backup)
    assert failed.exit_code == EXIT_FAILED
    assert "is not the same in the bucket" in failed.output


def test_a_bucket_that_is_away_fails_the_backup_with_its_reason(
    io_loop: IOLoop, bucket: Bucket, database: Database, database_url: str, tmp_path: Path
) -> None:
    away = House(database_url, tmp_path / "away", bucket)
    away.commands.environment["PHOTOBOOTH_MEDIA__S3__ENDPOINT"] = "http://127.0.0.1:9"
    failed = away.commands.run("backup", "--media", "copy")
    assert failed.exit_code == EXIT_FAILED
    assert "cannot be reached" in failed.output
    assert [path.name for path in away.backups.iterdir()] == [".lock"]
    told = io_loop.run_sync(lambda: value(database, "SELECT error FROM backup_run"))
    assert "cannot be reached" in told


def test_files_are_always_copied(database_url: str, tmp_path: Path) -> None:
    refused = House(database_url, tmp_path / "files", None).commands.run(
        "backup", "--media", "leave"
    )
    assert refused.exit_code == EXIT_USAGE
    assert "there is no bucket" in refused.output
