"""The UI as it is installed: the folder's files, and the module that is made of our bounds."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from photobooth_daemon.web.ui_bounds import PATH, bounds_module
from photobooth_daemon.web.ui_files import UiFiles


@cache
def installed_ui() -> UiFiles:
    """Return every file of the UI, read once: the next process finds what is installed then."""
    return UiFiles(files("photobooth_daemon.ui"), {PATH: bounds_module()})
