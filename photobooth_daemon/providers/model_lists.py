"""Reads a vendor's list of models."""

from __future__ import annotations

from typing import Any

from photobooth_daemon.errors import AttemptFailed, Reason

MOST_MODELS = 500
MOST_CHARACTERS = 100


def listed_models(document: Any, key: str, name: str) -> list[str]:
    """Return the names in a list of models; a path before a name is left out.

    Raises:
        AttemptFailed: ``bad_response``, it is no such list.
    """
    try:
        names = [str(item[name]).rpartition("/")[2] for item in document[key][:MOST_MODELS]]
    except (KeyError, TypeError) as error:
        raise AttemptFailed(Reason.BAD_RESPONSE, "not a list of models") from error
    return [found for found in names if 0 < len(found) <= MOST_CHARACTERS and found.isprintable()]


def pictures_first(models: list[str], word: str) -> list[str]:
    """Return the models sorted by name, those whose name has the word first."""
    return sorted(models, key=lambda model: (word not in model, model))
