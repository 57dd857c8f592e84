"""Where the server keeps its files is for nobody who is not on it."""

from __future__ import annotations

import re

_PATH = re.compile(r"(?<![\w/])/[^\s:,;'\"]+")


def without_paths(text: str | None) -> str | None:
    """Return an error's text without the paths of files in it."""
    return None if text is None else _PATH.sub("…", text)
