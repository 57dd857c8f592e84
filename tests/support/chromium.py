"""The Chromium that tests drive: which of Debian's two it is, and how it is started."""

from __future__ import annotations

import shutil

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """Return the path of an installed Chromium.

    The shell is the same engine without the browser's own windows around it, which nobody
    sees here and which take as much of the processor again as a short test.
    """
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")
