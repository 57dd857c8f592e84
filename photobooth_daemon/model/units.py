"""Units that settings and limits are given in."""

from __future__ import annotations

MB = 1024 * 1024
"""What everybody calls a megabyte of a file."""
