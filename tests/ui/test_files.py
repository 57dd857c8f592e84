"""The UI's files: what is sent to whom, how long it may be kept, and what the page weighs."""

import gzip
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPResponse
from tornado.web import Application

from photobooth_daemon.config.public_address import PublicAddress
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.site import Site
from photobooth_daemon.web.ui import UiFileHandler, UiIndexHandler
from photobooth_daemon.web.ui_bounds import PATH, bounds_module
from photobooth_daemon.web.ui_files import UiFiles, accepts_gzip

FIRST_LOAD_MAX_BYTES = 60 * 1024
ROOT = Path(str(files("photobooth_daemon.ui")))
UI = UiFiles(files("photobooth_daemon.ui"), {PATH: bounds_module()})


class Open:
    """A life that never ends, an authenticator that nobody asks."""

    draining = False

    async def identify(self, request: object) -> Any:
        raise AssertionError("the UI's files are public")


@pytest.fixture
def app() -> Application:
    site = Site(address=PublicAddress(None), trusted_proxies=())
    shared = {
        "base": Base(site, Open(), Open()),  # type: ignore[arg-type] # it only stands there
        "ui_files": UI,
    }
    return Application([(r"/", UiIndexHandler, shared), (r"/ui/(.*)", UiFileHandler, shared)])


async def fetch(
    client: Any, path: str, headers: Mapping[str, str] | None = None, method: str = "GET"
) -> HTTPResponse:
    answer: HTTPResponse = await client.fetch(
        path, method=method, headers=headers, decompress_response=False, raise_error=False
    )
    return answer


async def test_the_page_names_every_module_of_the_first_load(http_server_client: Any) -> None:
    page = await fetch(http_server_client, "/")
    assert page.code == 200
    assert page.headers["Cache-Control"] == "no-cache"
    text = page.body.decode()
    assert "<style" not in text
    assert not re.findall(r"<script(?![^>]*\bsrc=)", text)
    named = re.findall(r'(?:href|src)="(/ui/[^"]+)"', text)
    assert len(named) > 10
    for path in named:
        assert (await fetch(http_server_client, path)).code == 200, path


async def test_the_policy_lets_no_inline_and_no_foreign_code_in(http_server_client: Any) -> None:
    for path in ("/", "/ui/main.js"):
        policy = (await fetch(http_server_client, path)).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy


async def test_a_file_of_this_version_is_kept_and_a_plain_path_is_asked_for_anew(
    http_server_client: Any,
) -> None:
    kept = await fetch(http_server_client, f"/ui/{UI.version}/main.js")
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    plain = await fetch(http_server_client, "/ui/main.js")
    assert plain.headers["Cache-Control"] == "no-cache"
    assert kept.body == plain.body == (ROOT / "main.js").read_bytes()
    again = await fetch(http_server_client, "/ui/main.js", {"If-None-Match": plain.headers["ETag"]})
    assert (again.code, again.body) == (304, b"")


async def test_text_is_compressed_for_those_who_take_it(http_server_client: Any) -> None:
    answer = await fetch(http_server_client, "/ui/main.js", {"Accept-Encoding": "br, gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.body) == (ROOT / "main.js").read_bytes()
    plain = await fetch(http_server_client, "/ui/main.js")
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["ETag"] != answer.headers["ETag"]


async def test_head_tells_what_get_would(http_server_client: Any) -> None:
    head = await fetch(http_server_client, "/ui/main.js", method="HEAD")
    assert head.code == 200
    assert head.body == b""
    assert int(head.headers["Content-Length"]) == (ROOT / "main.js").stat().st_size


@pytest.mark.parametrize(
    "path",
    [
        "/ui/",
        "/ui/__init__.py",
        "/ui/index.html",
        "/ui/guest/page.html",
        "/ui/core",
        "/ui/../web/ui.py",
        "/ui/%2e%2e/web/ui.py",
        "/ui/0123456789abcdef/main.js",
    ],
)
async def test_what_is_not_a_file_of_the_ui_is_not_found(
    http_server_client: Any, path: str
) -> None:
    answer = await fetch(http_server_client, path)
    assert answer.code == 404
    assert json.loads(answer.body)["code"] == "not_found"


def test_the_board_loads_with_at_most_60_kb_of_script() -> None:
    weights = {}
    for path in UI.first_load:
        file = UI.find(path)
        assert file is not None
        weights[path] = len(file.compressed or file.body)
    assert sum(weights.values()) <= FIRST_LOAD_MAX_BYTES, weights


def test_every_relative_import_names_a_file() -> None:
    for path in ROOT.rglob("*.js"):
        for target in re.findall(r'(?:from|import\(?) ?"(\.[^"]+)"', path.read_text("utf-8")):
            found = (path.parent / target).resolve()
            assert found.is_file() or found == ROOT / PATH, (path.name, target)


def test_vendored_files_are_what_they_are_said_to_be() -> None:
    folder = ROOT / "vendor"
    entries = json.loads((folder / "VENDORED.json").read_text("utf-8"))["files"]
    for entry in entries:
        body = (folder / entry["file"]).read_bytes()
        assert sha256(body).hexdigest() == entry["sha256"], entry["file"]
        assert entry["version"]
        assert entry["license"]
        assert entry["source"].startswith("https://registry.npmjs.org/")
        assert (folder / entry["license_file"]).is_file()
    named = {entry["file"] for entry in entries} | {entry["license_file"] for entry in entries}
    assert {path.name for path in folder.iterdir()} - named == {"VENDORED.json", "preact.LICENSE"}


@pytest.mark.parametrize(
    ("header", "taken"),
    [("gzip", True), ("gzip;q=0", False), ("br, *;q=0.1", True), ("br", False), ("", False)],
)
def test_gzip_is_sent_only_to_those_who_take_it(header: str, taken: bool) -> None:
    assert accepts_gzip({"Accept-Encoding": header}) is taken
