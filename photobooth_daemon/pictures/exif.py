"""The one thing that EXIF tells the daemon: which way is up."""

from __future__ import annotations

_ORIENTATION = 0x0112
_SHORT = 3
_MOST_ENTRIES = 512


def orientation_of(tiff: bytes) -> int:
    """Return the orientation, 1 to 8; 1 (upright) where there is none or it makes no sense.

    A camera that writes a broken EXIF block still took a picture, so nothing is raised.
    """
    if tiff[:4] == b"II*\x00":
        order = "little"
    elif tiff[:4] == b"MM\x00*":
        order = "big"
    else:
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)  # type: ignore[arg-type]

    directory = number(4, 4)
    for index in range(min(number(directory, 2), _MOST_ENTRIES)):
        entry = directory + 2 + 12 * index
        if number(entry, 2) == _ORIENTATION:
            value = number(entry + 8, 2) if number(entry + 2, 2) == _SHORT else 0
            return value if 1 <= value <= 8 else 1
    return 1


def turns_sideways(orientation: int) -> bool:
    """Return whether width and height change places on display."""
    return orientation >= 5
