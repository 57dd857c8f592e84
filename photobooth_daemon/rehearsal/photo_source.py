"""Where the camera's photos come from: files, a folder, or a folder that is watched."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from photobooth_daemon.rehearsal.camera_form import CONTENT_TYPES, Photo

UNFINISHED_SUFFIXES = (".tmp", ".part", ".crdownload")
STABLE_SECONDS = 1.0
LOOK_SECONDS = 0.25


def find_photos(paths: Iterable[Path]) -> list[Path]:
    """Return the files, and the pictures of each folder by name.

    Raises:
        FileNotFoundError: a path leads nowhere, or a folder has no picture.
    """
    found: list[Path] = []
    for path in paths:
        pictures = _pictures_in(path) if path.is_dir() else [path]
        if not pictures or not pictures[0].exists():
            raise FileNotFoundError(f"{path}: no photo there")
        found.extend(pictures)
    return found


def read_photo(path: Path, max_edge_px: int | None = None) -> Photo:
    """Return the photo, made smaller if neither edge may exceed ``max_edge_px``.

    Raises:
        OSError: the file cannot be read, or is no picture where one is needed.
    """
    data = path.read_bytes()
    if max_edge_px is None:
        return Photo(path.name, data)
    # Here, because a command's help loads this module and looks at no picture.
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(data)) as picture:
        if max(picture.size) <= max_edge_px:
            return Photo(path.name, data)
        smaller = ImageOps.exif_transpose(picture)
        smaller.thumbnail((max_edge_px, max_edge_px))
        encoded = io.BytesIO()
        smaller.save(encoded, picture.format)
    return Photo(path.name, encoded.getvalue())


async def watch(folder: Path) -> AsyncIterator[Path]:
    """Give each picture that appears in the folder, once it has stopped growing for a second."""
    loop = asyncio.get_running_loop()
    known = set(_pictures_in(folder))
    growing: dict[Path, tuple[int, float]] = {}
    while True:
        for path in _pictures_in(folder):
            if path in known:
                continue
            try:
                size_bytes = path.stat().st_size
            except FileNotFoundError:
                growing.pop(path, None)
                continue
            size_before, since = growing.get(path, (-1, 0.0))
            if size_bytes != size_before or not size_bytes:
                growing[path] = (size_bytes, loop.time())
            elif loop.time() - since >= STABLE_SECONDS:
                del growing[path]
                known.add(path)
                yield path
        await asyncio.sleep(LOOK_SECONDS)


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in CONTENT_TYPES
        and not path.name.startswith((".", "~"))
        and not path.stem.lower().endswith(UNFINISHED_SUFFIXES)
    )
