"""Units that settings and limits are given in."""

from __future__ import annotations

MB = 1024 * 1024
"""What everybody calls a megabyte of a file."""
FORM_ALLOWANCE_BYTES = 512 * 1024
"""How much longer than its picture a form may be: its fields and the heads of its parts."""
