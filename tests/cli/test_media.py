"""``photoboothctl media copy``: says what it did, or what has to be set first."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

from click.testing import CliRunner, Result
from tornado.ioloop import IOLoop

from photobooth_daemon.cli import main
from photobooth_daemon.config.media import S3Config
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.model import PictureBytes
from tests.support.object_store import ObjectStore


def run(root: Path, bucket: S3Config, *arguments: str, **media: str) -> Result:
    environment = {
        "ROOT": str(root),
        "S3__ENDPOINT": bucket.endpoint,
        "S3__BUCKET": bucket.bucket,
        "S3__PREFIX": bucket.prefix,
        "S3__ACCESS_KEY": bucket.access_key,
        "S3__SECRET_KEY": bucket.secret_key,
        **media,
    }
    return CliRunner().invoke(
        main,
        ["--config", "/dev/null", *arguments],
        env={f"PHOTOBOOTH_MEDIA__{name}": value for name, value in environment.items()},
    )


def test_pictures_are_copied_once(
    io_loop: IOLoop, object_store: ObjectStore, media_root: Path
) -> None:
    bucket = io_loop.run_sync(object_store.new_bucket)
    files = FileStore(media_root)
    files.create()
    picture = PictureBytes(b"picture", "image/jpeg", 3, 2)
    io_loop.run_sync(lambda: files.store_result(uuid4(), picture, b"preview"))
    io_loop.run_sync(files.close)
    moving = {"STORE": "s3", "READ_ALSO": "files"}
    done = run(media_root, bucket, "media", "copy", "--to", "s3", **moving)
    assert done.exit_code == 0, done.output
    assert "2 pictures copied" in done.output
    assert "Nothing is left to copy" in done.output
    again = run(media_root, bucket, "media", "copy", "--to", "s3", "--json", **moving)
    assert json.loads(again.output)["there_already"] == 2
    back = run(media_root, bucket, "media", "copy", "--to", "files", STORE="files", READ_ALSO="s3")
    assert "2 were there already" in back.output


def test_what_has_to_be_set_first_is_said(tmp_path: Path) -> None:
    bucket = S3Config("http://127.0.0.1:9", "bucket", "key", "secret")
    for media in ({}, {"STORE": "s3"}, {"STORE": "files", "READ_ALSO": "s3"}):
        refused = run(tmp_path, bucket, "media", "copy", "--to", "s3", **media)
        assert refused.exit_code == 2
        assert 'set store = "s3" and read_also = "files"' in refused.output


def test_the_configuration_names_what_is_wrong_with_a_bucket(tmp_path: Path) -> None:
    bucket = S3Config("http://store/path", "Not A Bucket", "key", "", prefix="no-slash")
    refused = run(tmp_path, bucket, "config", "check", STORE="s3", READ_ALSO="s3")
    assert refused.exit_code == 2
    for key in ("read_also", "s3.endpoint", "s3.bucket", "s3.secret_key", "s3.prefix"):
        assert f"media.{key}" in refused.output
    good = S3Config("http://store", "bucket", "key", "secret")
    assert run(tmp_path, good, "config", "check", STORE="s3").exit_code == 0
    no_authority = tmp_path / "ca.pem"
    no_authority.write_text("no certificate")
    refused = run(tmp_path, good, "config", "check", STORE="s3", S3__CA_FILE=str(no_authority))
    assert (refused.exit_code, "media.s3.ca_file" in refused.output) == (2, True)
    text = run(tmp_path, good, "config", "show", STORE="s3")
    assert (text.exit_code, "[media]" in text.output) == (0, True)
    shown = run(tmp_path, good, "config", "show", "--json", STORE="s3")
    assert json.loads(shown.output)["media"]["s3"]["secret_key"] == "(set)"
