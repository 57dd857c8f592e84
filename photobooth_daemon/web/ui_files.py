"""The admin UI's files, read once: content types, digests, compressed copies, the first page.

The first page names its modules and styles below a path that holds the digest
of all files, and a module's relative imports inherit it. So every file may be
kept for a year, and an upgrade is seen by the next load of the page, without a
build step.
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources.abc import Traversable
from string import Template

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
    ".LICENSE": "text/plain; charset=utf-8",
}
ENTRY = "main.js"
BOARD_PAGE = "board/page.html"
BOARD_ENTRY = "board/board.js"
_IMPORT = re.compile(r'^(?:import|export)\b[^;"]*"(\.[^"]+)";', re.M)


@dataclass(frozen=True)
class UiFile:
    """One file as it is sent."""

    body: bytes
    content_type: str
    digest: str

    @cached_property
    def compressed(self) -> bytes | None:
        """The body in gzip, made when it is first asked for; only where that saves something."""
        compressed = gzip.compress(self.body, 9, mtime=0)
        return compressed if len(compressed) < 0.9 * len(self.body) else None


class UiFiles:
    """Every servable file of the UI, in memory."""

    def __init__(self, root: Traversable, made: Mapping[str, bytes]) -> None:
        """Read the folder; ``made`` are files that are not in it, by their paths.

        Raises:
            KeyError: the first page's entry module is missing.
        """
        self._files = {path: _ui_file(path, file.read_bytes()) for path, file in _walk(root)}
        self._files |= {path: _ui_file(path, body) for path, body in made.items()}
        every = "".join(f"{path} {self._files[path].digest}\n" for path in sorted(self._files))
        self.version = hashlib.sha256(every.encode()).hexdigest()[:16]
        self.first_load = self._closure(ENTRY)
        self.index = self._page(
            root.joinpath("index.html").read_text("utf-8"), "styles/", self.first_load, ENTRY
        )
        self.board = self._page(
            root.joinpath(BOARD_PAGE).read_text("utf-8"),
            "board/",
            self._closure(BOARD_ENTRY),
            BOARD_ENTRY,
        )

    def find(self, path: str) -> UiFile | None:
        """Return the file at ``path``, relative to the folder."""
        return self._files.get(path)

    def _page(self, text: str, styles_in: str, modules: Iterable[str], entry: str) -> UiFile:
        """Return a page that names its files below the version's digest."""
        base = f"/ui/{self.version}"
        styles = sorted(
            path for path in self._files if path.startswith(styles_in) and path.endswith(".css")
        )
        head = [f'<link rel="stylesheet" href="{base}/{path}">' for path in styles]
        head += [f'<link rel="modulepreload" href="{base}/{path}">' for path in modules]
        head.append(f'<script type="module" src="{base}/{entry}"></script>')
        body = Template(text).substitute(head="\n".join(head)).encode()
        return _ui_file("page.html", body, "text/html; charset=utf-8")

    def _closure(self, entry: str) -> tuple[str, ...]:
        """Return the modules that ``entry`` needs before it can start, itself included."""
        found: list[str] = []
        waiting = [entry]
        while waiting:
            path = waiting.pop(0)
            if path in found:
                continue
            found.append(path)
            for target in _IMPORT.findall(self._files[path].body.decode()):
                waiting.append(posixpath.normpath(posixpath.join(posixpath.dirname(path), target)))
        return tuple(found)


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif posixpath.splitext(entry.name)[1] in CONTENT_TYPES:
            yield prefix + entry.name, entry


def _ui_file(path: str, body: bytes, content_type: str | None = None) -> UiFile:
    return UiFile(
        body=body,
        content_type=content_type or CONTENT_TYPES[posixpath.splitext(path)[1]],
        digest=hashlib.sha256(body).hexdigest()[:32],
    )


def accepts_gzip(headers: Mapping[str, str]) -> bool:
    """Return whether a client takes gzip: named, or by ``*``, with a weight above zero."""
    weights = {}
    for part in headers.get("Accept-Encoding", "").split(","):
        name, _, parameters = part.strip().lower().partition(";")
        refused = re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", parameters)
        weights[name.strip()] = refused is None
    return weights.get("gzip", weights.get("*", False))
