"""Decodes a picture in a process of its own, for decoders that keep the interpreter's lock.

Debian 12's Pillow lets nothing else in its process run while it decodes a WEBP: half a second of
standstill for 17 megapixels. The process takes the file on its standard input and answers with
a line (mode, width, height) and the pixels.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from typing import BinaryIO

from PIL import Image

from photobooth_daemon.errors import InvalidImage
from photobooth_daemon.model import MB

LONGEST_SECONDS = 30.0
"""A second is usual, on a slow machine that has other work."""
INVALID = 3
"""How the process ends where the picture is at fault."""

log = logging.getLogger(__name__)


def decoded_apart(file: BinaryIO, content_type: str, edge_px: int | None) -> Image.Image:
    """Return the picture as ``codec.decode`` does, decoded by a process that has ended by then.

    Raises:
        InvalidImage: it is truncated or corrupt, or takes too long.
        OSError: no process could be started.
    """
    command = [sys.executable, "-m", "photobooth_daemon.pictures", content_type, str(edge_px or 0)]
    with _unnamed_file() as given, _unnamed_file() as taken:
        file.seek(0)
        while block := file.read(MB):
            given.write(block)
        given.seek(0)
        try:
            ended = subprocess.run(  # noqa: S603 - this package's own module
                command,
                stdin=given,
                stdout=taken,
                stderr=subprocess.DEVNULL,
                timeout=LONGEST_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise InvalidImage from error
        if ended.returncode:
            if ended.returncode != INVALID:
                log.warning("a decoder has failed", extra={"status": ended.returncode})
            raise InvalidImage
        taken.seek(0)
        mode, width, height = taken.readline().decode("ascii").split()
        return Image.frombytes(mode, (int(width), int(height)), taken.read())


def answer(decode: Callable[[BinaryIO, int | None], Image.Image], edge_px: int | None) -> int:
    """Be that process: decode standard input to standard output, and return how to end."""
    try:
        image = decode(sys.stdin.buffer, edge_px)
    except InvalidImage:
        return INVALID
    line = f"{image.mode} {image.width} {image.height}\n"
    sys.stdout.buffer.write(line.encode("ascii"))
    sys.stdout.buffer.write(image.tobytes())
    return 0


def _unnamed_file() -> BinaryIO:
    return os.fdopen(os.memfd_create("picture"), "w+b")
