"""What the checks have in common: where things are, the passwords, and two photos."""

from __future__ import annotations

from pathlib import Path

from machine import photo

PAYLOAD = Path("/payload")
CONFIG = Path("/etc/photobooth-daemon/photobooth.toml")
PASSWORD = "boot-test-password"
NEXT_PASSWORD = "another-password"
ADMIN_PASSWORD = "a-long-password"
PICTURE = photo()
SMALL = photo(640)
