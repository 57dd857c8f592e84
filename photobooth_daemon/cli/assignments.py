"""``key=value`` arguments and documents, for the commands that change things."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Collection, Sequence
from typing import Any, TextIO

import click


def read_assignments(
    arguments: Sequence[str], as_text: Collection[str] = frozenset()
) -> dict[str, Any]:
    """Return what ``a=1 b.c=text d=null`` says: dots nest, values are JSON or else text.

    Values of the paths in ``as_text`` are text even where they look like a number.

    Raises:
        click.UsageError: an argument has no ``=``.
    """
    document: dict[str, Any] = {}
    for argument in arguments:
        path, mark, text = argument.partition("=")
        if not mark or not path:
            raise click.UsageError(f"{argument!r} is not KEY=VALUE")
        *outer, last = path.split(".")
        place = document
        for key in outer:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise click.UsageError(f"{argument!r} says twice what {key} is")
        value = _value(text)
        is_text = value is None or isinstance(value, str) or path not in as_text
        place[last] = value if is_text else text
    return document


def read_document(file: TextIO) -> dict[str, Any]:
    """Return a JSON object from a file or standard input.

    Raises:
        click.UsageError: it is none.
    """
    try:
        document = json.load(file)
    except ValueError as error:
        raise click.UsageError(f"{file.name} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise click.UsageError(f"{file.name} is not a JSON object")
    return document


def read_password(prompt: str, *, from_stdin: bool) -> str:
    """Return a new password: asked for twice, or the first line of standard input.

    It is never an argument: those are seen by everyone on the machine.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt(prompt, hide_input=True, confirmation_prompt=True))


def read_secret(prompt: str, *, from_stdin: bool) -> str:
    """Return a secret that somebody else made: asked for once, or a line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt(prompt, hide_input=True))


def new_password() -> str:
    """Return a password that nobody can guess and a person can type."""
    return secrets.token_urlsafe(12)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
